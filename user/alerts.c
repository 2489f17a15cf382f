/* SPDX-License-Identifier: GPL-2.0-only */
#include <math.h>
#include "alert_limit.h"
#include "alerts.h"

enum {
	HOUR_SECONDS = 3600,
	DAY_SECONDS = 24 * HOUR_SECONDS,
	NO_DATA_UNTIL_SECONDS = 7 * DAY_SECONDS,
	SPANS_MAX = 2 * ALERT_RULES_MAX + 1,
};

/* Rounding of times on the axis: what is apart by less is the same moment. */
#define SAME_SECONDS 1e-3

/* Sums over spans that end now, each taken from the history once. */
struct spans {
	const struct slo_history *history;
	size_t n;
	double seconds[SPANS_MAX];
	struct slo_events sum[SPANS_MAX];
};

/* What is judged, and what has been found out about it so far. */
struct judge {
	const struct alert_subject *subject;
	double now;
	double budget; /* ratio */
	double quiet_seconds; /* nothing bad happened in the last so many; 0: not known */
	struct spans *budgeted;
	struct spans *events;
};

static struct slo_events spans_sum(struct spans *spans, double now, double seconds)
{
	struct slo_events sum;

	for (size_t i = 0; i < spans->n; i++) {
		if (spans->seconds[i] == seconds)
			return spans->sum[i];
	}
	sum = slo_history_sum(spans->history, now, seconds);
	if (spans->n < SPANS_MAX) {
		spans->seconds[spans->n] = seconds;
		spans->sum[spans->n++] = sum;
	}
	return sum;
}

static struct slo_events budgeted(const struct judge *judge, double seconds)
{
	return spans_sum(judge->budgeted, judge->now, seconds);
}

static double window_seconds(const struct judge *judge)
{
	return judge->now - judge->subject->window.from_seconds;
}

static bool any(struct slo_events events)
{
	return events.good || events.bad;
}

/* Low traffic: whether there were enough requests to be woken for. */
static bool enough(const struct judge *judge, const struct alert_rule *rule, double seconds)
{
	struct slo_events events = spans_sum(judge->events, judge->now, seconds);
	uint64_t eligible;

	return events.bad >= rule->min_bad &&
	       (__builtin_add_overflow(events.good, events.bad, &eligible) ||
		eligible >= rule->min_events);
}

static struct alert_limit budget_limit(const struct judge *judge, double ratio)
{
	return (struct alert_limit){.budget = judge->budget,
				    .objective = judge->subject->objective,
				    .ratio = ratio,
				    .scale = 1,
				    .per = 1};
}

static enum alert_status judge_burn(const struct judge *judge, const struct alert_rule *rule,
				    enum alert_status from)
{
	struct alert_limit limit = budget_limit(judge, rule->ratio);
	struct slo_events recent;

	limit.scale = judge->subject->window.length_seconds;
	limit.per = (double)rule->seconds;
	if (alert_limit_compare(&limit, budgeted(judge, (double)rule->seconds)) <= 0)
		return ALERT_INACTIVE;
	if (from == ALERT_INACTIVE && !enough(judge, rule, (double)rule->seconds))
		return ALERT_INACTIVE;
	recent = budgeted(judge, (double)rule->short_seconds);
	if (from != ALERT_INACTIVE && !any(recent))
		return ALERT_FIRING;
	return alert_limit_compare(&limit, recent) > 0 ? ALERT_FIRING : ALERT_INACTIVE;
}

static double lookback_seconds(const struct alert_rule *rule)
{
	return (double)rule->seconds / 4;
}

static enum alert_status judge_exhaust(const struct judge *judge, const struct alert_rule *rule,
				       enum alert_status from)
{
	struct alert_limit limit = budget_limit(judge, 1);
	struct slo_events recent = budgeted(judge, lookback_seconds(rule));
	struct slo_events whole;

	if (!recent.bad)
		return ALERT_INACTIVE;
	whole = budgeted(judge, window_seconds(judge));
	if (!any(whole))
		return ALERT_INACTIVE;
	if (from == ALERT_INACTIVE && !enough(judge, rule, lookback_seconds(rule)))
		return ALERT_INACTIVE;
	if (alert_limit_compare(&limit, whole) < 0)
		return alert_limit_gone_within(&limit, whole, recent,
					       judge->subject->window.length_seconds,
					       (double)rule->seconds)
			       ? ALERT_FIRING
			       : ALERT_INACTIVE;
	if (from == ALERT_INACTIVE && rule->severity == SEVERITY_PAGE)
		return ALERT_INACTIVE;
	return alert_limit_compare(&limit, recent) > 0 ? ALERT_EXHAUSTED : ALERT_INACTIVE;
}

static enum alert_status judge_budget(const struct judge *judge, const struct alert_rule *rule,
				      enum alert_status from)
{
	struct alert_limit limit = budget_limit(judge, rule->ratio);
	struct slo_events whole = budgeted(judge, window_seconds(judge));

	if (!any(whole) || alert_limit_compare(&limit, whole) < 0)
		return ALERT_INACTIVE;
	if (from == ALERT_INACTIVE && !enough(judge, rule, window_seconds(judge)))
		return ALERT_INACTIVE;
	return ALERT_FIRING;
}

/* Seconds of [from, to] that were covered, and not before the SLO was first counted. */
static double covered_seconds(const struct alert_subject *subject, double from, double to)
{
	from = fmax(from, subject->since_seconds);
	if (!(from < to))
		return 0;
	return subject->coverage ? coverage_seconds(subject->coverage, from, to) : to - from;
}

/* Whether a service that had its last event at `last` had enough traffic to be missed. */
static bool had_traffic(const struct judge *judge, const struct alert_rule *rule, double last)
{
	double to = ceil(last / HOUR_SECONDS) * HOUR_SECONDS;
	double from = to - DAY_SECONDS;
	double covered = covered_seconds(judge->subject, from, last);
	size_t busy = slo_history_busy_hours(judge->subject->events, from, to);

	return covered >= (double)rule->seconds && (double)busy * 2 * HOUR_SECONDS >= covered;
}

static enum alert_status judge_no_data(const struct judge *judge, const struct alert_rule *rule,
				       enum alert_status from)
{
	double last, silence;

	if (!slo_history_last_event(judge->subject->events, &last) ||
	    judge->now - last < (double)rule->seconds - SAME_SECONDS)
		return ALERT_INACTIVE;
	silence = covered_seconds(judge->subject, last, judge->now);
	if (silence < (double)rule->seconds - SAME_SECONDS || silence >= NO_DATA_UNTIL_SECONDS)
		return ALERT_INACTIVE;
	return from != ALERT_INACTIVE || had_traffic(judge, rule, last) ? ALERT_FIRING
									: ALERT_INACTIVE;
}

static enum alert_status judge_coverage(const struct judge *judge, const struct alert_rule *rule)
{
	const struct alert_subject *subject = judge->subject;
	const struct coverage *coverage = subject->coverage;
	double from = fmax(judge->now - (double)rule->seconds, subject->since_seconds);

	if (!coverage || !(from < judge->now))
		return ALERT_INACTIVE;
	if (coverage->n && coverage->spans[coverage->n - 1].from_seconds <= from &&
	    coverage->spans[coverage->n - 1].to_seconds >= judge->now)
		return rule->ratio > 1 ? ALERT_FIRING : ALERT_INACTIVE;
	return coverage_seconds(coverage, from, judge->now) + SAME_SECONDS <
			       rule->ratio * (judge->now - from)
		       ? ALERT_FIRING
		       : ALERT_INACTIVE;
}

/*
 * Whether the rule stays inactive for want of anything bad in all that it looks at. Only saves
 * time: judging it says the same.
 */
static bool is_quiet(const struct judge *judge, const struct alert_rule *rule)
{
	switch (rule->kind) {
	case ALERT_BURN:
	case ALERT_EXHAUST:
		return (double)rule->seconds <= judge->quiet_seconds;
	case ALERT_BUDGET:
		return rule->ratio > 0 && window_seconds(judge) <= judge->quiet_seconds;
	default:
		return false;
	}
}

static enum alert_status judge_rule(const struct judge *judge, const struct alert_rule *rule,
				    enum alert_status from)
{
	if (from == ALERT_INACTIVE && is_quiet(judge, rule))
		return ALERT_INACTIVE;
	switch (rule->kind) {
	case ALERT_BURN:
		return judge_burn(judge, rule, from);
	case ALERT_EXHAUST:
		return judge_exhaust(judge, rule, from);
	case ALERT_BUDGET:
		return judge_budget(judge, rule, from);
	case ALERT_NO_DATA:
		return judge_no_data(judge, rule, from);
	case ALERT_COVERAGE:
		return judge_coverage(judge, rule);
	case ALERT_KIND_COUNT:
		break;
	}
	return ALERT_INACTIVE;
}

static struct alert_reading read_rule(const struct judge *judge, const struct alert_rule *rule)
{
	const struct alert_subject *subject = judge->subject;
	struct alert_reading reading = {};

	if (rule->kind == ALERT_BURN) {
		reading.burn_long =
			slo_burn_rate(budgeted(judge, (double)rule->seconds), subject->objective);
		reading.burn_short = slo_burn_rate(budgeted(judge, (double)rule->short_seconds),
						   subject->objective);
	} else if (rule->kind == ALERT_EXHAUST) {
		reading.burn_long =
			slo_burn_rate(budgeted(judge, lookback_seconds(rule)), subject->objective);
		reading.exhausted_in_seconds =
			slo_budget(budgeted(judge, window_seconds(judge)), subject->objective,
				   subject->window.length_seconds, reading.burn_long)
				.exhausted_in_seconds;
	}
	return reading;
}

static void state_enter(struct alert_state *state, enum alert_status to, double now)
{
	if (state->status == ALERT_INACTIVE)
		state->started_seconds = now;
	state->status = to;
	state->since_seconds = now;
}

size_t alerts_evaluate(const struct alert_rule *rules, size_t n,
		       const struct alert_subject *subject, double now_seconds,
		       struct alert_state *states, struct alert_change *ret_changes,
		       struct alert_reading *ret_readings)
{
	struct spans spans, events_spans;
	struct judge judge = {
		.subject = subject,
		.now = now_seconds,
		.budget = 1 - subject->objective,
		.budgeted = &spans,
		.events = &spans,
	};
	size_t n_changes = 0;

	spans.history = subject->budgeted;
	spans.n = 0;
	if (subject->events != subject->budgeted) {
		judge.events = &events_spans;
		events_spans.history = subject->events;
		events_spans.n = 0;
	}
	/* with readings all is looked at, anyway */
	if (!ret_readings && !budgeted(&judge, window_seconds(&judge)).bad)
		judge.quiet_seconds = window_seconds(&judge);
	for (size_t i = 0; i < n; i++) {
		enum alert_status from = states[i].status;
		enum alert_status to = judge_rule(&judge, &rules[i], from);

		if (ret_readings)
			ret_readings[i] = read_rule(&judge, &rules[i]);
		if (to == from)
			continue;
		state_enter(&states[i], to, now_seconds);
		ret_changes[n_changes++] = (struct alert_change){i, from, to, now_seconds};
	}
	return n_changes;
}
