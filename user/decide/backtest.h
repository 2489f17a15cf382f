/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Replays steps of the past through slo/alerts, which judges the present, too. The result is how an
 * SLO's alerts would have fired. Pure.
 */
#ifndef SLIPROBE_DECIDE_BACKTEST_H
#define SLIPROBE_DECIDE_BACKTEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/maybe.h"
#include "slo/alerts.h"
#include "slo/slo.h"

struct backtest_options {
	double objective;
	uint64_t window_seconds; /* rolling; of calendar months: of the longest one */
	const char *time_zone; /* calendar months there, times are Unix time; NULL: rolling */
	uint64_t slice_seconds; /* 0: occurrences are budgeted */
	double slice_target;
	const struct alert_rule *rules; /* up to ALERT_RULES_MAX; they must outlive the backtest */
	size_t n_rules;
};

struct backtest_transition {
	struct alert_change change;
	struct maybe spent_ratio; /* of the budget, at that moment */
	struct maybe burning_seconds; /* for how long it has been burning: slo/burning */
};

/* Of one rule. */
struct backtest_alert {
	uint64_t fired;
	double active_seconds;
	struct backtest_transition first; /* if it fired */
};

struct backtest_result {
	struct backtest_transition *transitions;
	size_t n_transitions;
	struct backtest_alert alerts[ALERT_RULES_MAX];
	/* at the last step */
	double first_seconds; /* where the first step began */
	double last_seconds;
	struct slo_window window;
	struct slo_events budgeted; /* of the window: requests, or slices */
	struct slo_events events; /* of the window: requests */
};

struct backtest;

/* Returns 0, -ENOMEM, or -EINVAL: more than ALERT_RULES_MAX rules, or no such window. */
int backtest_new(const struct backtest_options *options, struct backtest **ret);
void backtest_free(struct backtest *backtest);

static inline void backtest_freep(struct backtest **backtest)
{
	backtest_free(*backtest);
}

/*
 * Replays the step [from, t]. It begins where the last one ended, or later: time between two steps
 * was not covered. Returns 0; -EINVAL for times out of order or out of range (below 0 with calendar
 * months); -ERANGE if the events of all steps are more than 2^63 - 1; -ENOMEM. After a failure only
 * backtest_free() may be called.
 */
int backtest_step(struct backtest *backtest, double from_seconds, double t_seconds,
		  struct slo_events events);

/* The result as of the last step. It belongs to the backtest, and changes with its next step. */
const struct backtest_result *backtest_result(struct backtest *backtest);

/* The burn rate in the span that ends at the last step. */
struct maybe backtest_burn_rate(const struct backtest *backtest, double span_seconds);

/* The budget at the last step, projected by the burn rate of the last hour. */
struct slo_budget backtest_budget(const struct backtest *backtest);

#endif
