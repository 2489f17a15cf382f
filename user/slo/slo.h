/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SLO mathematics: windows, error budget and burn rate. Pure: time is an argument, nothing here
 * reads a clock or does I/O.
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

/* The window of an SLO. */
enum {
	SLO_WINDOW_MIN_SECONDS = 3600,
	SLO_WINDOW_MAX_SECONDS = 92 * 86400,
};

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
