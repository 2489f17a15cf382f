/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of a history, for the files that work on it: slo/history adds and sums,
 * slo/browse looks through it, slo/restore puts a stored one back.
 */
#ifndef SLIPROBE_SLO_HISTORY_PRIVATE_H
#define SLIPROBE_SLO_HISTORY_PRIVATE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slo/history.h"
#include "slo/time_limit.h"
#include "slo/totals.h"

#define US_PER_SECOND 1000000LL

/* 2^52: from here on a double has no fraction. */
#define WHOLE_NUMBERS 4503599627370496.0

enum { SLO_CURSORS = 32 };

/*
 * One tier. Each tier sees every step. The newest bucket with events is open: its running total is
 * the history's, so a step that falls into it writes nothing here.
 */
struct slo_tier_state {
	struct slo_totals closed;
	int64_t finer_keep_us; /* moments older than this, but not older than */
	int64_t keep_us; /* this, are looked up here */
	int64_t open_end_us; /* INT64_MIN: there is none */
	int64_t open_bucket;
	struct slo_events restored; /* of all buckets, until slo_history_restored() */
};

/*
 * Where the window of one span begins. The next look-up is a little later. Cursors are hints: only
 * the time that a look-up takes depends on them.
 */
struct slo_cursor {
	double span_seconds;
	const struct slo_tier_state *tier; /* that `stay` is in; NULL: there is none yet */
	struct slo_stay stay;
};

struct slo_cursors {
	struct slo_cursor list[SLO_CURSORS];
	size_t n;
	size_t next; /* the one expected: spans are asked for in one order at each step */
	size_t oldest; /* the one that a new span takes */
	double now_seconds; /* of the last look-up */
	int64_t now_us;
};

struct slo_history {
	struct slo_tier_state tiers[SLO_TIERS]; /* finest first */
	bool any;
	bool any_event;
	int64_t first_us; /* of the first step ever */
	int64_t last_us; /* of the last step */
	int64_t first_event_us; /* the end of the step */
	int64_t last_event_us;
	struct slo_events total;
	struct slo_cursors *cursors; /* look-ups in a const history change them, too */
};

static inline int64_t clamped_to_us(double seconds)
{
	if (seconds > TIME_LIMIT_SECONDS)
		seconds = TIME_LIMIT_SECONDS;
	if (!(seconds > -TIME_LIMIT_SECONDS))
		seconds = -TIME_LIMIT_SECONDS;
	return (int64_t)(seconds * (double)US_PER_SECOND);
}

/*
 * Whole microseconds, so that 10 s steps computed in floating point fall on 10 s boundaries. The
 * result is that of llround(), which would be a call.
 */
static inline int64_t seconds_to_us(double seconds)
{
	double us = seconds * (double)US_PER_SECOND;

	if (fabs(us) < WHOLE_NUMBERS)
		return (int64_t)(us + copysign(0.5, us));
	return clamped_to_us(seconds);
}

static inline double us_to_seconds(int64_t us)
{
	return (double)us / (double)US_PER_SECOND;
}

static inline void tier_open(struct slo_tier_state *tier, int64_t bucket)
{
	tier->open_bucket = bucket;
	tier->open_end_us = bucket * tier->closed.width_us;
}

#endif
