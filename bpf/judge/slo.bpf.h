/* SPDX-License-Identifier: GPL-2.0-only */
/* Good or bad, for each SLO that a request is eligible for. */
#ifndef SLIPROBE_JUDGE_SLO_BPF_H
#define SLIPROBE_JUDGE_SLO_BPF_H

#include "abi.h"
#include "judge/table.bpf.h"
#include "judge/verdict.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SLO_CRITERIA_MAX);
	__type(key, __u32);
	__type(value, struct slo_criteria);
} slo_criteria SEC(".maps");

TWIN_TABLES(slo_counts, SLO_COUNTS_MAX, struct slo_counts);

struct judge {
	struct policy *policy;
	const struct verdict *verdict;
	__u64 mask;
	__u64 total_ns;
	__u32 found_endpoint; /* 0 for a configured service */
};

/* Counts the request for the policy's SLO i, i < POLICY_SLOS_MAX. */
static __always_inline void slo_count(__u32 i, const struct judge *judge, const enum writer writer)
{
	const struct verdict *verdict = judge->verdict;
	struct policy *policy = judge->policy;
	struct slo_criteria *criteria;
	struct slo_counts *counts;
	__u32 index, status;
	bool good;

	index = policy->slos[i].criteria;
	criteria = bpf_map_lookup_elem(&slo_criteria, &index);
	index = policy->slos[i].counts + judge->found_endpoint;
	counts = table_find(slo_counts, &index, writer);
	if (!criteria || !counts) {
		stat_error(KERR_SLO_MISSING);
		return;
	}
	status = verdict->status;
	good = verdict->outcome == OUTCOME_COMPLETE && judge->total_ns <= criteria->latency_ns &&
	       verdict->body_bytes >= criteria->min_body_bytes && status < SLO_STATUS_WORDS * 64 &&
	       (criteria->status[status >> 6] >> (status & 63) & 1);
	counter_add(good ? &counts->good : &counts->bad, 1, writer);
}

static __always_inline long slo_judge(__u32 i, struct judge *judge, const enum writer writer)
{
	if (i >= judge->policy->n_slos || i >= POLICY_SLOS_MAX)
		return 1;
	if (judge->mask >> (i & 63) & 1)
		slo_count(i, judge, writer);
	return 0;
}

static long slo_judge_send(__u32 i, struct judge *judge)
{
	return slo_judge(i, judge, WRITER_SEND);
}

static long slo_judge_shared(__u32 i, struct judge *judge)
{
	return slo_judge(i, judge, WRITER_SHARED);
}

/* Counts the request for the SLOs in judge->mask. */
static __always_inline void slo_judge_all(struct judge *judge, const enum writer writer)
{
	/* most services have one */
	if (judge->mask == 1)
		slo_count(0, judge, writer);
	else if (judge->mask && writer == WRITER_SEND)
		bpf_loop(POLICY_SLOS_MAX, slo_judge_send, judge, 0);
	else if (judge->mask)
		bpf_loop(POLICY_SLOS_MAX, slo_judge_shared, judge, 0);
}

#endif
