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

__noinline __u32 hist_find(__u64 ns)
{
	return hist_bucket(ns);
}

static __always_inline void hist_count(const struct series_key *key, enum hist_kind kind,
				       __u32 bucket)
{
	struct hist_key group = {.series = *key, .group = bucket >> HIST_SCALE, .kind = kind};
	struct hist_value *value = bpf_map_lookup_elem(&hist, &group);

	if (!value) {
		struct hist_value zero = {};

		bpf_map_update_elem(&hist, &group, &zero, BPF_NOEXIST);
		value = bpf_map_lookup_elem(&hist, &group);
		if (!value) {
			stat_error(KERR_HIST_FULL);
			return;
		}
	}
	counter_add(&value->n[bucket & (HIST_PER_OCTAVE - 1)], 1);
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

static long slo_judge(__u32 i, struct judge *judge)
{
	const struct verdict *verdict = judge->verdict;
	struct policy *policy = judge->policy;
	struct slo_criteria *criteria;
	struct slo_counts *counts;
	__u32 index, status;
	bool good;

	if (i >= policy->n_slos || i >= POLICY_SLOS_MAX)
		return 1;
	if (!(judge->mask >> (i & 63) & 1))
		return 0;
	index = policy->slos[i].criteria;
	criteria = bpf_map_lookup_elem(&slo_criteria, &index);
	index = policy->slos[i].counts + judge->found_endpoint;
	counts = bpf_map_lookup_elem(&slo_counts, &index);
	if (!criteria || !counts) {
		stat_error(KERR_POLICY_MISSING);
		return 0;
	}
	status = verdict->status;
	good = verdict->outcome == OUTCOME_COMPLETE && judge->total_ns <= criteria->latency_ns &&
	       verdict->body_bytes >= criteria->min_body_bytes && status < SLO_STATUS_WORDS * 64 &&
	       (criteria->status[status >> 6] >> (status & 63) & 1);
	counter_add(good ? &counts->good : &counts->bad, 1);
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

__noinline int request_count(struct request *request, struct verdict *verdict)
{
	if (!request || !verdict)
		return 0;

	struct series_key key = {
		.service = request->service,
		.route = request->route,
		.status = verdict->outcome == OUTCOME_COMPLETE ? verdict->status : 0,
		.method = request->method,
		.role_outcome = ROLE_SERVER << 4 | verdict->outcome,
	};
	__u64 total_ns = request->queue_ns + verdict->service_ns;
	struct series_value *value;
	struct policy *policy;
	__u32 index;

	value = bpf_map_lookup_elem(&series, &key);
	if (!value) {
		struct series_value zero = {};

		bpf_map_update_elem(&series, &key, &zero, BPF_NOEXIST);
		value = bpf_map_lookup_elem(&series, &key);
	}
	if (value) {
		stat_add(STAT_ENDED, 1);
		counter_add(&value->requests, 1);
	} else {
		stat_lost(LOST_SERIES_FULL);
	}
	index = request->policy;
	policy = bpf_map_lookup_elem(&policies, &index);
	if (value && verdict->outcome != OUTCOME_UNANSWERED) {
		struct split_scan scan = {.policy = policy, .key = &key, .total_ns = total_ns};

		scan.bucket = hist_find(total_ns);
		counter_add(&value->total_sum_ns, total_ns);
		counter_add(&value->queue_sum_ns, request->queue_ns);
		hist_count(&key, HIST_TOTAL, scan.bucket);
		hist_count(&key, HIST_QUEUE, hist_find(request->queue_ns));
		if (policy && policy->n_thresholds)
			bpf_loop(POLICY_THRESHOLDS_MAX, split_check, &scan, 0);
	}
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

	if (verdict->outcome == OUTCOME_CLIENT_ABORT)
		judge.mask &= policy->client_abort_mask;
	if (request->service >= SERVICE_FOUND)
		judge.found_endpoint = request->service - SERVICE_FOUND;
	if (judge.mask)
		bpf_loop(POLICY_SLOS_MAX, slo_judge, &judge, 0);
	return 0;
}

#endif
