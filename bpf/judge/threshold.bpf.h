/* SPDX-License-Identifier: GPL-2.0-only */
/* Exact numbers of requests within a latency threshold. */
#ifndef SLIPROBE_JUDGE_THRESHOLD_BPF_H
#define SLIPROBE_JUDGE_THRESHOLD_BPF_H

#include "abi.h"
#include "judge/series.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"

__u32 thresholds_found; /* of found services; the agent takes off those that it forgets */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, THRESHOLDS_MAX);
	__type(key, struct threshold_key);
	__type(value, __u64);
} thresholds SEC(".maps");

/* Found services leave half of the table to configured ones. */
static __always_inline __u64 *threshold_make(const struct threshold_key *key)
{
	bool found = key->series.service >= SERVICE_FOUND;
	__u64 zero = 0;

	if (found && thresholds_found >= THRESHOLDS_FOUND_MAX)
		return NULL;
	if (!bpf_map_update_elem(&thresholds, key, &zero, BPF_NOEXIST) && found)
		__sync_fetch_and_add(&thresholds_found, 1);
	return bpf_map_lookup_elem(&thresholds, key);
}

static __always_inline void threshold_count(__u32 series, __u64 threshold_ns)
{
	struct series_key *of = bpf_map_lookup_elem(&series_keys, &series);
	struct threshold_key key = {.threshold_ns = threshold_ns};
	__u64 *value;

	if (!of)
		return;
	key.series = *of;
	value = bpf_map_lookup_elem(&thresholds, &key);
	if (!value)
		value = threshold_make(&key);
	if (value)
		counter_add(value, 1, WRITER_SHARED);
	else
		stat_error(KERR_THRESHOLD_FULL);
}

struct threshold_scan {
	struct policy *policy;
	__u64 total_ns;
	__u32 series; /* its id */
	__u32 bucket;
};

static long threshold_check(__u32 i, struct threshold_scan *scan)
{
	struct policy *policy = scan->policy;

	if (i >= policy->n_thresholds || i >= POLICY_THRESHOLDS_MAX)
		return 1;
	if (policy->thresholds[i].bucket == scan->bucket &&
	    scan->total_ns <= policy->thresholds[i].ns)
		threshold_count(scan->series, policy->thresholds[i].ns);
	return 0;
}

#endif
