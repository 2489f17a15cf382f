/* SPDX-License-Identifier: GPL-2.0-only */
/* Buckets of latencies (hist.h), and quantiles of them. */
#include <math.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "hist.h"
#include "slo/quantile.h"

static long double bound_ns(int k)
{
	return powl(2, (long double)(k + HIST_OTEL_OFFSET) / HIST_PER_OCTAVE) * 1e9L;
}

TEST(bounds_are_powers_of_two)
{
	for (int k = 0; k < HIST_BOUNDS; k++)
		assert_int_equal(hist_bound_ns[k], (unsigned long long)floorl(bound_ns(k)));
	assert_int_equal(hist_bound_ns[160], 1000000000);
	assert_int_equal(hist_bound_ns[HIST_BOUNDS - 1], 128000000000);
	for (int k = HIST_BOUNDS; k < HIST_TABLE; k++)
		assert_true(hist_bound_ns[k] == UINT64_MAX);
}

/* Bucket k covers (bound k - 1, bound k]: tried on each side of each bound. */
TEST(buckets_split_at_bounds)
{
	for (unsigned int k = 0; k < HIST_BOUNDS; k++) {
		unsigned long long bound = hist_bound_ns[k];

		assert_int_equal(hist_bucket(bound - 1), k);
		assert_int_equal(hist_bucket(bound), k);
		assert_int_equal(hist_bucket(bound + 1), k + 1);
		/* against the real bound, not the table */
		assert_true((long double)bound <= bound_ns((int)k) + 1e-3L);
		assert_true((long double)(bound + 1) > bound_ns((int)k));
	}
}

TEST(extremes)
{
	assert_int_equal(hist_bucket(0), 0);
	assert_int_equal(hist_bucket(1), 0);
	assert_int_equal(hist_bucket(UINT64_MAX), HIST_BUCKETS - 1);
	assert_int_equal(hist_bucket(UINT64_MAX - 1), HIST_BUCKETS - 1);
}

TEST(quantile_of_nothing_is_unknown)
{
	uint64_t counts[HIST_BUCKETS] = {0};
	double seconds = 42;

	assert_false(quantile_seconds(counts, 0.5, &seconds));
	assert_true(seconds == 42);
}

TEST(quantiles_are_nearest_rank)
{
	uint64_t counts[HIST_BUCKETS] = {0};
	double seconds, low, high;

	/* 100 requests: 50 of 1 ms, 40 of 50 ms, 10 of 2 s */
	counts[hist_bucket(1000000)] = 50;
	counts[hist_bucket(50000000)] = 40;
	counts[hist_bucket(2000000000)] = 10;
	for (int permille = 1; permille <= 1000; permille++) {
		double expected = permille <= 500 ? 1e-3 : permille <= 900 ? 50e-3 : 2;

		assert_true(quantile_seconds(counts, permille / 1000.0, &seconds));
		assert_true(fabs(seconds / expected - 1) < 0.091);
	}
	assert_true(quantile_seconds(counts, 0.5, &low));
	assert_true(quantile_seconds(counts, 0.501, &high));
	assert_true(low < 0.0011 && high > 0.045);
}

TEST(estimates_stay_in_their_bucket)
{
	double seconds;

	for (unsigned int k = 0; k < HIST_BUCKETS; k++) {
		uint64_t counts[HIST_BUCKETS] = {0};

		counts[k] = UINT64_MAX / 4;
		assert_true(quantile_seconds(counts, 0.99, &seconds));
		assert_true(isfinite(seconds) && seconds > 0);
		if (k < HIST_BOUNDS)
			assert_true(seconds * 1e9 < (double)bound_ns((int)k));
		if (k)
			assert_true(seconds * 1e9 >= (double)bound_ns((int)k - 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_are_powers_of_two),
		cmocka_unit_test(buckets_split_at_bounds),
		cmocka_unit_test(extremes),
		cmocka_unit_test(quantile_of_nothing_is_unknown),
		cmocka_unit_test(quantiles_are_nearest_rank),
		cmocka_unit_test(estimates_stay_in_their_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
