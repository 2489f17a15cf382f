/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When burns are detected: times by the workbook's formula, and every transition by plain sums over
 * a table of all steps.
 */
#include <math.h>
#include <stdlib.h>

#include "tests/unit/slo/alert_bench.h"

static const struct {
	uint64_t percent, seconds, short_seconds;
} burn_rules[] = {
	{2, HOUR, 5 * MINUTE},
	{5, 6 * HOUR, 30 * MINUTE},
	{10, DAY, 2 * HOUR},
	{10, 3 * DAY, 6 * HOUR},
};

/* A plain table of steps. */
struct table {
	uint64_t window;
	uint64_t budget_one_in; /* 1000: an objective of 99.9 % */
	uint64_t *bad; /* until the end of step i */
	uint64_t per_step;
};

/* In the coarser tiers a window begins where a minute or an hour does. */
static size_t table_begin(size_t i, uint64_t span)
{
	uint64_t width = span <= 6 * HOUR ? STEP : span <= 8 * DAY ? MINUTE : HOUR;

	return i * STEP < span ? 0 : (i * STEP - span) / width * width / STEP;
}

static int table_compare(const struct table *table, size_t i, uint64_t span, size_t rule)
{
	size_t from = table_begin(i, span);
	unsigned __int128 bad = table->bad[i] - table->bad[from];
	unsigned __int128 eligible = (i - from) * table->per_step;
	/* bad / eligible > percent / 100 * window / long / budget_one_in */
	unsigned __int128 is = bad * 100 * burn_rules[rule].seconds * table->budget_one_in;
	unsigned __int128 at = eligible * burn_rules[rule].percent * table->window;

	return (is > at) - (is < at);
}

static bool table_fires(const struct table *table, size_t i, size_t rule)
{
	return table_compare(table, i, burn_rules[rule].seconds, rule) > 0 &&
	       table_compare(table, i, burn_rules[rule].short_seconds, rule) > 0;
}

/* Seconds from the beginning of the errors to detection: factor * budget / rate * long window. */
static double workbook_seconds(const struct table *table, size_t rule, double rate)
{
	double factor = (double)burn_rules[rule].percent / 100 * (double)table->window /
			(double)burn_rules[rule].seconds;

	return factor / (double)table->budget_one_in / rate * (double)burn_rules[rule].seconds;
}

static void check_detection(struct table *table, double rate, double duration)
{
	enum { HEALTHY = 32 * DAY };
	size_t n = (size_t)(HEALTHY + duration + 3.5 * DAY) / STEP;
	size_t begin = HEALTHY / STEP, end = begin + (size_t)duration / STEP;
	double fired[4] = {};
	struct bench bench;

	bench_init(&bench, 1 - 1.0 / (double)table->budget_one_in, table->window);
	bench.objective = table->budget_one_in == 1000 ? 0.999 : 0.9999;
	table->bad = calloc(n + 1, sizeof(*table->bad));
	assert_non_null(table->bad);
	run_healthy(&bench, HEALTHY / DAY, table->per_step);
	for (size_t i = begin + 1; i <= n; i++) {
		double part = i > begin ? (double)((i < end ? i : end) - begin) : 0;
		uint64_t bad;

		table->bad[i] = (uint64_t)ceil(part * rate * (double)table->per_step - 1e-6);
		bad = table->bad[i] - table->bad[i - 1];
		step(&bench, (double)i * STEP, table->per_step - bad, bad);
		for (size_t rule = 0; rule < 4; rule++) {
			bool fires = table_fires(table, i, rule);

			if (fires != (status(&bench, rule) == ALERT_FIRING))
				fail_msg("rule %zu, rate %g, %zu s after the beginning: %d", rule,
					 rate, (i - begin) * STEP, fires);
			if (fires && fired[rule] == 0)
				fired[rule] = (double)(i - begin) * STEP;
		}
	}
	for (size_t rule = 0; rule < 4; rule++) {
		/* the agent looks at the end of a step */
		double seconds = ceil(workbook_seconds(table, rule, rate) / STEP) * STEP;
		/* one step, or the time in which one bad event comes if that is longer */
		double tolerance = STEP * fmax(1, 1 / (rate * (double)table->per_step));

		if (seconds >= (double)burn_rules[rule].seconds || seconds > duration) {
			assert_true(fired[rule] == 0);
			continue;
		}
		if (fabs(fired[rule] - seconds) > tolerance)
			fail_msg("rule %zu, rate %g: %g s, not %g", rule, rate, fired[rule],
				 seconds);
		assert_int_equal(status(&bench, rule), ALERT_INACTIVE);
	}
	free(table->bad);
	bench_clear(&bench);
}

TEST(burns_are_detected_and_resolved_when_the_workbook_says)
{
	static const double rates[] = {1, 0.1, 0.02, 0.01, 0.002};
	static const double durations[] = {600, 1800, 3 * HOUR, 6 * HOUR, 40 * HOUR};

	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++)
		for (uint64_t days = 28; days <= 30; days += 2)
			for (uint64_t one_in = 1000; one_in <= 10000; one_in *= 10)
				for (uint64_t per = 100; per <= 10000; per *= 100)
					check_detection(&(struct table){days * DAY, one_in, NULL,
									per},
							rates[r], durations[r]);
}

/* Times by the workbook: 52 s, 8 min 38 s, 43 min 12 s, 3 h 36 min, 36 h. */
TEST(detection_by_hand)
{
	static const struct {
		uint64_t good, bad;
		size_t rule;
		double expected;
	} rows[] = {
		{0, 10000, BURN_1H, 60},
		{9000, 1000, BURN_1H, 520},
		{9800, 200, BURN_1H, 2600},
		{9900, 100, BURN_6H, 3.6 * HOUR + STEP},
		{9980, 20, BURN_3D, 36 * HOUR + STEP},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench bench;
		double t;

		bench_init(&bench, 0.999, 30 * DAY);
		run_healthy(&bench, 30, 10000);
		t = run_until(&bench, rows[i].rule, ALERT_FIRING, 40 * DAY, rows[i].good,
			      rows[i].bad);
		assert_true(t - 30 * DAY == rows[i].expected);
		bench_clear(&bench);
	}
}

/* 0.2 % burns at 2: the budget of 30 d lasts 15, and only its last 4 h may page. */
TEST(a_slow_burn_pages_only_when_the_budget_is_nearly_gone)
{
	struct bench bench;
	double t, left;

	bench_init(&bench, 0.999, 30 * DAY);
	run(&bench, 30 * DAY, MINUTE, 1000, 0);
	while (bench.now < 46 * DAY && status(&bench, EXHAUST_4H) == ALERT_INACTIVE) {
		step(&bench, bench.now + MINUTE, 998, 2);
		assert_int_equal(status(&bench, BURN_1H), ALERT_INACTIVE);
		assert_int_equal(status(&bench, BURN_6H), ALERT_INACTIVE);
	}
	t = bench.now - 30 * DAY;
	/* (1 - 2 t / 30 d) * 30 d / 2 <= 4 h: 15 d - t <= 4 h */
	left = 15 * DAY - 4 * HOUR;
	assert_true(t >= left - MINUTE && t <= left + MINUTE);
	/* nothing is left and it burns on: exhausted */
	run(&bench, 30 * DAY + 15 * DAY + HOUR, MINUTE, 998, 2);
	assert_int_equal(status(&bench, EXHAUST_4H), ALERT_EXHAUSTED);
	assert_int_equal(status(&bench, EXHAUST_3D), ALERT_EXHAUSTED);
	bench_clear(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burns_are_detected_and_resolved_when_the_workbook_says),
		cmocka_unit_test(detection_by_hand),
		cmocka_unit_test(a_slow_burn_pages_only_when_the_budget_is_nearly_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
