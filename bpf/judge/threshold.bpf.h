/* SPDX-License-Identifier: GPL-2.0-only */
/* Exact numbers of requests within a latency threshold. */
#ifndef SLIPROBE_JUDGE_THRESHOLD_BPF_H
#define SLIPROBE_JUDGE_THRESHOLD_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, THRESHOLDS_MAX);
	__type(key, struct threshold_key);
	__type(value, __u64);
} thresholds SEC(".maps");

static __always_inline void threshold_count(const struct series_key *series, __u64 threshold_ns)
{
	struct threshold_key key = {.series = *series, .threshold_ns = threshold_ns};
	__u64 *value = bpf_map_lookup_elem(&thresholds, &key);

	if (!value) {
		__u64 zero = 0;

		bpf_map_update_elem(&thresholds, &key, &zero, BPF_NOEXIST);
		value = bpf_map_lookup_elem(&thresholds, &key);
		if (!value) {
			stat_error(KERR_THRESHOLD_FULL);
			return;
		}
	}
	counter_add(value, 1, WRITER_SHARED);
}

struct threshold_scan {
	struct policy *policy;
	const struct series_key *series;
	__u64 total_ns;
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
