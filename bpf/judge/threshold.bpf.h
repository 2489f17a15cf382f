/* SPDX-License-Identifier: GPL-2.0-only */
/* Exact numbers of requests within a latency threshold. */
#ifndef SLIPROBE_JUDGE_THRESHOLD_BPF_H
#define SLIPROBE_JUDGE_THRESHOLD_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, SPLITS_MAX);
	__type(key, struct split_key);
	__type(value, __u64);
} splits SEC(".maps");

static __always_inline void split_count(const struct series_key *key, __u64 threshold_ns)
{
	struct split_key split = {.series = *key, .threshold_ns = threshold_ns};
	__u64 *value = bpf_map_lookup_elem(&splits, &split);

	if (!value) {
		__u64 zero = 0;

		bpf_map_update_elem(&splits, &split, &zero, BPF_NOEXIST);
		value = bpf_map_lookup_elem(&splits, &split);
		if (!value) {
			stat_error(KERR_SPLIT_FULL);
			return;
		}
	}
	counter_add(value, 1);
}

struct split_scan {
	struct policy *policy;
	const struct series_key *key;
	__u64 total_ns;
	__u32 bucket;
};

static long split_check(__u32 i, struct split_scan *scan)
{
	struct policy *policy = scan->policy;

	if (i >= policy->n_thresholds || i >= POLICY_THRESHOLDS_MAX)
		return 1;
	if (policy->thresholds[i].bucket == scan->bucket &&
	    scan->total_ns <= policy->thresholds[i].ns)
		split_count(scan->key, policy->thresholds[i].ns);
	return 0;
}

#endif
