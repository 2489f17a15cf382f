/* SPDX-License-Identifier: GPL-2.0-only */
/* The counters of each series of requests. */
#ifndef SLIPROBE_ABI_SERIES_H
#define SLIPROBE_ABI_SERIES_H

#include "hist.h"
#include "status.h"
#include "terms.h"
#include "types.h"

enum {
	SERIES_MAX = 16384,
	SERIES_IDS =
		SERIES_MAX + 1024, /* 0: none. A few ids get lost when a series is made twice */
	HIST_GROUPS_MAX = 65536, /* the agent makes it fewer on many CPUs */
	HIST_GROUPS_MIN = 8192,
	BLOCK = 16, /* ids to an entry of `series` and `hist`: each entry is allocated by itself */
	THRESHOLDS_MAX = 16384,
};

struct series_key {
	__u16 service;
	__u16 route;
	__u16 status; /* status.h; 0 unless complete */
	__u8 method;
	__u8 role_outcome; /* series_role_outcome() */
};

static inline __u8 series_role_outcome(enum role role, enum outcome outcome)
{
	return (__u8)(role << 4 | outcome);
}

static inline enum role series_role(const struct series_key *key)
{
	return (enum role)(key->role_outcome >> 4);
}

static inline enum outcome series_outcome(const struct series_key *key)
{
	return (enum outcome)(key->role_outcome & 15);
}

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
 * Key of `thresholds`, whose value is exact: the requests that fell into the bucket that the latency
 * threshold lies in, and were not above the threshold. With the buckets below that one, this gives the
 * exact number of requests within the threshold.
 */
struct threshold_key {
	struct series_key series;
	__u64 threshold_ns;
};

_Static_assert(sizeof(struct series_key) == 8, "series_key has no holes");
_Static_assert(sizeof(struct threshold_key) == 16, "threshold_key has no holes");
_Static_assert(SERIES_IDS % BLOCK == 0 && HIST_GROUPS_MIN % BLOCK == 0, "blocks are whole");
_Static_assert(HIST_BUCKETS <= 256, "a bucket number fits a byte");

#endif
