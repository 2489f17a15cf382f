/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A replay against the plain way: a list of all events, summed anew for each question, and every
 * rule judged at every step.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/history.h"
#include "tests/unit/fixtures/random.h"
#include "decide/backtest.h"
#include "base/calendar.h"
#include "slo/coverage.h"
#include "slo/slices.h"

enum {
	STEP = 10,
	HOUR = 3600,
	DAY = 86400,
	STEPS = 4000,
	SERIES = 30,
	PIECES_MAX = STEPS * 8,
};

/* Times in µs, as histories have them. */
struct piece {
	int64_t end_us;
	struct slo_events events;
};

struct plain {
	struct backtest_options options;
	struct piece pieces[PIECES_MAX]; /* steps; long ones in pieces of 10 s */
	size_t n;
	int64_t last_us;
	/* the subject of the rules */
	struct slo_history *history;
	struct slo_history *sliced;
	struct slices slices;
	struct coverage coverage;
	struct slo_window window;
	double since;
	struct alert_state states[ALERT_RULES_MAX];
	struct alert_change changes[ALERT_RULES_MAX];
	size_t n_changes;
	bool burning; /* as backtest_transition.burning_seconds has it */
	double burn_from;
	double burn_last;
};

static int64_t to_us(double seconds)
{
	return llround(seconds * 1e6);
}

static void plain_piece(struct plain *plain, int64_t end_us, struct slo_events events)
{
	assert_true(plain->n < PIECES_MAX);
	plain->pieces[plain->n++] = (struct piece){end_us, events};
	plain->last_us = end_us;
}

static void plain_add(struct plain *plain, double from, double t, struct slo_events events)
{
	int64_t from_us = to_us(from), length_us = to_us(t) - from_us;
	int64_t n = (length_us + STEP * 1000000 - 1) / (STEP * 1000000);

	if (length_us <= 20 * 1000000 || (!events.good && !events.bad))
		n = 1;
	for (int64_t k = 1; k <= n; k++) {
		struct slo_events part = {
			events.good * (uint64_t)k / (uint64_t)n -
				events.good * (uint64_t)(k - 1) / (uint64_t)n,
			events.bad * (uint64_t)k / (uint64_t)n -
				events.bad * (uint64_t)(k - 1) / (uint64_t)n,
		};

		plain_piece(plain, from_us + length_us * k / n, part);
	}
}

/* The sum of everything after an edge. The older the edge, the coarser it is. */
static struct slo_events plain_sum(const struct plain *plain, double from)
{
	int64_t edge_us = to_us(from), age_us = plain->last_us - edge_us;
	int64_t seconds = age_us <= 6 * HOUR * 1000000LL ? STEP :
			  age_us <= 8 * DAY * 1000000LL	 ? 60 :
							   HOUR;
	int64_t width_us = seconds * 1000000;
	struct slo_events sum = {};

	for (size_t i = plain->n; i-- > 0;) {
		const struct piece *piece = &plain->pieces[i];

		/* buckets belong before the edge if they end there */
		if ((piece->end_us + width_us - 1) / width_us * width_us <= edge_us)
			break;
		sum.good += piece->events.good;
		sum.bad += piece->events.bad;
	}
	return sum;
}

static void plain_init(struct plain *plain, struct backtest_options options, double from)
{
	*plain = (struct plain){.options = options, .since = from};
	plain->history = history_new(options.window_seconds);
	if (!options.slice_seconds)
		return;
	plain->sliced = history_new(options.window_seconds);
	slices_init(&plain->slices, options.slice_seconds, options.slice_target, from);
}

static void plain_clear(struct plain *plain)
{
	slo_history_free(plain->history);
	slo_history_free(plain->sliced);
	coverage_clear(&plain->coverage);
}

static void plain_burn(struct plain *plain, double from, double t, struct slo_events events)
{
	struct maybe burn = slo_burn_rate(events, plain->options.objective);

	if (!burn.known)
		return;
	if (burn.value > 1) {
		if (!plain->burning)
			plain->burn_from = from;
		plain->burning = true;
		plain->burn_last = t;
	} else if (t - plain->burn_last > 300) {
		plain->burning = false;
	}
}

static void plain_step(struct plain *plain, double from, double t, struct slo_events events)
{
	const struct backtest_options *options = &plain->options;
	struct alert_reading readings[ALERT_RULES_MAX];
	struct alert_subject subject;
	int64_t month_from, month_to;

	plain_add(plain, from, t, events);
	plain_burn(plain, from, t, events);
	assert_int_equal(coverage_add(&plain->coverage, from, t), 0);
	assert_int_equal(slo_history_add_span(plain->history, from, t, events), 0);
	if (plain->sliced)
		assert_int_equal(slices_close(&plain->slices, plain->history, &plain->coverage, t,
					      plain->sliced),
				 0);
	plain->window = slo_window_rolling(t, (double)options->window_seconds);
	if (options->time_zone) {
		assert_int_equal(calendar_month(options->time_zone, (int64_t)ceil(t) - 1,
						&month_from, &month_to),
				 0);
		plain->window =
			(struct slo_window){.from_seconds = (double)month_from,
					    .length_seconds = (double)(month_to - month_from),
					    .calendar = true,
					    .end_seconds = (double)month_to};
	}
	subject = (struct alert_subject){
		.budgeted = plain->sliced ? plain->sliced : plain->history,
		.events = plain->history,
		.objective = options->objective,
		.window = plain->window,
		.coverage = &plain->coverage,
		.since_seconds = plain->since,
		.slicing = slices_slicing(&plain->slices),
	};
	plain->n_changes = alerts_evaluate(options->rules, options->n_rules, &subject, t,
					   plain->states, plain->changes, readings);
}

/* ---- series ---- */

struct series {
	double width;
	uint64_t requests; /* in a step */
	uint64_t kind;
	uint64_t left; /* steps of the kind */
};

static struct slo_events series_events(struct series *series, double objective)
{
	const uint64_t all = (uint64_t)llround(1 / (1 - objective)), n = series->requests;
	uint64_t bad;

	if (!series->left--) {
		static const uint64_t requests[] = {0, 1, 10, 1000, 1000000};

		series->requests = requests[random_below(5)];
		series->kind = random_below(6);
		series->left = 1 + random_below(400);
	}
	switch (series->kind) {
	case 0: /* hardly any errors */
		bad = n && !random_below(50);
		break;
	case 1:
		bad = n;
		break;
	case 2: /* exactly at the objective */
		return (struct slo_events){all - 1, 1};
	case 3:
		bad = random_below(n + 1);
		break;
	default:
		bad = 0;
	}
	return (struct slo_events){n - bad, bad};
}

/* The next step: with gaps, of other lengths, or beginning a little before the last one's end. */
static void series_times(const struct series *series, double *ret_from, double *ret_t)
{
	double from = *ret_t, width = series->width;

	switch (random_below(100)) {
	case 0:
		from += (double)random_below(3 * HOUR);
		break;
	case 1:
		from += (double)random_below(2000) / 1000;
		break;
	case 2:
		width += (double)random_below(60);
		break;
	case 3:
		width /= 2;
		break;
	}
	*ret_from = from;
	*ret_t = from + width;
}

static struct backtest_options series_options(uint64_t seed, struct alert_rule *rules)
{
	static const double objectives[] = {0.999, 0.99, 0.9999, 0.95};
	static const uint64_t windows[] = {HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY};
	static const uint64_t slices[] = {60, 300};
	struct backtest_options options = {
		.objective = objectives[random_below(4)],
		.window_seconds = windows[random_below(5)],
		.rules = rules,
		.n_rules = alert_rules_default(rules),
	};

	if (seed % 3 == 0) {
		options.time_zone = "Europe/Berlin";
		options.window_seconds = 31 * DAY;
	}
	if (seed % 4 == 0) {
		options.slice_seconds = slices[random_below(2)];
		options.slice_target = 0.95;
	}
	return options;
}

static void assert_sums(const struct plain *plain, struct backtest *backtest)
{
	const struct backtest_result *result = backtest_result(backtest);
	struct slo_events whole = plain_sum(plain, plain->window.from_seconds);

	assert_int_equal(result->events.good, whole.good);
	assert_int_equal(result->events.bad, whole.bad);
	for (int i = 0; i < 4 && !plain->sliced; i++) {
		static const double spans[] = {300, HOUR, 6 * HOUR, 3 * DAY};
		struct maybe is = backtest_burn_rate(backtest, spans[i]);
		struct maybe burn = slo_burn_rate(plain_sum(plain, result->last_seconds - spans[i]),
						  plain->options.objective);

		assert_int_equal(is.known, burn.known);
		assert_true(is.value == burn.value);
	}
}

/* Returns how many changes there were. */
static size_t assert_changes(const struct plain *plain, struct backtest *backtest, size_t before)
{
	const struct backtest_result *result = backtest_result(backtest);

	assert_int_equal(result->n_transitions - before, plain->n_changes);
	for (size_t i = 0; i < plain->n_changes; i++) {
		const struct alert_change *change = &result->transitions[before + i].change;
		struct maybe burning = result->transitions[before + i].burning_seconds;

		assert_int_equal(change->rule, plain->changes[i].rule);
		assert_int_equal(change->from, plain->changes[i].from);
		assert_int_equal(change->to, plain->changes[i].to);
		assert_true(change->t_seconds == plain->changes[i].t_seconds);
		assert_int_equal(burning.known, plain->burning);
		if (burning.known)
			assert_true(burning.value == change->t_seconds - plain->burn_from);
	}
	return plain->n_changes;
}

static size_t replay(uint64_t seed, struct plain *plain)
{
	static const double widths[] = {STEP, STEP, 60, 1};
	struct alert_rule rules[ALERT_RULES_MAX];
	double active[ALERT_RULES_MAX] = {};
	struct backtest_options options;
	struct series series = {};
	struct backtest *backtest = NULL;
	double from, t, last;
	size_t changes = 0;

	random_state = seed * 0x9e3779b97f4a7c15;
	options = series_options(seed, rules);
	series.width = widths[random_below(4)];
	/* some days before the end of a month */
	t = last = options.time_zone ? 1774994400 - (double)random_below(DAY) : 0;
	assert_int_equal(backtest_new(&options, &backtest), 0);
	plain_init(plain, options, t);
	for (int i = 0; i < STEPS; i++) {
		struct slo_events events = series_events(&series, options.objective);

		series_times(&series, &from, &t);
		if (i == 0)
			from = last;
		for (size_t k = 0; k < options.n_rules; k++)
			active[k] += plain->states[k].status != ALERT_INACTIVE ? t - last : 0;
		plain_step(plain, from, t, events);
		/* times that differ by less than a millisecond are the same moment */
		assert_int_equal(backtest_step(backtest, from - (i && from == last ? 5e-4 : 0), t,
					       events),
				 0);
		changes += assert_changes(plain, backtest, changes);
		assert_sums(plain, backtest);
		last = t;
	}
	for (size_t k = 0; k < options.n_rules; k++)
		assert_true(backtest_result(backtest)->alerts[k].active_seconds == active[k]);
	backtest_free(backtest);
	plain_clear(plain);
	return changes;
}

TEST(a_replay_is_what_the_plain_way_says)
{
	static struct plain plain;
	size_t changes = 0;

	for (uint64_t seed = 1; seed <= SERIES; seed++)
		changes += replay(seed, &plain);
	print_message("%zu changes\n", changes);
	assert_true(changes > 1000); /* else the series have tried little */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_replay_is_what_the_plain_way_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
