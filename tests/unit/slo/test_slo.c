/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/fixtures/test.h"
#include "slo/slo.h"

enum { DAY = 86400, HOUR = 3600 };

static const double window_30d = 30.0 * DAY;

static struct slo_history *history_new(uint64_t window_seconds)
{
	struct slo_history *history = NULL;

	assert_int_equal(slo_history_new(window_seconds, &history), 0);
	assert_non_null(history);
	return history;
}

static void add(struct slo_history *history, double t, uint64_t good, uint64_t bad)
{
	assert_int_equal(slo_history_add(history, t, (struct slo_events){good, bad}), 0);
}

static void assert_sum(const struct slo_history *history, double now, double span, uint64_t good,
		       uint64_t bad)
{
	struct slo_events sum = slo_history_sum(history, now, span);

	assert_int_equal(sum.good, good);
	assert_int_equal(sum.bad, bad);
}

static void assert_known(struct maybe ratio, double value)
{
	assert_true(ratio.known);
	if (fabs(ratio.value - value) > 1e-12 * fmax(1, fabs(value)))
		fail_msg("%.17g is not %.17g", ratio.value, value);
}

static uint64_t rng_state;

static uint64_t rng(uint64_t below)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state % below;
}

/* Workbook, chapter 5: tables 5-1 to 5-8 use a 99.9 % objective over 30 days. */
TEST(budget_by_hand)
{
	static const struct {
		struct slo_events events;
		double objective, allowed, spent, burn;
	} rows[] = {
		{{990, 10}, 0.999, 1, 10, 10},
		{{1000, 0}, 0.999, 1, 0, 0},
		{{999, 1}, 0.999, 1, 1, 1},
		{{9856, 144}, 0.999, 10, 14.4, 14.4},
		{{9940, 60}, 0.999, 10, 6, 6},
		{{0, 1000}, 0.999, 1, 1000, 1000},
		{{98, 2}, 0.99, 1, 2, 2},
		{{9999, 1}, 0.9999, 1, 1, 1},
		{{93, 7}, 0.93, 7, 1, 1},
		{{1, 1}, 0.5, 1, 1, 1},
		{{999999, 1}, 0.999999, 1, 1, 1},
		{{2999998, 2}, 0.999, 3000, 2.0 / 3000, 2.0 / 3000},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slo_budget budget = slo_budget(rows[i].events, rows[i].objective, window_30d,
						      (struct maybe){0});

		/* exactly: what is printed must not show binary fractions */
		assert_true(budget.allowed_events == rows[i].allowed);
		assert_true(budget.spent_ratio.known);
		assert_true(budget.spent_ratio.value == rows[i].spent);
		assert_known(budget.remaining_ratio, 1 - rows[i].spent);
		assert_true(slo_burn_rate(rows[i].events, rows[i].objective).value == rows[i].burn);
	}
	assert_known(slo_availability((struct slo_events){990, 10}), 0.99);
	assert_known(slo_availability((struct slo_events){0, 10}), 0);
}

/* Workbook, table 5-4: burn rate 1 lasts 30 d, 2 15 d, 10 3 d, 1000 43 min. */
TEST(exhaustion_by_hand)
{
	static const struct {
		double burn, seconds;
	} rows[] = {
		{1, 30 * DAY}, {2, 15 * DAY},	  {6, 5 * DAY},
		{10, 3 * DAY}, {14.4, 50 * HOUR}, {1000, 43.2 * 60},
	};
	struct slo_budget budget;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		budget = slo_budget((struct slo_events){1000, 0}, 0.999, window_30d,
				    (struct maybe){true, rows[i].burn});
		assert_known(budget.exhausted_in_seconds, rows[i].seconds);
	}
	/* half of it left: half the time */
	budget = slo_budget((struct slo_events){1999, 1}, 0.999, window_30d,
			    (struct maybe){true, 14.4});
	assert_known(budget.exhausted_in_seconds, 25 * HOUR);
	/* nothing left, or less than nothing */
	budget = slo_budget((struct slo_events){999, 1}, 0.999, window_30d,
			    (struct maybe){true, 14.4});
	assert_known(budget.exhausted_in_seconds, 0);
	budget = slo_budget((struct slo_events){0, 1}, 0.999, window_30d, (struct maybe){0});
	assert_known(budget.exhausted_in_seconds, 0);
	/* no burn rate is infinite */
	budget = slo_budget((struct slo_events){1000, 0}, 0.999, window_30d,
			    (struct maybe){true, INFINITY});
	assert_false(budget.exhausted_in_seconds.known);
	/* nothing burns */
	budget = slo_budget((struct slo_events){1000, 0}, 0.999, window_30d,
			    (struct maybe){true, 0});
	assert_false(budget.exhausted_in_seconds.known);
	budget = slo_budget((struct slo_events){1000, 0}, 0.999, window_30d, (struct maybe){0});
	assert_false(budget.exhausted_in_seconds.known);
}

TEST(minutes_of_full_outage_by_hand)
{
	struct slo_budget budget =
		slo_budget((struct slo_events){9995, 5}, 0.999, window_30d, (struct maybe){0});

	/* workbook, appendix: 99.9 % over 30 d are 43.2 minutes */
	assert_true(budget.allowed_minutes == 43.2);
	assert_known(budget.remaining_minutes, 21.6);
	/* not clamped */
	budget = slo_budget((struct slo_events){990, 10}, 0.999, window_30d, (struct maybe){0});
	assert_known(budget.remaining_minutes, -9 * 43.2);
	/* no traffic */
	budget = slo_budget((struct slo_events){0}, 0.9999, 28.0 * DAY, (struct maybe){0});
	assert_true(budget.allowed_minutes == 4.032);
	assert_false(budget.remaining_minutes.known);
	/* 1 h, 92 d */
	budget = slo_budget((struct slo_events){1, 1}, 0.5, HOUR, (struct maybe){0});
	assert_true(budget.allowed_minutes == 30);
	assert_known(budget.remaining_minutes, 0);
	budget = slo_budget((struct slo_events){1, 0}, 0.9, 92 * DAY, (struct maybe){0});
	assert_true(budget.allowed_minutes == 13248);
}

TEST(a_calendar_window_ends_its_projection)
{
	struct slo_window month = {
		.from_seconds = 0,
		.length_seconds = 30 * DAY,
		.calendar = true,
		.end_seconds = 30 * DAY,
	};
	struct slo_window rolling = slo_window_rolling(20 * DAY, 30 * DAY);
	const struct maybe in_10d = {true, 10 * DAY}, in_11d = {true, 11 * DAY}, never = {0};

	assert_true(rolling.from_seconds == -10 * DAY);
	assert_known(slo_window_exhausted_in(&month, 20 * DAY, in_10d), 10 * DAY);
	assert_false(slo_window_exhausted_in(&month, 20 * DAY, in_11d).known);
	assert_false(slo_window_exhausted_in(&month, 20 * DAY, never).known);
	assert_known(slo_window_exhausted_in(&rolling, 20 * DAY, in_11d), 11 * DAY);
}

TEST(no_traffic_is_unknown)
{
	const struct slo_events none = {0, 0};
	struct slo_budget budget = slo_budget(none, 0.999, window_30d, (struct maybe){true, 1});

	assert_false(slo_availability(none).known);
	assert_false(slo_burn_rate(none, 0.999).known);
	assert_true(budget.allowed_events == 0);
	assert_false(budget.spent_ratio.known);
	assert_false(budget.remaining_ratio.known);
	assert_false(budget.exhausted_in_seconds.known);
}

static void assert_finite(struct maybe ratio)
{
	assert_true(isfinite(ratio.value));
	if (!ratio.known)
		assert_true(ratio.value == 0);
}

TEST(never_nan_nor_infinite)
{
	static const uint64_t counts[] = {0, 1, 1000, UINT32_MAX, 1ULL << 63, UINT64_MAX};
	const double odd[] = {0, 1,	0.999, 1 - 1e-15, 1e-300,    5e-324, -1,
			      2, 1e300, NAN,   INFINITY,  -INFINITY, HOUR,   92.0 * DAY};
	const size_t n_odd = sizeof(odd) / sizeof(odd[0]);
	const size_t n_counts = sizeof(counts) / sizeof(counts[0]);

	for (size_t g = 0; g < n_counts; g++)
		for (size_t b = 0; b < n_counts; b++)
			for (size_t o = 0; o < n_odd * n_odd * n_odd; o++) {
				const struct slo_events events = {counts[g], counts[b]};
				const double objective = odd[o % n_odd];
				const double window = odd[o / n_odd % n_odd];
				struct slo_budget budget =
					slo_budget(events, objective, window,
						   (struct maybe){true, odd[o / n_odd / n_odd]});

				assert_finite(slo_availability(events));
				assert_finite(slo_burn_rate(events, objective));
				assert_true(isfinite(budget.allowed_events));
				assert_finite(budget.spent_ratio);
				assert_finite(budget.remaining_ratio);
				assert_true(isfinite(budget.allowed_minutes));
				assert_true(budget.allowed_minutes >= 0);
				assert_finite(budget.remaining_minutes);
				assert_finite(budget.exhausted_in_seconds);
			}
}

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
	add(history, 10, 3, 4);
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
		add(history, 10.0 * i, 1, (uint64_t)i);
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

/* Whatever is forgotten meanwhile. */
TEST(each_tier_reaches_back_exactly)
{
	struct slo_history *history = history_new(HOUR);

	for (int i = 1; i <= 9 * DAY / 10; i++) {
		add(history, 10.0 * i, 1, 0);
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
		add(history, t, 1, 0);
	}
	assert_sum(history, 300, 30, 300, 0);
	assert_sum(history, 300, 10, 100, 0);
	slo_history_free(history);
}

TEST(time_going_backwards_loses_nothing)
{
	struct slo_history *history = history_new(30 * DAY);

	add(history, 100, 5, 1);
	add(history, 40, 7, 1);
	add(history, -1e9, 1, 0);
	add(history, 110, 1, 1);
	assert_sum(history, 110, 10, 1, 1);
	assert_sum(history, 110, 20, 14, 3);
	assert_sum(history, 100, 10, 13, 2);
	assert_sum(history, 50, 1000, 0, 0);
	slo_history_free(history);
}

TEST(long_idle_gaps)
{
	struct slo_history *history = history_new(30 * DAY);

	add(history, 10, 1, 0);
	add(history, 20 * DAY, 2, 0);
	for (int i = 0; i < 1000; i++)
		add(history, 20 * DAY + 10.0 * i, 0, 0);
	assert_sum(history, 20 * DAY + 9990, 30 * DAY, 3, 0);
	assert_sum(history, 20 * DAY + 9990, 9990 + 10, 2, 0);
	assert_sum(history, 20 * DAY + 9990, 9990, 0, 0);
	add(history, 20 * DAY + 10000, 0, 1);
	assert_sum(history, 20 * DAY + 10000, 10000, 0, 1);
	assert_sum(history, 20 * DAY + 10000, 10010, 2, 1);
	add(history, 1000.0 * DAY, 4, 0);
	assert_sum(history, 1000.0 * DAY, 30 * DAY, 4, 0);
	assert_sum(history, 1000.0 * DAY, 2000.0 * DAY, 7, 1);
	/* ends: nothing until the end of numbers */
	add(history, 1e12, 8, 0);
	assert_sum(history, 1e12, 30 * DAY, 8, 0);
	assert_sum(history, 1e12, INFINITY, 15, 1);
	slo_history_free(history);
}

/* More than 16 bits of buckets after those before. */
TEST(long_gaps_within_a_few_events)
{
	struct slo_history *history = history_new(30 * DAY);

	for (int i = 1; i <= 5; i++)
		add(history, 10.0 * i, 1, 0);
	add(history, 20 * DAY, 2, 0);
	add(history, 20 * DAY + 10000, 0, 1);
	assert_sum(history, 20 * DAY + 10000, 10000, 0, 1);
	assert_sum(history, 20 * DAY + 10000, 10010, 2, 1);
	slo_history_free(history);
}

TEST(counts_beyond_32_bits)
{
	struct slo_history *history = history_new(30 * DAY);
	const uint64_t big = 1ULL << 40;

	for (int i = 1; i <= 100; i++) {
		add(history, 10.0 * i - 5, big, 1);
		add(history, 10.0 * i, UINT32_MAX, 0);
	}
	assert_sum(history, 1000, 10, big + UINT32_MAX, 1);
	assert_sum(history, 1000, 500, 50 * (big + UINT32_MAX), 50);
	assert_sum(history, 1000, 1000, 100 * (big + UINT32_MAX), 100);
	for (int i = 101; i <= 200; i++)
		add(history, 10.0 * i, 1, big);
	assert_sum(history, 2000, 10, 1, big);
	assert_sum(history, 2000, 500, 50, 50 * big);
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
	rng_state = 1;
	for (size_t i = 1; i <= STEPS; i++) {
		struct slo_events events = {rng(1000), rng(4) ? 0 : rng(50)};

		until[i].good = until[i - 1].good + events.good;
		until[i].bad = until[i - 1].bad + events.bad;
		add(history, 10.0 * (double)i, events.good, events.bad);
		if (i < STEPS && i % 100003)
			continue;
		for (size_t k = 0; k < sizeof(spans) / sizeof(spans[0]); k++) {
			uint64_t width = spans[k].seconds <= 6 * HOUR  ? 10
					 : spans[k].seconds <= 8 * DAY ? 60
								       : HOUR;
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

		rng_state = seed * 0x9e3779b97f4a7c15;
		for (int i = 0; i < 20000; i++) {
			struct slo_events events = {rng(100), rng(3)};

			t += rng(1000) ? (double)rng(20000) / 1000 : (double)rng(5 * DAY);
			if (!rng(5000))
				events.good = UINT32_MAX + rng(UINT32_MAX);
			if (!rng(100))
				t -= 30;
			latest = fmax(latest, t);
			add(history, t, events.good, events.bad);
			total.good += events.good;
			total.bad += events.bad;
		}
		t = latest + (double)rng(60);
		assert_sum(history, t, t - begin, total.good, total.bad);
		assert_sum(history, t, INFINITY, total.good, total.bad);
		for (int round = 0; round < 200; round++) {
			double now = t, from;
			double span = (double)rng((uint64_t)((t - begin) * 1.2)) + 1;
			struct slo_events whole = slo_history_sum(history, now, span), parts = {0};

			from = now - span;
			while (now > from) {
				double part =
					fmin(now - from, (double)rng(1 + (uint64_t)span / 3) + 1);
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

/* A status read asks 256 SLOs for 8 windows each: this must stay far from being felt. */
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
			add(histories[i], 60.0 * step, 100, 1);
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
		cmocka_unit_test(budget_by_hand),
		cmocka_unit_test(exhaustion_by_hand),
		cmocka_unit_test(minutes_of_full_outage_by_hand),
		cmocka_unit_test(a_calendar_window_ends_its_projection),
		cmocka_unit_test(no_traffic_is_unknown),
		cmocka_unit_test(never_nan_nor_infinite),
		cmocka_unit_test(refuses_windows_out_of_range),
		cmocka_unit_test(refuses_times_that_are_none),
		cmocka_unit_test(steps_belong_by_their_end),
		cmocka_unit_test(each_tier_reaches_back_exactly),
		cmocka_unit_test(fractions_of_a_step_do_not_drift),
		cmocka_unit_test(time_going_backwards_loses_nothing),
		cmocka_unit_test(long_idle_gaps),
		cmocka_unit_test(long_gaps_within_a_few_events),
		cmocka_unit_test(counts_beyond_32_bits),
		cmocka_unit_test(windows_agree_with_a_plain_table),
		cmocka_unit_test(sums_of_parts_equal_the_whole),
		cmocka_unit_test(windows_are_fast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
