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
		assert_int_equal(slices_close(&cut, events, t - 1, slices), 0);
		assert_sum(slices, t, INFINITY, 0, 0);
		slo_history_add(events, t, (struct slo_events){t == 60 ? 95 : 0, t == 10 ? 5 : 0});
	}
	assert_int_equal(slices_close(&cut, events, 60, slices), 0);
	assert_sum(slices, 60, INFINITY, 1, 0);
	/* with 94 of 99 the slice is bad */
	slo_history_add(events, 61, (struct slo_events){94, 5});
	assert_int_equal(slices_close(&cut, events, 120, slices), 0);
	assert_int_equal(slices_close(&cut, events, 120, slices), 0);
	assert_sum(slices, 120, INFINITY, 1, 1);
	/* a slice without events is neither; several may end at once */
	slo_history_add(events, 301, (struct slo_events){1, 0});
	slo_history_add(events, 361, (struct slo_events){0, 1});
	assert_int_equal(slices_close(&cut, events, 10000, slices), 0);
	assert_sum(slices, 10000, INFINITY, 2, 2);
	assert_int_equal(slo_history_sum(slices, 360, 60).good, 1);
	assert_int_equal(slo_history_sum(slices, 420, 60).bad, 1);
	/* after a gap longer than any history */
	assert_int_equal(slices_close(&cut, events, 1e12, slices), 0);
	assert_sum(slices, 1e12, INFINITY, 2, 2);
	assert_int_equal(slices_close(&cut, events, NAN, slices), -EINVAL);
	slo_history_free(events);
	slo_history_free(slices);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slice_is_good_at_its_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
