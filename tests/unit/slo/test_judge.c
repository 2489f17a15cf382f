/* SPDX-License-Identifier: GPL-2.0-only */
/* Rules of the kinds burn, no-data and coverage, by the clauses of slo/alerts. */
#include "tests/unit/slo/alert_bench.h"

/* ---- burn ---- */

TEST(a_burn_of_exactly_the_factor_does_not_fire)
{
	static const struct {
		uint64_t window, good, bad;
		double objective;
	} rows[] = {
		{30 * DAY, 9856, 144, 0.999},	  {30 * DAY, 999856, 144 * 10, 0.9999},
		{28 * DAY, 98656, 1344, 0.999},	  {30 * DAY, 856, 144, 0.99},
		{30 * DAY, 999856, 144, 0.99999},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t good = i == 1 ? 1000000 - 1440 : rows[i].good;
		struct bench bench;

		bench_init(&bench, rows[i].objective, rows[i].window);
		bench.n = 1;
		run(&bench, 3 * HOUR, STEP, good, rows[i].bad);
		assert_int_equal(status(&bench, BURN_1H), ALERT_INACTIVE);
		step(&bench, bench.now + STEP, good - 1, rows[i].bad + 1);
		assert_int_equal(status(&bench, BURN_1H), ALERT_FIRING);
		/* back at the factor when the one bad event more has left the short window */
		run(&bench, bench.now + 29 * STEP, STEP, good, rows[i].bad);
		assert_int_equal(status(&bench, BURN_1H), ALERT_FIRING);
		run(&bench, bench.now + STEP, STEP, good, rows[i].bad);
		assert_int_equal(status(&bench, BURN_1H), ALERT_INACTIVE);
		bench_clear(&bench);
	}
}

TEST(silence_in_the_short_window_is_no_recovery)
{
	struct bench bench;

	bench_init(&bench, 0.999, 30 * DAY);
	bench.n = 1;
	run(&bench, DAY, STEP, 100, 0);
	run(&bench, DAY + 10 * MINUTE, STEP, 0, 100);
	assert_int_equal(status(&bench, BURN_1H), ALERT_FIRING);
	run(&bench, DAY + 40 * MINUTE, STEP, 0, 0);
	assert_int_equal(status(&bench, BURN_1H), ALERT_FIRING);
	assert_true(bench.states[0].started_seconds == bench.states[0].since_seconds);
	/* one good event, after more than 5 min: recovery */
	step(&bench, bench.now + STEP, 1, 0);
	assert_int_equal(bench.n_changes, 1);
	assert_int_equal(bench.changes[0].from, ALERT_FIRING);
	assert_int_equal(bench.changes[0].to, ALERT_INACTIVE);
	assert_true(bench.changes[0].t_seconds == DAY + 40 * MINUTE + STEP);
	bench_clear(&bench);

	/* silence, until the long window has no events either */
	bench_init(&bench, 0.999, 30 * DAY);
	bench.n = 1;
	run(&bench, 10 * MINUTE, STEP, 0, 100);
	run(&bench, 10 * MINUTE + HOUR - STEP, STEP, 0, 0);
	assert_int_equal(status(&bench, BURN_1H), ALERT_FIRING);
	run(&bench, 10 * MINUTE + HOUR, STEP, 0, 0);
	assert_int_equal(status(&bench, BURN_1H), ALERT_INACTIVE);
	bench_clear(&bench);
}

/* Ten requests an hour: one failure wakes nobody, a total outage does at its fifth. */
TEST(low_traffic_pages_at_the_fifth_failure)
{
	struct bench bench;

	bench_init(&bench, 0.999, 30 * DAY);
	bench.since = -30 * DAY;
	run(&bench, 10 * DAY, 360, 1, 0);
	for (int i = 0; i < 20; i++) {
		step(&bench, bench.now + 360, 0, 1);
		for (size_t rule = 0; rule < bench.n; rule++) {
			if (i < 4 || bench.rules[rule].severity == SEVERITY_PAGE)
				assert_int_equal(status(&bench, rule) != ALERT_INACTIVE,
						 i >= 4 && rule <= EXHAUST_4H &&
							 rule != EXHAUST_4H);
		}
	}
	bench_clear(&bench);

	bench_init(&bench, 0.999, 30 * DAY);
	bench.rules[BURN_1H].min_events = 12;
	run(&bench, 10 * DAY, 360, 1, 0);
	run(&bench, 11 * DAY, 330, 0, 1);
	assert_int_equal(status(&bench, BURN_1H), ALERT_INACTIVE); /* eleven in an hour */
	run(&bench, 12 * DAY, 300, 0, 1);
	assert_int_equal(status(&bench, BURN_1H), ALERT_FIRING); /* twelve */
	bench_clear(&bench);
}

/* ---- no data ---- */

/* Restores the history, as a restart does. */
static void restart(struct bench *bench)
{
	struct slo_history *copy =
		history_copy(bench->history, (uint64_t)bench->window, NULL, bench->now);

	slo_history_free(bench->history);
	bench->history = copy;
}

/* After a restart the last event is known to 10 s only. */
TEST(a_silence_that_is_told_does_not_end_with_a_restart)
{
	struct bench bench;

	bench_init(&bench, 0.999, 30 * DAY);
	step(&bench, 1, 5, 0);
	run(&bench, 2 * DAY, STEP, 5, 0);
	run_until(&bench, NO_DATA, ALERT_FIRING, 3 * DAY, 0, 0);
	restart(&bench);
	for (int i = 0; i < 20; i++) {
		step(&bench, bench.now + 1, 0, 0);
		assert_int_equal(status(&bench, NO_DATA), ALERT_FIRING);
	}
	step(&bench, bench.now + 1, 1, 0);
	assert_int_equal(status(&bench, NO_DATA), ALERT_INACTIVE);
	bench_clear(&bench);
}

TEST(silence_of_a_busy_service_is_told_after_30_min_and_for_7_days)
{
	struct bench bench;
	double t;

	bench_init(&bench, 0.999, 30 * DAY);
	run(&bench, 2 * DAY, STEP, 5, 0);
	t = run_until(&bench, NO_DATA, ALERT_FIRING, 3 * DAY, 0, 0);
	assert_true(t == 2 * DAY + 1800);
	step(&bench, t + STEP, 1, 0);
	assert_int_equal(status(&bench, NO_DATA), ALERT_INACTIVE);
	t = run_until(&bench, NO_DATA, ALERT_FIRING, 3 * DAY, 0, 0);
	assert_true(t == 2 * DAY + 1800 + STEP + 1800);
	t = run_until(&bench, NO_DATA, ALERT_INACTIVE, 12 * DAY, 0, 0);
	assert_true(t == 9 * DAY + 1800 + STEP);
	run(&bench, 12 * DAY, STEP, 0, 0);
	assert_int_equal(status(&bench, NO_DATA), ALERT_INACTIVE);
	bench_clear(&bench);
}

/* Events in the first `hours` of each day's 24. */
static bool told_with_busy_hours(int hours)
{
	struct bench bench;
	bool told = false;

	bench_init(&bench, 0.999, 30 * DAY);
	for (int hour = 1; hour <= 96; hour++)
		step(&bench, hour * HOUR - 1800, hour % 24 < hours, 0);
	for (int i = 0; i < 200; i++) {
		step(&bench, bench.now + 300, 0, 0);
		told |= status(&bench, NO_DATA) == ALERT_FIRING;
	}
	bench_clear(&bench);
	return told;
}

TEST(silence_is_told_of_what_was_busy_in_half_of_the_hours)
{
	struct bench bench;

	assert_true(told_with_busy_hours(24));
	assert_true(told_with_busy_hours(13));
	assert_false(told_with_busy_hours(8));

	/* one request is no traffic to be missed */
	bench_init(&bench, 0.999, 30 * DAY);
	step(&bench, 10, 1, 0);
	run(&bench, 2 * HOUR, STEP, 0, 0);
	assert_int_equal(status(&bench, NO_DATA), ALERT_INACTIVE);
	bench_clear(&bench);
}

TEST(time_without_coverage_is_no_silence)
{
	struct coverage_span spans[2] = {{0, DAY}};
	struct coverage coverage = {spans, 1, 2};
	struct bench bench;

	bench_init(&bench, 0.999, 30 * DAY);
	bench.coverage = &coverage;
	run(&bench, DAY, STEP, 5, 0);
	spans[1] = (struct coverage_span){2 * DAY, 2 * DAY + 10};
	coverage.n = 2;
	for (int i = 1; i < 180; i++) {
		spans[1].to_seconds = 2 * DAY + STEP * i;
		step(&bench, spans[1].to_seconds, 0, 0);
		assert_int_equal(status(&bench, NO_DATA), ALERT_INACTIVE);
	}
	spans[1].to_seconds = 2 * DAY + 1800;
	step(&bench, spans[1].to_seconds, 0, 0);
	assert_int_equal(status(&bench, NO_DATA), ALERT_FIRING);
	bench_clear(&bench);
}

/* ---- coverage ---- */

TEST(coverage_lost_is_told_below_nine_tenths_of_an_hour)
{
	struct coverage_span spans[2] = {{0, DAY}};
	struct coverage coverage = {spans, 1, 2};
	struct bench bench;

	bench_init(&bench, 0.999, 30 * DAY);
	bench.coverage = &coverage;
	run(&bench, DAY, STEP, 5, 0);
	run(&bench, DAY + 360, STEP, 5, 0);
	assert_int_equal(status(&bench, COVERAGE), ALERT_INACTIVE); /* 90 % exactly */
	run(&bench, DAY + 370, STEP, 5, 0);
	assert_int_equal(status(&bench, COVERAGE), ALERT_FIRING);
	coverage.n = 2;
	for (double t = DAY + 380; t <= DAY + HOUR; t += STEP) {
		spans[1] = (struct coverage_span){DAY + 370, t};
		step(&bench, t, 5, 0);
		assert_int_equal(status(&bench, COVERAGE), ALERT_FIRING);
	}
	/* the last of the lost time leaves the hour */
	spans[1].to_seconds = DAY + HOUR + STEP;
	step(&bench, DAY + HOUR + STEP, 5, 0);
	assert_int_equal(status(&bench, COVERAGE), ALERT_INACTIVE);
	bench_clear(&bench);

	/* time before the SLO was first counted is not missed */
	bench_init(&bench, 0.999, 30 * DAY);
	spans[0] = (struct coverage_span){0, 50};
	coverage = (struct coverage){spans, 1, 1};
	bench.coverage = &coverage;
	run(&bench, 50, STEP, 5, 0);
	assert_int_equal(status(&bench, COVERAGE), ALERT_INACTIVE);
	run(&bench, 60, STEP, 5, 0); /* 50 of 60 s */
	assert_int_equal(status(&bench, COVERAGE), ALERT_FIRING);
	bench_clear(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burn_of_exactly_the_factor_does_not_fire),
		cmocka_unit_test(silence_in_the_short_window_is_no_recovery),
		cmocka_unit_test(low_traffic_pages_at_the_fifth_failure),
		cmocka_unit_test(a_silence_that_is_told_does_not_end_with_a_restart),
		cmocka_unit_test(silence_of_a_busy_service_is_told_after_30_min_and_for_7_days),
		cmocka_unit_test(silence_is_told_of_what_was_busy_in_half_of_the_hours),
		cmocka_unit_test(time_without_coverage_is_no_silence),
		cmocka_unit_test(coverage_lost_is_told_below_nine_tenths_of_an_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
