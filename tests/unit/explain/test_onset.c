/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/fixtures/random.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "explain/onset.h"

enum { MOST = 100000, START = 1700000000 };

static struct explain_step steps[MOST];
static size_t n_steps;

static void begin(uint64_t seed)
{
	random_seed(seed);
	n_steps = 0;
}

/* Steps of about `requests`, each of which is bad with the probability. Returns the begin of the first. */
static double add(size_t n, uint64_t requests, double bad)
{
	double from = START + 10.0 * (double)n_steps;

	for (size_t i = 0; i < n; i++) {
		struct explain_step *step = &steps[n_steps];
		uint64_t events = requests ? requests / 2 + random_below(requests + 1) : 0;

		*step = (struct explain_step){START + 10.0 * (double)++n_steps, 10, 0, 0};
		for (uint64_t k = 0; k < events; k++) {
			if ((double)random_below(1000000) < bad * 1e6)
				step->bad++;
			else
				step->good++;
		}
	}
	return from;
}

static double onset(void)
{
	return explain_onset(steps, n_steps);
}

static void assert_near(double onset_seconds, double expected, double tolerance)
{
	if (!(fabs(onset_seconds - expected) <= tolerance))
		fail_msg("onset at step %g, expected %g", (onset_seconds - START) / 10,
			 (expected - START) / 10);
}

TEST(outage_begins_with_its_step)
{
	for (uint64_t seed = 1; seed <= 50; seed++) {
		double expected;

		begin(seed);
		add(100, 200, 0.001);
		expected = add(20, 200, 0.5);
		assert_near(onset(), expected, 0);
	}
}

TEST(brownout_is_found_within_steps)
{
	for (uint64_t seed = 1; seed <= 50; seed++) {
		double expected;

		begin(seed);
		add(300, 300, 0.001);
		expected = add(60, 300, 0.02);
		assert_near(onset(), expected, 30);
	}
}

TEST(steady_share_has_no_onset)
{
	unsigned int found = 0;

	for (uint64_t seed = 1; seed <= 300; seed++) {
		begin(seed);
		add(360, 100, seed % 3 == 0 ? 0 : seed % 3 == 1 ? 0.001 : 0.05);
		found += !isnan(onset());
	}
	assert_true(found <= 1);
}

TEST(stray_errors_before_are_not_the_onset)
{
	double expected;

	begin(7);
	add(50, 100, 0);
	steps[20].bad = 1;
	steps[35].bad = 2;
	add(10, 100, 0);
	steps[56].bad = 1;
	expected = add(10, 100, 0.3);
	assert_near(onset(), expected, 0);
}

TEST(ramp_begins_where_it_rises)
{
	double expected;

	begin(3);
	add(200, 300, 0.001);
	expected = add(6, 300, 0.02);
	add(6, 300, 0.05);
	add(6, 300, 0.12);
	add(6, 300, 0.3);
	add(12, 300, 0.6);
	assert_near(onset(), expected, 20);
}

TEST(long_lesser_evil_is_another_story)
{
	double expected;

	begin(4);
	add(200, 300, 0.001);
	add(300, 300, 0.02);
	expected = add(20, 300, 0.6);
	assert_near(onset(), expected, 0);
}

TEST(without_traffic_the_first_bad_step_counts)
{
	double expected;

	begin(5);
	add(100, 200, 0.001);
	add(30, 0, 0);
	expected = add(10, 200, 0.9);
	assert_near(onset(), expected, 0);
	add(5, 0, 0); /* nobody asks any more: it holds */
	assert_near(onset(), expected, 0);
}

TEST(bursts_with_pauses_are_one)
{
	double expected;

	begin(6);
	add(200, 200, 0.0005);
	expected = add(2, 200, 0.5);
	for (int i = 0; i < 6; i++) {
		add(4, 200, 0);
		add(2, 200, 0.5);
	}
	assert_near(onset(), expected, 0);
}

TEST(of_two_outages_the_one_that_holds)
{
	double expected;

	begin(8);
	add(100, 200, 0.001);
	add(30, 200, 0.9);
	add(100, 200, 0.001);
	expected = add(10, 200, 0.2);
	assert_near(onset(), expected, 0);
}

TEST(what_is_over_is_the_worst)
{
	double expected;

	begin(9);
	add(100, 200, 0.001);
	add(10, 200, 0.05);
	add(100, 200, 0.001);
	expected = add(10, 200, 0.5);
	add(100, 200, 0.001);
	assert_near(onset(), expected, 0);
}

TEST(bursty_background_is_not_an_onset)
{
	unsigned int found = 0;

	for (uint64_t seed = 1; seed <= 100; seed++) {
		begin(seed);
		for (int i = 0; i < 360; i++)
			add(1, 100, random_below(2) ? 0.002 : 0.03);
		found += !isnan(onset());
	}
	assert_true(found <= 10);
}

TEST(step_that_it_began_in_counts)
{
	double expected;

	begin(10);
	expected = add(1, 2600, 0.022); /* two steps are all there is */
	add(1, 1000, 0.25);
	assert_near(onset(), expected, 0);
	begin(11);
	add(60, 1000, 0.001);
	expected = add(1, 1000, 0.03);
	add(10, 1000, 0.5);
	assert_near(onset(), expected, 0);
}

TEST(nothing_is_no_onset)
{
	begin(1);
	assert_true(isnan(explain_onset(NULL, 0)));
	add(1, 100, 0.5);
	assert_true(isnan(onset()));
	begin(1);
	add(100, 0, 0);
	assert_true(isnan(onset()));
}

TEST(many_steps_take_little_time)
{
	struct timespec from, to;
	double expected;

	begin(2);
	add(60000, 20, 0.01);
	expected = add(500, 20, 0.2);
	clock_gettime(CLOCK_MONOTONIC, &from);
	assert_near(onset(), expected, 20);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("onset in %zu steps: %.0f ms\n", n_steps,
	       (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outage_begins_with_its_step),
		cmocka_unit_test(brownout_is_found_within_steps),
		cmocka_unit_test(steady_share_has_no_onset),
		cmocka_unit_test(stray_errors_before_are_not_the_onset),
		cmocka_unit_test(ramp_begins_where_it_rises),
		cmocka_unit_test(long_lesser_evil_is_another_story),
		cmocka_unit_test(without_traffic_the_first_bad_step_counts),
		cmocka_unit_test(bursts_with_pauses_are_one),
		cmocka_unit_test(of_two_outages_the_one_that_holds),
		cmocka_unit_test(what_is_over_is_the_worst),
		cmocka_unit_test(bursty_background_is_not_an_onset),
		cmocka_unit_test(step_that_it_began_in_counts),
		cmocka_unit_test(nothing_is_no_onset),
		cmocka_unit_test(many_steps_take_little_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
