/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end of a request: into its series, its histograms, and good or bad into each SLO it is
 * eligible for. Whoever gets here has claimed the request, so this runs once for each.
 */
#ifndef SLIPROBE_JUDGE_JUDGE_BPF_H
#define SLIPROBE_JUDGE_JUDGE_BPF_H

#include "abi.h"
#include "kernel/conn.bpf.h"
#include "judge/hist.bpf.h"
#include "judge/series.bpf.h"
#include "judge/slo.bpf.h"
#include "judge/table.bpf.h"
#include "judge/threshold.bpf.h"
#include "judge/verdict.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/policy.bpf.h"
#include "kernel/stat.bpf.h"

/* What the series knows of the request's time. */
static __always_inline void series_time(__u32 id, const struct series_key *key,
					struct series_value *value, struct policy *policy,
					__u64 total_ns, __u64 queue_ns, const bool own)
{
	struct threshold_scan scan = {.policy = policy, .series = key, .total_ns = total_ns};
	struct hist_ids *ids = bpf_map_lookup_elem(&hist_ids, &id);
	__u32 found;

	found = hist_find(total_ns, queue_ns);
	scan.bucket = found & 0xff;
	table_add(&value->total_sum_ns, total_ns, own);
	table_add(&value->queue_sum_ns, queue_ns, own);
	if (ids) {
		hist_count(ids, HIST_TOTAL, scan.bucket, own);
		hist_count(ids, HIST_QUEUE, found >> 8, own);
	}
	if (policy &&
	    policy->threshold_buckets[scan.bucket >> 6 & (HIST_WORDS - 1)] >> (scan.bucket & 63) &
		    1)
		bpf_loop(POLICY_THRESHOLDS_MAX, threshold_check, &scan, 0);
}

static __always_inline void request_judge(struct request *request, struct verdict *verdict,
					  const bool own)
{
	struct series_key key = {
		.service = request->service,
		.route = request->route,
		.status = verdict->outcome == OUTCOME_COMPLETE ? verdict->status : 0,
		.method = request->method,
		.role_outcome = series_role_outcome(ROLE_SERVER, verdict->outcome),
	};
	__u64 total_ns = request->queue_ns + verdict->service_ns;
	__u32 id = series_find(&key);
	struct series_value *value = id ? table_value(series, id, own) : NULL;
	struct policy *policy;
	__u32 index = request->policy;

	policy = bpf_map_lookup_elem(&policies, &index);
	if (value) {
		if (own)
			stat_add_own(STAT_ENDED_SEND, 1);
		else
			stat_add(STAT_ENDED, 1);
		table_add(&value->requests, 1, own);
		if (verdict->outcome != OUTCOME_UNANSWERED)
			series_time(id, &key, value, policy, total_ns, request->queue_ns, own);
	} else {
		stat_lost(LOST_SERIES_FULL);
	}
	if (!policy) {
		stat_error(KERR_POLICY_MISSING);
		return;
	}
	struct judge judge = {
		.policy = policy,
		.verdict = verdict,
		.mask = request->slo_mask,
		.total_ns = total_ns,
	};

	if (verdict->outcome == OUTCOME_CLIENT_ABORT)
		judge.mask &= policy->client_abort_mask;
	if (request->service >= SERVICE_FOUND)
		judge.found_endpoint = request->service - SERVICE_FOUND;
	/* most services have one */
	if (judge.mask == 1)
		slo_count(0, &judge, own);
	else if (judge.mask)
		bpf_loop(POLICY_SLOS_MAX, own ? slo_judge_own : slo_judge_shared, &judge, 0);
}

__noinline int request_count(struct request *request, struct verdict *verdict)
{
	if (request && verdict)
		request_judge(request, verdict, false);
	return 0;
}

#endif
