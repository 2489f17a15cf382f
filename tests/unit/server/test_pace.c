/* SPDX-License-Identifier: GPL-2.0-only */
/* A burst at once, and then so much a second. */
#include "tests/unit/fixtures/test.h"
#include "server/pace.h"

TEST(a_burst_and_then_so_much_a_second)
{
	struct pace pace;
	int n = 0;

	pace_init(&pace, 10, 2, 1);
	for (; pace_wait(&pace, 100) == 0; n++)
		pace_use(&pace, 1, 100);
	assert_int_equal(n, 10);
	/* two a second, however often it is asked */
	for (double now = 100; now < 110; now += 0.001) {
		if (pace_wait(&pace, now) > 0)
			continue;
		pace_use(&pace, 1, now);
		n++;
	}
	assert_in_range(n, 29, 31);
	/* and the burst after a rest, no more */
	for (n = 0; pace_wait(&pace, 1000) == 0; n++)
		pace_use(&pace, 1, 1000);
	assert_int_equal(n, 10);
}

TEST(what_is_used_in_advance_is_bounded)
{
	struct pace pace;

	pace_init(&pace, 1, 0.5, 0.5);
	pace_use(&pace, 100, 50);
	/* a second makes good for it */
	assert_true(pace_wait(&pace, 50) > 1 && pace_wait(&pace, 50) < 1.01);
	assert_true(pace_wait(&pace, 50.5) > 0.5);
	assert_true(pace_wait(&pace, 51.01) == 0);
}

TEST(the_wait_is_long_enough)
{
	struct pace pace;

	pace_init(&pace, 1, 3, 1);
	for (double now = 7.1; now < 8; now += 0.013) {
		pace_use(&pace, 0.7, now);
		assert_true(pace_wait(&pace, now + pace_wait(&pace, now)) == 0);
	}
}

/* A clock that is read out of order takes nothing away. */
TEST(time_does_not_go_back)
{
	struct pace pace;

	pace_init(&pace, 2, 1, 0);
	pace_use(&pace, 1, 10);
	pace_use(&pace, 0.5, 9);
	assert_true(pace.at_seconds == 10);
	assert_true(pace_wait(&pace, 9) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_and_then_so_much_a_second),
		cmocka_unit_test(what_is_used_in_advance_is_bounded),
		cmocka_unit_test(the_wait_is_long_enough),
		cmocka_unit_test(time_does_not_go_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
