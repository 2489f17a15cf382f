/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Forgetting what was counted for endpoints that have gone: their SLOs' counters begin at zero, the ids of their
 * series, of their histograms and their own are spare, and their owners get back what they had. The agent says which, when it has written their last counts down and two sweeps
 * have met nobody who could still add to them.
 */
#ifndef SLIPROBE_HOOK_FORGET_BPF_H
#define SLIPROBE_HOOK_FORGET_BPF_H

#include "abi.h"
#include "judge/hist.bpf.h"
#include "judge/sample.bpf.h"
#include "judge/series.bpf.h"
#include "judge/slo.bpf.h"
#include "kernel/helpers.bpf.h"
#include "who/endpoint.bpf.h"
#include "who/quota.bpf.h"

__u64 forget_due[ENDPOINTS_MAX / 64]; /* bit id: it is to be forgotten. Set by the agent */
__u32 forget_cpus; /* processors that may have counted; set by the agent */
__u64 forgotten_requests; /* all that the series have lost by this */

/* Where a number of counters are in a table and its twin. */
struct forget {
	__u32 index; /* of the table */
	__u32 at; /* in a block */
};

static __always_inline bool forget_is_due(__u32 service)
{
	__u32 id = service - SERVICE_FOUND;

	barrier_var(id); /* the verifier must see the check on the index itself */
	return id < ENDPOINTS_MAX && forget_due[id >> 6] >> (id & 63) & 1;
}

/* ---- series ---- */

static __always_inline void forget_value(struct series_block *block, const struct forget *forget)
{
	struct series_value *value = &block->values[forget->at & (BLOCK - 1)];

	forgotten_requests += value->requests;
	*value = (struct series_value){};
}

static long forget_series_cpu(__u32 cpu, struct forget *forget)
{
	struct series_block *block = bpf_map_lookup_percpu_elem(&series, &forget->index, cpu);

	if (block)
		forget_value(block, forget);
	return 0;
}

static long forget_hist_cpu(__u32 cpu, struct forget *forget)
{
	struct hist_block *block = bpf_map_lookup_percpu_elem(&hist, &forget->index, cpu);

	if (block)
		block->values[forget->at & (BLOCK - 1)] = (struct hist_value){};
	return 0;
}

/* `i`: kind and octave; *id: of the series. */
static long forget_octave(__u32 i, __u32 *id)
{
	struct hist_ids *ids = bpf_map_lookup_elem(&hist_ids, id);
	struct forget forget = {};
	struct hist_block *block;
	__u32 group;

	if (!ids || i >= HIST_KINDS * HIST_OCTAVES)
		return 1;
	group = ((__u32 *)ids)[i];
	if (!group)
		return 0;
	forget.index = group / BLOCK;
	forget.at = group % BLOCK;
	bpf_loop(forget_cpus, forget_hist_cpu, &forget, 0);
	block = bpf_map_lookup_elem(&hist_shared, &forget.index);
	if (block)
		block->values[forget.at & (BLOCK - 1)] = (struct hist_value){};
	((__u32 *)ids)[i] = 0;
	bpf_map_push_elem(&spare_groups, &group, 0);
	__sync_fetch_and_add(&hist_found, -1);
	return 0;
}

/* All of its counters are zero: the id may be another series'. */
static __always_inline void forget_series_id(__u32 id, struct series_key *key)
{
	__u64 bits = *(__u64 *)key;

	bpf_map_delete_elem(&series_ids, &bits);
	*(__u64 *)key = 0;
	bpf_map_push_elem(&spare_series, &id, 0);
	__sync_fetch_and_add(&series_used, -1);
	__sync_fetch_and_add(&series_found, -1);
}

static long forget_series(__u32 i, void *unused)
{
	__u32 id = i + 1;
	struct series_key *key = bpf_map_lookup_elem(&series_keys, &id);
	struct forget forget = {.index = id / BLOCK, .at = id % BLOCK};
	struct series_block *block;

	if (!key)
		return 1;
	if (!forget_is_due(key->service))
		return 0;
	bpf_loop(forget_cpus, forget_series_cpu, &forget, 0);
	block = bpf_map_lookup_elem(&series_shared, &forget.index);
	if (block)
		forget_value(block, &forget);
	bpf_loop(HIST_KINDS * HIST_OCTAVES, forget_octave, &id, 0);
	forget_series_id(id, key);
	return 0;
}

/* ---- SLOs ---- */

static long forget_good_cpu(__u32 cpu, struct forget *forget)
{
	__u64 *good = bpf_map_lookup_percpu_elem(&slo_good, &forget->index, cpu);

	if (good)
		*good = 0;
	return 0;
}

static long forget_sampled_cpu(__u32 cpu, struct forget *forget)
{
	struct sample_goods *block = bpf_map_lookup_percpu_elem(&sample_good, &forget->index, cpu);

	if (block)
		block->of[forget->at & (BLOCK - 1)] = (struct sample_good){};
	return 0;
}

/* What no sample has stood for is nothing of the next service's. */
static __always_inline void forget_class(__u32 index)
{
	struct sample_class *class = bpf_map_lookup_elem(&sample_classes, &index);

	if (class)
		*class = (struct sample_class){};
}

/* Not inlined: its stack is not its callers'. */
static __noinline int forget_sampled(__u32 service)
{
	struct forget forget = {.index = service / BLOCK, .at = service % BLOCK};
	struct sample_rate *rate = bpf_map_lookup_elem(&sample_rates, &service);

	if (rate)
		*rate = (struct sample_rate){};
	bpf_loop(forget_cpus, forget_sampled_cpu, &forget, 0);
	forget_class(SLO_COUNTS_MAX + service);
	return 0;
}

static long forget_wildcard(__u32 i, __u32 *id)
{
	struct forget forget = {.index = SLO_CRITERIA_MAX + i * ENDPOINTS_MAX + *id};
	struct slo_counts *counts = bpf_map_lookup_elem(&slo_counts, &forget.index);

	if (counts)
		*counts = (struct slo_counts){};
	bpf_loop(forget_cpus, forget_good_cpu, &forget, 0);
	forget_class(forget.index);
	return 0;
}

static long forget_endpoint(__u32 id, void *unused)
{
	__u32 service = SERVICE_FOUND + id;
	struct service_books *books = bpf_map_lookup_elem(&service_books, &service);
	struct endpoint_owners *owners_of;

	if (!forget_is_due(service))
		return 0;
	owners_of = bpf_map_lookup_elem(&endpoint_owners, &id);
	if (owners_of) {
		quota_give_all(owners_of, books);
		*owners_of = (struct endpoint_owners){};
	}
	if (books)
		*books = (struct service_books){};
	bpf_loop(SLO_WILDCARDS_MAX, forget_wildcard, &id, 0);
	forget_sampled(service);
	endpoint_spare(id);
	return 0;
}

/* Forgets all that are due. */
static __noinline int forget_all(void)
{
	bool any = false;

	for (int i = 0; i < ENDPOINTS_MAX / 64; i++)
		any |= forget_due[i] != 0;
	if (!any)
		return 0;
	bpf_loop(series_last, forget_series, NULL, 0);
	bpf_loop(ENDPOINTS_MAX, forget_endpoint, NULL, 0);
	__builtin_memset(forget_due, 0, sizeof(forget_due));
	return 0;
}

#endif
