/* SPDX-License-Identifier: GPL-2.0-only */
/* Budget, burn rate and projection, by hand. */
#include <math.h>

#include "tests/unit/fixtures/test.h"
#include "slo/slo.h"

enum { DAY = 86400, HOUR = 3600 };

static const double window_30d = 30.0 * DAY;

static void assert_known(struct maybe ratio, double value)
{
	assert_true(ratio.known);
	if (fabs(ratio.value - value) > 1e-12 * fmax(1, fabs(value)))
		fail_msg("%.17g is not %.17g", ratio.value, value);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(budget_by_hand),
		cmocka_unit_test(exhaustion_by_hand),
		cmocka_unit_test(minutes_of_full_outage_by_hand),
		cmocka_unit_test(a_calendar_window_ends_its_projection),
		cmocka_unit_test(no_traffic_is_unknown),
		cmocka_unit_test(never_nan_nor_infinite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
