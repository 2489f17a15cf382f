/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Alerts on an error budget, evaluated at each step from the SLO's history alone. Pure: time is an
 * argument. Below, `long`, `short`, `horizon` and `after` are the lengths in struct alert_rule.
 *
 * burn (The Site Reliability Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts"): in the
 *   long window more than `ratio` of the budget was used up, and the short one still burns at that
 *   rate:
 *     factor = ratio * window / long        (2 % of 30 d in 1 h: 14.4)
 *     burn rate(long) > factor and burn rate(short) > factor
 *   A window that the SLO is younger than is taken as whole: its other part had the same traffic
 *   and no bad events (slo_events_whole()). So the first failures of a new service page nobody, and
 *   a total outage from birth pages when it would later. It is the rate that readings tell, too.
 *   A short window without any eligible event is no recovery. The alert ends when the short window
 *   has events and is at or below the factor, or when the long window is at or below it.
 * exhaust: at the burn rate over the last quarter of the horizon, the budget is gone within the
 *   horizon:
 *     remaining ratio * window / burn rate <= horizon
 *   The budget is that of the whole window, as it is shown (slo_budget_at()). As long as only a part
 *   of the window has passed since the SLO was first counted, or since the calendar month began, a
 *   slow burn on the second day of 30 would else seem to use up a budget that is yet to be earned:
 *     lived = now - max(window from, since), at least 1 s and at most window
 *     eligible' = eligible * window / lived, rounded to whole events; bad' = bad
 *     remaining ratio = 1 - bad' / ((1 - objective) * eligible')
 *   The burn rate is as of burn rules.
 *   The status is `exhausted` when nothing remains and it burns on (burn rate > 1). That does not
 *   raise a page, but keeps one.
 * budget: spent ratio of the whole window's budget >= `ratio`.
 * no-data: no eligible event for `after` of covered time. In at least half of the covered hours of
 *   the day before that silence there were events, and at least `after` of that day was covered.
 *   The alert ends with the next event, or after 7 d of covered time.
 * coverage: of the long window, from when the SLO was first counted, less than `ratio` was covered.
 *
 * Low traffic: a rule becomes active only with at least `min_bad` bad events and `min_events`
 * eligible ones: burn in the long window, exhaust in the quarter of the horizon, budget in the
 * SLO's window. These are requests even if slices are budgeted. A total outage pages when the
 * min_bad-th request has failed: at r requests an hour after min_bad / r hours, if that is within
 * the long window.
 */
#ifndef SLIPROBE_SLO_ALERTS_H
#define SLIPROBE_SLO_ALERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/maybe.h"
#include "slo/alert_rule.h"
#include "slo/coverage.h"
#include "slo/history.h"
#include "slo/slo.h"

enum alert_status {
	ALERT_INACTIVE,
	ALERT_FIRING,
	ALERT_EXHAUSTED, /* active, too */
};

/* "inactive", "firing", "exhausted" */
const char *alert_status_name(enum alert_status status);

/* An SLO at one moment. */
struct alert_subject {
	const struct slo_history *budgeted; /* in what the budget is: events, or slices */
	const struct slo_history *events; /* requests; equals `budgeted` unless timeslices */
	double objective;
	struct slo_window window;
	const struct coverage *coverage; /* NULL: all time is covered */
	double since_seconds; /* when the SLO was first counted */
	struct slo_slicing slicing; /* of `budgeted` */
};

/*
 * A cache: the status cannot change before `until_seconds`, nor before the budgeted history holds
 * more than `most`. Zero it when the rule, the objective, the window or the history changes; zero
 * is always safe. It is not worth storing.
 */
struct alert_calm {
	bool valid;
	double until_seconds;
	struct slo_events most; /* of all that was ever added */
};

/* `total`: all that was ever added to the budgeted history. */
static inline bool alert_calm_holds(const struct alert_calm *calm, double now_seconds,
				    struct slo_events total)
{
	/* without branches: which of them fails is not foreseen well by the processor */
	return calm->valid & (now_seconds <= calm->until_seconds) &
	       (total.good <= calm->most.good) & (total.bad <= calm->most.bad);
}

struct alert_state {
	enum alert_status status;
	double since_seconds; /* of the status */
	double started_seconds; /* when it left inactive */
	struct alert_calm calm;
};

/* The numbers that a rule went by, for messages. Those of other kinds of rules are unknown. */
struct alert_reading {
	struct maybe burn_long;
	struct maybe burn_short;
	struct maybe exhausted_in_seconds; /* of the whole window's budget, as exhaust takes it */
};

struct alert_change {
	size_t rule;
	enum alert_status from;
	enum alert_status to;
	double t_seconds;
};

/*
 * Evaluates `n` rules at now_seconds, which is not before the last time. states[i] belongs to
 * rules[i] and is zeroed before the first time. ret_changes has room for n; returns how many there
 * are. The order of the rules is the order of ret_changes, and matters for nothing else.
 * ret_readings: one for each rule, or NULL. With them, all rules are judged, calm or not.
 */
size_t alerts_evaluate(const struct alert_rule *rules, size_t n,
		       const struct alert_subject *subject, double now_seconds,
		       struct alert_state *states, struct alert_change *ret_changes,
		       struct alert_reading *ret_readings);

/*
 * The calm that all `n` states have in common. While it holds, alerts_evaluate() without readings
 * changes nothing, and need not be called.
 */
struct alert_calm alerts_calm(const struct alert_state *states, size_t n);

#endif
