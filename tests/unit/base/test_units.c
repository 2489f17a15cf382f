/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole units of 1e-12. */
#include <math.h>

#include "tests/unit/fixtures/random.h"
#include "tests/unit/fixtures/test.h"
#include "base/units.h"

static void assert_rounded(long double value)
{
	if (units_round(value) != (uint64_t)llroundl(value))
		fail_msg("%.20Lg is rounded to %llu", value,
			 (unsigned long long)units_round(value));
}

/* Values of any size, at and next to whole numbers and halves. */
TEST(rounding_is_llroundl)
{
	for (int i = 0; i < 1000000; i++) {
		long double value = (long double)(random_next() >> (1 + random_next() % 62)) + 1;
		long double half;

		if (value >= 8.9e18L)
			continue;
		half = value + 0.5L;
		assert_rounded(value);
		assert_rounded(half);
		assert_rounded(nextafterl(half, 0));
		assert_rounded(nextafterl(half, INFINITY));
		assert_rounded(nextafterl(value, 0));
		assert_rounded(value + (long double)(random_next() % 1000) / 1000);
	}
	assert_rounded(0.5L);
	assert_rounded(nextafterl(0.5L, 1));
}

TEST(what_is_no_number_of_units_is_0)
{
	static const long double none[] = {0, -1, -0.5L, NAN, INFINITY, -INFINITY, 9e18L, 1e30L};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(units_round(none[i]), 0);
	assert_int_equal(units_round(nextafterl(0.5L, 0)), 0);
}

TEST(a_budget_is_the_decimal_number)
{
	assert_int_equal(units_budget(0.999), 1000000000);
	assert_int_equal(units_budget(0.9999), 100000000);
	assert_int_equal(units_budget(0.999999999999), 1);
	assert_int_equal(units_budget(0.1), 900000000000);
	assert_int_equal(units_budget(1), 0);
	assert_int_equal(units_budget(2), 0);
}

TEST(a_ratio_is_the_decimal_number)
{
	assert_int_equal(units_of(0.02), 20000000000);
	assert_int_equal(units_of(0.1 + 0.2), 300000000000);
	assert_int_equal(units_of(10), 10000000000000);
	assert_int_equal(units_of(0), 0);
	assert_int_equal(units_of(NAN), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rounding_is_llroundl),
		cmocka_unit_test(what_is_no_number_of_units_is_0),
		cmocka_unit_test(a_budget_is_the_decimal_number),
		cmocka_unit_test(a_ratio_is_the_decimal_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
