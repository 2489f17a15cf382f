/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SLO mathematics: windows, error budget and burn rate. Pure: time is an argument, nothing here
 * reads a clock or does I/O.
 *
 * Formulas: The Site Reliability Workbook, chapter 2 ("Implementing SLOs") for the budget and
 * chapter 5 ("Alerting on SLOs") for the burn rate.
 *   availability = good / eligible                      (unknown when eligible = 0)
 *   budget allowed = (1 - objective) * eligible         (events, of the whole window)
 *   spent ratio = bad / allowed; remaining = 1 - spent  (may be negative: not clamped)
 *   burn rate(w) = (bad(w) / eligible(w)) / (1 - objective)
 *   exhausted in = remaining * window / burn rate       (seconds; 0 if nothing remains)
 *
 * Of a span that was not lived to its full length, because the SLO is younger or its calendar month
 * is not over, the other part is taken to have the same traffic and no bad events: else the first
 * failures of a new SLO would be most of its events, and overspend the budget of a month.
 *   whole eligible = eligible * length / lived, rounded to whole events; bad as it is
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

/* The window of an SLO. */
enum {
	SLO_WINDOW_MIN_SECONDS = 3600,
	SLO_WINDOW_MAX_SECONDS = 92 * 86400,
};

struct slo_budget {
	double allowed_events; /* about, if it is projected */
	/* the window is not yet full: `counted_seconds` of it were lived, the rest is projected */
	bool projected;
	double counted_seconds;
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

/* Whether slices of time are budgeted, and until when they are settled (slo/slices). */
struct slo_slicing {
	uint64_t seconds; /* 0: events are budgeted */
	double settled_seconds;
};

/* When an SLO began to be counted, and in what. */
struct slo_life {
	double since_seconds;
	struct slo_slicing slicing;
};

/*
 * How much of the span from `from_seconds` to now was lived: at least 1 s, as the traffic of no time
 * has no rate. As long as that is less than `length_seconds`, slices count when they are settled, as
 * a whole: the first one, too, of which a part was before the SLO began.
 */
double slo_lived(const struct slo_life *life, double from_seconds, double length_seconds,
		 double now_seconds);

/* The events of a span of `length_seconds`, by those of the part that was lived. */
struct slo_events slo_events_whole(struct slo_events events, double lived_seconds,
				   double length_seconds);

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

/* An SLO and its window at one moment. */
struct slo_moment {
	struct slo_window window;
	double objective;
	struct slo_life life;
	double now_seconds;
};

/*
 * The budget of the whole window. `events`: of the window so far. `last_hour`: what was budgeted in
 * the last hour, whose burn rate, as of a whole hour, exhaustion is projected by.
 */
struct slo_budget slo_budget_at(const struct slo_moment *moment, struct slo_events events,
				struct slo_events last_hour);

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
