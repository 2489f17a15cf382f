/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end of a request: into its series, its histograms, and good or bad into each SLO it is
 * eligible for. Whoever gets here has claimed the request, so this runs once for each.
 */
#ifndef SLIPROBE_COUNT_BPF_H
#define SLIPROBE_COUNT_BPF_H

/*
 * Each table has a twin, see bpf/maps.bpf.h: what the send hook counts goes into the table of its own,
 * what others count into the one they share.
 */
#define table_own(table, key, own)                                                                 \
	((own) ? bpf_map_lookup_elem(&table, key) : bpf_map_lookup_elem(&table##_shared, key))

/* The value of an id in a table of blocks, or NULL. No arithmetic before it is known which. */
#define table_value(table, id, own)                                                                \
	({                                                                                         \
		__u32 index_ = (id) / BLOCK;                                                       \
		struct table##_block *block_ = table_own(table, &index_, own);                     \
		typeof(&block_->values[0]) value_ = NULL;                                          \
		if (block_) {                                                                      \
			barrier_var(block_);                                                       \
			value_ = &block_->values[(id) % BLOCK];                                    \
		}                                                                                  \
		value_;                                                                            \
	})

static __always_inline void table_add(__u64 *counter, __u64 n, const bool own)
{
	if (own)
		counter_add_own(counter, n);
	else
		counter_add(counter, n);
}

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

static __always_inline void hist_count(struct hist_ids *ids, enum hist_kind kind, __u32 bucket,
				       const bool own)
{
	__u32 octave = bucket >> HIST_SCALE;
	struct hist_value *value;
	__u32 id;

	if (octave >= HIST_OCTAVES)
		return;
	id = ids->ids[kind][octave];
	if (!id)
		id = hist_make(&ids->ids[kind][octave]);
	value = id ? table_value(hist, id, own) : NULL;
	if (value)
		table_add(&value->n[bucket & (HIST_PER_OCTAVE - 1)], 1, own);
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
static __always_inline void slo_count(__u32 i, const struct judge *judge, const bool own)
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
	counts = table_own(slo_counts, &index, own);
	if (!criteria || !counts) {
		stat_error(KERR_POLICY_MISSING);
		return;
	}
	status = verdict->status;
	good = verdict->outcome == OUTCOME_COMPLETE && judge->total_ns <= criteria->latency_ns &&
	       verdict->body_bytes >= criteria->min_body_bytes && status < SLO_STATUS_WORDS * 64 &&
	       (criteria->status[status >> 6] >> (status & 63) & 1);
	table_add(good ? &counts->good : &counts->bad, 1, own);
}

static __always_inline long slo_judge(__u32 i, struct judge *judge, const bool own)
{
	if (i >= judge->policy->n_slos || i >= POLICY_SLOS_MAX)
		return 1;
	if (judge->mask >> (i & 63) & 1)
		slo_count(i, judge, own);
	return 0;
}

static long slo_judge_own(__u32 i, struct judge *judge)
{
	return slo_judge(i, judge, true);
}

static long slo_judge_shared(__u32 i, struct judge *judge)
{
	return slo_judge(i, judge, false);
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
					__u64 total_ns, __u64 queue_ns, const bool own)
{
	struct split_scan scan = {.policy = policy, .key = key, .total_ns = total_ns};
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
	    policy->split_buckets[scan.bucket >> 6 & (HIST_WORDS - 1)] >> (scan.bucket & 63) & 1)
		bpf_loop(POLICY_THRESHOLDS_MAX, split_check, &scan, 0);
}

static __always_inline void request_judge(struct request *request, struct verdict *verdict,
					  const bool own)
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
	struct series_value *value = id ? table_value(series, id, own) : NULL;
	struct policy *policy;
	__u32 index = request->policy;

	policy = bpf_map_lookup_elem(&policies, &index);
	if (value) {
		if (own)
			stat_add_own(STAT_ENDED_OWN, 1);
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
