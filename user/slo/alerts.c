/* SPDX-License-Identifier: GPL-2.0-only */
#include "slo/alerts.h"

#include <math.h>

#include "slo/alert_limit.h"

enum {
	HOUR_SECONDS = 3600,
	DAY_SECONDS = 24 * HOUR_SECONDS,
	SPANS_MAX = 2 * ALERT_RULES_MAX + 1,
	REST_SECONDS = 600, /* so that what is forgotten about a rest does not matter for long */
};

/* Rounding of times on the axis: what is apart by less is the same moment. */
#define SAME_SECONDS 1e-3
/* Far more than rounding can be, far less than what a rest could gain. */
#define REST_MARGIN 1e-6

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
	struct slo_events total; /* ever, of what is budgeted */
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

/* Of the window, what is between its beginning, or the SLO's if that is later, and now. */
static double elapsed_seconds(const struct judge *judge)
{
	const struct alert_subject *subject = judge->subject;

	return fmax(judge->now - fmax(subject->window.from_seconds, subject->since_seconds), 1);
}

/* How much of the window is without a history: before the SLO was counted, or still to come. */
static double missing_seconds(const struct judge *judge)
{
	double missing = judge->subject->window.length_seconds - elapsed_seconds(judge);

	return missing > SAME_SECONDS ? missing : 0;
}

/* The whole window's, if what is missing of it has the same traffic and no bad events. */
static struct slo_events whole_window(const struct judge *judge)
{
	struct slo_events whole = budgeted(judge, window_seconds(judge));
	long double elapsed = elapsed_seconds(judge), missing = missing_seconds(judge);
	long double more;

	if (!(missing > 0))
		return whole;
	more = roundl(((long double)whole.good + whole.bad) * missing / elapsed);
	if (!(more < 0x1p64L) || __builtin_add_overflow(whole.good, (uint64_t)more, &whole.good))
		whole.good = UINT64_MAX;
	return whole;
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

static struct alert_limit burn_limit(const struct judge *judge, const struct alert_rule *rule)
{
	struct alert_limit limit = budget_limit(judge, rule->ratio);

	limit.scale = judge->subject->window.length_seconds;
	limit.per = (double)rule->seconds;
	return limit;
}

static enum alert_status judge_burn(const struct judge *judge, const struct alert_rule *rule,
				    enum alert_status from)
{
	struct alert_limit limit = burn_limit(judge, rule);
	struct slo_events recent;

	if (alert_limit_compare(&limit, budgeted(judge, (double)rule->seconds)) <= 0)
		return ALERT_INACTIVE;
	if (from == ALERT_INACTIVE && !enough(judge, rule, (double)rule->seconds))
		return ALERT_INACTIVE;
	recent = budgeted(judge, (double)rule->short_seconds);
	if (from != ALERT_INACTIVE && !any(recent))
		return ALERT_FIRING;
	return alert_limit_compare(&limit, recent) > 0 ? ALERT_FIRING : ALERT_INACTIVE;
}

static enum alert_status judge_exhaust(const struct judge *judge, const struct alert_rule *rule,
				       enum alert_status from)
{
	struct alert_limit limit = budget_limit(judge, 1);
	struct slo_events recent = budgeted(judge, alert_rule_lookback(rule));
	struct slo_events whole;

	if (!recent.bad)
		return ALERT_INACTIVE;
	whole = whole_window(judge);
	if (!any(whole))
		return ALERT_INACTIVE;
	if (from == ALERT_INACTIVE && !enough(judge, rule, alert_rule_lookback(rule)))
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

/*
 * A history that was restored knows its last event to a step of its tier only, which may be later
 * than it was. That is not after the alert began: no event has come since.
 */
static enum alert_status judge_no_data(const struct judge *judge, const struct alert_rule *rule,
				       const struct alert_state *state)
{
	double last, silence;

	if (!slo_history_last_event(judge->subject->events, &last))
		return ALERT_INACTIVE;
	silence = covered_seconds(judge->subject, last, judge->now);
	if (silence >= ALERT_NO_DATA_ENDS_SECONDS)
		return ALERT_INACTIVE;
	if (state->status != ALERT_INACTIVE)
		return last <= state->started_seconds ? ALERT_FIRING : ALERT_INACTIVE;
	return silence >= (double)rule->seconds - SAME_SECONDS && had_traffic(judge, rule, last)
		       ? ALERT_FIRING
		       : ALERT_INACTIVE;
}

static double coverage_from(const struct judge *judge, const struct alert_rule *rule)
{
	return fmax(judge->now - (double)rule->seconds, judge->subject->since_seconds);
}

static bool covers_all(const struct coverage *coverage, double from, double to)
{
	return coverage->n && coverage->spans[coverage->n - 1].from_seconds <= from &&
	       coverage->spans[coverage->n - 1].to_seconds >= to;
}

static enum alert_status judge_coverage(const struct judge *judge, const struct alert_rule *rule)
{
	const struct coverage *coverage = judge->subject->coverage;
	double from = coverage_from(judge, rule), covered;

	if (!coverage || !(from < judge->now))
		return ALERT_INACTIVE;
	covered = covers_all(coverage, from, judge->now)
			  ? judge->now - from
			  : coverage_seconds(coverage, from, judge->now);
	return covered + SAME_SECONDS < rule->ratio * (judge->now - from) ? ALERT_FIRING
									  : ALERT_INACTIVE;
}

static enum alert_status judge_rule(const struct judge *judge, const struct alert_rule *rule,
				    const struct alert_state *state)
{
	const enum alert_status from = state->status;

	switch (rule->kind) {
	case ALERT_BURN:
		return judge_burn(judge, rule, from);
	case ALERT_EXHAUST:
		return judge_exhaust(judge, rule, from);
	case ALERT_BUDGET:
		return judge_budget(judge, rule, from);
	case ALERT_NO_DATA:
		return judge_no_data(judge, rule, state);
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
		reading.burn_long = slo_burn_rate(budgeted(judge, alert_rule_lookback(rule)),
						  subject->objective);
		reading.exhausted_in_seconds =
			slo_budget(whole_window(judge), subject->objective,
				   subject->window.length_seconds, reading.burn_long)
				.exhausted_in_seconds;
	}
	return reading;
}

/*
 * For how long a window's share of bad events can be foreseen: what leaves it by then is known, what
 * comes is limited by alert_rest.most.
 */
static double rest_seconds(double window)
{
	return fmin(REST_SECONDS, window / 6);
}

static double eligible(struct slo_events events)
{
	return (double)events.good + (double)events.bad;
}

static double limit_ratio(const struct alert_limit *limit)
{
	return limit->ratio * limit->budget * limit->scale / limit->per;
}

/* Rest at most so long, and until so many more events; none if there is hardly any room. */
static void rest_within(struct alert_rest *rest, double seconds, double good, double bad)
{
	if (!(bad >= 0) || !(good >= 0)) {
		rest->valid = false;
		return;
	}
	rest->until_seconds = fmin(rest->until_seconds, seconds);
	if (good < (double)rest->most.good)
		rest->most.good = (uint64_t)good;
	if (bad < (double)rest->most.bad)
		rest->most.bad = (uint64_t)bad;
}

/* While the share of bad events in the window stays below the limit. */
static void rest_below(const struct judge *judge, const struct alert_limit *limit, double window,
		       struct alert_rest *rest)
{
	double seconds = rest_seconds(window), at = limit_ratio(limit) * (1 - REST_MARGIN);
	struct slo_events sum = budgeted(judge, window);

	if (sum.bad && at * eligible(sum) * (1 - seconds / window) <= (double)sum.bad) {
		rest->valid = false; /* not worth a closer look */
		return;
	}
	rest_within(
		rest, seconds, INFINITY,
		sum.bad ? floor(at * eligible(budgeted(judge, window - seconds)) - (double)sum.bad)
			: 0);
}

/* While it stays above. */
static void rest_above(const struct judge *judge, const struct alert_limit *limit, double window,
		       struct alert_rest *rest)
{
	double seconds = rest_seconds(window), at = limit_ratio(limit) * (1 + REST_MARGIN);
	struct slo_events sum = budgeted(judge, window);
	double more;

	if (!(at * eligible(sum) < (double)sum.bad * (1 - seconds / window))) {
		rest->valid = false;
		return;
	}
	more = (double)budgeted(judge, window - seconds).bad / at - eligible(sum);
	rest_within(rest, seconds, floor(more / 2), floor(more / 2));
}

static void rest_burn(const struct judge *judge, const struct alert_rule *rule,
		      struct alert_rest *rest)
{
	struct alert_limit limit = burn_limit(judge, rule);

	rest_below(judge, &limit, (double)rule->seconds, rest);
}

static void rest_budget(const struct judge *judge, const struct alert_rule *rule,
			enum alert_status status, struct alert_rest *rest)
{
	struct alert_limit limit = budget_limit(judge, rule->ratio);

	if (status == ALERT_INACTIVE)
		rest_below(judge, &limit, window_seconds(judge), rest);
	else
		rest_above(judge, &limit, window_seconds(judge), rest);
}

/*
 * What the whole window will at least have been eligible, `seconds` from now. From one that is not
 * yet whole nothing leaves; the less is missing, the less is added for it (and rounded).
 */
static double least_eligible(const struct judge *judge, double seconds)
{
	double elapsed = elapsed_seconds(judge);

	if (missing_seconds(judge) > 0)
		return fmax(0, eligible(whole_window(judge)) * elapsed / (elapsed + seconds) - 1);
	return eligible(budgeted(judge, window_seconds(judge) - seconds));
}

/*
 * Inactive while something remains: with a few bad events more, so much remains at least, and so
 * high the burn rate would have to be.
 */
static void rest_exhaust(const struct judge *judge, const struct alert_rule *rule,
			 struct alert_rest *rest)
{
	struct alert_limit limit = budget_limit(judge, 1);
	double window = window_seconds(judge), missing = missing_seconds(judge);
	struct slo_events whole = whole_window(judge);
	double seconds = rest_seconds(window), more, left;

	if (!budgeted(judge, alert_rule_lookback(rule)).bad) {
		rest_below(judge, &limit, alert_rule_lookback(rule), rest);
		return;
	}
	if (missing > 0)
		seconds = fmin(seconds, missing);
	more = floor(limit.budget * eligible(whole) / 64);
	if (!((double)whole.bad + more < limit.budget * eligible(whole) * (1 - seconds / window))) {
		rest->valid = false;
		return;
	}
	left = 1 - ((double)whole.bad + more) / (limit.budget * least_eligible(judge, seconds));
	if (!(left > REST_MARGIN)) {
		rest->valid = false;
		return;
	}
	rest_within(rest, seconds, INFINITY, more);
	limit.ratio = left;
	limit.scale = judge->subject->window.length_seconds;
	limit.per = (double)rule->seconds;
	rest_below(judge, &limit, alert_rule_lookback(rule), rest);
}

/* Inactive until the last event is too long ago: the next one only makes it later. */
static void rest_no_data(const struct judge *judge, const struct alert_rule *rule,
			 struct alert_rest *rest)
{
	double last = judge->now;

	slo_history_last_event(judge->subject->events, &last);
	rest_within(rest, last + (double)rule->seconds - judge->now - 1, INFINITY, INFINITY);
}

/* Inactive, all covered: until too much is missing, should nothing be covered from now on. */
static void rest_coverage(const struct judge *judge, const struct alert_rule *rule,
			  struct alert_rest *rest)
{
	const struct coverage *coverage = judge->subject->coverage;
	double from = coverage_from(judge, rule);

	if (!coverage)
		rest_within(rest, REST_SECONDS, INFINITY, INFINITY);
	else if (covers_all(coverage, from, judge->now))
		rest_within(rest, (1 - rule->ratio) * (judge->now - from) - 1, INFINITY, INFINITY);
	else
		rest->valid = false;
}

/* What the rule's status, just found, can be relied on for. */
static struct alert_rest find_rest(const struct judge *judge, const struct alert_rule *rule,
				   enum alert_status status)
{
	const struct slo_window *window = &judge->subject->window;
	/* lengths of time and numbers of events from now on, at first */
	struct alert_rest rest = {.valid = judge->budget >= REST_MARGIN,
				  .until_seconds = REST_SECONDS,
				  .most = {UINT64_MAX, UINT64_MAX}};

	if (rule->kind == ALERT_BUDGET && rule->ratio > 0)
		rest_budget(judge, rule, status, &rest);
	else if (rule->kind == ALERT_BURN && status == ALERT_INACTIVE)
		rest_burn(judge, rule, &rest);
	else if (rule->kind == ALERT_EXHAUST && status == ALERT_INACTIVE)
		rest_exhaust(judge, rule, &rest);
	else if (rule->kind == ALERT_NO_DATA && status == ALERT_INACTIVE)
		rest_no_data(judge, rule, &rest);
	else if (rule->kind == ALERT_COVERAGE && status == ALERT_INACTIVE)
		rest_coverage(judge, rule, &rest);
	else
		rest.valid = false;
	rest.until_seconds += judge->now;
	if (window->calendar)
		rest.until_seconds = fmin(rest.until_seconds, window->end_seconds);
	if (__builtin_add_overflow(rest.most.good, judge->total.good, &rest.most.good))
		rest.most.good = UINT64_MAX;
	if (__builtin_add_overflow(rest.most.bad, judge->total.bad, &rest.most.bad))
		rest.most.bad = UINT64_MAX;
	return rest;
}

const char *alert_status_name(enum alert_status status)
{
	switch (status) {
	case ALERT_INACTIVE:
		return "inactive";
	case ALERT_FIRING:
		return "firing";
	case ALERT_EXHAUSTED:
		return "exhausted";
	}
	return "unknown";
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
	judge.total = slo_history_sum(subject->budgeted, now_seconds, INFINITY);
	for (size_t i = 0; i < n; i++) {
		enum alert_status from = states[i].status;
		enum alert_status to;

		if (!ret_readings && alert_rest_holds(&states[i].rest, now_seconds, judge.total))
			continue;
		to = judge_rule(&judge, &rules[i], &states[i]);
		if (ret_readings)
			ret_readings[i] = read_rule(&judge, &rules[i]);
		states[i].rest =
			ret_readings ? (struct alert_rest){} : find_rest(&judge, &rules[i], to);
		if (to == from)
			continue;
		state_enter(&states[i], to, now_seconds);
		ret_changes[n_changes++] = (struct alert_change){i, from, to, now_seconds};
	}
	return n_changes;
}

struct alert_rest alerts_rest(const struct alert_state *states, size_t n)
{
	struct alert_rest all = {true, INFINITY, {UINT64_MAX, UINT64_MAX}};

	for (size_t i = 0; i < n && all.valid; i++) {
		const struct alert_rest *rest = &states[i].rest;

		all.valid = rest->valid;
		all.until_seconds = fmin(all.until_seconds, rest->until_seconds);
		if (rest->most.good < all.most.good)
			all.most.good = rest->most.good;
		if (rest->most.bad < all.most.bad)
			all.most.bad = rest->most.bad;
	}
	return all;
}
