/* SPDX-License-Identifier: GPL-2.0-only */
#include "decide/backtest.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/calendar.h"
#include "base/cleanup.h"
#include "slo/burning.h"
#include "slo/coverage.h"
#include "slo/history.h"
#include "slo/slices.h"

enum {
	HOUR_SECONDS = 3600,
};

/* Steps overlap by less than this because their times were written as decimal numbers. */
#define SAME_SECONDS 1e-3

struct backtest {
	struct backtest_options options;
	struct slo_history *events;
	struct slo_history *slice_history; /* NULL: occurrences */
	struct slices slices;
	struct coverage coverage;
	struct alert_state states[ALERT_RULES_MAX];
	struct alert_calm calm; /* of all rules */
	bool any_active;
	struct backtest_result result;
	size_t max_transitions;
	struct slo_events total; /* of all steps */
	bool any;
	struct slo_burning burning;
};

void backtest_free(struct backtest *backtest)
{
	if (!backtest)
		return;
	slo_history_free(backtest->events);
	slo_history_free(backtest->slice_history);
	coverage_clear(&backtest->coverage);
	free(backtest->result.transitions);
	free(backtest);
}

int backtest_new(const struct backtest_options *options, struct backtest **ret)
{
	_cleanup_(backtest_freep) struct backtest *backtest = NULL;
	int r;

	if (options->n_rules > ALERT_RULES_MAX)
		return -EINVAL;
	backtest = calloc(1, sizeof(*backtest));
	if (!backtest)
		return -ENOMEM;
	backtest->options = *options;
	r = slo_history_new(options->window_seconds, &backtest->events);
	if (!r && options->slice_seconds)
		r = slo_history_new(options->window_seconds, &backtest->slice_history);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(backtest);
	return 0;
}

static const struct slo_history *budgeted(const struct backtest *backtest)
{
	return backtest->slice_history ? backtest->slice_history : backtest->events;
}

/* The window that ends at t. A step that ends with the month belongs to it. */
static int window_at(const struct backtest *backtest, double t, struct slo_window *ret)
{
	const struct slo_window *last = &backtest->result.window;
	int64_t from, to;

	if (!backtest->options.time_zone) {
		*ret = slo_window_rolling(t, (double)backtest->options.window_seconds);
		return 0;
	}
	if (last->calendar && t > last->from_seconds && t <= last->end_seconds) {
		*ret = *last;
		return 0;
	}
	if (calendar_month(backtest->options.time_zone, (int64_t)ceil(t) - 1, &from, &to) < 0)
		return -EINVAL;
	*ret = (struct slo_window){.from_seconds = (double)from,
				   .length_seconds = (double)(to - from),
				   .calendar = true,
				   .end_seconds = (double)to};
	return 0;
}

static void begin(struct backtest *backtest, double from)
{
	const struct backtest_options *options = &backtest->options;

	backtest->any = true;
	backtest->result.first_seconds = from;
	backtest->result.last_seconds = from;
	if (backtest->slice_history)
		slices_init(&backtest->slices, options->slice_seconds, options->slice_target, from);
}

static int add(struct backtest *backtest, double from, double t, struct slo_events events)
{
	int r = coverage_add(&backtest->coverage, from, t);

	if (!r)
		r = slo_history_add_span(backtest->events, from, t, events);
	if (!r && backtest->slice_history)
		r = slices_close(&backtest->slices, backtest->events, &backtest->coverage, t,
				 backtest->slice_history);
	return r;
}

static struct slo_events window_events(const struct slo_history *history,
				       const struct slo_window *window, double t)
{
	return slo_history_sum(history, t, t - window->from_seconds);
}

static void note_change(struct backtest *backtest, const struct backtest_transition *transition)
{
	const struct alert_change *change = &transition->change;
	struct backtest_alert *alert = &backtest->result.alerts[change->rule];

	backtest->result.transitions[backtest->result.n_transitions++] = *transition;
	if (change->from == ALERT_INACTIVE && !alert->fired++)
		alert->first = *transition;
}

struct slo_budget backtest_budget(const struct backtest *backtest)
{
	const struct backtest_result *result = &backtest->result;
	const struct slo_moment moment = {
		.window = result->window,
		.objective = backtest->options.objective,
		.life = {result->first_seconds, slices_slicing(&backtest->slices)},
		.now_seconds = result->last_seconds,
	};

	return slo_budget_at(
		&moment, window_events(budgeted(backtest), &result->window, result->last_seconds),
		slo_history_sum(budgeted(backtest), result->last_seconds, HOUR_SECONDS));
}

static int note_changes(struct backtest *backtest, const struct alert_change *changes, size_t n)
{
	struct backtest_result *result = &backtest->result;
	struct maybe spent_ratio = backtest_budget(backtest).spent_ratio;

	if (result->n_transitions + n > backtest->max_transitions) {
		size_t max = (backtest->max_transitions + n) * 2;
		struct backtest_transition *transitions =
			reallocarray(result->transitions, max, sizeof(*transitions));

		if (!transitions)
			return -ENOMEM;
		result->transitions = transitions;
		backtest->max_transitions = max;
	}
	for (size_t i = 0; i < n; i++) {
		struct backtest_transition transition = {
			.change = changes[i],
			.spent_ratio = spent_ratio,
		};

		if (backtest->burning.on)
			transition.burning_seconds = (struct maybe){
				true, result->last_seconds - backtest->burning.from_seconds};
		note_change(backtest, &transition);
	}
	backtest->any_active = false;
	for (size_t i = 0; i < backtest->options.n_rules; i++)
		backtest->any_active |= backtest->states[i].status != ALERT_INACTIVE;
	return 0;
}

static void note_active(struct backtest *backtest, double seconds)
{
	if (!backtest->any_active)
		return;
	for (size_t i = 0; i < backtest->options.n_rules; i++) {
		if (backtest->states[i].status != ALERT_INACTIVE)
			backtest->result.alerts[i].active_seconds += seconds;
	}
}

static int judge_rules(struct backtest *backtest, double t)
{
	struct alert_change changes[ALERT_RULES_MAX];
	const struct backtest_options *options = &backtest->options;
	const struct alert_subject subject = {
		.budgeted = budgeted(backtest),
		.events = backtest->events,
		.objective = options->objective,
		.window = backtest->result.window,
		.coverage = &backtest->coverage,
		.since_seconds = backtest->result.first_seconds,
		.slicing = slices_slicing(&backtest->slices),
	};
	size_t n = alerts_evaluate(options->rules, options->n_rules, &subject, t, backtest->states,
				   changes, NULL);

	backtest->calm = alerts_calm(backtest->states, options->n_rules);
	return n ? note_changes(backtest, changes, n) : 0;
}

static int judge(struct backtest *backtest, double t)
{
	struct slo_events total = backtest->total;

	if (backtest->slice_history)
		total = slo_history_sum(backtest->slice_history, t, INFINITY);
	return alert_calm_holds(&backtest->calm, t, total) ? 0 : judge_rules(backtest, t);
}

int backtest_step(struct backtest *backtest, double from_seconds, double t_seconds,
		  struct slo_events events)
{
	struct slo_events total;
	uint64_t eligible;
	int r;

	if (!(from_seconds < t_seconds))
		return -EINVAL;
	if (__builtin_add_overflow(backtest->total.good, events.good, &total.good) ||
	    __builtin_add_overflow(backtest->total.bad, events.bad, &total.bad) ||
	    __builtin_add_overflow(total.good, total.bad, &eligible) || eligible > INT64_MAX)
		return -ERANGE;
	r = window_at(backtest, t_seconds, &backtest->result.window);
	if (r < 0)
		return r;
	if (!backtest->any)
		begin(backtest, from_seconds);
	if (from_seconds < backtest->result.last_seconds - SAME_SECONDS ||
	    t_seconds <= backtest->result.last_seconds)
		return -EINVAL;
	from_seconds = fmax(from_seconds, backtest->result.last_seconds);
	r = add(backtest, from_seconds, t_seconds, events);
	if (r < 0)
		return r;
	note_active(backtest, t_seconds - backtest->result.last_seconds);
	slo_burning_step(&backtest->burning, from_seconds, t_seconds, events,
			 backtest->options.objective);
	backtest->total = total;
	backtest->result.last_seconds = t_seconds;
	return judge(backtest, t_seconds);
}

const struct backtest_result *backtest_result(struct backtest *backtest)
{
	struct backtest_result *result = &backtest->result;

	result->events = window_events(backtest->events, &result->window, result->last_seconds);
	result->budgeted = window_events(budgeted(backtest), &result->window, result->last_seconds);
	return result;
}

struct maybe backtest_burn_rate(const struct backtest *backtest, double span_seconds)
{
	return slo_burn_rate(slo_history_sum(budgeted(backtest), backtest->result.last_seconds,
					     span_seconds),
			     backtest->options.objective);
}
