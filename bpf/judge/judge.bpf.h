/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verdict on a request: into its series, its histograms, and good or bad into each SLO it is
 * eligible for. Whoever calls has claimed the request, so this runs once for each.
 */
#ifndef SLIPROBE_JUDGE_JUDGE_BPF_H
#define SLIPROBE_JUDGE_JUDGE_BPF_H

#include "abi.h"
#include "judge/hist.bpf.h"
#include "judge/origin.bpf.h"
#include "judge/request.bpf.h"
#include "judge/sample.bpf.h"
#include "judge/series.bpf.h"
#include "judge/slo.bpf.h"
#include "judge/table.bpf.h"
#include "judge/threshold.bpf.h"
#include "judge/verdict.bpf.h"
#include "judge/version.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/policy.bpf.h"
#include "kernel/stat.bpf.h"

/* Adds the request's times to its series: sums, histograms, latency thresholds. */
static __always_inline void series_time(__u32 id, struct series_value *value, struct policy *policy,
					__u64 total_ns, __u64 queue_ns, const enum writer writer)
{
	struct threshold_scan scan = {.policy = policy, .series = id, .total_ns = total_ns};
	struct hist_ids *ids = bpf_map_lookup_elem(&hist_ids, &id);
	__u32 buckets;

	buckets = hist_buckets(total_ns, queue_ns);
	scan.bucket = buckets & 0xff;
	counter_add(&value->total_sum_ns, total_ns, writer);
	counter_add(&value->queue_sum_ns, queue_ns, writer);
	if (ids) {
		hist_count(ids, HIST_TOTAL, scan.bucket, id, writer);
		hist_count(ids, HIST_QUEUE, buckets >> 8, id, writer);
	}
	if (policy &&
	    policy->threshold_buckets[scan.bucket >> 6 & (HIST_WORDS - 1)] >> (scan.bucket & 63) &
		    1)
		bpf_loop(POLICY_THRESHOLDS_MAX, threshold_check, &scan, 0);
}

static __always_inline void judge_series(const struct request *request,
					 const struct verdict *verdict, struct policy *policy,
					 __u64 total_ns, const enum writer writer)
{
	struct series_key key = {
		.service = request->service,
		.route = request->route,
		.status = verdict->outcome == OUTCOME_COMPLETE ? verdict->status % STATUS_END : 0,
		.method = request->method,
		.role_outcome = series_role_outcome(request->role, verdict->outcome),
	};
	__u32 id = series_find(&key);
	struct series_value *value = id ? table_value(series, id, writer) : NULL;

	if (!value) {
		stat_lost(request->service, LOST_SERIES_FULL);
		return;
	}
	stat_ended(writer);
	if (verdict->outcome == OUTCOME_COMPLETE && !status_is_known(verdict->status))
		stat_status_unknown(request->service);
	counter_add(&value->requests, 1, writer);
	version_request(request->version, writer);
	if (outcome_is_timed(verdict->outcome))
		series_time(id, value, policy, total_ns, request->queue_ns, writer);
}

/* Returns the policy's SLOs that the request was bad for. */
static __always_inline __u64 judge_as(const struct request *request, const struct verdict *verdict,
				      const enum writer writer)
{
	__u64 total_ns = request->queue_ns + verdict->service_ns;
	struct policy *policy = policy_find(request->policy);

	judge_series(request, verdict, policy, total_ns, writer);
	if (!policy) {
		stat_error(KERR_POLICY_MISSING);
		return 0;
	}

	struct judge judge = {
		.policy = policy,
		.verdict = verdict,
		.mask = request->slo_mask,
		.total_ns = total_ns,
	};

	if (verdict->outcome == OUTCOME_NOT_ACCEPTED)
		judge.mask = 0;
	if (request->service >= SERVICE_FOUND)
		judge.found_endpoint = request->service - SERVICE_FOUND;
	slo_judge_all(&judge, writer);
	return judge.mask;
}

/* Not part of judge_as(): there it would have stack of its own. */
static __always_inline __u64 judge_whole(const struct request *request,
					 const struct verdict *verdict, const enum writer writer)
{
	__u64 bad_slos = judge_as(request, verdict, writer);

	if (request->version)
		version_judge(request, verdict, bad_slos, writer);
	return bad_slos;
}

/* Functions of their own, verified once: the verifier would follow them from each way that leads to an answer. */
__noinline __u64 judge_send(struct request *request, struct verdict *verdict)
{
	return request && verdict ? judge_whole(request, verdict, WRITER_SEND) : 0;
}

__noinline __u64 judge_shared(struct request *request, struct verdict *verdict)
{
	return request && verdict ? judge_whole(request, verdict, WRITER_SHARED) : 0;
}

/* `number`: of the request, on the connection. */
static __always_inline void judge(struct origin *origin, __u32 number, struct request *request,
				  struct verdict *verdict, const enum writer writer)
{
	__u64 which = number & SAMPLE_NUMBER, bad_slos;

	if (writer == WRITER_SEND) {
		which |= SAMPLE_BY_THREAD | SAMPLE_ALONE;
		bad_slos = judge_send(request, verdict);
	} else {
		bad_slos = judge_shared(request, verdict);
	}
	if (sample_settings.on && verdict->outcome != OUTCOME_NOT_ACCEPTED)
		sample(origin, request, verdict, bad_slos, which);
}

/* Likewise, as WRITER_SHARED: the current thread has answered it. */
static __always_inline void judge_by_thread(struct origin *origin, __u32 number,
					    struct request *request, struct verdict *verdict)
{
	__u64 which = (number & SAMPLE_NUMBER) | SAMPLE_BY_THREAD;
	__u64 bad_slos = judge_shared(request, verdict);

	if (sample_settings.on && verdict->outcome != OUTCOME_NOT_ACCEPTED)
		sample(origin, request, verdict, bad_slos, which);
}

#endif
