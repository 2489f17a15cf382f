/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Incidents, and what they really cost: from the recorded changes of alerts, measured in the
 * recorded history. Pure. Times are Unix seconds. NaN: unknown.
 */
#ifndef SLIPROBE_DECIDE_INCIDENTS_H
#define SLIPROBE_DECIDE_INCIDENTS_H

#include <stddef.h>

/* A span in which an alert was active. */
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
	double spent_ratio; /* of the budget */
};

/*
 * Makes one incident of spans that overlap or touch. The spans are of one SLO, and get sorted.
 * `ret` has room for n; returns how many there are. detect_seconds and spent_ratio are left
 * unknown.
 */
size_t incidents_merge(struct incident_span *spans, size_t n, struct incident *ret);

/*
 * Finds detect_seconds and spent_ratio.
 *
 * The incident begins with the burn (slo/burning) that was on when the alert fired, as in a replay.
 * That must be within the alert's lookback and after a step that did not burn, and its first step
 * must not be wider than a minute; else the time to detect is unknown. The lookback is in the alert's
 * name (burn-1h: 1 h; exhaust-4h: a quarter of 4 h); with any other name it is 6 h.
 *
 * Spent are the bad events from that beginning (if unknown, from the beginning of the lookback)
 * until the incident was resolved (or now), divided by the bad events allowed in the SLO's window
 * at that time. Unknown if the history does not reach back to when the alert fired, or nothing is
 * allowed.
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
