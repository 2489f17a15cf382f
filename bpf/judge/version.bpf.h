/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exact counters by version: requests, and good and bad of each SLO. Requests of a process whose version has no id
 * are in none of them: the agent finds those as the difference from the service's or SLO's own counters.
 */
#ifndef SLIPROBE_JUDGE_VERSION_BPF_H
#define SLIPROBE_JUDGE_VERSION_BPF_H

#include "abi.h"
#include "judge/request.bpf.h"
#include "judge/verdict.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/policy.bpf.h"
#include "kernel/stat.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VERSIONS_MAX);
	__type(key, __u32);
	__type(value, struct version_requests);
} version_requests SEC(".maps");

/*
 * Most services have one or two SLOs: these have a place of their own with each version. On each CPU it is theirs who
 * come first.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VERSIONS_MAX *VERSION_SLOTS);
	__type(key, __u32);
	__type(value, struct version_slot);
} version_slots SEC(".maps");

/* Others. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, VERSION_SLOS_MAX);
	__type(key, struct version_slo_key);
	__type(value, struct version_slo);
} version_slos SEC(".maps");

__u16 slo_births
	[SLO_COUNTS_MAX]; /* how often an SLO's counters have begun at zero; set by the agent */

static __always_inline void version_request(__u32 version, const enum writer writer)
{
	struct version_requests *requests;

	if (!version)
		return;
	requests = bpf_map_lookup_elem(&version_requests, &version);
	if (!requests)
		return;
	if (writer == WRITER_SEND)
		requests->sent++;
	else
		__sync_fetch_and_add(&requests->shared, 1);
}

static const struct version_slo version_slo_none;

static __always_inline struct version_slo *version_slo_find(__u32 name, __u32 version)
{
	struct version_slo_key key = {.slo = name, .version = version};
	struct version_slo *counts = bpf_map_lookup_elem(&version_slos, &key);

	if (counts)
		return counts;
	bpf_map_update_elem(&version_slos, &key, &version_slo_none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&version_slos, &key);
}

/* `slo`: index of its counters; `i`: its number in its policy. */
static __always_inline void version_slo(__u32 slo, __u32 i, __u32 version, __u32 verdict)
{
	__u32 at = version * VERSION_SLOTS + (i & (VERSION_SLOTS - 1)), name;
	struct version_slo *counts;
	struct version_slot *slot;

	slot = bpf_map_lookup_elem(&version_slots, &at);
	barrier_var(slo); /* the verifier must see the check on the index itself */
	if (!slot || slo >= SLO_COUNTS_MAX)
		return;
	name = version_slo_name(slo, slo_births[slo]);
	if (!slot->slo)
		__sync_val_compare_and_swap(&slot->slo, 0, name);
	counts = slot->slo == name ? &slot->counts : version_slo_find(name, version);
	if (!counts)
		return;
	if (verdict == VERSION_GOOD_SENT)
		counts->n[VERSION_GOOD_SENT]++;
	else if (verdict == VERSION_GOOD)
		__sync_fetch_and_add(&counts->n[VERSION_GOOD], 1);
	else
		__sync_fetch_and_add(&counts->n[VERSION_BAD], 1);
}

struct version_verdicts {
	struct policy *policy;
	__u64 good, bad; /* the policy's SLOs that it was good, and bad, for */
	__u32 found_endpoint; /* 0 for a configured service */
	__u16 version;
	__u16 good_verdict; /* which of its counters */
};

/* i < POLICY_SLOS_MAX */
static __always_inline void version_slo_judge(__u32 i, const struct version_verdicts *verdicts)
{
	version_slo(verdicts->policy->slos[i].counts + verdicts->found_endpoint, i,
		    verdicts->version,
		    verdicts->bad >> (i & 63) & 1 ? VERSION_BAD : verdicts->good_verdict);
}

static long version_slo_step(__u32 i, struct version_verdicts *verdicts)
{
	if (i >= verdicts->policy->n_slos || i >= POLICY_SLOS_MAX)
		return 1;
	if ((verdicts->good | verdicts->bad) >> (i & 63) & 1)
		version_slo_judge(i, verdicts);
	return 0;
}

/*
 * `bad`: the policy's SLOs that it was bad for. Of those that it was eligible for, the others left it out, or it was
 * good: one that is complete and has a status.
 */
static __always_inline void version_judge(const struct request *request,
					  const struct verdict *verdict, __u64 bad,
					  const enum writer writer)
{
	bool left_out = verdict->outcome != OUTCOME_COMPLETE || !status_is_known(verdict->status);
	struct version_verdicts verdicts = {
		.policy = policy_find(request->policy),
		.good = left_out ? 0 : request->slo_mask & ~bad,
		.bad = bad,
		.version = request->version,
		.good_verdict = writer == WRITER_SEND ? VERSION_GOOD_SENT : VERSION_GOOD,
	};

	if (!verdicts.policy || !(verdicts.good | bad))
		return;
	if (request->service >= SERVICE_FOUND)
		verdicts.found_endpoint = request->service - SERVICE_FOUND;
	/* most services have one */
	if ((verdicts.good | bad) == 1)
		version_slo_judge(0, &verdicts);
	else
		bpf_loop(POLICY_SLOS_MAX, version_slo_step, &verdicts, 0);
}

#endif
