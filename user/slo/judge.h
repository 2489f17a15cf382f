/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Judges one alert rule at one moment. Part of slo/alerts, which says what each kind of rule means;
 * slo/calm asks for the same sums.
 */
#ifndef SLIPROBE_SLO_JUDGE_H
#define SLIPROBE_SLO_JUDGE_H

#include "slo/alert_limit.h"
#include "slo/alerts.h"

enum { JUDGE_SPANS_MAX = 2 * ALERT_RULES_MAX + 1 };

/* Sums of one history over spans that end now. Each is taken from the history once. */
struct span_sums {
	const struct slo_history *history;
	size_t n;
	double seconds[JUDGE_SPANS_MAX];
	struct slo_events sum[JUDGE_SPANS_MAX];
};

/* A subject at one moment. It points into itself: not to be copied. */
struct judge {
	const struct alert_subject *subject;
	double now_seconds;
	double budget_ratio; /* 1 - objective */
	struct slo_events total; /* all that was ever added to the budgeted history */
	struct span_sums *budgeted;
	struct span_sums *events; /* requests; the budgeted sums unless timeslices */
	struct span_sums sums[2];
};

void judge_begin(struct judge *judge, const struct alert_subject *subject, double now_seconds);

/* The status that the rule has now, after `state`. */
enum alert_status judge_rule(const struct judge *judge, const struct alert_rule *rule,
			     const struct alert_state *state);

struct alert_reading judge_reading(const struct judge *judge, const struct alert_rule *rule);

/* A span that ends now. What it has to be whole lies before the SLO was counted, or is yet to come. */
struct judge_span {
	double seconds; /* looked back */
	double lived_seconds; /* at least 1 */
	double length_seconds; /* when it is whole */
};

/* The last so many seconds, and the SLO's window. */
struct judge_span judge_last(const struct judge *judge, double seconds);
struct judge_span judge_window(const struct judge *judge);

/* How much it is short of its length; 0 if it is whole. */
double judge_missing_seconds(const struct judge_span *span);

/* What is budgeted of the span, so far, and of the whole span (slo_events_whole()). */
struct slo_events judge_budgeted(const struct judge *judge, double seconds);
struct slo_events judge_whole(const struct judge *judge, struct judge_span span);

/*
 * The share of bad events that spends `ratio` of the budget, and the one of a burn rule's factor.
 */
struct alert_limit judge_budget_limit(const struct judge *judge, double ratio);
struct alert_limit judge_burn_limit(const struct judge *judge, const struct alert_rule *rule);

/* When the span begins that a coverage rule goes by. */
double judge_coverage_from(const struct judge *judge, const struct alert_rule *rule);

/* Whether the last span of `coverage` holds all of [from, to]. */
bool judge_covers_all(const struct coverage *coverage, double from, double to);

#endif
