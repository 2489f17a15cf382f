/* SPDX-License-Identifier: GPL-2.0-only */
/* Steps that are added, and sums over windows of them. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "tests/unit/fixtures/history.h"
#include "tests/unit/fixtures/random.h"

enum { DAY = 86400, HOUR = 3600 };

TEST(refuses_windows_out_of_range)
{
	struct slo_history *history = (struct slo_history *)state;

	assert_int_equal(slo_history_new(HOUR - 1, &history), -EINVAL);
	assert_int_equal(slo_history_new(92 * DAY + 1, &history), -EINVAL);
	assert_ptr_equal(history, state);
	slo_history_free(NULL);
}

TEST(refuses_times_that_are_none)
{
	struct slo_history *history = history_new(HOUR);
	const double odd[] = {NAN, INFINITY, -INFINITY, 1e13, -1e13};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		assert_int_equal(slo_history_add(history, odd[i], (struct slo_events){1, 1}),
				 -EINVAL);
	assert_sum(history, 10, INFINITY, 0, 0);
	history_add(history, 10, 3, 4);
	assert_sum(history, 10, INFINITY, 3, 4);
	assert_sum(history, INFINITY, INFINITY, 3, 4);
	assert_sum(history, -INFINITY, 10, 0, 0);
	assert_sum(history, NAN, 10, 0, 0);
	assert_sum(history, 10, NAN, 0, 0);
	assert_sum(history, 10, -10, 0, 0);
	assert_sum(history, 10, 0, 0, 0);
	slo_history_free(history);
}

TEST(steps_belong_by_their_end)
{
	struct slo_history *history = history_new(30 * DAY);

	for (int i = 1; i <= 100; i++)
		history_add(history, 10.0 * i, 1, (uint64_t)i);
	assert_sum(history, 1000, 10, 1, 100);
	assert_sum(history, 1000, 20, 2, 199);
	assert_sum(history, 1000, 15, 2, 199); /* 990 is in (985, 1000] */
	assert_sum(history, 1000, 300, 30, 2565); /* 71 .. 100 */
	assert_sum(history, 1005, 300, 30, 2565);
	assert_sum(history, 1010, 300, 29, 2494);
	assert_sum(history, 1300, 300, 0, 0);
	assert_sum(history, 1299, 300, 1, 100);
	assert_sum(history, 1000, 1000, 100, 5050);
	assert_sum(history, 1000, 990, 99, 5049);
	assert_sum(history, 1000, 1e9, 100, 5050);
	assert_sum(history, 500, 100, 10, 455); /* the past: 41 .. 50 */
	slo_history_free(history);
}

/* Old buckets are forgotten on the way. */
TEST(each_tier_reaches_back_exactly)
{
	struct slo_history *history = history_new(HOUR);

	for (int i = 1; i <= 9 * DAY / 10; i++) {
		history_add(history, 10.0 * i, 1, 0);
		if (i >= 6 * HOUR / 10)
			assert_sum(history, 10.0 * i, 6 * HOUR, 6 * HOUR / 10, 0);
		if (i >= 8 * DAY / 10 && i % 6 == 0)
			assert_sum(history, 10.0 * i, 8 * DAY, 8 * DAY / 10, 0);
	}
	slo_history_free(history);
}

TEST(fractions_of_a_step_do_not_drift)
{
	struct slo_history *history = history_new(30 * DAY);
	double t = 0;

	for (int i = 1; i <= 3000; i++) {
		t += 0.1; /* inexact: 30 is reached as 30.000000000000156 */
		history_add(history, t, 1, 0);
	}
	assert_sum(history, 300, 30, 300, 0);
	assert_sum(history, 300, 10, 100, 0);
	slo_history_free(history);
}

TEST(time_going_backwards_loses_nothing)
{
	struct slo_history *history = history_new(30 * DAY);

	history_add(history, 100, 5, 1);
	history_add(history, 40, 7, 1);
	history_add(history, -1e9, 1, 0);
	history_add(history, 110, 1, 1);
	assert_sum(history, 110, 10, 1, 1);
	assert_sum(history, 110, 20, 14, 3);
	assert_sum(history, 100, 10, 13, 2);
	assert_sum(history, 50, 1000, 0, 0);
	slo_history_free(history);
}

TEST(long_idle_gaps)
{
	struct slo_history *history = history_new(30 * DAY);

	history_add(history, 10, 1, 0);
	history_add(history, 20 * DAY, 2, 0);
	for (int i = 0; i < 1000; i++)
		history_add(history, 20 * DAY + 10.0 * i, 0, 0);
	assert_sum(history, 20 * DAY + 9990, 30 * DAY, 3, 0);
	assert_sum(history, 20 * DAY + 9990, 9990 + 10, 2, 0);
	assert_sum(history, 20 * DAY + 9990, 9990, 0, 0);
	history_add(history, 20 * DAY + 10000, 0, 1);
	assert_sum(history, 20 * DAY + 10000, 10000, 0, 1);
	assert_sum(history, 20 * DAY + 10000, 10010, 2, 1);
	history_add(history, 1000.0 * DAY, 4, 0);
	assert_sum(history, 1000.0 * DAY, 30 * DAY, 4, 0);
	assert_sum(history, 1000.0 * DAY, 2000.0 * DAY, 7, 1);
	/* a gap up to the limit of times */
	history_add(history, 1e12, 8, 0);
	assert_sum(history, 1e12, 30 * DAY, 8, 0);
	assert_sum(history, 1e12, INFINITY, 15, 1);
	slo_history_free(history);
}

/* The gap is more buckets than 16 bits can count. */
TEST(long_gaps_within_a_few_events)
{
	struct slo_history *history = history_new(30 * DAY);

	for (int i = 1; i <= 5; i++)
		history_add(history, 10.0 * i, 1, 0);
	history_add(history, 20 * DAY, 2, 0);
	history_add(history, 20 * DAY + 10000, 0, 1);
	assert_sum(history, 20 * DAY + 10000, 10000, 0, 1);
	assert_sum(history, 20 * DAY + 10000, 10010, 2, 1);
	slo_history_free(history);
}

TEST(counts_beyond_32_bits)
{
	struct slo_history *history = history_new(30 * DAY);
	const uint64_t big = 1ULL << 40;

	for (int i = 1; i <= 100; i++) {
		history_add(history, 10.0 * i - 5, big, 1);
		history_add(history, 10.0 * i, UINT32_MAX, 0);
	}
	assert_sum(history, 1000, 10, big + UINT32_MAX, 1);
	assert_sum(history, 1000, 500, 50 * (big + UINT32_MAX), 50);
	assert_sum(history, 1000, 1000, 100 * (big + UINT32_MAX), 100);
	for (int i = 101; i <= 200; i++)
		history_add(history, 10.0 * i, 1, big);
	assert_sum(history, 2000, 10, 1, big);
	assert_sum(history, 2000, 500, 50, 50 * big);
	slo_history_free(history);
}

TEST(counts_end_at_64_bits)
{
	struct slo_history *history = history_new(HOUR);
	const uint64_t big = 1ULL << 63;

	for (int i = 1; i <= 10; i++)
		history_add(history, 10.0 * i, big, UINT64_MAX);
	assert_sum(history, 100, 100, UINT64_MAX, UINT64_MAX);
	assert_sum(history, 100, 80, 0, 0);
	assert_sum(history, 10, 10, big, UINT64_MAX);
	assert_sum(history, 20, 10, big - 1, 0);
	slo_history_free(history);
}

/* 100 days at a step each 10 s against a plain table of all steps. */
TEST(windows_agree_with_a_plain_table)
{
	enum { STEPS = 100 * DAY / 10 };
	static const struct {
		const char *name;
		uint64_t seconds;
	} spans[] = {
#define X(name, seconds) {name, seconds},
		SLO_BURN_WINDOWS(X)
#undef X
			{"8d", 8 * DAY},
		{"30d", 30 * DAY},
		{"90d", 90 * DAY},
	};
	struct slo_history *history = history_new(90 * DAY);
	struct slo_events *until = calloc(STEPS + 1, sizeof(*until));

	assert_non_null(until);
	random_state = 1;
	for (size_t i = 1; i <= STEPS; i++) {
		struct slo_events events = {random_below(1000),
					    random_below(4) ? 0 : random_below(50)};

		until[i].good = until[i - 1].good + events.good;
		until[i].bad = until[i - 1].bad + events.bad;
		history_add(history, 10.0 * (double)i, events.good, events.bad);
		if (i < STEPS && i % 100003)
			continue;
		for (size_t k = 0; k < sizeof(spans) / sizeof(spans[0]); k++) {
			uint64_t width = spans[k].seconds <= 6 * HOUR ? 10 :
					 spans[k].seconds <= 8 * DAY  ? 60 :
									HOUR;
			int64_t begin = (int64_t)(10 * i) - (int64_t)spans[k].seconds;
			size_t from = begin <= 0 ? 0 : (uint64_t)begin / width * width / 10;

			if (begin > 0 && (uint64_t)begin % width)
				continue; /* finer blocks may still be there: either is right */
			assert_sum(history, 10.0 * (double)i, (double)spans[k].seconds,
				   until[i].good - until[from].good,
				   until[i].bad - until[from].bad);
		}
		assert_sum(history, 10.0 * (double)i, 1e9, until[i].good, until[i].bad);
	}
	free(until);
	slo_history_free(history);
}

TEST(sums_of_parts_equal_the_whole)
{
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct slo_history *history = history_new(HOUR + (seed % 92) * DAY / 2);
		struct slo_events total = {0};
		double t = seed % 2 ? 1.7e9 : 0, latest = t, begin = t - 31;

		random_state = seed * 0x9e3779b97f4a7c15;
		for (int i = 0; i < 20000; i++) {
			struct slo_events events = {random_below(100), random_below(3)};

			t += random_below(1000) ? (double)random_below(20000) / 1000 :
						  (double)random_below(5 * DAY);
			if (!random_below(5000))
				events.good = UINT32_MAX + random_below(UINT32_MAX);
			if (!random_below(100))
				t -= 30;
			latest = fmax(latest, t);
			history_add(history, t, events.good, events.bad);
			total.good += events.good;
			total.bad += events.bad;
		}
		t = latest + (double)random_below(60);
		assert_sum(history, t, t - begin, total.good, total.bad);
		assert_sum(history, t, INFINITY, total.good, total.bad);
		for (int round = 0; round < 200; round++) {
			double now = t, from;
			double span = (double)random_below((uint64_t)((t - begin) * 1.2)) + 1;
			struct slo_events whole = slo_history_sum(history, now, span), parts = {0};

			from = now - span;
			while (now > from) {
				double part =
					fmin(now - from,
					     (double)random_below(1 + (uint64_t)span / 3) + 1);
				struct slo_events sum = slo_history_sum(history, now, part);

				/* unsigned: a negative part would be enormous */
				assert_true(sum.good <= total.good && sum.bad <= total.bad);
				parts.good += sum.good;
				parts.bad += sum.bad;
				now -= part;
			}
			assert_int_equal(parts.good, whole.good);
			assert_int_equal(parts.bad, whole.bad);
		}
		slo_history_free(history);
	}
}

/* A status read asks 256 SLOs for 8 windows each. */
TEST(windows_are_fast)
{
	enum { SLOS = 256, STEPS = 20000 };
	struct slo_history *histories[SLOS];
	struct timespec begin, end;
	uint64_t sum = 0;
	double ms;

	for (size_t i = 0; i < SLOS; i++) {
		histories[i] = history_new(30 * DAY);
		for (int step = 1; step <= STEPS; step++)
			history_add(histories[i], 60.0 * step, 100, 1);
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (size_t i = 0; i < SLOS; i++) {
#define X(name, seconds) sum += slo_history_sum(histories[i], 60.0 * STEPS, seconds).bad;
		SLO_BURN_WINDOWS(X)
#undef X
		sum += slo_history_sum(histories[i], 60.0 * STEPS, 30 * DAY).bad;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	ms = (double)(end.tv_sec - begin.tv_sec) * 1e3 +
	     (double)(end.tv_nsec - begin.tv_nsec) / 1e6;
	print_message("%d SLOs x 8 windows: %.2f ms\n", SLOS, ms);
	assert_int_equal(sum, SLOS * (5 + 30 + 60 + 120 + 360 + 1440 + 4320 + 20000));
	/* 10 ms in a plain build; sanitizers and a busy machine get ten times that */
	assert_true(ms < 100);
	for (size_t i = 0; i < SLOS; i++)
		slo_history_free(histories[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_windows_out_of_range),
		cmocka_unit_test(refuses_times_that_are_none),
		cmocka_unit_test(steps_belong_by_their_end),
		cmocka_unit_test(each_tier_reaches_back_exactly),
		cmocka_unit_test(fractions_of_a_step_do_not_drift),
		cmocka_unit_test(time_going_backwards_loses_nothing),
		cmocka_unit_test(long_idle_gaps),
		cmocka_unit_test(long_gaps_within_a_few_events),
		cmocka_unit_test(counts_beyond_32_bits),
		cmocka_unit_test(counts_end_at_64_bits),
		cmocka_unit_test(windows_agree_with_a_plain_table),
		cmocka_unit_test(sums_of_parts_equal_the_whole),
		cmocka_unit_test(windows_are_fast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
