/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The history of one SLO: its events in steps, at three resolutions ("tiers"). Memory grows with
 * the buckets that had events, up to about 190 kB for an SLO over 92 d that is busy all the time.
 *
 * Times are seconds on the agent's axis (slo/timeline). Bucket ends are multiples of the tier's
 * width; the bucket that ends at e holds the steps that end in (e - width, e].
 *
 * Look-ups leave hints in it for later ones, so a history, const or not, belongs to one thread.
 * Pure: time is an argument.
 */
#ifndef SLIPROBE_SLO_HISTORY_H
#define SLIPROBE_SLO_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slo/slo.h"

struct slo_history;

enum slo_tier {
	SLO_TIER_10S, /* for 6 h */
	SLO_TIER_1MIN, /* for 8 d */
	SLO_TIER_1H, /* for the window plus 31 d */
	SLO_TIERS,
};

extern const int64_t slo_tier_width_seconds[SLO_TIERS];

enum {
	SLO_KEPT_BEYOND_SECONDS = 31 * 86400, /* hours are kept for the window and so much more */
};

/* Returns 0; -ENOMEM; -EINVAL: no SLO has such a window. */
int slo_history_new(uint64_t window_seconds, struct slo_history **ret);
void slo_history_free(struct slo_history *history);

/*
 * Adds the events of the step that ends at `t_seconds`. A time before that of the last step counts
 * as the last step's. Returns 0; -ENOMEM, or -EINVAL for a time that is not valid (slo/time_limit):
 * then nothing was added. Events beyond 2^64 - 1 in all are not counted.
 */
int slo_history_add(struct slo_history *history, double t_seconds, struct slo_events events);

/*
 * slo_history_add() for a step that began at `from_seconds`. Nothing tells when in the step its
 * events came. In a step longer than 20 s (the kernel counted while no agent read) they are spread
 * evenly, to the last one: over 10 s pieces if it is up to 6 h long, minutes up to 8 d, else hours.
 * The part of it that is older than hours are kept is one piece.
 */
int slo_history_add_span(struct slo_history *history, double from_seconds, double t_seconds,
			 struct slo_events events);

/*
 * Events of the steps that end in (now - span, now]. A window that reaches beyond the oldest step
 * has all the events that are kept; one that begins before the first step ever has all that were
 * added. An edge of the window up to 6 h back is exact to a 10 s step, up to 8 d to a minute, an
 * older one to an hour. Sums over adjacent spans add up to the sum over both, exactly. It takes
 * amortised constant time if every step asks for the same spans.
 */
struct slo_events slo_history_sum(const struct slo_history *history, double now_seconds,
				  double span_seconds);

/*
 * The end of the last step that had events, or, if it was restored, of its finest bucket. False if
 * no step had events.
 */
bool slo_history_last_event(const struct slo_history *history, double *ret_t_seconds);

/* The end of the first step ever that had events; of a restored history, as far as is known. */
bool slo_history_first_event(const struct slo_history *history, double *ret_t_seconds);

/* Number of one-hour buckets that end in (from, to] and had events. */
size_t slo_history_busy_hours(const struct slo_history *history, double from_seconds,
			      double to_seconds);

/* A return other than 0 stops slo_history_each() and is returned. */
typedef int (*slo_bucket_fn)(void *context, enum slo_tier tier, int64_t end_seconds,
			     struct slo_events events);

/* Calls back for each bucket that had events and ends at or after `from_seconds`, oldest first. */
int slo_history_each(const struct slo_history *history, enum slo_tier tier, int64_t from_seconds,
		     slo_bucket_fn fn, void *context);

/*
 * Put back into an empty history what slo_history_each() gave: for each tier the buckets of the
 * time that it is kept for, oldest first, then slo_history_restored() once. All tiers end at the
 * same moment: the events that a finer tier lacks came before its first bucket. From then on sums
 * are what they would have been without the interruption, but that nothing is known of the time
 * before the oldest hour. Return 0; -ENOMEM; -EINVAL if buckets are not oldest first, a time is not
 * the end of a bucket, the history is not empty, or a finer tier holds more than the hours do.
 * After a failure the history is of no use.
 */
int slo_history_restore(struct slo_history *history, enum slo_tier tier, int64_t end_seconds,
			struct slo_events events);
int slo_history_restored(struct slo_history *history, double last_step_seconds);

#endif
