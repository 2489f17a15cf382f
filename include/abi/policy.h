/* SPDX-License-Identifier: GPL-2.0-only */
/* How the requests of a service are judged, and the counters of the verdicts. */
#ifndef SLIPROBE_ABI_POLICY_H
#define SLIPROBE_ABI_POLICY_H

#include "abi/identity.h"
#include "hist.h"
#include "status.h"
#include "terms.h"
#include "types.h"

enum {
	ROUTE_OTHER = 0, /* no template matched */
	ROUTES_MAX = 65534,
	ROUTE_UNKNOWN, /* nobody has seen the path */

	POLICIES_MAX = 4096, /* 0: none */
	POLICY_SLOS_MAX = 64,
	POLICY_THRESHOLDS_MAX = 64,

	SLO_CRITERIA_MAX = 4096,
	SLO_WILDCARDS_MAX = 4, /* SLOs that every found service has */
	SLO_COUNTS_MAX = SLO_CRITERIA_MAX + SLO_WILDCARDS_MAX * ENDPOINTS_MAX,
	SLO_STATUS_WORDS = 10,
};

struct slo_criteria {
	__u64 status[SLO_STATUS_WORDS]; /* bit s: status s is good */
	__u64 latency_ns; /* good is that which is asked for, by latency_of, <= latency_ns */
	__u64 min_body_bytes;
	/*
	 * A client_abort that took so long or longer is bad, an earlier one is left out. 0: each is
	 * bad; ~0: each is left out.
	 */
	__u64 client_abort_from_ns;
	__u32 grpc; /* bit s: enum grpc_status s is good, if that of HTTP is */
	__u32 latency_of; /* enum latency_of */
};

/*
 * What an SLO has counted. The good requests that the program on sending has counted are in a per-CPU
 * table of their own, `slo_good`: all others are here. What several processors count at once is mostly `good`, which
 * no two SLOs have in one cache line.
 */
struct slo_counts {
	__u64 good;
	__u64 bad[BAD_REASON_COUNT];
	__u64 left_out; /* client_aborts that were not eligible for that alone */
	__u64 status_unknown; /* complete, and neither good nor bad: see status_is_known() */
};

static inline __u64 slo_counts_bad(const struct slo_counts *counts)
{
	__u64 bad = 0;

	for (int i = 0; i < BAD_REASON_COUNT; i++)
		bad += counts->bad[i];
	return bad;
}

struct policy_slo {
	__u32 criteria; /* index in `slo_criteria` */
	__u32 counts; /* index in `slo_counts` and `slo_good`; of a found service: + its endpoint */
};

struct policy_threshold {
	__u64 ns;
	__u32 bucket; /* the one it lies in */
	__u32 pad;
};

/*
 * How the requests of a service are judged. Immutable once published; bit n of the masks is the
 * policy's SLO n.
 */
struct policy {
	__u32 path_start; /* automaton over paths; DFA_DEAD: no templates */
	__u32 ua_start; /* automaton over user agents; DFA_DEAD: none excluded */
	__u16 service; /* SERVICE_NONE: a found one */
	__u16 n_slos;
	__u16 n_thresholds;
	__u8 samples; /* its requests may be sampled */
	__u8 pad;
	__u64 other_mask; /* for a path that no template matches */
	__u64 method_mask[HTTP_METHOD_COUNT];
	__u64 threshold_buckets[HIST_WORDS]; /* bit b: a threshold lies in bucket b */
	struct policy_slo slos[POLICY_SLOS_MAX];
	struct policy_threshold thresholds[POLICY_THRESHOLDS_MAX];
};

_Static_assert(sizeof(struct slo_counts) >= 64, "the good ones of two SLOs are a cache line apart");

#endif
