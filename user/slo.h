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
#ifndef SLIPROBE_USER_SLO_H
#define SLIPROBE_USER_SLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slo_events {
	uint64_t good;
	uint64_t bad;
};

/*
 * History of one SLO at three resolutions: 10 s steps for 6 h, 1 min for 8 d, 1 h for the window
 * plus 31 d. Memory grows with the steps that had events, up to about 190 kB for a busy SLO over
 * 92 d.
 */
struct slo_history;

/* window_seconds: the SLO's window, 1 h .. 92 d. Returns 0 or -ENOMEM or -EINVAL. */
int slo_history_new(uint64_t window_seconds, struct slo_history **ret);
void slo_history_free(struct slo_history *history);

/*
 * Adds the events of the step that ends at `t_seconds` (monotonic, not earlier than the step added
 * before: an earlier time is taken as that one). Returns 0; -ENOMEM, or -EINVAL for a time that is
 * not finite or more than 1e12 s from 0 (nothing was added).
 */
int slo_history_add(struct slo_history *history, double t_seconds, struct slo_events events);

/*
 * Events of the steps that end in (now - span, now]. A window that reaches beyond the oldest step
 * counts what there is; one that begins before the first step ever counts everything added.
 * An edge of the window up to 6 h back is exact to a 10 s step, up to 8 d to a minute, older ones
 * to an hour. Sums over adjacent spans add up to the sum over both, exactly.
 */
struct slo_events slo_history_sum(const struct slo_history *history, double now_seconds,
				  double span_seconds);

/* A ratio that may be unknown: NaN never leaves this module, `known` says. */
struct slo_ratio {
	bool known;
	double value;
};

struct slo_budget {
	double allowed_events;
	struct slo_ratio spent_ratio; /* unknown when nothing was eligible */
	struct slo_ratio remaining_ratio;
	/* 0: exhausted; unknown: no traffic, or nothing burns */
	struct slo_ratio exhausted_in_seconds;
};

struct slo_ratio slo_availability(struct slo_events events);
struct slo_ratio slo_burn_rate(struct slo_events events, double objective);

/*
 * `events`: of the whole window; `burn_rate`: the present one (the 1 h window's) that the
 * projection of exhaustion goes by.
 */
struct slo_budget slo_budget(struct slo_events events, double objective, double window_seconds,
			     struct slo_ratio burn_rate);

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
