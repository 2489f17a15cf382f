/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end of a request: into its series, its histograms, and good or bad into each SLO it is
 * eligible for. Whoever gets here has claimed the request, so this runs once for each.
 */
#ifndef SLIPROBE_COUNT_BPF_H
#define SLIPROBE_COUNT_BPF_H

struct verdict {
	__u64 service_ns;
	__u64 body_bytes;
	__u16 status;
	__u8 outcome; /* enum outcome */
	__u8 pad[5];
};

/* Both at once, the second in bits 8 to 15. By itself: the verifier looks at each bucket there is. */
__noinline __u32 hist_find(__u64 total_ns, __u64 queue_ns)
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

static __always_inline void hist_count(struct hist_ids *ids, enum hist_kind kind, __u32 bucket)
{
	__u32 octave = bucket >> HIST_SCALE;
	struct hist_value *value;
	__u32 id;

	if (octave >= HIST_OCTAVES)
		return;
	id = ids->ids[kind][octave];
	if (!id)
		id = hist_make(&ids->ids[kind][octave]);
	value = id ? bpf_map_lookup_elem(&hist, &id) : NULL;
	if (value)
		counter_add(&value->n[bucket & (HIST_PER_OCTAVE - 1)], 1);
	else
		stat_error(KERR_HIST_FULL);
}

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

struct judge {
	struct policy *policy;
	const struct verdict *verdict;
	__u64 mask;
	__u64 total_ns;
	__u32 found_endpoint; /* 0 for a configured service */
};

/* Counts the request for the policy's SLO i, i < POLICY_SLOS_MAX. */
static __always_inline void slo_count(__u32 i, const struct judge *judge)
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
	counts = bpf_map_lookup_elem(&slo_counts, &index);
	if (!criteria || !counts) {
		stat_error(KERR_POLICY_MISSING);
		return;
	}
	status = verdict->status;
	good = verdict->outcome == OUTCOME_COMPLETE && judge->total_ns <= criteria->latency_ns &&
	       verdict->body_bytes >= criteria->min_body_bytes && status < SLO_STATUS_WORDS * 64 &&
	       (criteria->status[status >> 6] >> (status & 63) & 1);
	counter_add(good ? &counts->good : &counts->bad, 1);
}

static long slo_judge(__u32 i, struct judge *judge)
{
	if (i >= judge->policy->n_slos || i >= POLICY_SLOS_MAX)
		return 1;
	if (judge->mask >> (i & 63) & 1)
		slo_count(i, judge);
	return 0;
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

/* What the series knows of the request's time. */
static __always_inline void series_time(__u32 id, const struct series_key *key,
					struct series_value *value, struct policy *policy,
					__u64 total_ns, __u64 queue_ns)
{
	struct split_scan scan = {.policy = policy, .key = key, .total_ns = total_ns};
	struct hist_ids *ids = bpf_map_lookup_elem(&hist_ids, &id);
	__u32 found;

	found = hist_find(total_ns, queue_ns);
	scan.bucket = found & 0xff;
	counter_add(&value->total_sum_ns, total_ns);
	counter_add(&value->queue_sum_ns, queue_ns);
	if (ids) {
		hist_count(ids, HIST_TOTAL, scan.bucket);
		hist_count(ids, HIST_QUEUE, found >> 8);
	}
	if (policy &&
	    policy->split_buckets[scan.bucket >> 6 & (HIST_WORDS - 1)] >> (scan.bucket & 63) & 1)
		bpf_loop(POLICY_THRESHOLDS_MAX, split_check, &scan, 0);
}

static __always_inline void request_judge(struct request *request, struct verdict *verdict)
{
	struct series_key key = {
		.service = request->service,
		.route = request->route,
		.status = verdict->outcome == OUTCOME_COMPLETE ? verdict->status : 0,
		.method = request->method,
		.role_outcome = ROLE_SERVER << 4 | verdict->outcome,
	};
	__u64 total_ns = request->queue_ns + verdict->service_ns;
	__u32 id = series_find(&key);
	struct series_value *value = id ? bpf_map_lookup_elem(&series, &id) : NULL;
	struct policy *policy;
	__u32 index = request->policy;

	policy = bpf_map_lookup_elem(&policies, &index);
	if (value) {
		stat_add(STAT_ENDED, 1);
		counter_add(&value->requests, 1);
		if (verdict->outcome != OUTCOME_UNANSWERED)
			series_time(id, &key, value, policy, total_ns, request->queue_ns);
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
		slo_count(0, &judge);
	else if (judge.mask)
		bpf_loop(POLICY_SLOS_MAX, slo_judge, &judge, 0);
}

__noinline int request_count(struct request *request, struct verdict *verdict)
{
	if (request && verdict)
		request_judge(request, verdict);
	return 0;
}

#endif
