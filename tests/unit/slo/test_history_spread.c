/* SPDX-License-Identifier: GPL-2.0-only */
/* Long steps, which are spread, and steps that find no memory. */
#include <errno.h>
#include <math.h>

#include "tests/unit/fixtures/history.h"
#include "tests/unit/fixtures/malloc_fail.h"

enum { DAY = 86400, HOUR = 3600 };

TEST(short_steps_are_not_spread)
{
	struct slo_history *history = history_new(30 * DAY);

	history_add_span(history, 1000, 1020, 100, 2);
	assert_sum(history, 1020, 10, 100, 2);
	/* of a step that overlaps the one before, only the rest counts as its length */
	history_add_span(history, 900, 1040, 40, 0);
	assert_sum(history, 1040, 10, 40, 0);
	history_add_span(history, 2000, 1050, 7, 0);
	assert_sum(history, 1050, 10, 7, 0);
	slo_history_free(history);
}

TEST(long_steps_are_spread_evenly_to_the_last_event)
{
	struct slo_history *history = history_new(30 * DAY);

	history_add_span(history, 1000, 1100, 1000, 7);
	/* cumulative: of 7 bad in 10 pieces 0, 1, 2, 2, 3, 4, 4, 5, 6, 7 */
	assert_sum(history, 1100, 10, 100, 1);
	assert_sum(history, 1010, 10, 100, 0);
	assert_sum(history, 1030, 30, 300, 2);
	assert_sum(history, 1040, 40, 400, 2);
	assert_sum(history, 1100, 100, 1000, 7);
	/* a single event comes at the end */
	history_add_span(history, 1100, 1400, 0, 1);
	assert_sum(history, 1390, 290, 0, 0);
	assert_sum(history, 1400, 10, 0, 1);
	/* 25 s: three pieces */
	history_add_span(history, 2000, 2025, 30, 0);
	assert_sum(history, 2010, 10, 10, 0);
	assert_sum(history, 2020, 20, 20, 0);
	assert_sum(history, 2030, 30, 30, 0);
	slo_history_free(history);
}

TEST(very_long_steps_are_spread_in_coarser_pieces)
{
	struct slo_history *history = history_new(30 * DAY);

	/* up to 6 h: 10 s */
	history_add_span(history, 0, 6 * HOUR, 2160, 0);
	assert_sum(history, 6 * HOUR, 10, 1, 0);
	/* longer: minutes */
	history_add_span(history, DAY, DAY + 7 * HOUR, 420, 0);
	assert_sum(history, DAY + 7 * HOUR, 50, 1, 0);
	assert_sum(history, DAY + 7 * HOUR - 10, 50, 0, 0);
	assert_sum(history, DAY + 7 * HOUR, 7 * HOUR, 420, 0);
	/* longer than 8 d: hours */
	history_add_span(history, 10 * DAY, 20 * DAY, 240, 24);
	assert_sum(history, 20 * DAY, HOUR, 1, 1);
	assert_sum(history, 20 * DAY, 50, 1, 1);
	assert_sum(history, 20 * DAY - 50, HOUR - 60, 0, 0);
	assert_sum(history, 20 * DAY, 10 * DAY, 240, 24);
	/* far longer than hours are kept: those that are kept are even, and nothing is lost */
	history_add_span(history, 20 * DAY, 1e12, 3000000, UINT64_MAX / 2);
	assert_sum(history, 1e12, INFINITY, 3000000 + 2160 + 420 + 240, UINT64_MAX / 2 + 24);
	for (int i = 1; i <= 60; i++) {
		struct slo_events day = slo_history_sum(history, 1e12 - DAY * i, DAY);

		assert_in_range(day.bad, UINT64_MAX / 2 / (1000000000000 / DAY) - 10000000000,
				UINT64_MAX / 2 / (1000000000000 / DAY) + 10000000000);
	}
	slo_history_free(history);
}

TEST(spreading_refuses_what_adding_refuses)
{
	struct slo_history *history = history_new(HOUR);
	const double odd[] = {NAN, INFINITY, -INFINITY, 1e13, -1e13};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		const struct slo_events events = {1, 1};

		assert_int_equal(slo_history_add_span(history, odd[i], 100, events), -EINVAL);
		assert_int_equal(slo_history_add_span(history, 0, odd[i], events), -EINVAL);
	}
	assert_sum(history, 1e12, INFINITY, 0, 0);
	slo_history_free(history);
}

/* Each allocation fails once: then nothing was added, and the next call adds it. */
TEST(nothing_is_added_without_memory)
{
	const struct slo_events events = {50ULL << 32, 9};
	bool done = false;

	for (unsigned long fail = 1; !done; fail++) {
		struct slo_history *history = NULL;
		uint64_t added = 0;

		n_allocations = 0;
		fail_at = fail;
		if (slo_history_new(HOUR, &history)) {
			assert_null(history);
			continue;
		}
		added += !slo_history_add(history, 10, events);
		assert_sum(history, 10, INFINITY, added * events.good, added * events.bad);
		done = added && !slo_history_add_span(history, 10, DAY, events);
		added += done;
		fail_at = 0;
		assert_sum(history, DAY, INFINITY, added * events.good, added * events.bad);
		history_add_span(history, 10, 2 * DAY, events.good, 9);
		added++;
		assert_sum(history, 2 * DAY, INFINITY, added * events.good, added * events.bad);
		slo_history_free(history);
		assert_true(fail < 1000);
	}
	fail_at = 0;
}

TEST(any_step_may_find_no_memory)
{
	for (unsigned long fail = 3; fail < 40; fail++) {
		struct slo_history *history = history_new(HOUR);
		uint64_t added = 0;

		n_allocations = 2;
		fail_at = fail;
		for (int i = 1; i <= 300; i++) {
			added += !slo_history_add(history, 10.0 * i, (struct slo_events){1, 0});
			assert_sum(history, 3000, INFINITY, added, 0);
		}
		assert_int_equal(added, n_allocations >= fail ? 299 : 300);
		fail_at = 0;
		slo_history_free(history);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_steps_are_not_spread),
		cmocka_unit_test(long_steps_are_spread_evenly_to_the_last_event),
		cmocka_unit_test(very_long_steps_are_spread_in_coarser_pieces),
		cmocka_unit_test(spreading_refuses_what_adding_refuses),
		cmocka_unit_test(nothing_is_added_without_memory),
		cmocka_unit_test(any_step_may_find_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
