/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/version_history.h"

#include "abi.h"
#include "tests/unit/fixtures/test.h"

struct sums {
	__u64 good[8], bad[8];
};

static void add(void *context, __u32 version, __u64 good, __u64 bad)
{
	struct sums *sums = context;

	sums->good[version] += good;
	sums->bad[version] += bad;
}

TEST(sums_are_of_the_steps_in_the_time)
{
	struct version_history history = {};
	struct sums sums = {};

	for (int i = 1; i <= 10; i++) {
		version_history_add(&history, 1000.25 + 10 * i, 3, 1, 5, 1);
		version_history_add(&history, 1000.25 + 10 * i, 3, 2, 7, 0);
		version_history_add(&history, 1000.25 + 10 * i, 4, 1, 100, 100);
	}
	version_history_each(&history, 3, 1030.25, 1060.25, add, &sums);
	assert_int_equal(sums.good[1], 15);
	assert_int_equal(sums.bad[1], 3);
	assert_int_equal(sums.good[2], 21);
	version_history_forget(&history, 3);
	sums = (struct sums){};
	version_history_each(&history, 3, 0, 1e9, add, &sums);
	assert_int_equal(sums.good[1], 0);
	version_history_clear(&history);
}

TEST(the_oldest_goes_and_found_services_take_nothing_from_others)
{
	struct version_history history = {};
	struct sums sums = {};

	version_history_add(&history, 1, 3, 1, 9, 0);
	for (int i = 0; i < VERSION_HISTORY_MAX + 5; i++)
		version_history_add(&history, 2 + i, SLO_CRITERIA_MAX + 1, 1, 1, 0);
	assert_int_equal(history.found.n, VERSION_HISTORY_MAX);
	version_history_each(&history, 3, 0, 1e9, add, &sums);
	assert_int_equal(sums.good[1], 9);
	sums = (struct sums){};
	version_history_each(&history, SLO_CRITERIA_MAX + 1, 0, 1e9, add, &sums);
	assert_int_equal(sums.good[1], VERSION_HISTORY_MAX);
	version_history_clear(&history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_of_the_steps_in_the_time),
		cmocka_unit_test(the_oldest_goes_and_found_services_take_nothing_from_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
