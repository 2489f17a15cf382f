/* SPDX-License-Identifier: GPL-2.0-only */
#include "slo/calm.h"

#include <math.h>

/* The longest calm. An error in this file's foresight can last no longer. */
#define CALM_MAX_SECONDS 600
/* Far more than rounding can be, far less than a calm could gain. */
#define CALM_MARGIN 1e-6

/*
 * For how long a window's share of bad events can be foreseen. The events that leave the window in
 * that time are known; alert_calm.most limits those that enter it.
 */
static double calm_seconds(double window)
{
	return fmin(CALM_MAX_SECONDS, window / 6);
}

static double limit_ratio(const struct alert_limit *limit)
{
	return limit->ratio * limit->budget * limit->scale / limit->per;
}

/*
 * Limits the calm to so many seconds from now and so many more events. There is no calm if a number
 * of events is negative.
 */
static void calm_within(struct alert_calm *calm, double seconds, double good, double bad)
{
	if (!(bad >= 0) || !(good >= 0)) {
		calm->valid = false;
		return;
	}
	calm->until_seconds = fmin(calm->until_seconds, seconds);
	if (good < (double)calm->most.good)
		calm->most.good = (uint64_t)good;
	if (bad < (double)calm->most.bad)
		calm->most.bad = (uint64_t)bad;
}

/* calm_seconds() of a span. One that is not whole stays so. */
static double span_calm_seconds(const struct judge_span *span)
{
	double missing = judge_missing_seconds(span), seconds = calm_seconds(span->seconds);

	return missing > 0 ? fmin(seconds, fmin(missing, span->lived_seconds / 6)) : seconds;
}

/*
 * The least number of eligible events that the span can have within `seconds` from now. No event
 * leaves a span that is not yet whole. The events added for its missing part get fewer as that part
 * gets shorter. One event is for rounding.
 */
static double least_eligible(const struct judge *judge, const struct judge_span *span,
			     double seconds)
{
	if (judge_missing_seconds(span) > 0)
		return fmax(0, slo_eligible(judge_whole(judge, *span)) * span->lived_seconds /
					       (span->lived_seconds + seconds) -
				       1);
	return slo_eligible(judge_budgeted(judge, span->seconds - seconds));
}

/* Limits the calm to when the share of bad events in the span reaches the limit from below. */
static void calm_below(const struct judge *judge, const struct alert_limit *limit,
		       struct judge_span span, struct alert_calm *calm)
{
	double seconds = span_calm_seconds(&span), at = limit_ratio(limit) * (1 - CALM_MARGIN);
	struct slo_events sum = judge_whole(judge, span);

	if (sum.bad && at * slo_eligible(sum) * (1 - seconds / span.seconds) <= (double)sum.bad) {
		calm->valid = false; /* not worth a closer look */
		return;
	}
	calm_within(calm, seconds, INFINITY,
		    sum.bad ? floor(at * least_eligible(judge, &span, seconds) - (double)sum.bad) :
			      0);
}

/*
 * How many eligible events may come within `seconds` from now before the share of bad ones in the
 * span falls to `at`. In a span that is not yet whole each stands for several, and none leaves it.
 */
static double more_eligible(const struct judge *judge, const struct judge_span *span, double at,
			    double seconds)
{
	struct slo_events sum = judge_budgeted(judge, span->seconds);

	if (judge_missing_seconds(span) > 0)
		return ((double)sum.bad / at - 1) * span->lived_seconds / span->length_seconds -
		       slo_eligible(sum);
	return (double)judge_budgeted(judge, span->seconds - seconds).bad / at - slo_eligible(sum);
}

/* Limits the calm to when the share of bad events in the span falls to the limit. */
static void calm_above(const struct judge *judge, const struct alert_limit *limit,
		       struct judge_span span, struct alert_calm *calm)
{
	double seconds = span_calm_seconds(&span), at = limit_ratio(limit) * (1 + CALM_MARGIN);
	struct slo_events sum = judge_whole(judge, span);
	double more;

	if (!(at * slo_eligible(sum) < (double)sum.bad * (1 - seconds / span.seconds))) {
		calm->valid = false;
		return;
	}
	more = more_eligible(judge, &span, at, seconds);
	calm_within(calm, seconds, floor(more / 2), floor(more / 2));
}

static void calm_burn(const struct judge *judge, const struct alert_rule *rule,
		      struct alert_calm *calm)
{
	struct alert_limit limit = judge_burn_limit(judge, rule);

	calm_below(judge, &limit, judge_last(judge, (double)rule->seconds), calm);
}

static void calm_budget(const struct judge *judge, const struct alert_rule *rule,
			enum alert_status status, struct alert_calm *calm)
{
	struct alert_limit limit = judge_budget_limit(judge, rule->ratio);

	if (status == ALERT_INACTIVE)
		calm_below(judge, &limit, judge_window(judge), calm);
	else
		calm_above(judge, &limit, judge_window(judge), calm);
}

/*
 * An exhaust rule that is inactive while some budget remains. With `more` bad events, `left` of the
 * budget remains at least, and the burn rate that uses it up within the horizon is the limit that
 * the lookback has to stay below.
 */
static void calm_exhaust(const struct judge *judge, const struct alert_rule *rule,
			 struct alert_calm *calm)
{
	struct alert_limit limit = judge_budget_limit(judge, 1);
	struct judge_span window = judge_window(judge);
	struct judge_span lookback = judge_last(judge, alert_rule_lookback(rule));
	struct slo_events whole = judge_whole(judge, window);
	double seconds = span_calm_seconds(&window), more, left;

	if (!judge_budgeted(judge, lookback.seconds).bad) {
		calm_below(judge, &limit, lookback, calm);
		return;
	}
	more = floor(limit.budget * slo_eligible(whole) / 64);
	if (!((double)whole.bad + more <
	      limit.budget * slo_eligible(whole) * (1 - seconds / window.seconds))) {
		calm->valid = false;
		return;
	}
	left = 1 - ((double)whole.bad + more) /
			   (limit.budget * least_eligible(judge, &window, seconds));
	if (!(left > CALM_MARGIN)) {
		calm->valid = false;
		return;
	}
	calm_within(calm, seconds, INFINITY, more);
	limit.ratio = left;
	limit.scale = judge->subject->window.length_seconds;
	limit.per = (double)rule->seconds;
	calm_below(judge, &limit, lookback, calm);
}

/*
 * A no-data rule that is inactive: it stays so until the last event is too long ago, which another
 * event only puts off.
 */
static void calm_no_data(const struct judge *judge, const struct alert_rule *rule,
			 struct alert_calm *calm)
{
	double last = judge->now_seconds;

	slo_history_last_event(judge->subject->events, &last);
	calm_within(calm, last + (double)rule->seconds - judge->now_seconds - 1, INFINITY,
		    INFINITY);
}

/*
 * A coverage rule that is inactive while all is covered: it stays so until too much is missing,
 * should nothing be covered from now on.
 */
static void calm_coverage(const struct judge *judge, const struct alert_rule *rule,
			  struct alert_calm *calm)
{
	const struct coverage *coverage = judge->subject->coverage;
	double from = judge_coverage_from(judge, rule);

	if (!coverage)
		calm_within(calm, CALM_MAX_SECONDS, INFINITY, INFINITY);
	else if (judge_covers_all(coverage, from, judge->now_seconds))
		calm_within(calm, (1 - rule->ratio) * (judge->now_seconds - from) - 1, INFINITY,
			    INFINITY);
	else
		calm->valid = false;
}

struct alert_calm calm_find(const struct judge *judge, const struct alert_rule *rule,
			    enum alert_status status)
{
	const struct slo_window *window = &judge->subject->window;
	/* counted from now on, until the last lines make them absolute */
	struct alert_calm calm = {.valid = judge->budget_ratio >= CALM_MARGIN,
				  .until_seconds = CALM_MAX_SECONDS,
				  .most = {UINT64_MAX, UINT64_MAX}};

	if (rule->kind == ALERT_BUDGET && rule->ratio > 0)
		calm_budget(judge, rule, status, &calm);
	else if (rule->kind == ALERT_BURN && status == ALERT_INACTIVE)
		calm_burn(judge, rule, &calm);
	else if (rule->kind == ALERT_EXHAUST && status == ALERT_INACTIVE)
		calm_exhaust(judge, rule, &calm);
	else if (rule->kind == ALERT_NO_DATA && status == ALERT_INACTIVE)
		calm_no_data(judge, rule, &calm);
	else if (rule->kind == ALERT_COVERAGE && status == ALERT_INACTIVE)
		calm_coverage(judge, rule, &calm);
	else
		calm.valid = false;
	calm.until_seconds += judge->now_seconds;
	if (window->calendar)
		calm.until_seconds = fmin(calm.until_seconds, window->end_seconds);
	if (__builtin_add_overflow(calm.most.good, judge->total.good, &calm.most.good))
		calm.most.good = UINT64_MAX;
	if (__builtin_add_overflow(calm.most.bad, judge->total.bad, &calm.most.bad))
		calm.most.bad = UINT64_MAX;
	return calm;
}
