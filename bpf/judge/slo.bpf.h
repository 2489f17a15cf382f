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

/* Good requests that the program on sending has counted, without a lock: nearly all there are. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLO_COUNTS_MAX);
	__type(key, __u32);
	__type(value, __u64);
} slo_good SEC(".maps");

/* All others. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SLO_COUNTS_MAX);
	__type(key, __u32);
	__type(value, struct slo_counts);
} slo_counts SEC(".maps");

struct judge {
	struct policy *policy;
	const struct verdict *verdict;
	__u64 mask; /* those that it is eligible for, then those that it was bad for */
	__u64 total_ns;
	__u32 found_endpoint; /* 0 for a configured service */
};

static __always_inline bool slo_http_is_good(const struct slo_criteria *criteria, __u32 http)
{
	__u32 word = http >> 6;

	barrier_var(word); /* the verifier must see the check on the index itself */
	return word < SLO_STATUS_WORDS && (criteria->status[word] >> (http & 63) & 1);
}

/* A status that is not known is not good: that it is not bad, either, slo_other_counter() says. */
static __always_inline bool slo_status_is_good(const struct slo_criteria *criteria, __u32 status)
{
	if (status < STATUS_HTTP_END)
		return slo_http_is_good(criteria, status);
	return status_is_known(status) && criteria->grpc >> status_grpc(status) & 1 &&
	       slo_http_is_good(criteria, status_http(status));
}

/*
 * What the SLO's latency is compared with, from the arrival on. Of a request whose client gave up it is the first byte,
 * too, if it came: a call that has begun in time may be given up at any time.
 */
static __always_inline __u64 slo_latency_ns(const struct slo_criteria *criteria,
					    const struct verdict *verdict, __u64 total_ns)
{
	__u64 first_ns = (__u64)verdict->first_byte_us * NS_OF_US;

	/* a client may have gone before it; or it came with the end, and is rounded up */
	if (criteria->latency_of == LATENCY_OF_TOTAL || !first_ns || first_ns > verdict->service_ns)
		return total_ns;
	return total_ns - verdict->service_ns + first_ns;
}

/* The counter of a request that is not good: the first reason in the order of BAD_REASONS. */
static __always_inline __u64 *slo_other_counter(struct slo_counts *counts,
						const struct slo_criteria *criteria,
						const struct verdict *verdict, __u64 total_ns)
{
	switch (verdict->outcome) {
	case OUTCOME_SERVER_ABORT:
		return &counts->bad[BAD_SERVER_ABORT];
	case OUTCOME_CLIENT_ABORT:
		return slo_latency_ns(criteria, verdict, total_ns) >=
				       criteria->client_abort_from_ns ?
			       &counts->bad[BAD_CLIENT_ABORT] :
			       &counts->left_out;
	case OUTCOME_UNANSWERED:
		return &counts->bad[BAD_UNANSWERED];
	default:
		/* nor by its latency: then those whose status is not known would be slow ones alone */
		if (!status_is_known(verdict->status))
			return &counts->status_unknown;
		if (!slo_status_is_good(criteria, verdict->status))
			return &counts->bad[BAD_STATUS];
		return slo_latency_ns(criteria, verdict, total_ns) > criteria->latency_ns ?
			       &counts->bad[BAD_LATENCY] :
			       &counts->bad[BAD_BODY];
	}
}

/* Returns false if it was left out or its status is not known, which is not bad. */
static __always_inline bool slo_count_other(__u32 index, const struct slo_criteria *criteria,
					    const struct verdict *verdict, __u64 total_ns)
{
	struct slo_counts *counts = bpf_map_lookup_elem(&slo_counts, &index);
	__u64 *counter;

	if (!counts) {
		stat_error(KERR_SLO_MISSING);
		return false;
	}
	counter = slo_other_counter(counts, criteria, verdict, total_ns);
	counter_add(counter, 1, WRITER_SHARED);
	return counter != &counts->left_out && counter != &counts->status_unknown;
}

/* Likewise, where stack is short, and calls are not nested too deeply for it. Verified once, not for each SLO. */
__noinline int slo_count_other_apart(__u32 index, const struct slo_criteria *criteria,
				     const struct verdict *verdict, __u64 total_ns)
{
	return criteria && verdict && slo_count_other(index, criteria, verdict, total_ns);
}

/* Counts the request for the policy's SLO i, i < POLICY_SLOS_MAX. */
static __always_inline void slo_count(__u32 i, struct judge *judge, const enum writer writer)
{
	const struct verdict *verdict = judge->verdict;
	struct policy *policy = judge->policy;
	__u64 total_ns = judge->total_ns;
	struct slo_criteria *criteria;
	__u64 *good = NULL;
	__u32 index;

	index = policy->slos[i].criteria;
	criteria = bpf_map_lookup_elem(&slo_criteria, &index);
	index = policy->slos[i].counts + judge->found_endpoint;
	if (!criteria) {
		stat_error(KERR_SLO_MISSING);
		return;
	}
	if (verdict->outcome != OUTCOME_COMPLETE ||
	    slo_latency_ns(criteria, verdict, total_ns) > criteria->latency_ns ||
	    verdict->body_bytes < criteria->min_body_bytes ||
	    !slo_status_is_good(criteria, verdict->status)) {
		if (!(writer == WRITER_SEND ?
			      slo_count_other_apart(index, criteria, verdict, total_ns) :
			      slo_count_other(index, criteria, verdict, total_ns)))
			judge->mask &= ~(1ULL << (i & 63));
		return;
	}
	judge->mask &= ~(1ULL << (i & 63));
	if (writer == WRITER_SEND) {
		good = bpf_map_lookup_elem(&slo_good, &index);
	} else {
		struct slo_counts *counts = bpf_map_lookup_elem(&slo_counts, &index);

		good = counts ? &counts->good : NULL;
	}
	if (good)
		counter_add(good, 1, writer);
	else
		stat_error(KERR_SLO_MISSING);
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
