/* SPDX-License-Identifier: GPL-2.0-only */
/* A history that is stored and restored. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "tests/unit/fixtures/history.h"
#include "tests/unit/fixtures/random.h"

enum { DAY = 86400, HOUR = 3600 };

/* A copy of the part of each tier that is stored. */
static struct slo_history *copy(const struct slo_history *history, uint64_t window_seconds,
				double last_step)
{
	const int64_t end = (int64_t)floor(last_step);
	const int64_t from[SLO_TIERS] = {
		end - 6 * HOUR,
		end - 8 * DAY,
		end - (int64_t)window_seconds - 31 * DAY,
	};

	return history_copy(history, window_seconds, from, last_step);
}

static void assert_same(const struct slo_history *a, const struct slo_history *b, double now,
			double span)
{
	struct slo_events x = slo_history_sum(a, now, span), y = slo_history_sum(b, now, span);

	if (memcmp(&x, &y, sizeof(x)))
		fail_msg("(%f - %f, %f]: %lu/%lu is not %lu/%lu", now, span, now, y.good, y.bad,
			 x.good, x.bad);
}

static double random_step(double t)
{
	switch (random_below(400)) {
	case 0:
		return t + (double)random_below(12 * DAY);
	case 1:
		return t + (double)random_below(8 * HOUR);
	case 2:
		return t - (double)random_below(100);
	case 3:
		return t + (double)random_below(10000000) / 1e6;
	default:
		return t + 10;
	}
}

/* Adds random steps to `a`, and to `b` if it is not NULL. Returns the time of the last. */
static double random_steps(struct slo_history *a, struct slo_history *b, double t, int n)
{
	for (int i = 0; i < n; i++) {
		double from = t;
		struct slo_events events = {random_below(3) ? random_below(100) : 0,
					    random_below(8) ? 0 : random_below(5)};

		if (!random_below(2000))
			events.good = (uint64_t)UINT32_MAX + random_below(UINT32_MAX);
		if (random_below(1000))
			t = random_step(t);
		else
			t += (double)random_below(200 * DAY);
		assert_int_equal(slo_history_add_span(a, from, t, events), 0);
		if (b)
			assert_int_equal(slo_history_add_span(b, from, t, events), 0);
		if (t < from)
			t = from;
	}
	return t;
}

TEST(restored_history_goes_on_as_if_never_interrupted)
{
	for (uint64_t seed = 1; seed <= 60; seed++) {
		uint64_t window = HOUR + (seed * 7 % 92) * DAY;
		double reach = (double)(window + 31 * DAY);
		struct slo_history *a = history_new(window), *b;
		double t = seed % 2 ? 1.7e9 : 0;

		random_state = seed * 0x9e3779b97f4a7c15;
		t = random_steps(a, NULL, t, (int)random_below(9000) + 1);
		b = copy(a, window, t);
		for (int round = 0; round < 12; round++) {
			for (int i = 0; i < 150; i++) {
				double now = t - (i % 2 ? 0 : (double)random_below(2 * DAY));
				double back = pow(reach, (double)random_below(1000) / 1000);

				if (now - back >= t - reach)
					assert_same(a, b, now, back);
			}
			assert_same(a, b, t, 300);
			assert_same(a, b, t, 6 * HOUR);
			assert_same(a, b, t, 8 * DAY);
			assert_same(a, b, t, reach);
			t = random_steps(a, b, t, round % 3 ? (int)random_below(800) : 1);
		}
		slo_history_free(a);
		slo_history_free(b);
	}
}

TEST(restored_tiers_end_at_the_same_moment)
{
	struct slo_history *history = history_new(30 * DAY);
	double t = 42;

	/* hours have events that minutes lack, and minutes some that the finest tier lacks */
	assert_int_equal(
		slo_history_restore(history, SLO_TIER_1H, 3 * DAY, (struct slo_events){10, 1}), 0);
	assert_int_equal(
		slo_history_restore(history, SLO_TIER_1H, 9 * DAY, (struct slo_events){12, 2}), 0);
	assert_int_equal(
		slo_history_restore(history, SLO_TIER_1MIN, 8 * DAY, (struct slo_events){5, 0}), 0);
	assert_int_equal(
		slo_history_restore(history, SLO_TIER_1MIN, 9 * DAY, (struct slo_events){7, 2}), 0);
	assert_int_equal(
		slo_history_restore(history, SLO_TIER_10S, 9 * DAY, (struct slo_events){7, 2}), 0);
	assert_int_equal(slo_history_restored(history, 9 * DAY - 3), 0);
	assert_sum(history, 9 * DAY, 10, 7, 2);
	assert_sum(history, 9 * DAY, 6 * HOUR - 3, 7, 2);
	assert_sum(history, 9 * DAY, 7 * HOUR, 7, 2);
	assert_sum(history, 9 * DAY, 2 * DAY, 12, 2);
	assert_sum(history, 9 * DAY, 7 * DAY, 22, 3);
	assert_sum(history, 9 * DAY, INFINITY, 22, 3);
	assert_true(slo_history_last_event(history, &t));
	assert_true(t == 9 * DAY - 3);
	assert_true(slo_history_first_event(history, &t));
	assert_true(t == 3 * DAY);
	/* into the last bucket, and into the next */
	history_add(history, 9 * DAY - 1, 1, 0);
	history_add(history, 9 * DAY + 10, 1, 0);
	assert_sum(history, 9 * DAY + 10, 20, 9, 2);
	slo_history_free(history);
}

TEST(restoring_refuses_what_is_no_history)
{
	struct slo_history *history = history_new(HOUR);
	const struct slo_events events = {5, 5};

	assert_int_equal(slo_history_restore(history, SLO_TIER_1H, 2 * HOUR, events), 0);
	/* not oldest first */
	assert_int_equal(slo_history_restore(history, SLO_TIER_1H, 2 * HOUR, events), -EINVAL);
	assert_int_equal(slo_history_restore(history, SLO_TIER_1H, HOUR, events), -EINVAL);
	/* no end of a bucket */
	assert_int_equal(slo_history_restore(history, SLO_TIER_1H, 3 * HOUR + 10, events), -EINVAL);
	assert_int_equal(slo_history_restore(history, SLO_TIER_1H, INT64_MAX / HOUR * HOUR, events),
			 -EINVAL);
	assert_int_equal(slo_history_restore(history, SLO_TIER_1H, 3 * HOUR,
					     (struct slo_events){UINT64_MAX, 0}),
			 -EINVAL);
	assert_int_equal(slo_history_restore(history, SLO_TIER_1H, 3 * HOUR,
					     (struct slo_events){0, UINT64_MAX}),
			 -EINVAL);
	assert_int_equal(slo_history_restored(history, NAN), -EINVAL);
	assert_int_equal(slo_history_restored(history, 2e12), -EINVAL);
	assert_int_equal(slo_history_restored(history, 2 * HOUR), 0);
	/* no longer empty */
	assert_int_equal(slo_history_restored(history, 2 * HOUR), -EINVAL);
	assert_int_equal(slo_history_restore(history, SLO_TIER_1H, 4 * HOUR, events), -EINVAL);
	assert_sum(history, 2 * HOUR, INFINITY, 5, 5);
	slo_history_free(history);

	/* a finer tier holds more */
	for (int bad = 0; bad < 2; bad++) {
		history = history_new(HOUR);
		assert_int_equal(slo_history_restore(history, SLO_TIER_1H, 2 * HOUR, events), 0);
		assert_int_equal(slo_history_restore(history, SLO_TIER_1MIN, 2 * HOUR,
						     (struct slo_events){bad ? 5 : 6, bad ? 6 : 5}),
				 0);
		assert_int_equal(slo_history_restored(history, 2 * HOUR), -EINVAL);
		slo_history_free(history);
	}
}

TEST(restored_time_is_not_before_its_last_bucket)
{
	struct slo_history *history = history_new(HOUR);

	for (enum slo_tier tier = 0; tier < SLO_TIERS; tier++)
		assert_int_equal(history_restore_bucket(history, tier, 2 * HOUR,
							(struct slo_events){5, 1}),
				 0);
	assert_int_equal(slo_history_restored(history, 10), 0);
	assert_sum(history, 2 * HOUR, 10, 5, 1);
	assert_sum(history, 2 * HOUR - 10, 10, 0, 0);
	slo_history_free(history);
}

TEST(nothing_may_have_been_stored)
{
	struct slo_history *history = history_new(HOUR);
	double t;

	assert_int_equal(slo_history_restored(history, -1000), 0);
	assert_sum(history, 0, INFINITY, 0, 0);
	assert_false(slo_history_last_event(history, &t));
	history_add(history, -2000, 1, 0); /* taken as -1000 */
	assert_sum(history, -1000, 10, 1, 0);
	slo_history_free(history);
}

/* More spans than there are cursors, in a changing order, one of them with a fixed beginning. */
TEST(sums_do_not_depend_on_what_was_asked_before)
{
	struct slo_history *asked = history_new(30 * DAY), *fresh;
	double t = 0;

	random_state = 7;
	for (int round = 0; round < 150; round++) {
		t = random_steps(asked, NULL, t, (int)random_below(40));
		fresh = copy(asked, 30 * DAY, t);
		for (int i = 0; i < 60; i++) {
			double span =
				i == 30 ? t - 12345 : (double)((i + round % 2) * i * 800 + 10);

			if (span < 61 * DAY && span > 0)
				assert_same(fresh, asked, t, span);
		}
		slo_history_free(fresh);
	}
	slo_history_free(asked);
}

TEST(nothing_is_restored_as_nothing)
{
	struct slo_history *history;

	assert_int_equal(slo_history_new(DAY, &history), 0);
	assert_int_equal(slo_history_restored(history, 1e9), 0);
	assert_int_equal(slo_history_sum(history, 1e9, DAY).good, 0);
	assert_int_equal(slo_history_add_span(history, 1e9, 1e9 + 10, (struct slo_events){3, 1}),
			 0);
	assert_int_equal(slo_history_sum(history, 1e9 + 10, DAY).good, 3);
	slo_history_free(history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restored_history_goes_on_as_if_never_interrupted),
		cmocka_unit_test(restored_tiers_end_at_the_same_moment),
		cmocka_unit_test(restoring_refuses_what_is_no_history),
		cmocka_unit_test(nothing_is_restored_as_nothing),
		cmocka_unit_test(restored_time_is_not_before_its_last_bucket),
		cmocka_unit_test(nothing_may_have_been_stored),
		cmocka_unit_test(sums_do_not_depend_on_what_was_asked_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
