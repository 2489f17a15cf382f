/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel programs and the agent both see: map keys and values, and their limits.
 * Layouts are asserted at the end. All counters are cumulative; all times are in ns of
 * CLOCK_MONOTONIC.
 */
#ifndef SLIPROBE_ABI_H
#define SLIPROBE_ABI_H

#include "dfa.h"
#include "hist.h"
#include "http1.h"
#include "terms.h"

enum {
	/* services: 0 none, 1 .. SERVICE_CONFIGURED configured, above: SERVICE_FOUND + endpoint */
	SERVICE_NONE = 0,
	SERVICE_CONFIGURED_MAX = 4095, /* ids are not reused while the agent runs */
	SERVICE_FOUND = 4096,
	ENDPOINTS_MAX = 2048, /* id 0: all that found no place of their own */

	ROUTE_OTHER = 0, /* no template matched */
	ROUTES_MAX = 65535,

	POLICIES_MAX = 4096, /* 0: none */
	POLICY_SLOS_MAX = 64,
	POLICY_THRESHOLDS_MAX = 64,

	SLO_CRITERIA_MAX = 4096,
	SLO_WILDCARDS_MAX = 4, /* SLOs that every found service has */
	SLO_COUNTS_MAX = SLO_CRITERIA_MAX + SLO_WILDCARDS_MAX * ENDPOINTS_MAX,
	SLO_STATUS_WORDS = 10,

	SERVICE_SET_WORDS = 16,
	SERVICE_PORTS_MAX = 4096,

	LIVE_SLOTS = 4, /* generations that can be told apart */
	LIVE_REGIONS = 2, /* generations whose automata are kept */

	SERIES_MAX = 16384,
	SERIES_IDS = SERIES_MAX + 1024, /* ids; 0: none. A few get lost, see bpf/series.bpf.h */
	SERIES_RECENT = 1024,
	HIST_GROUPS_MAX = 65536, /* fewer on many CPUs: see user/probe.c */
	HIST_GROUPS_MIN = 8192,
	BLOCK = 16, /* ids to an entry of `series` and `hist`: each entry is allocated by itself */
	SPLITS_MAX = 16384,
	PENDING_MAX = 65536,
	UNMEASURED_MAX = 1024,
	IDENTITIES_MAX = 16384,

	COMM_BYTES = 16,
	EXE_BYTES = 256, /* a longer path is kept from its end */
};

struct series_key {
	__u16 service;
	__u16 route;
	__u16 status; /* 0 unless complete */
	__u8 method;
	__u8 role_outcome; /* enum role << 4 | enum outcome */
};

struct series_value {
	__u64 requests;
	__u64 total_sum_ns;
	__u64 queue_sum_ns;
};

/* Of ids i * BLOCK up to (i + 1) * BLOCK - 1. */
struct series_block {
	struct series_value values[BLOCK];
};

enum hist_kind {
	HIST_TOTAL,
	HIST_QUEUE,
	HIST_KINDS,
};

/* Eight neighbouring buckets of one histogram; only those ever used exist. */
struct hist_value {
	__u64 n[HIST_PER_OCTAVE];
};

struct hist_block {
	struct hist_value values[BLOCK];
};

/* Where the octaves of a series' histograms are, in `hist`; 0: not used yet. */
struct hist_ids {
	__u32 ids[HIST_KINDS][HIST_OCTAVES];
};

/*
 * Requests that fell into the bucket a latency threshold splits, and were not above it. With the
 * buckets below, this gives the exact number of requests within the threshold.
 */
struct split_key {
	struct series_key series;
	__u64 threshold_ns;
};

struct slo_criteria {
	__u64 status[SLO_STATUS_WORDS]; /* bit s: status s is good */
	__u64 latency_ns; /* good is total <= latency_ns */
	__u64 min_body_bytes;
};

struct slo_counts {
	__u64 good;
	__u64 bad;
};

struct policy_slo {
	__u32 criteria; /* index in `slo_criteria` */
	__u32 counts; /* index in `slo_counts`; of a found service: + its endpoint */
};

struct policy_threshold {
	__u64 ns;
	__u32 bucket; /* the one it splits */
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
	__u32 n_thresholds;
	__u64 other_mask; /* for a path that no template matches */
	__u64 method_mask[HTTP_METHOD_COUNT];
	__u64 client_abort_mask; /* SLOs for which a client_abort is eligible */
	__u64 split_buckets[HIST_WORDS]; /* bit b: a threshold splits bucket b */
	struct policy_slo slos[POLICY_SLOS_MAX];
	struct policy_threshold thresholds[POLICY_THRESHOLDS_MAX];
};

/* What an automaton's accept number means. */
struct accept {
	__u64 slo_mask; /* eligible, as far as this input says */
	__u32 value; /* path: route id; process and exe: index in `service_sets` */
	__u32 pad;
};

/* Configured services, bit s: service number s of the live configuration. */
struct service_set {
	__u64 words[SERVICE_SET_WORDS];
};

/* Entry points of one generation of the configuration. */
struct live {
	__u32 process_start;
	__u32 exe_start;
	__u32 any_port; /* indices in `service_sets`: services without that constraint */
	__u32 any_process;
	__u32 any_exe;
	__u16 n_services;
	__u16 found_policy; /* of services that no configured one matches */
	__u16 policies[SERVICE_SET_WORDS * 64]; /* by service number */
};

/* A process serving a port, as the cache of decisions knows it. */
struct identity_key {
	__u64 start_ns; /* the process's start: a pid is reused */
	__u32 tgid;
	__u32 exec_id; /* changes with each exec */
	__u32 netns;
	__u32 generation;
	__u16 port;
	__u16 pad[3];
};

struct identity {
	__u16 policy;
	__u16 service; /* SERVICE_NONE: found, no request seen yet */
};

struct endpoint_key {
	__u32 netns;
	__u16 port;
	__u16 pad;
	char process[COMM_BYTES];
};

struct endpoint {
	__u32 id;
	__u32 tgid; /* the last process seen to serve it */
	__u16 service; /* the last service it was counted for */
	__u16 pad[3];
	char exe[EXE_BYTES]; /* NUL-terminated */
};

struct unmeasured_key {
	struct endpoint_key endpoint;
	__u32 reason; /* enum blind_reason */
};

enum statistic {
	STAT_SEEN, /* requests whose head was read, or that were answered before */
	STAT_SEEN_OWN, /* likewise: by the recv hook alone, see counter_add_own() */
	STAT_ENDED, /* requests given an outcome */
	STAT_ENDED_OWN, /* likewise: by the send hook alone */
	STAT_LOST, /* + enum lost_reason */
	STAT_ERROR = STAT_LOST + LOST_REASON_COUNT, /* + enum kernel_error */
	STAT_COUNT = STAT_ERROR + KERR_COUNT,
};

_Static_assert(sizeof(struct http1) == 32, "http1 has no holes");
_Static_assert(sizeof(struct series_key) == 8, "series_key has no holes");
_Static_assert(sizeof(struct split_key) == 16, "split_key has no holes");
_Static_assert(sizeof(struct identity_key) == 32, "identity_key has no holes");
_Static_assert(sizeof(struct endpoint_key) == 24, "endpoint_key has no holes");
_Static_assert(sizeof(struct unmeasured_key) == 28, "unmeasured_key has no holes");
_Static_assert(SERIES_IDS % BLOCK == 0 && HIST_GROUPS_MIN % BLOCK == 0, "blocks are whole");
_Static_assert(HIST_BUCKETS <= 256, "a bucket number fits a byte");

#endif
