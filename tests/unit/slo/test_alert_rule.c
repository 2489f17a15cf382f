/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/unit/slo/alert_bench.h"

TEST(defaults_and_names)
{
	struct alert_rule rules[ALERT_RULES_MAX];

	assert_int_equal(alert_rules_default(rules), DEFAULTS);
	assert_string_equal(rules[BURN_1H].name, "burn-1h");
	assert_string_equal(rules[EXHAUST_3D].name, "exhaust-3d");
	assert_string_equal(rules[BUDGET_100].name, "budget-100");
	assert_string_equal(rules[NO_DATA].name, "no-data");
	assert_string_equal(rules[COVERAGE].name, "coverage");
	assert_string_equal(alert_severity_name(SEVERITY_TICKET), "ticket");
	assert_string_equal(alert_kind_name(ALERT_NO_DATA), "no-data");
	for (size_t i = 0; i < DEFAULTS; i++) {
		assert_int_equal(rules[i].min_bad, ALERT_MIN_BAD);
		assert_int_equal(rules[i].min_events, 0);
	}
}

TEST(a_severity_is_found_by_its_name)
{
	enum alert_severity severity = SEVERITY_COUNT;

	assert_false(alert_severity_find("Page", &severity));
	assert_false(alert_severity_find("unknown", &severity));
	assert_int_equal(severity, SEVERITY_COUNT);
	for (enum alert_severity s = 0; s < SEVERITY_COUNT; s++) {
		assert_true(alert_severity_find(alert_severity_name(s), &severity));
		assert_int_equal(severity, s);
	}
}

TEST(exhaustion_goes_by_a_quarter_of_its_horizon)
{
	struct alert_rule rule = {.kind = ALERT_EXHAUST, .seconds = 4 * HOUR};

	assert_true(alert_rule_lookback(&rule) == HOUR);
	rule.seconds = 601; /* not rounded */
	assert_true(alert_rule_lookback(&rule) == 150.25);
	rule.kind = ALERT_BURN;
	assert_true(alert_rule_lookback(&rule) == 601);
	assert_int_equal(alert_rule_short_default(HOUR), 5 * MINUTE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_and_names),
		cmocka_unit_test(a_severity_is_found_by_its_name),
		cmocka_unit_test(exhaustion_goes_by_a_quarter_of_its_horizon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
