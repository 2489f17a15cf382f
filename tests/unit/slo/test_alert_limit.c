/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/unit/fixtures/test.h"
#include "slo/alert_limit.h"

/* With products that fit 128 bits, that fit them when reduced, and that do not. */
TEST(a_limit_is_met_exactly)
{
	/* burn rate 14.4 of 99.9 % over 30 d in 1 h: of 10000, 144 may be bad */
	const struct alert_limit limit = {.budget = 1 - 0.999,
					  .objective = 0.999,
					  .ratio = 0.02,
					  .scale = 30 * 86400,
					  .per = 3600};

	for (uint64_t k = 1; k <= 1000000000000; k *= 10) {
		struct slo_events events = {.good = 9856 * k, .bad = 144 * k};

		assert_int_equal(alert_limit_compare(&limit, events), 0);
		events.bad++;
		assert_int_equal(alert_limit_compare(&limit, events), 1);
		events.bad -= 2;
		assert_int_equal(alert_limit_compare(&limit, events), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_limit_is_met_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
