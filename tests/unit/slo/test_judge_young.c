/* SPDX-License-Identifier: GPL-2.0-only */
/* An SLO that is younger than the windows of its rules is judged as an old one of steady traffic. */
#include <math.h>

#include "tests/unit/slo/alert_bench.h"

enum { BORN = 40 * DAY };

static void bench_born(struct bench *bench, double objective, double since)
{
	bench_init(bench, objective, 30 * DAY);
	bench->since = bench->now = since;
}

/* Steps of 1 s until the rule fires. Returns how long after BORN. */
static double seconds_until(struct bench *bench, size_t rule, uint64_t good, uint64_t bad)
{
	while (bench->now < BORN + 2 * DAY && status(bench, rule) == ALERT_INACTIVE)
		step(bench, bench->now + 1, good, bad);
	return bench->now - BORN;
}

/* By the workbook's formula, as in test_alert_detection: 51.84 s and 518.4 s. */
TEST(an_outage_from_birth_pages_as_it_does_later)
{
	static const struct {
		uint64_t good, bad;
		size_t rule;
		double seconds;
	} rows[] = {
		{0, 10, BURN_1H, 52},	  {0, 10, BURN_6H, 130},  {9, 1, BURN_1H, 519},
		{98, 2, BURN_1H, 2593},	  {0, 100, BURN_3D, 260}, {99, 1, BURN_6H, 12961},
		{0, 10, EXHAUST_4H, 519},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench bench;
		double seconds;

		bench_born(&bench, 0.999, BORN);
		seconds = seconds_until(&bench, rows[i].rule, rows[i].good, rows[i].bad);
		if (seconds != rows[i].seconds)
			fail_msg("row %zu: %g s", i, seconds);
		bench_clear(&bench);
	}
}

/* Six failures in the first second, then 10 good ones a second: nothing fires, then or later. */
TEST(failures_at_birth_page_nobody)
{
	for (int month = 0; month <= 1; month++) {
		struct bench bench;

		bench_born(&bench, 0.999, BORN);
		bench.month = month;
		step(&bench, BORN + 1, 0, 6);
		for (int i = 2; i < 2 * HOUR; i++) {
			step(&bench, BORN + i, 10, 0);
			for (size_t rule = BURN_1H; rule <= BUDGET_100; rule++)
				assert_int_equal(status(&bench, rule), ALERT_INACTIVE);
		}
		bench_clear(&bench);
	}
}

/* Any outage, from any age on: the rules that look back 6 h at most change when the old one's do. */
TEST(young_and_old_are_judged_alike)
{
	static const struct {
		double after, seconds;
		uint64_t bad; /* of 1000 a step */
	} rows[] = {
		{0, 300, 1000},	   {0, 2000, 100},   {60, 600, 500},
		{600, 1200, 30},   {3000, 4000, 20}, {0, 20, 1000},
		{0, 7 * HOUR, 10}, {30, 40, 1000},   {5 * HOUR, 600, 200},
	};
	static const size_t rules[] = {BURN_1H, BURN_6H};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench young, old;

		bench_born(&young, 0.999, BORN);
		bench_born(&old, 0.999, 0);
		run(&old, BORN - DAY, HOUR, 360000, 0);
		run(&old, BORN, STEP, 1000, 0);
		for (double t = BORN + STEP; t < BORN + 9 * HOUR; t += STEP) {
			bool fails = t > BORN + rows[i].after &&
				     t <= BORN + rows[i].after + rows[i].seconds;
			uint64_t bad = fails ? rows[i].bad : 0;

			step(&young, t, 1000 - bad, bad);
			step(&old, t, 1000 - bad, bad);
			for (size_t k = 0; k < sizeof(rules) / sizeof(rules[0]); k++)
				if (status(&young, rules[k]) != status(&old, rules[k]))
					fail_msg("row %zu, rule %zu, %g s: %d, not %d", i, rules[k],
						 t - BORN, status(&young, rules[k]),
						 status(&old, rules[k]));
		}
		bench_clear(&young);
		bench_clear(&old);
	}
}

/* What messages tell is what the rule went by. */
TEST(readings_are_scaled)
{
	struct alert_reading readings[ALERT_RULES_MAX];
	struct alert_subject at;
	struct bench bench;

	bench_born(&bench, 0.99, BORN);
	step(&bench, BORN + 180, 900, 100);
	at = subject(&bench);
	alerts_evaluate(bench.rules, bench.n, &at, bench.now, bench.states, bench.changes,
			readings);
	/* 10 % of 3 min, at an objective of 99 %: a 20th of an hour, 3 of 5 min */
	assert_true(readings[BURN_1H].burn_long.value == 0.5);
	assert_true(fabs(readings[BURN_1H].burn_short.value - 6) < 0.01);
	assert_true(readings[EXHAUST_4H].burn_long.value == 0.5);
	bench_clear(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_outage_from_birth_pages_as_it_does_later),
		cmocka_unit_test(failures_at_birth_page_nobody),
		cmocka_unit_test(young_and_old_are_judged_alike),
		cmocka_unit_test(readings_are_scaled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
