/* SPDX-License-Identifier: GPL-2.0-only */
/* Rules of the kinds exhaust and budget, by the clauses of slo/alerts. */
#include <math.h>

#include "tests/unit/slo/alert_bench.h"

TEST(exhaustion_needs_the_burn_of_a_quarter_of_the_horizon)
{
	struct bench bench;
	double t;

	bench_init(&bench, 0.999, 30 * DAY);
	run_healthy(&bench, 30, 100);
	/*
	 * 100 %: after n steps the burn over 1 h is 1000 n / 360, and 1000 n / 259200 is spent:
	 * (1 - n / 259.2) * 720 h / (n / 0.36) <= 4 h from n = 52 (0.799 * 720 / 144.4 = 3.985) on
	 */
	t = run_until(&bench, EXHAUST_4H, ALERT_FIRING, 31 * DAY, 0, 100);
	assert_true(t == 30 * DAY + 520);
	/* all of it is spent after 43 min 12 s */
	t = run_until(&bench, EXHAUST_4H, ALERT_EXHAUSTED, 31 * DAY, 0, 100);
	assert_true(t == 30 * DAY + 2600);
	assert_true(bench.states[EXHAUST_4H].started_seconds == 30 * DAY + 520);
	assert_true(bench.states[EXHAUST_4H].since_seconds == t);
	/* it burns until the lookback, 1 h, has no bad events */
	t = run_until(&bench, EXHAUST_4H, ALERT_INACTIVE, 31 * DAY, 100, 0) - t;
	assert_true(t == HOUR);
	/* a spent budget raises no page, but the ticket is on */
	assert_int_equal(status(&bench, EXHAUST_3D), ALERT_EXHAUSTED);
	run(&bench, bench.now + HOUR, STEP, 50, 50);
	assert_int_equal(status(&bench, EXHAUST_4H), ALERT_INACTIVE);
	run(&bench, bench.now + 20 * HOUR, STEP, 100, 0);
	assert_int_equal(status(&bench, EXHAUST_3D), ALERT_INACTIVE);
	run(&bench, bench.now + HOUR, STEP, 50, 50);
	assert_int_equal(status(&bench, EXHAUST_3D), ALERT_EXHAUSTED);
	bench_clear(&bench);
}

/* Of 33 allowed 30 are spent, at a burn of 30 / 33: 3 / 33 * 30 d / (30 / 33) is 3 d exactly. */
TEST(exhaustion_fires_at_exactly_the_horizon)
{
	struct bench bench;

	for (uint64_t more = 0; more <= 1; more++) {
		bench_init(&bench, 0.99, 30 * DAY);
		bench.since = -30 * DAY;
		step(&bench, 10, 3270 + more, 30);
		assert_int_equal(status(&bench, EXHAUST_3D), more ? ALERT_INACTIVE : ALERT_FIRING);
		bench_clear(&bench);
	}
}

/* ---- a window that is not yet whole ---- */

/*
 * 0.2 % of the events are bad for `days` after `healthy` days. They spend a small part of the
 * budget of 30 days: there is no page, and one ticket, burn-3d, after 36 h.
 */
static void check_young_slow_burn(double from, double healthy, double days, bool month)
{
	struct bench bench;
	double fired = 0, begin = from + healthy;

	bench_init(&bench, 0.999, 30 * DAY);
	bench.month = month;
	bench.since = month ? from - 10 * DAY : from;
	bench.now = bench.since;
	run(&bench, begin, MINUTE, 6000, 0);
	while (bench.now < begin + days) {
		step(&bench, bench.now + STEP, 998, 2);
		for (size_t rule = 0; rule < bench.n; rule++) {
			bool burn_3d = rule == BURN_3D && bench.now > begin + 36 * HOUR;

			if (bench.rules[rule].severity != SEVERITY_NOTICE)
				assert_int_equal(status(&bench, rule) != ALERT_INACTIVE, burn_3d);
			if (burn_3d && fired == 0)
				fired = bench.now;
		}
	}
	assert_true(fired == begin + 36 * HOUR + STEP);
	/* nor are they half of the budget of the whole window */
	assert_int_equal(status(&bench, BUDGET_50), ALERT_INACTIVE);
	bench_clear(&bench);
}

TEST(a_slow_burn_does_not_page_in_the_first_days)
{
	check_young_slow_burn(12 * DAY, 2 * DAY, 3 * DAY, false);
	check_young_slow_burn(12 * DAY, 3 * DAY, 3 * DAY, false);
	check_young_slow_burn(0, 3 * DAY, 3 * DAY, false);
	/* the early days of a month, after one that was long ago */
	check_young_slow_burn(30 * DAY, 2 * DAY, 3 * DAY, true);
	check_young_slow_burn(60 * DAY, 3 * DAY, 3 * DAY, true);
}

/* The budget is that of 30 d of the traffic, however much of the window has passed. */
TEST(an_outage_in_the_first_days_pages_as_it_does_later)
{
	static const double ages[] = {2 * DAY, 5 * DAY, 30 * DAY};

	for (size_t i = 0; i < 2 * sizeof(ages) / sizeof(ages[0]); i++) {
		double begin = 60 * DAY + ages[i / 2], t;
		struct bench bench;

		bench_init(&bench, 0.999, 30 * DAY);
		bench.month = i % 2;
		bench.since = bench.now = bench.month ? 50 * DAY : 60 * DAY;
		run(&bench, begin - 8 * DAY, HOUR, 36000, 0);
		run(&bench, begin, STEP, 100, 0);
		assert_true(run_until(&bench, BURN_1H, ALERT_FIRING, 99 * DAY, 0, 100) ==
			    begin + 60);
		/* by hand in exhaustion_needs_the_burn_of_a_quarter_of_the_horizon() */
		t = run_until(&bench, EXHAUST_4H, ALERT_FIRING, 99 * DAY, 0, 100);
		assert_true(t == begin + 520);
		t = run_until(&bench, EXHAUST_4H, ALERT_EXHAUSTED, 99 * DAY, 0, 100);
		/* while it is young, the outage itself is traffic, too */
		assert_true(t == begin + 2600);
		bench_clear(&bench);
	}
}

/*
 * 2 d of 30 d, and 30 bad ones of 2000: of 300 allowed 30 are spent, 0.9 remains. In the lookback of
 * 4.5 d it burns at 1.5 * 2 / 4.5: 0.9 * 30 d * 3 / 2 is 40.5 d.
 */
TEST(eligible_is_extrapolated_to_the_window)
{
	static const struct {
		double age;
		double seconds; /* until it is gone */
		double seconds_of_old; /* in a month of that age, of an SLO that is older */
		enum alert_status exhaust_18d, exhaust_18d_of_old;
	} rows[] = {
		{2 * DAY, 40.5 * DAY, 18 * DAY, ALERT_INACTIVE, ALERT_FIRING},
		{45 * HOUR, 43.5 * DAY, 20 * DAY - 45 * HOUR, ALERT_INACTIVE, ALERT_INACTIVE},
		{3 * DAY, 25.5 * DAY, 17 * DAY, ALERT_INACTIVE, ALERT_FIRING},
		{15 * DAY, 5 * DAY, 5 * DAY, ALERT_FIRING, ALERT_FIRING},
		/* 20 d: 30 of 30 allowed; whole: 30 of 20 */
		{20 * DAY, 0, 0, ALERT_EXHAUSTED, ALERT_EXHAUSTED},
		{30 * DAY, 0, 0, ALERT_EXHAUSTED, ALERT_EXHAUSTED},
		{60 * DAY, 0, 0, ALERT_EXHAUSTED, ALERT_EXHAUSTED},
		/* at least 1 s: 1.5 s of the budget of 30 d, at a burn of 1.5 / 388800 */
		{0, (30 * DAY - 1.5) * 259200, 0, ALERT_INACTIVE, 0},
	};
	static const bool months[] = {false, true};

	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		double age = rows[i / 2].age, end = 65 * DAY;
		bool old = months[i % 2] && age > 0 && age < 30 * DAY;
		double seconds = old ? rows[i / 2].seconds_of_old : rows[i / 2].seconds;
		struct alert_reading reading;
		struct alert_subject at;
		struct bench bench;

		bench_init(&bench, 0.99, 30 * DAY);
		bench.n = 1;
		bench.rules[0] = bench.rules[EXHAUST_4H];
		bench.rules[0].severity = SEVERITY_TICKET;
		bench.rules[0].seconds = 18 * DAY;
		assert_int_equal(slo_history_add(bench.history, end, (struct slo_events){1970, 30}),
				 0);
		at = subject(&bench);
		at.window = slo_window_rolling(end, 30 * DAY);
		at.since_seconds = end - age;
		if (old) {
			at.window = (struct slo_window){end - age, 30 * DAY, true,
							end - age + 30 * DAY};
			at.since_seconds = 0;
		}
		alerts_evaluate(bench.rules, 1, &at, end, bench.states, bench.changes, &reading);
		assert_int_equal(status(&bench, 0),
				 old ? rows[i / 2].exhaust_18d_of_old : rows[i / 2].exhaust_18d);
		assert_true(reading.exhausted_in_seconds.known);
		if (fabs(reading.exhausted_in_seconds.value - seconds) > 1e-6 * seconds)
			fail_msg("%g d: %.9g d", age / DAY,
				 reading.exhausted_in_seconds.value / DAY);
		bench_clear(&bench);
	}
}

/* Once the whole window has passed, the age of the SLO does not matter, to the last bit. */
TEST(a_whole_window_is_judged_by_what_is_in_it)
{
	struct alert_reading young[ALERT_RULES_MAX], old[ALERT_RULES_MAX];
	struct bench bench, older;

	bench_init(&bench, 0.999, 7 * DAY);
	bench.since = bench.now = 1e9 + 0.3;
	older = bench;
	older.since = -INFINITY;
	for (int i = 1; i < 8 * 24 * 6; i++) {
		double t = bench.since + i * 600.0;
		struct alert_subject a, b;
		bool whole = i >= 7 * 24 * 6, same;

		slo_history_add(bench.history, t, (struct slo_events){9997, i % 5});
		bench.now = older.now = t;
		a = subject(&bench);
		b = subject(&older);
		alerts_evaluate(bench.rules, bench.n, &a, t, bench.states, bench.changes, young);
		alerts_evaluate(older.rules, bench.n, &b, t, older.states, older.changes, old);
		same = young[EXHAUST_3D].exhausted_in_seconds.value ==
		       old[EXHAUST_3D].exhausted_in_seconds.value;
		assert_int_equal(same, whole);
		if (whole)
			assert_int_equal(status(&bench, EXHAUST_3D), status(&older, EXHAUST_3D));
	}
	bench_clear(&bench);
}

/* ---- budget ---- */

TEST(budget_thresholds_fire_at_the_threshold)
{
	struct bench bench;

	bench_init(&bench, 0.999, 30 * DAY);
	bench.since = -30 * DAY;
	step(&bench, 10, 9995, 0);
	step(&bench, 20, 0, 4);
	assert_int_equal(status(&bench, BUDGET_50), ALERT_INACTIVE);
	step(&bench, 30, 0, 1); /* 5 of 10 allowed */
	assert_int_equal(status(&bench, BUDGET_50), ALERT_FIRING);
	assert_int_equal(status(&bench, BUDGET_80), ALERT_INACTIVE);
	step(&bench, 40, 10000 - 3, 3); /* 8 of 20 */
	assert_int_equal(status(&bench, BUDGET_50), ALERT_INACTIVE);
	step(&bench, 50, 0, 8);
	assert_int_equal(status(&bench, BUDGET_50), ALERT_FIRING);
	assert_int_equal(status(&bench, BUDGET_80), ALERT_INACTIVE); /* 16 of 20.008 */
	step(&bench, 60, 0, 5);
	assert_int_equal(status(&bench, BUDGET_80), ALERT_FIRING);
	assert_int_equal(status(&bench, BUDGET_100), ALERT_FIRING);
	step(&bench, 70, 1000000, 0);
	for (size_t rule = BUDGET_50; rule <= BUDGET_100; rule++)
		assert_int_equal(status(&bench, rule), ALERT_INACTIVE);
	bench_clear(&bench);

	/* four bad events of four spend more than the budget, but are too few */
	bench_init(&bench, 0.999, 30 * DAY);
	bench.since = -30 * DAY;
	step(&bench, 10, 0, 4);
	assert_int_equal(bench.n_changes, 0);
	bench_clear(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exhaustion_needs_the_burn_of_a_quarter_of_the_horizon),
		cmocka_unit_test(exhaustion_fires_at_exactly_the_horizon),
		cmocka_unit_test(a_slow_burn_does_not_page_in_the_first_days),
		cmocka_unit_test(an_outage_in_the_first_days_pages_as_it_does_later),
		cmocka_unit_test(eligible_is_extrapolated_to_the_window),
		cmocka_unit_test(a_whole_window_is_judged_by_what_is_in_it),
		cmocka_unit_test(budget_thresholds_fire_at_the_threshold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
