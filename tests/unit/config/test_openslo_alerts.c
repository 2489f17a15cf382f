/* SPDX-License-Identifier: GPL-2.0-only */
/* OpenSLO files: what policies, conditions and targets map to, and what is refused in them. */
#include "tests/unit/fixtures/test.h"
#include "openslo_fixture.h"

TEST(a_burn_rate_is_a_share_of_the_budget)
{
	struct config config = load_good(
		SLO POLICY(BURN("14.4", ", alertAfter: 5m"), ", notificationTargets: []"));
	const struct alert_rule *rule = &config.slos[0].alerts[0];

	assert_int_equal(config.slos[0].n_alerts, 1);
	assert_string_equal(rule->name, "fast");
	assert_int_equal(rule->kind, ALERT_BURN);
	assert_int_equal(rule->severity, SEVERITY_PAGE);
	assert_true(rule->ratio == 0.02);
	assert_int_equal(rule->seconds, 3600);
	assert_int_equal(rule->short_seconds, 300);
	assert_int_equal(rule->min_bad, ALERT_MIN_BAD);
	assert_int_equal(rule->min_events, 0);
	config_clear(&config);
}

TEST(a_condition_that_holds_at_once_has_a_twelfth_as_short_window)
{
	struct config config = load_good(SLO POLICY(BURN("14.4", ", alertAfter: 0m"), ""));

	assert_int_equal(config.slos[0].alerts[0].short_seconds, 300);
	config_clear(&config);
}

TEST(other_alerts_stand_in_an_annotation)
{
	struct config config = load_good(HEAD(
		"SLO",
		"odd") "  annotations:\n"
		       "    example.org/mine: 1\n"
		       "    sliprobe/name: \"Odd: {name}\"\n"
		       "    sliprobe/alerts: '[{exhaust: {within: 4h}}, {no-data: {after: 10m}}]'\n"
		       "  labels: {team: [a, b]}\n" SLO_SPEC ROLLING OCCURRENCES OBJECTIVE POLICY(
			       BURN("14.4", ""), ""));

	assert_string_equal(config.slos[0].name, "Odd: {name}");
	assert_int_equal(config.slos[0].n_alerts, 3);
	assert_string_equal(config.slos[0].alerts[0].name, "exhaust-4h");
	assert_string_equal(config.slos[0].alerts[1].name, "no-data");
	assert_string_equal(config.slos[0].alerts[2].name, "fast");
	config_clear(&config);
}

TEST(no_policies_are_no_alerts)
{
	struct config config = load_good(SLO NO_ALERTS);

	assert_int_equal(config.slos[0].n_alerts, 0);
	config_clear(&config);
}

#define IN_POLICY "o.yaml:19: SLO \"checkout\": spec.alertPolicies[0].spec.conditions[0]"
#define CONDITION(fields)                                                                          \
	POLICY("{metadata: {name: x}, spec: {severity: page, condition: {" fields "}}}", "")

TEST(what_is_wrong_with_an_alert_is_said_with_its_line)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{SLO CONDITION("op: gte, threshold: 1, lookbackWindow: 1h"), IN_POLICY
		 ".spec.condition.op: expected gt, the only comparison this version makes, "
		 "got \"gte\""},
		{SLO CONDITION("kind: latency, op: gt, threshold: 1, lookbackWindow: 1h"),
		 IN_POLICY ".spec.condition.kind: expected burnrate, got \"latency\""},
		{SLO CONDITION("op: gt, threshold: -1, lookbackWindow: 1h"),
		 IN_POLICY ".spec.condition.threshold: expected a burn rate above 0, got \"-1\""},
		{SLO CONDITION("op: gt, threshold: 1, lookbackWindow: 31d"),
		 IN_POLICY ": expected a lookbackWindow of at most the SLO's window, got more"},
		{SLO CONDITION("op: gt, threshold: 721, lookbackWindow: 1h"),
		 IN_POLICY ": expected a threshold that spends at most 100% of the budget in "
			   "lookbackWindow, got 100.138888889%"},
		{SLO CONDITION("op: gt, threshold: 1, lookbackWindow: 1h, alertAfter: 1h"),
		 IN_POLICY ": expected an alertAfter below lookbackWindow, got one that is not"},
		{SLO POLICY("{metadata: {name: Fast Burn}, spec: {severity: page, condition: {op: "
			    "gt, threshold: 1, lookbackWindow: 1h}}}",
			    ""),
		 IN_POLICY ": expected a metadata.name of at most 31 of a-z, 0-9 and '-', or the "
			   "annotation sliprobe/alert, got \"Fast Burn\""},
		{SLO POLICY("{metadata: {name: x, annotations: {sliprobe/budget: 3}}, spec: "
			    "{severity: page, condition: {op: gt, threshold: 14.4, "
			    "lookbackWindow: 1h}}}",
			    ""),
		 IN_POLICY
		 ": expected the annotation sliprobe/budget to agree with threshold (2%), "
		 "got 3%"},
		{SLO POLICY("{metadata: {name: x}, spec: {severity: sev1}}", ""),
		 IN_POLICY ".spec.severity: expected page, ticket or notice, got \"sev1\""},
		{SLO POLICY("{conditionRef: nowhere}", ""), IN_POLICY
		 ": expected the name of an AlertCondition of this file, got \"nowhere\""},
		{SLO POLICY("{conditionRef: nowhere, kind: AlertCondition}", ""),
		 IN_POLICY ": expected nothing beside conditionRef"},
		{SLO POLICY(BURN("1", "") ", " BURN("2", ""), ""),
		 "o.yaml:19: SLO \"checkout\": spec.alertPolicies[0].spec.conditions[1]: expected a "
		 "name that is unique in the SLO, got \"fast\" again"},
		{SLO POLICY("", ""),
		 "o.yaml:18: SLO \"checkout\": spec.alertPolicies[0]: expected exactly one of "
		 "spec.conditions, got 0"},
		{SLO "  alertPolicies: [{alertPolicyRef: nowhere}]\n",
		 "o.yaml:17: SLO \"checkout\": spec.alertPolicies[0]: expected the name of an "
		 "AlertPolicy of this file, got \"nowhere\""},
		{SLO "  alertPolicies: [{kind: AlertCondition, metadata: {name: p}}]\n",
		 "o.yaml:17: SLO \"checkout\": spec.alertPolicies[0].kind: expected AlertPolicy, got "
		 "\"AlertCondition\""},
		{SLO POLICY("{kind: Condition, metadata: {name: x}}", ""),
		 IN_POLICY ".kind: expected AlertCondition, got \"Condition\""},
		{SLO "  alertPolicies: {}\n",
		 "o.yaml:17: SLO \"checkout\": spec.alertPolicies: expected a list"},
		{SLO POLICY(BURN("1", ""), ", alertWhenNoData: true"),
		 "o.yaml:19: SLO \"checkout\": spec.alertPolicies[0].spec.alertWhenNoData: expected "
		 "false, since that is an alert of its own (annotation sliprobe/alerts), got "
		 "\"true\""},
		{SLO POLICY(BURN("1", ""), ", notificationTargets: [{targetRef: t}]"),
		 "o.yaml:19: SLO \"checkout\": spec.alertPolicies[0].spec.notificationTargets[0]: "
		 "expected the name of an AlertNotificationTarget of this file, got \"t\""},
		{SLO POLICY(BURN("1", ""), ", notificationTargets: [{kind: X}]"),
		 "o.yaml:19: SLO \"checkout\": spec.alertPolicies[0].spec.notificationTargets[0]: "
		 "expected targetRef: a receiver takes the alerts of all SLOs and is an "
		 "AlertNotificationTarget of its own"},
		{SLO POLICY(BURN("1", ""), "") TARGET "spec: {target: journal}\n",
		 "o.yaml:18: SLO \"checkout\": spec.alertPolicies[0]: expected "
		 "spec.notificationTargets to name all that take severity page, since each receiver "
		 "gets the alerts of all SLOs, but \"t\" is missing"},
		{TARGET "spec: {target: slack}\n",
		 "o.yaml:6: AlertNotificationTarget \"t\": spec.target: expected a target of "
		 "alertmanager, webhook, command or journal, got slack"},
		{TARGET "spec: {target: webhook, argv: [x]}\n",
		 "o.yaml:6: AlertNotificationTarget \"t\": spec.argv: unknown key, expected one of "
		 "target, description, name, url, url_file, body, content_type, headers, "
		 "header_file, timeout, severities"},
		{TARGET "spec: {target: webhook}\n",
		 "o.yaml:6: AlertNotificationTarget \"t\": spec: expected one of url and url_file, got "
		 "none"},
		{HEAD("AlertCondition", "c") "spec: {severity: page}\n",
		 "o.yaml:6: AlertCondition \"c\": spec.condition: expected a mapping with op, "
		 "threshold, lookbackWindow, got nothing"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_load_refused(cases[i].text, cases[i].message);
}

TEST(what_is_wrong_with_a_condition_is_said_where_it_stands)
{
	assert_load_refused(
		SLO
		"  alertPolicies: [{alertPolicyRef: p}]\n" HEAD("AlertPolicy", "p") "spec: {alertWhenBreaching: true, conditions: [{conditionRef: c}]}\n" HEAD(
			"AlertCondition",
			"c") "spec: {severity: page, condition: {op: gt, threshold: 721, "
			     "lookbackWindow: 1h}}\n",
		"o.yaml:25: AlertCondition \"c\": expected a threshold that spends at most 100% of "
		"the budget in lookbackWindow, got 100.138888889%");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burn_rate_is_a_share_of_the_budget),
		cmocka_unit_test(a_condition_that_holds_at_once_has_a_twelfth_as_short_window),
		cmocka_unit_test(other_alerts_stand_in_an_annotation),
		cmocka_unit_test(no_policies_are_no_alerts),
		cmocka_unit_test(what_is_wrong_with_an_alert_is_said_with_its_line),
		cmocka_unit_test(what_is_wrong_with_a_condition_is_said_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
