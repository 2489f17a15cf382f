/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SLO mathematics: event history in steps, windows over it, error budget and burn rate.
 * Pure: time is an argument, nothing here reads a clock or does I/O.
 *
 * Formulas: The Site Reliability Workbook, chapter 2 ("Implementing SLOs") for the budget and
 * chapter 5 ("Alerting on SLOs") for the burn rate.
 *   availability = good / eligible                      (unknown when eligible = 0)
 *   budget allowed = (1 - objective) * eligible         (events)
 *   spent ratio = bad / allowed; remaining = 1 - spent  (may be negative: not clamped)
 *   burn rate(w) = (bad(w) / eligible(w)) / (1 - objective)
 *   exhausted in = remaining * window / burn rate       (seconds; 0 if nothing remains)
 */
#ifndef SLIPROBE_SLO_SLO_H
#define SLIPROBE_SLO_SLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/maybe.h"

struct slo_events {
	uint64_t good;
	uint64_t bad;
};

static inline bool slo_events_any(struct slo_events events)
{
	return events.good || events.bad;
}

/* Good and bad together. */
static inline double slo_eligible(struct slo_events events)
{
	return (double)events.good + (double)events.bad;
}

/*
 * History of one SLO at three resolutions ("tiers"). Memory grows with the buckets that had events,
 * up to about 190 kB for an SLO over 92 d that is busy all the time.
 *
 * Times are seconds on the agent's axis (slo/timeline). Bucket ends are multiples of the tier's
 * width; the bucket that ends at e holds the steps that end in (e - width, e].
 *
 * Look-ups leave hints in it for later ones, so a history, const or not, belongs to one thread.
 */
struct slo_history;

enum slo_tier {
	SLO_TIER_10S, /* for 6 h */
	SLO_TIER_1MIN, /* for 8 d */
	SLO_TIER_1H, /* for the window plus 31 d */
	SLO_TIERS,
};

extern const int64_t slo_tier_width_seconds[SLO_TIERS];

/* The window of an SLO. */
enum {
	SLO_WINDOW_MIN_SECONDS = 3600,
	SLO_WINDOW_MAX_SECONDS = 92 * 86400,
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

struct slo_budget {
	double allowed_events;
	/* of full outage: (1 - objective) * window, and how many are left (negative: overspent) */
	double allowed_minutes;
	struct maybe remaining_minutes;
	struct maybe spent_ratio; /* unknown when nothing was eligible */
	struct maybe remaining_ratio;
	/* 0: exhausted; unknown: no traffic, or nothing burns */
	struct maybe exhausted_in_seconds;
};

/*
 * The span that an SLO is judged over. It ends now. A rolling one begins at now - length. A
 * calendar month begins with its first second; its length is that of the whole month.
 */
struct slo_window {
	double from_seconds;
	double length_seconds;
	bool calendar;
	double end_seconds; /* calendar: of the month */
};

static inline struct slo_window slo_window_rolling(double now_seconds, double length_seconds)
{
	return (struct slo_window){.from_seconds = now_seconds - length_seconds,
				   .length_seconds = length_seconds};
}

/*
 * A calendar window's budget begins anew when the window ends: an exhaustion after that is unknown.
 * Any other projection is returned as it is.
 */
static inline struct maybe slo_window_exhausted_in(const struct slo_window *window,
						   double now_seconds,
						   struct maybe exhausted_in_seconds)
{
	if (window->calendar && now_seconds + exhausted_in_seconds.value > window->end_seconds)
		return (struct maybe){0};
	return exhausted_in_seconds;
}

struct maybe slo_availability(struct slo_events events);
struct maybe slo_burn_rate(struct slo_events events, double objective);

/*
 * `events`: of the whole window. `burn_rate`: the present one (of the last hour), by which
 * exhaustion is projected. See slo_window_exhausted_in() for a calendar window.
 */
struct slo_budget slo_budget(struct slo_events events, double objective, double window_seconds,
			     struct maybe burn_rate);

/* The windows every SLO's burn rate is shown over. */
#define SLO_BURN_WINDOWS(X)                                                                        \
	X("5m", 300)                                                                               \
	X("30m", 1800)                                                                             \
	X("1h", 3600)                                                                              \
	X("2h", 7200)                                                                              \
	X("6h", 21600)                                                                             \
	X("1d", 86400)                                                                             \
	X("3d", 259200)

#endif
