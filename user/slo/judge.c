/* SPDX-License-Identifier: GPL-2.0-only */
#include "slo/judge.h"

#include <math.h>

enum {
	HOUR_SECONDS = 3600,
	DAY_SECONDS = 24 * HOUR_SECONDS,
};

/* Times on the axis are rounded: two that are less apart are the same moment. */
#define SAME_SECONDS 1e-3

static struct slo_events sums_of(struct span_sums *sums, double now, double seconds)
{
	struct slo_events sum;

	for (size_t i = 0; i < sums->n; i++) {
		if (sums->seconds[i] == seconds)
			return sums->sum[i];
	}
	sum = slo_history_sum(sums->history, now, seconds);
	if (sums->n < JUDGE_SPANS_MAX) {
		sums->seconds[sums->n] = seconds;
		sums->sum[sums->n++] = sum;
	}
	return sum;
}

/* The sums are left as they are: only the first `n` of them are ever read. */
static void sums_begin(struct span_sums *sums, const struct slo_history *history)
{
	sums->history = history;
	sums->n = 0;
}

void judge_begin(struct judge *judge, const struct alert_subject *subject, double now_seconds)
{
	judge->subject = subject;
	judge->now_seconds = now_seconds;
	judge->budget_ratio = 1 - subject->objective;
	judge->total = slo_history_sum(subject->budgeted, now_seconds, INFINITY);
	judge->budgeted = judge->events = &judge->sums[0];
	sums_begin(judge->budgeted, subject->budgeted);
	if (subject->events == subject->budgeted)
		return;
	judge->events = &judge->sums[1];
	sums_begin(judge->events, subject->events);
}

struct slo_events judge_budgeted(const struct judge *judge, double seconds)
{
	return sums_of(judge->budgeted, judge->now_seconds, seconds);
}

static double lived(const struct judge *judge, double from_seconds, double length_seconds)
{
	const struct slo_life life = {judge->subject->since_seconds, judge->subject->slicing};

	return slo_lived(&life, from_seconds, length_seconds, judge->now_seconds);
}

struct judge_span judge_last(const struct judge *judge, double seconds)
{
	return (struct judge_span){seconds, lived(judge, judge->now_seconds - seconds, seconds),
				   seconds};
}

struct judge_span judge_window(const struct judge *judge)
{
	const struct alert_subject *subject = judge->subject;

	return (struct judge_span){
		judge->now_seconds - subject->window.from_seconds,
		lived(judge, subject->window.from_seconds, subject->window.length_seconds),
		subject->window.length_seconds,
	};
}

double judge_missing_seconds(const struct judge_span *span)
{
	double missing = span->length_seconds - span->lived_seconds;

	return missing > SAME_SECONDS ? missing : 0;
}

struct slo_events judge_whole(const struct judge *judge, struct judge_span span)
{
	return slo_events_whole(judge_budgeted(judge, span.seconds), span.lived_seconds,
				span.length_seconds);
}

static struct slo_events recent(const struct judge *judge, double seconds)
{
	return judge_whole(judge, judge_last(judge, seconds));
}

/* Whether the span had the requests that a rule needs before it may become active. */
static bool enough(const struct judge *judge, const struct alert_rule *rule, double seconds)
{
	struct slo_events events = sums_of(judge->events, judge->now_seconds, seconds);
	uint64_t eligible;

	return events.bad >= rule->min_bad &&
	       (__builtin_add_overflow(events.good, events.bad, &eligible) ||
		eligible >= rule->min_events);
}

struct alert_limit judge_budget_limit(const struct judge *judge, double ratio)
{
	return (struct alert_limit){.budget = judge->budget_ratio,
				    .objective = judge->subject->objective,
				    .ratio = ratio,
				    .scale = 1,
				    .per = 1};
}

struct alert_limit judge_burn_limit(const struct judge *judge, const struct alert_rule *rule)
{
	struct alert_limit limit = judge_budget_limit(judge, rule->ratio);

	limit.scale = judge->subject->window.length_seconds;
	limit.per = (double)rule->seconds;
	return limit;
}

static enum alert_status burn_status(const struct judge *judge, const struct alert_rule *rule,
				     enum alert_status from)
{
	struct alert_limit limit = judge_burn_limit(judge, rule);
	struct slo_events last;

	if (alert_limit_compare(&limit, recent(judge, (double)rule->seconds)) <= 0)
		return ALERT_INACTIVE;
	if (from == ALERT_INACTIVE && !enough(judge, rule, (double)rule->seconds))
		return ALERT_INACTIVE;
	last = recent(judge, (double)rule->short_seconds);
	if (from != ALERT_INACTIVE && !slo_events_any(last))
		return ALERT_FIRING;
	return alert_limit_compare(&limit, last) > 0 ? ALERT_FIRING : ALERT_INACTIVE;
}

static enum alert_status exhaust_status(const struct judge *judge, const struct alert_rule *rule,
					enum alert_status from)
{
	struct alert_limit limit = judge_budget_limit(judge, 1);
	struct slo_events last = recent(judge, alert_rule_lookback(rule));
	struct slo_events whole;

	if (!last.bad)
		return ALERT_INACTIVE;
	whole = judge_whole(judge, judge_window(judge));
	if (!slo_events_any(whole))
		return ALERT_INACTIVE;
	if (from == ALERT_INACTIVE && !enough(judge, rule, alert_rule_lookback(rule)))
		return ALERT_INACTIVE;
	if (alert_limit_compare(&limit, whole) < 0)
		return alert_limit_gone_within(&limit, whole, last,
					       judge->subject->window.length_seconds,
					       (double)rule->seconds) ?
			       ALERT_FIRING :
			       ALERT_INACTIVE;
	if (from == ALERT_INACTIVE && rule->severity == SEVERITY_PAGE)
		return ALERT_INACTIVE;
	return alert_limit_compare(&limit, last) > 0 ? ALERT_EXHAUSTED : ALERT_INACTIVE;
}

static enum alert_status budget_status(const struct judge *judge, const struct alert_rule *rule,
				       enum alert_status from)
{
	struct alert_limit limit = judge_budget_limit(judge, rule->ratio);
	struct judge_span window = judge_window(judge);
	struct slo_events whole = judge_whole(judge, window);

	if (!slo_events_any(whole) || alert_limit_compare(&limit, whole) < 0)
		return ALERT_INACTIVE;
	if (from == ALERT_INACTIVE && !enough(judge, rule, window.seconds))
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

/*
 * A history that was restored knows its last event to a step of its tier only, which may be later
 * than it was. That is not after the alert began: no event has come since.
 */
static enum alert_status no_data_status(const struct judge *judge, const struct alert_rule *rule,
					const struct alert_state *state)
{
	double last, silence;

	if (!slo_history_last_event(judge->subject->events, &last))
		return ALERT_INACTIVE;
	silence = covered_seconds(judge->subject, last, judge->now_seconds);
	if (silence >= ALERT_NO_DATA_ENDS_SECONDS)
		return ALERT_INACTIVE;
	if (state->status != ALERT_INACTIVE)
		return last <= state->started_seconds ? ALERT_FIRING : ALERT_INACTIVE;
	return silence >= (double)rule->seconds - SAME_SECONDS && had_traffic(judge, rule, last) ?
		       ALERT_FIRING :
		       ALERT_INACTIVE;
}

double judge_coverage_from(const struct judge *judge, const struct alert_rule *rule)
{
	return fmax(judge->now_seconds - (double)rule->seconds, judge->subject->since_seconds);
}

bool judge_covers_all(const struct coverage *coverage, double from, double to)
{
	return coverage->n && coverage->spans[coverage->n - 1].from_seconds <= from &&
	       coverage->spans[coverage->n - 1].to_seconds >= to;
}

static enum alert_status coverage_status(const struct judge *judge, const struct alert_rule *rule)
{
	const struct coverage *coverage = judge->subject->coverage;
	double from = judge_coverage_from(judge, rule), covered;

	if (!coverage || !(from < judge->now_seconds))
		return ALERT_INACTIVE;
	covered = judge_covers_all(coverage, from, judge->now_seconds) ?
			  judge->now_seconds - from :
			  coverage_seconds(coverage, from, judge->now_seconds);
	return covered + SAME_SECONDS < rule->ratio * (judge->now_seconds - from) ? ALERT_FIRING :
										    ALERT_INACTIVE;
}

enum alert_status judge_rule(const struct judge *judge, const struct alert_rule *rule,
			     const struct alert_state *state)
{
	const enum alert_status from = state->status;

	switch (rule->kind) {
	case ALERT_BURN:
		return burn_status(judge, rule, from);
	case ALERT_EXHAUST:
		return exhaust_status(judge, rule, from);
	case ALERT_BUDGET:
		return budget_status(judge, rule, from);
	case ALERT_NO_DATA:
		return no_data_status(judge, rule, state);
	case ALERT_COVERAGE:
		return coverage_status(judge, rule);
	case ALERT_KIND_COUNT:
		break;
	}
	return ALERT_INACTIVE;
}

struct alert_reading judge_reading(const struct judge *judge, const struct alert_rule *rule)
{
	const struct alert_subject *subject = judge->subject;
	struct alert_reading reading = {};
	double lookback = alert_rule_lookback(rule);

	if (rule->kind != ALERT_BURN && rule->kind != ALERT_EXHAUST)
		return reading;
	reading.burn_long = slo_burn_rate(recent(judge, lookback), subject->objective);
	if (rule->kind == ALERT_BURN)
		reading.burn_short = slo_burn_rate(recent(judge, (double)rule->short_seconds),
						   subject->objective);
	else
		reading.exhausted_in_seconds =
			slo_budget(judge_whole(judge, judge_window(judge)), subject->objective,
				   subject->window.length_seconds, reading.burn_long)
				.exhausted_in_seconds;
	return reading;
}
