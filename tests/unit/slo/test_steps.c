/* SPDX-License-Identifier: GPL-2.0-only */
#include <math.h>

#include "tests/unit/fixtures/history.h"
#include "tests/unit/fixtures/random.h"
#include "slo/steps.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

struct seen {
	size_t n;
	size_t stop_at; /* 0: never */
	struct slo_step last;
	struct slo_events sum;
	int64_t minutes_from, tens_from; /* the end of the first step of that width; 0: none */
};

/* Steps come in order and do not overlap, and get finer. */
static int see(void *context, const struct slo_step *step)
{
	struct seen *seen = context;

	assert_true(slo_events_any(step->events));
	if (seen->n) {
		assert_true(step->end_seconds - step->width_seconds >= seen->last.end_seconds);
		assert_true(step->width_seconds <= seen->last.width_seconds);
	}
	if (step->width_seconds == MINUTE && !seen->minutes_from)
		seen->minutes_from = step->end_seconds;
	if (step->width_seconds == 10 && !seen->tens_from)
		seen->tens_from = step->end_seconds;
	seen->last = *step;
	seen->sum.good += step->events.good;
	seen->sum.bad += step->events.bad;
	return ++seen->n == seen->stop_at ? 42 : 0;
}

static struct seen steps_of(const struct slo_history *history)
{
	struct seen seen = {0};

	assert_int_equal(slo_history_steps(history, see, &seen), 0);
	return seen;
}

TEST(each_time_is_at_its_finest_resolution)
{
	struct slo_history *history = history_new(30 * DAY);
	struct seen seen = steps_of(history);

	assert_int_equal(seen.n, 0);
	for (int i = 1; i <= 20 * DAY / MINUTE; i++)
		history_add(history, i * MINUTE, 2, 1);
	seen = steps_of(history);
	assert_int_equal(seen.sum.good, 2 * 20 * DAY / MINUTE);
	assert_int_equal(seen.sum.bad, 20 * DAY / MINUTE);
	assert_true(seen.minutes_from <= 12 * DAY + MINUTE);
	assert_true(seen.tens_from <= 20 * DAY - 6 * HOUR + MINUTE);
	assert_int_equal(seen.last.end_seconds, 20 * DAY);
	assert_int_equal(seen.last.width_seconds, 10);
	slo_history_free(history);
}

TEST(steps_of_any_history_add_up_to_all_of_it)
{
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct slo_history *history = history_new(92 * DAY);
		double t = seed % 2 ? 1.7e9 : 0;
		struct slo_events total;
		struct seen seen;

		random_state = seed * 0x9e3779b97f4a7c15;
		for (uint64_t i = random_below(6000) + 1; i > 0; i--) {
			t += random_below(300) ? 10 : (double)random_below(2 * DAY);
			history_add(history, t, random_below(5), random_below(9) / 8);
		}
		total = slo_history_sum(history, t, INFINITY);
		seen = steps_of(history);
		assert_int_equal(seen.sum.good, total.good);
		assert_int_equal(seen.sum.bad, total.bad);
		slo_history_free(history);
	}
}

/* After a restart the tiers begin at moments that lie within a coarser tier's bucket. */
TEST(steps_of_a_restored_history_add_up_to_all_of_it)
{
	for (int lost = 0; lost < 2 * HOUR; lost += 10) {
		struct slo_history *history = history_new(30 * DAY), *copy;
		const int64_t from[SLO_TIERS] = {8 * HOUR + lost, 4 * HOUR + lost, INT64_MIN};
		struct slo_events total;
		struct seen seen;

		for (int i = 1; i <= 12 * HOUR / 10; i++)
			history_add(history, 10.0 * i, 1, i % 7 == 0);
		copy = history_copy(history, 30 * DAY, from, 12 * HOUR);
		total = slo_history_sum(copy, 12 * HOUR, INFINITY);
		seen = steps_of(copy);
		assert_int_equal(seen.sum.good, total.good);
		assert_int_equal(seen.sum.bad, total.bad);
		slo_history_free(history);
		slo_history_free(copy);
	}
}

TEST(steps_stop_when_told)
{
	struct slo_history *history = history_new(30 * DAY);

	for (int i = 1; i <= 5; i++)
		history_add(history, i * 10.0, 1, 0);
	for (size_t stop_at = 1; stop_at <= 5; stop_at++) {
		struct seen seen = {.stop_at = stop_at};

		assert_int_equal(slo_history_steps(history, see, &seen), 42);
		assert_int_equal(seen.n, stop_at);
	}
	slo_history_free(history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_time_is_at_its_finest_resolution),
		cmocka_unit_test(steps_of_any_history_add_up_to_all_of_it),
		cmocka_unit_test(steps_of_a_restored_history_add_up_to_all_of_it),
		cmocka_unit_test(steps_stop_when_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
