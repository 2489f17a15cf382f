/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What alerts really cost: incidents from the recorded changes of alerts, measured in the recorded
 * history. Pure. Times are Unix seconds; NaN: unknown.
 */
#ifndef SLIPROBE_DECIDE_INCIDENTS_H
#define SLIPROBE_DECIDE_INCIDENTS_H

#include <stddef.h>

/* An alert was active. */
struct incident_span {
	const char *alert;
	double from_seconds;
	double to_seconds; /* INFINITY: it still is */
};

struct incident_step {
	double t_seconds; /* its end */
	double width_seconds;
	double good;
	double bad;
};

struct incident_history {
	double objective;
	double window_seconds;
	double now_seconds;
	const struct incident_step *steps; /* oldest first */
	size_t n_steps;
};

struct incident {
	const char *alert; /* the first to fire */
	double fired_seconds;
	double resolved_seconds; /* NaN: still active */
	double detect_seconds; /* from the beginning of its first bad step until it fired */
	double spent_ratio; /* of the budget, by all of it */
};

/*
 * Alerts that overlap, or touch, are one incident. Spans are of one SLO, and get sorted. ret has
 * room for n; returns how many. What is to be measured is left unknown.
 */
size_t incidents_merge(struct incident_span *spans, size_t n, struct incident *ret);

/*
 * The first bad step comes after the last step before the page that had events and a burn rate of
 * at most 1, if that lies within the alert's long window: else, or if steps of that age are wider
 * than a minute, the time to detect is unknown. The long window is what the alert is named by
 * (burn-1h; of exhaust-4h a quarter), 6 h for other names.
 *
 * Spent: bad events from that step (if unknown, from the long window's beginning) until it was
 * resolved (or now), by the bad events allowed in the SLO's window at that time. Unknown if history
 * does not reach back to when it fired, or nothing is allowed.
 */
void incident_measure(struct incident *incident, const struct incident_history *history);

struct incidents_summary {
	size_t n;
	size_t n_open;
	double mean_detect_seconds; /* of those known */
	double mean_repair_seconds; /* from firing until resolved, of those that are */
	double spent_ratio; /* sum of those known */
};

struct incidents_summary incidents_sum_up(const struct incident *incidents, size_t n);

#endif
