/* SPDX-License-Identifier: GPL-2.0-only */
/* Replaying steps: the transitions of alerts, and the numbers about them. */
#include <errno.h>
#include <math.h>

#include "tests/unit/fixtures/test.h"
#include "decide/backtest.h"

enum { STEP = 10, MINUTE = 60, HOUR = 3600, DAY = 86400 };

static struct backtest *backtest_of(struct backtest_options options, struct alert_rule *rules)
{
	struct backtest *backtest = NULL;

	options.rules = rules;
	options.n_rules = alert_rules_default(rules);
	assert_int_equal(backtest_new(&options, &backtest), 0);
	return backtest;
}

/* Rows of 10 s in (from, to]. */
static void replay(struct backtest *backtest, double from, double to, uint64_t good, uint64_t bad)
{
	for (double t = from + STEP; t <= to; t += STEP)
		assert_int_equal(
			backtest_step(backtest, t - STEP, t, (struct slo_events){good, bad}), 0);
}

static void assert_transition(const struct backtest_result *result, size_t i, double t, size_t rule,
			      enum alert_status to)
{
	assert_true(i < result->n_transitions);
	assert_true(result->transitions[i].change.t_seconds == t);
	assert_int_equal(result->transitions[i].change.rule, rule);
	assert_int_equal(result->transitions[i].change.to, to);
}

TEST(an_outage_of_ten_minutes)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	struct backtest *backtest = backtest_of(
		(struct backtest_options){.objective = 0.999, .window_seconds = 30 * DAY}, rules);
	const double begin = 31 * DAY;
	const struct backtest_result *result;

	replay(backtest, 0, begin, 100, 0);
	replay(backtest, begin, begin + 600, 0, 100);
	replay(backtest, begin + 600, begin + DAY, 100, 0);
	result = backtest_result(backtest);
	assert_transition(result, 0, begin + 60, 0, ALERT_FIRING);
	assert_transition(result, 1, begin + 130, 1, ALERT_FIRING);
	assert_transition(result, 2, begin + 260, 2, ALERT_FIRING);
	assert_transition(result, 3, begin + 260, 3, ALERT_FIRING);
	assert_transition(result, 4, begin + 520, 4, ALERT_FIRING);
	/* burn-1h: the last bad step leaves the 5 min */
	assert_transition(result, 6, begin + 900, 0, ALERT_INACTIVE);
	/* burn-6h: of 180 steps one may be bad */
	assert_transition(result, 7, begin + 600 + 1790, 1, ALERT_INACTIVE);
	assert_true(result->transitions[0].burning_seconds.value == 60);
	/* of 30 d and 60 s: an hour's edge, and 6 of 259.2 are spent */
	assert_true(fabs(result->transitions[0].spent_ratio.value - 6 / 259.2) < 1e-4);
	assert_int_equal(result->alerts[0].fired, 1);
	assert_true(result->alerts[0].active_seconds == 840);
	assert_true(result->alerts[0].first.change.t_seconds == begin + 60);
	assert_int_equal(result->alerts[8].fired, 0);
	assert_int_equal(result->events.bad, 6000);
	assert_int_equal(result->budgeted.bad, 6000);
	assert_true(backtest_burn_rate(backtest, HOUR).value == 0);
	assert_true(backtest_burn_rate(backtest, DAY).value == 6000.0 / 864);
	assert_true(fabs(backtest_budget(backtest).spent_ratio.value - 60 / 259.2) < 1e-3);
	backtest_free(backtest);
}

/*
 * One request in six minutes, bad from `begin` on: the page comes at the fifth, after half an hour.
 */
TEST(idle_steps_are_no_recovery)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	struct backtest *backtest = backtest_of(
		(struct backtest_options){.objective = 0.999, .window_seconds = 30 * DAY}, rules);
	const double begin = 3 * DAY;
	const struct backtest_result *result;

	for (double t = 0; t < begin + 2 * HOUR; t += 360) {
		replay(backtest, t, t + 350, 0, 0);
		replay(backtest, t + 350, t + 360, t < begin, t >= begin);
	}
	result = backtest_result(backtest);
	assert_transition(result, 0, begin + 1800, 0, ALERT_FIRING);
	/* the first bad step began 10 s before its end at 360 s */
	assert_true(result->transitions[0].burning_seconds.value == 1800 - 350);
	backtest_free(backtest);
}

TEST(steps_out_of_order_are_refused)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	const struct backtest_options options = {.objective = 0.999, .window_seconds = DAY};
	static const struct {
		double from, t;
		uint64_t good;
		int r;
	} rows[] = {
		{20, 30, 5, 0},
		{25, 30, 5, 0},
		{19.9995, 30, 5, 0},
		{19, 30, 5, -EINVAL},
		{20, 20, 5, -EINVAL},
		{30, 25, 5, -EINVAL},
		{NAN, 30, 5, -EINVAL},
		{20, 30, UINT64_MAX - 5, -ERANGE},
		{20, 30, INT64_MAX, -ERANGE},
		{20, INFINITY, 5, -EINVAL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct backtest *backtest = backtest_of(options, rules);

		replay(backtest, 0, 20, 5, 0);
		assert_int_equal(backtest_step(backtest, rows[i].from, rows[i].t,
					       (struct slo_events){rows[i].good, 0}),
				 rows[i].r);
		backtest_free(backtest);
	}
	assert_int_equal(backtest_new(&(struct backtest_options){.window_seconds = 1},
				      &(struct backtest *){NULL}),
			 -EINVAL);
	backtest_free(NULL);
}

TEST(a_gap_is_time_without_coverage)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	struct backtest *backtest = backtest_of(
		(struct backtest_options){.objective = 0.999, .window_seconds = 30 * DAY}, rules);
	const struct backtest_result *result;

	replay(backtest, 0, DAY, 100, 0);
	/* 10 min without rows in between */
	replay(backtest, DAY + 600, DAY + 2 * HOUR, 100, 0);
	result = backtest_result(backtest);
	assert_int_equal(result->n_transitions, 2);
	assert_transition(result, 0, DAY + 610, 10, ALERT_FIRING);
	/* the hour then begins 240 s into the gap: 360 s are missing */
	assert_transition(result, 1, DAY + HOUR + 240, 10, ALERT_INACTIVE);
	backtest_free(backtest);
}

TEST(a_calendar_month_begins_anew)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	struct backtest *backtest =
		backtest_of((struct backtest_options){.objective = 0.99,
						      .window_seconds = 31 * DAY,
						      .time_zone = "UTC"},
			    rules);
	const struct backtest_result *result;

	/* January 1970 */
	replay(backtest, 0, 20 * DAY, 100, 0);
	replay(backtest, 20 * DAY, 21 * DAY, 50, 50);
	replay(backtest, 21 * DAY, 31 * DAY, 100, 0);
	result = backtest_result(backtest);
	assert_true(result->window.from_seconds == 0);
	assert_true(result->window.end_seconds == 31 * DAY);
	assert_int_equal(result->budgeted.good + result->budgeted.bad, 31 * 864000);
	assert_int_equal(result->alerts[8].fired, 1); /* budget-100 */
	assert_int_equal(result->transitions[result->n_transitions - 1].change.to == ALERT_INACTIVE,
			 1);
	assert_true(backtest_budget(backtest).spent_ratio.value > 1.6);
	/* the first step of February */
	replay(backtest, 31 * DAY, 31 * DAY + STEP, 100, 0);
	result = backtest_result(backtest);
	assert_int_equal(result->budgeted.good, 100);
	assert_int_equal(result->budgeted.bad, 0);
	assert_transition(result, result->n_transitions - 1, 31 * DAY + STEP, 8, ALERT_INACTIVE);
	assert_int_equal(backtest_step(backtest, -20, -10, (struct slo_events){}), -EINVAL);
	backtest_free(backtest);
	/* a step that ends with January, and is the first one */
	backtest = backtest_of((struct backtest_options){.objective = 0.99,
							 .window_seconds = 31 * DAY,
							 .time_zone = "UTC"},
			       rules);
	replay(backtest, 31 * DAY - STEP, 31 * DAY, 100, 0);
	assert_true(backtest_result(backtest)->window.from_seconds == 0);
	backtest_free(backtest);
}

/* 0.2 % for 3 d after so many healthy days: no page, and of the tickets only burn-3d. */
static void check_slow_burn(const char *time_zone, double from, double begin, double ticket)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	struct backtest *backtest =
		backtest_of((struct backtest_options){.objective = 0.999,
						      .window_seconds = 30 * DAY,
						      .time_zone = time_zone},
			    rules);
	const struct backtest_result *result;

	replay(backtest, from, begin, 1000, 0);
	replay(backtest, begin, begin + 3 * DAY, 998, 2);
	result = backtest_result(backtest);
	for (size_t i = 0; i < 11; i++) {
		if (rules[i].severity != SEVERITY_NOTICE)
			assert_int_equal(result->alerts[i].fired, i == 3); /* burn-3d */
	}
	assert_true(result->alerts[3].first.change.t_seconds == begin + ticket);
	assert_true(result->alerts[3].first.burning_seconds.value == ticket);
	/* 3 d at twice the budgeted rate are a fifth of the whole window's budget */
	assert_int_equal(result->alerts[6].fired, 0);
	assert_true(fabs(backtest_budget(backtest).spent_ratio.value - 0.2) < 0.02);
	assert_true(backtest_budget(backtest).projected);
	backtest_free(backtest);
}

TEST(a_slow_burn_does_not_page_in_the_first_days)
{
	check_slow_burn(NULL, 0, 2 * DAY, 36 * HOUR + STEP);
	check_slow_burn(NULL, 0, 3 * DAY, 36 * HOUR + STEP);
	check_slow_burn(NULL, 4 * DAY, 6 * DAY, 36 * HOUR + STEP);
	/* of February 1970, 28 d: 10 % of its budget are used up after 33.6 h */
	check_slow_burn("UTC", 20 * DAY, 33 * DAY, 33.6 * HOUR + STEP);
	check_slow_burn("UTC", 20 * DAY, 34 * DAY, 33.6 * HOUR + STEP);
}

TEST(timeslices_are_what_is_budgeted)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	struct backtest *backtest = backtest_of((struct backtest_options){.objective = 0.99,
									  .window_seconds = DAY,
									  .slice_seconds = MINUTE,
									  .slice_target = 0.95},
						rules);
	const struct backtest_result *result;

	replay(backtest, 0, DAY, 96, 4); /* 4 % bad: all slices are good */
	result = backtest_result(backtest);
	assert_int_equal(result->budgeted.good, 1440);
	assert_int_equal(result->budgeted.bad, 0);
	assert_int_equal(result->events.bad, 34560);
	assert_int_equal(result->n_transitions, 0);
	replay(backtest, DAY, DAY + 5 * MINUTE, 94, 6); /* 6 %: all are bad */
	result = backtest_result(backtest);
	assert_int_equal(result->budgeted.good, 1435);
	assert_int_equal(result->budgeted.bad, 5);
	assert_true(backtest_budget(backtest).allowed_events == 14.4);
	backtest_free(backtest);
}

/* 96 minutes of a week have traffic, 4 of them fail: of 10080 slices one in 2000 may be bad. */
TEST(a_quiet_service_is_judged_by_all_slices_of_its_window)
{
	static const struct {
		double begin; /* of the replay */
		uint64_t days;
		double allowed, good;
	} rows[] = {
		{0, 7, 5.04, 10076},
		{1772280017, 9, 5.04, 10076}, /* not at the beginning of a minute */
		{0, 2, 5.04, 2876}, /* the rest of the week is projected */
		{0, 9, 5.04, 10076},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct alert_rule rules[ALERT_RULES_MAX];
		struct backtest *backtest =
			backtest_of((struct backtest_options){.objective = 0.9995,
							      .window_seconds = 7 * DAY,
							      .slice_seconds = MINUTE,
							      .slice_target = 0.95},
				    rules);
		double end = rows[i].begin + (double)rows[i].days * DAY;
		size_t minute = (rows[i].days - 1) * DAY / MINUTE, at = 0;

		for (double t = rows[i].begin; t < end; t += MINUTE, at++) {
			bool busy = at >= minute && at < minute + 96;
			struct slo_events events = {busy ? 100 : 0, busy && at % 24 == 0 ? 10 : 0};

			assert_int_equal(backtest_step(backtest, t, t + MINUTE, events), 0);
		}
		assert_true(fabs(backtest_budget(backtest).allowed_events - rows[i].allowed) <
			    1e-9);
		assert_int_equal(backtest_result(backtest)->budgeted.bad, 4);
		assert_int_equal(backtest_result(backtest)->budgeted.good, rows[i].good);
		backtest_free(backtest);
	}
}

/* Half of a day was not counted: its slices are none. */
TEST(slices_that_were_not_counted_are_none)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	struct backtest *backtest = backtest_of((struct backtest_options){.objective = 0.99,
									  .window_seconds = DAY,
									  .slice_seconds = MINUTE,
									  .slice_target = 0.95},
						rules);

	assert_int_equal(backtest_step(backtest, 0, 6 * HOUR, (struct slo_events){}), 0);
	replay(backtest, 18 * HOUR, DAY, 0, 0);
	assert_int_equal(backtest_result(backtest)->budgeted.good, 720);
	assert_true(backtest_budget(backtest).allowed_events == 7.2);
	backtest_free(backtest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_outage_of_ten_minutes),
		cmocka_unit_test(idle_steps_are_no_recovery),
		cmocka_unit_test(steps_out_of_order_are_refused),
		cmocka_unit_test(a_gap_is_time_without_coverage),
		cmocka_unit_test(a_calendar_month_begins_anew),
		cmocka_unit_test(a_slow_burn_does_not_page_in_the_first_days),
		cmocka_unit_test(timeslices_are_what_is_budgeted),
		cmocka_unit_test(a_quiet_service_is_judged_by_all_slices_of_its_window),
		cmocka_unit_test(slices_that_were_not_counted_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
