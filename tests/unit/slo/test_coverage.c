/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "tests/unit/fixtures/test.h"
#include "slo/coverage.h"
#include "tests/unit/fixtures/malloc_fail.h"

static void add(struct coverage *coverage, double from, double to)
{
	assert_int_equal(coverage_add(coverage, from, to), 0);
}

static void assert_seconds(const struct coverage *coverage, double from, double to, double seconds)
{
	double found = coverage_seconds(coverage, from, to);

	if (found != seconds)
		fail_msg("[%g, %g]: %.17g is not %g", from, to, found, seconds);
}

TEST(nothing_is_covered_at_first)
{
	struct coverage coverage = {0};

	assert_seconds(&coverage, -INFINITY, INFINITY, 0);
	coverage_clear(&coverage);
	coverage_clear(&coverage);
}

TEST(spans_that_touch_are_one)
{
	struct coverage coverage = {0};

	add(&coverage, 10, 20);
	add(&coverage, 20, 30); /* touches */
	add(&coverage, 30.0009, 40); /* 1 ms apart at most */
	add(&coverage, 35, 50); /* overlaps */
	add(&coverage, 12, 15); /* within */
	assert_true(coverage.spans[0].to_seconds == 50);
	add(&coverage, 5, 50); /* begins before it */
	assert_int_equal(coverage.n, 1);
	assert_true(coverage.spans[0].from_seconds == 10);
	assert_true(coverage.spans[0].to_seconds == 50);
	add(&coverage, 50.0011, 60);
	assert_int_equal(coverage.n, 2);
	coverage_clear(&coverage);
	assert_int_equal(coverage.n, 0);
	assert_null(coverage.spans);
}

TEST(seconds_are_of_what_overlaps)
{
	struct coverage coverage = {0};

	add(&coverage, 10, 20);
	add(&coverage, 30, 40);
	add(&coverage, 45, 45); /* no time at all */
	add(&coverage, 50, 60);
	assert_seconds(&coverage, -INFINITY, INFINITY, 30);
	assert_seconds(&coverage, 0, 100, 30);
	assert_seconds(&coverage, 0, 10, 0);
	assert_seconds(&coverage, 20, 30, 0);
	assert_seconds(&coverage, 15, 35, 10);
	assert_seconds(&coverage, 12, 13, 1);
	assert_seconds(&coverage, 31, 55, 14);
	assert_seconds(&coverage, 40, 50, 0);
	assert_seconds(&coverage, 55, 100, 5);
	assert_seconds(&coverage, 60, 100, 0);
	assert_seconds(&coverage, 35, 35, 0);
	assert_seconds(&coverage, 55, 15, 0);
	assert_seconds(&coverage, NAN, 15, 0);
	assert_seconds(&coverage, 15, NAN, 0);
	coverage_clear(&coverage);
}

TEST(refuses_what_is_no_span)
{
	struct coverage coverage = {0};

	assert_int_equal(coverage_add(&coverage, 2, 1), -EINVAL);
	assert_int_equal(coverage_add(&coverage, NAN, 1), -EINVAL);
	assert_int_equal(coverage_add(&coverage, 1, NAN), -EINVAL);
	assert_int_equal(coverage_add(&coverage, -INFINITY, 1), -EINVAL);
	assert_int_equal(coverage_add(&coverage, 1, INFINITY), -EINVAL);
	assert_int_equal(coverage.n, 0);
	assert_null(coverage.spans);
}

TEST(the_oldest_are_forgotten_first)
{
	struct coverage coverage = {0};

	for (int i = 0; i < COVERAGE_SPANS_MAX; i++)
		add(&coverage, 10.0 * i, 10.0 * i + 1);
	assert_int_equal(coverage.n, COVERAGE_SPANS_MAX);
	assert_seconds(&coverage, 0, INFINITY, COVERAGE_SPANS_MAX);
	add(&coverage, 1e6, 1e6 + 3);
	assert_int_equal(coverage.n, COVERAGE_SPANS_MAX);
	assert_int_equal(coverage.max, COVERAGE_SPANS_MAX);
	assert_seconds(&coverage, 0, 9, 0);
	assert_seconds(&coverage, 0, INFINITY, COVERAGE_SPANS_MAX + 2);
	coverage_clear(&coverage);
}

/* Against a plain table of seconds. */
TEST(seconds_agree_with_a_plain_table)
{
	enum { SECONDS = 5000 };
	struct coverage coverage = {0};
	int until[SECONDS + 1] = {0};
	unsigned int rng = 1;

	for (int t = 0; t < SECONDS;) {
		int to;

		rng = rng * 1103515245 + 12345;
		to = t + 1 + (int)(rng >> 16) % 9;
		if (to > SECONDS)
			to = SECONDS;
		if (rng >> 31)
			add(&coverage, t, to);
		for (; t < to; t++)
			until[t + 1] = until[t] + (int)(rng >> 31);
	}
	for (int from = 0; from < SECONDS; from += 7)
		for (int to = from; to <= SECONDS; to += 101)
			assert_seconds(&coverage, from, to, until[to] - until[from]);
	coverage_clear(&coverage);
}

TEST(nothing_is_added_without_memory)
{
	for (unsigned long fail = 1; fail <= 3; fail++) {
		struct coverage coverage = {0};
		size_t added = 0;
		int failures = 0;

		n_allocations = 0;
		fail_at = fail;
		for (int i = 0; i < 64; i++) {
			int r = coverage_add(&coverage, 10.0 * i, 10.0 * i + 1);

			if (r) {
				assert_int_equal(r, -ENOMEM);
				failures++;
			} else {
				added++;
			}
			assert_int_equal(coverage.n, added);
			assert_seconds(&coverage, 0, INFINITY, (double)added);
		}
		fail_at = 0;
		assert_int_equal(failures, 1);
		coverage_clear(&coverage);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_covered_at_first),
		cmocka_unit_test(spans_that_touch_are_one),
		cmocka_unit_test(seconds_are_of_what_overlaps),
		cmocka_unit_test(refuses_what_is_no_span),
		cmocka_unit_test(the_oldest_are_forgotten_first),
		cmocka_unit_test(seconds_agree_with_a_plain_table),
		cmocka_unit_test(nothing_is_added_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
