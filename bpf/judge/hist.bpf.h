/* SPDX-License-Identifier: GPL-2.0-only */
/* Histograms of a series: octaves of buckets, made as they are needed. */
#ifndef SLIPROBE_JUDGE_HIST_BPF_H
#define SLIPROBE_JUDGE_HIST_BPF_H

#include "abi.h"
#include "judge/table.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"

__u32 hist_last; /* last id given out */
__u32 hist_groups; /* ids there are, 0 included; set before loading */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SERIES_IDS);
	__type(key, __u32);
	__type(value, struct hist_ids);
} hist_ids SEC(".maps");

TWIN_TABLES(hist, HIST_GROUPS_MAX / BLOCK, struct hist_block);

/*
 * The buckets of both times, the second one in bits 8 to 15. A function of its own, verified once: the
 * verifier looks at each bucket there is.
 */
__noinline __u32 hist_buckets(__u64 total_ns, __u64 queue_ns)
{
	return hist_bucket(total_ns) | hist_bucket(queue_ns) << 8;
}

static __noinline __u32 hist_make(__u32 *id)
{
	__u32 made;

	if (!id)
		return 0;
	if (hist_last >= hist_groups - 1)
		return 0;
	made = __sync_fetch_and_add(&hist_last, 1) + 1;
	__sync_val_compare_and_swap(id, 0, made);
	return *id;
}

static __always_inline void hist_count(struct hist_ids *ids, enum hist_kind kind, __u32 bucket,
				       const enum writer writer)
{
	__u32 octave = bucket >> HIST_SCALE;
	struct hist_value *value;
	__u32 id;

	barrier_var(octave); /* the verifier must see the check on the index itself */
	if (octave >= HIST_OCTAVES)
		return;
	id = ids->ids[kind][octave];
	if (!id)
		id = hist_make(&ids->ids[kind][octave]);
	value = id ? table_value(hist, id, writer) : NULL;
	if (value)
		counter_add(&value->n[bucket & (HIST_PER_OCTAVE - 1)], 1, writer);
	else
		stat_error(KERR_HIST_FULL);
}

#endif
