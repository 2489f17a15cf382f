/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <math.h>

#include "tests/unit/fixtures/history.h"
#include "slo/slices.h"

enum { MINUTE = 60, DAY = 86400 };

TEST(a_slice_is_good_at_its_target)
{
	struct slo_history *events = history_new(DAY), *slices = history_new(DAY);
	struct slices cut;

	slices_init(&cut, MINUTE, 0.95, 0);
	/*
	 * 95 of 100 are good, and so is the slice. It is settled when its minute is over, not
	 * before
	 */
	for (int t = 10; t <= 60; t += 10) {
		assert_int_equal(slices_close(&cut, events, NULL, t - 1, slices), 0);
		assert_sum(slices, t, INFINITY, 0, 0);
		slo_history_add(events, t, (struct slo_events){t == 60 ? 95 : 0, t == 10 ? 5 : 0});
	}
	assert_int_equal(slices_close(&cut, events, NULL, 60, slices), 0);
	assert_sum(slices, 60, INFINITY, 1, 0);
	/* with 94 of 99 the slice is bad */
	slo_history_add(events, 61, (struct slo_events){94, 5});
	assert_int_equal(slices_close(&cut, events, NULL, 120, slices), 0);
	assert_int_equal(slices_close(&cut, events, NULL, 120, slices), 0);
	assert_sum(slices, 120, INFINITY, 1, 1);
	/* without coverage, a slice without events is none; several may end at once */
	slo_history_add(events, 301, (struct slo_events){1, 0});
	slo_history_add(events, 361, (struct slo_events){0, 1});
	assert_int_equal(slices_close(&cut, events, NULL, 10000, slices), 0);
	assert_sum(slices, 10000, INFINITY, 2, 2);
	assert_int_equal(slo_history_sum(slices, 360, 60).good, 1);
	assert_int_equal(slo_history_sum(slices, 420, 60).bad, 1);
	/* after a gap longer than any history */
	assert_int_equal(slices_close(&cut, events, NULL, 1e12, slices), 0);
	assert_sum(slices, 1e12, INFINITY, 2, 2);
	assert_int_equal(slices_close(&cut, events, NULL, NAN, slices), -EINVAL);
	slo_history_free(events);
	slo_history_free(slices);
}

/* Five minutes were counted in, then none, then parts of some. */
TEST(a_quiet_slice_is_good_if_all_of_it_was_counted_in)
{
	struct slo_history *events = history_new(DAY), *slices = history_new(DAY);
	struct coverage coverage = {};
	struct slices cut;

	slices_init(&cut, MINUTE, 0.95, 0);
	coverage_add(&coverage, 0, 300);
	slo_history_add(events, 70, (struct slo_events){0, 1});
	assert_int_equal(slices_close(&cut, events, &coverage, 300, slices), 0);
	assert_sum(slices, 300, INFINITY, 4, 1);
	assert_sum(slices, 300, 3 * MINUTE, 3, 0);
	/* of a slice with events a part is enough */
	coverage_add(&coverage, 599, 670);
	slo_history_add(events, 661, (struct slo_events){1, 0});
	assert_int_equal(slices_close(&cut, events, &coverage, 720, slices), 0);
	assert_sum(slices, 720, MINUTE, 1, 0);
	assert_sum(slices, 720, INFINITY, 6, 1);
	/* times are rounded, and spans of a slice may be several */
	coverage_add(&coverage, 720.0009, 750);
	coverage_add(&coverage, 750.0011, 839.999);
	assert_int_equal(slices_close(&cut, events, &coverage, 840, slices), 0);
	assert_sum(slices, 840, INFINITY, 8, 1);
	coverage_add(&coverage, 841, 900);
	assert_int_equal(slices_close(&cut, events, &coverage, 900, slices), 0);
	assert_sum(slices, 900, INFINITY, 8, 1);
	coverage_clear(&coverage);
	slo_history_free(events);
	slo_history_free(slices);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slice_is_good_at_its_target),
		cmocka_unit_test(a_quiet_slice_is_good_if_all_of_it_was_counted_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
