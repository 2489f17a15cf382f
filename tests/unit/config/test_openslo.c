/* SPDX-License-Identifier: GPL-2.0-only */
/* OpenSLO files: what they map to, what is refused and where, and the way there and back. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/fixtures/test.h"
#include "config/schema.h"
#include "config/openslo.h"
#include "export/openslo.h"
#include "config_fixture.h"
#include "tests/unit/fixtures/malloc_fail.h"

/* Lines are counted in the tests: metadata.name is in line 5 of each document. */
#define HEAD(kind, name)                                                                           \
	"---\n"                                                                                    \
	"apiVersion: openslo/v1\n"                                                                 \
	"kind: " kind "\n"                                                                         \
	"metadata:\n"                                                                              \
	"  name: " name "\n"

#define SOURCE(key, spec) "        " key ": {metricSource: {type: sliprobe, spec: {" spec "}}}\n"

#define INDICATOR                                                                                  \
	"  indicator:\n"                                                                           \
	"    spec:\n"                                                                              \
	"      ratioMetric:\n"                                                                     \
	"        counter: true\n" SOURCE("good", "good: {status: [2xx], latency: 100ms}")          \
		SOURCE("total", "eligible: {methods: [GET]}, client_abort: bad")

#define ROLLING "  timeWindow: [{duration: 30d, isRolling: true}]\n"
#define OCCURRENCES "  budgetingMethod: Occurrences\n"
#define OBJECTIVE "  objectives: [{target: 0.999}]\n"
#define SLO_SPEC "spec:\n  service: shop\n" INDICATOR
#define SLO HEAD("SLO", "checkout") SLO_SPEC ROLLING OCCURRENCES OBJECTIVE
#define NO_ALERTS "  alertPolicies: []\n"

#define BURN(threshold, more)                                                                      \
	"{metadata: {name: fast}, spec: {severity: page, condition: {kind: burnrate, op: gt, "     \
	"threshold: " threshold ", lookbackWindow: 1h" more "}}}"
#define POLICY(condition, targets)                                                                 \
	"  alertPolicies:\n"                                                                       \
	"  - kind: AlertPolicy\n"                                                                  \
	"    spec: {alertWhenBreaching: true, conditions: [" condition "]" targets "}\n"

static int load(const char *text, struct config *config, struct error *ret_error)
{
	return openslo_parse(text, strlen(text), "o.yaml", config, ret_error);
}

static struct config load_good(const char *text)
{
	struct config config = {};
	struct error error = {};
	int err = load(text, &config, &error);

	if (err)
		fail_msg("%d: %s", err, error.text);
	return config;
}

static void assert_load_refused(const char *text, const char *message)
{
	struct config config = {};
	struct error error = {};
	int err = load(text, &config, &error);

	if (err != -EINVAL)
		print_error("not refused: %s\n", message);
	assert_int_equal(err, -EINVAL);
	assert_string_equal(error.text, message);
	config_clear(&config);
}

TEST(an_slo_maps_to_the_configuration_s_own)
{
	struct config config = load_good(SLO);
	const struct config_slo *slo = &config.slos[0];

	assert_int_equal(config.n_slos, 1);
	assert_string_equal(slo->file, "o.yaml");
	assert_int_equal(slo->line, 2);
	assert_string_equal(slo->name, "checkout");
	assert_string_equal(slo->service, "shop");
	assert_true(slo->objective == 0.999);
	assert_int_equal(slo->window_seconds, 30 * 86400);
	assert_false(slo->calendar_month);
	assert_null(slo->time_zone);
	assert_int_equal(slo->slice_seconds, 0);
	assert_int_equal(slo->eligible.methods, 1U << HTTP_METHOD_GET);
	assert_true(slo->eligible.client_abort);
	assert_int_equal(slo->good.latency_ns, 100000000);
	assert_int_equal(slo->good.status[200 / 64], ~0ULL << 8);
	assert_int_equal(slo->n_alerts, 11); /* the default ones */
	assert_int_equal(config.n_receivers, 0);
	config_clear(&config);
}

TEST(percent_and_ratio_are_the_nearest_numbers)
{
	struct config config = load_good(HEAD("SLO", "a") SLO_SPEC ROLLING OCCURRENCES
					 "  objectives: [{targetPercent: 99.9}]\n");

	assert_true(config.slos[0].objective == 0.999);
	config_clear(&config);
}

TEST(weeks_and_calendar_months_are_windows)
{
	struct config config = load_good(
		HEAD("SLO", "a") SLO_SPEC
		"  timeWindow: [{duration: 4w, isRolling: true}]\n" OCCURRENCES OBJECTIVE HEAD(
			"SLO", "b") SLO_SPEC
		"  timeWindow: [{duration: 1M, calendar: {startTime: 2024-02-01 00:00:00, "
		"timeZone: Europe/Berlin}}]\n" OCCURRENCES OBJECTIVE HEAD("SLO", "c")
			SLO_SPEC OCCURRENCES OBJECTIVE);

	assert_int_equal(config.slos[0].window_seconds, 28 * 86400);
	assert_true(config.slos[1].calendar_month);
	assert_int_equal(config.slos[1].window_seconds, 31 * 86400);
	assert_string_equal(config.slos[1].time_zone, "Europe/Berlin");
	assert_int_equal(config.slos[2].window_seconds, 30 * 86400);
	config_clear(&config);
}

TEST(timeslices_are_budgeted_in_slices)
{
	struct config config = load_good(
		HEAD("SLO", "a") SLO_SPEC ROLLING
		"  budgetingMethod: Timeslices\n"
		"  objectives: [{target: 0.99, timeSliceTarget: 0.95, timeSliceWindow: 5}]\n" HEAD(
			"SLO", "b") SLO_SPEC ROLLING
		"  budgetingMethod: Timeslices\n"
		"  objectives: [{target: 0.99, timeSliceTarget: 0.95, timeSliceWindow: 30s}]\n");

	assert_int_equal(config.slos[0].slice_seconds, 300);
	assert_true(config.slos[0].slice_target == 0.95);
	assert_int_equal(config.slos[1].slice_seconds, 30);
	config_clear(&config);
}

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

#define REFERRING                                                                                  \
	SLO "  alertPolicies: [{alertPolicyRef: p}]\n" HEAD(                                       \
		"AlertPolicy",                                                                     \
		"p") "spec: {alertWhenBreaching: true, conditions: [{conditionRef: c}], "          \
		     "notificationTargets: [{targetRef: t}]}\n" HEAD(                              \
			     "AlertCondition",                                                     \
			     "c") "spec: {severity: ticket, condition: {op: gt, threshold: 3, "    \
				  "lookbackWindow: 1d, alertAfter: 2h}}\n"

#define TARGET HEAD("AlertNotificationTarget", "t")

TEST(references_may_point_forward)
{
	struct config config =
		load_good(REFERRING TARGET "spec: {target: alertmanager, url: \"http://a:1/\", "
					   "timeout: 2s}\n" HEAD("Service", "shop"));

	assert_int_equal(config.slos[0].n_alerts, 1);
	assert_string_equal(config.slos[0].alerts[0].name, "c");
	assert_true(config.slos[0].alerts[0].ratio == 0.1);
	assert_int_equal(config.n_receivers, 1);
	assert_int_equal(config.receivers[0].kind, RECEIVER_ALERTMANAGER);
	assert_string_equal(config.receivers[0].url, "http://a:1");
	assert_int_equal(config.receivers[0].timeout_ns, 2000000000);
	assert_int_equal(config.receivers[0].severities,
			 1U << SEVERITY_PAGE | 1U << SEVERITY_TICKET);
	config_clear(&config);
}

TEST(a_receiver_known_already_is_not_added_again)
{
	struct config config = {};
	struct error error;
	static const char text[] = TARGET "spec: {target: command, argv: [/bin/true, a]}\n";

	assert_int_equal(load(text, &config, &error), 0);
	assert_int_equal(load(text, &config, &error), 0);
	assert_int_equal(config.n_receivers, 1);
	assert_int_equal(load(TARGET "spec: {target: command, argv: [/bin/true, a], timeout: 1s}\n",
			      &config, &error),
			 -EINVAL);
	assert_string_equal(error.text,
			    "o.yaml:6: AlertNotificationTarget \"t\": spec: expected the timeout "
			    "and severities that this receiver has elsewhere, got others");
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

TEST(empty_documents_are_nothing)
{
	struct config config = load_good("---\n---\n# nothing\n" SLO "---\n...\n---\n");

	assert_int_equal(config.n_slos, 1);
	config_clear(&config);
	config = load_good("");
	assert_int_equal(config.n_slos, 0);
	config_clear(&config);
	config = load_good("\xef\xbb\xbf" SLO);
	assert_int_equal(config.n_slos, 1);
	config_clear(&config);
}

TEST(what_is_wrong_with_a_document_is_said_with_its_line)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"a: 1\n",
		 "o.yaml:1: kind: expected SLO, AlertPolicy, AlertCondition, "
		 "AlertNotificationTarget or Service, in documents of their own, got nothing"},
		{"[1]\n",
		 "o.yaml:1: expected a mapping with apiVersion, kind, metadata and spec, got a list"},
		{SLO HEAD("SLI", "x"),
		 "o.yaml:19: kind: expected SLO, AlertPolicy, AlertCondition, "
		 "AlertNotificationTarget or Service, in documents of their own, got SLI"},
		{SLO HEAD("DataSource", "x"),
		 "o.yaml:19: kind: expected SLO, AlertPolicy, AlertCondition, "
		 "AlertNotificationTarget or Service, in documents of their own, got DataSource"},
		{"kind: SLO\napiVersion: openslo/v1\n",
		 "o.yaml:1: SLO: metadata.name: expected a name, got nothing"},
		{"kind: SLO\nmetadata: {name: x}\n",
		 "o.yaml:1: SLO \"x\": apiVersion: expected openslo/v1, got nothing"},
		{"kind: Service\nmetadata: {name: x}\napiVersion: n9/v1alpha\n",
		 "o.yaml:3: Service \"x\": apiVersion: expected openslo/v1, got \"n9/v1alpha\""},
		{SLO SLO,
		 "o.yaml:21: SLO \"checkout\": metadata.name: expected a name that is unique in "
		 "the file"},
		{HEAD("Service", "x") "spec: {owner: me}\n",
		 "o.yaml:6: Service \"x\": spec.owner: unknown key, expected description"},
		{"kind: [\n", "o.yaml:2: expected valid YAML: did not find expected node content, "
			      "while parsing a flow node"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_load_refused(cases[i].text, cases[i].message);
}

#define WITH(rest) HEAD("SLO", "checkout") SLO_SPEC rest

TEST(what_is_wrong_with_an_slo_is_said_with_its_line)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{WITH(ROLLING OCCURRENCES "  objectives:\n  - {target: 0.9}\n  - {target: 0.99}\n"),
		 "o.yaml:17: SLO \"checkout\": spec.objectives: expected exactly one, got 2"},
		{WITH(ROLLING OCCURRENCES),
		 "o.yaml:7: SLO \"checkout\": spec.objectives: expected a list of one objective, "
		 "got nothing"},
		{WITH(ROLLING OCCURRENCES "  objectives: [{}]\n"),
		 "o.yaml:16: SLO \"checkout\": spec.objectives[0]: expected target or "
		 "targetPercent, got neither"},
		{WITH(ROLLING OCCURRENCES "  objectives: [{target: 0.9, targetPercent: 90}]\n"),
		 "o.yaml:16: SLO \"checkout\": spec.objectives[0]: expected target or "
		 "targetPercent, got both"},
		{WITH(ROLLING OCCURRENCES "  objectives: [{target: 1}]\n"),
		 "o.yaml:16: SLO \"checkout\": spec.objectives[0].target: expected a number above 0 "
		 "and below 1, got \"1\""},
		{WITH(ROLLING OCCURRENCES "  objectives: [{target: 0.9, op: lt}]\n"),
		 "o.yaml:16: SLO \"checkout\": spec.objectives[0].op: not supported by this "
		 "version"},
		{WITH(ROLLING "  budgetingMethod: RatioTimeslices\n" OBJECTIVE),
		 "o.yaml:15: SLO \"checkout\": spec.budgetingMethod: expected Occurrences or "
		 "Timeslices, got \"RatioTimeslices\""},
		{WITH(ROLLING "  budgetingMethod: Timeslices\n" OBJECTIVE),
		 "o.yaml:16: SLO \"checkout\": spec.objectives[0]: expected timeSliceTarget and "
		 "timeSliceWindow for Timeslices, got neither"},
		{WITH(ROLLING "  budgetingMethod: Timeslices\n  objectives: [{target: 0.9, "
			      "timeSliceTarget: 0.9, timeSliceWindow: 15s}]\n"),
		 "o.yaml:16: SLO \"checkout\": spec.objectives[0].timeSliceWindow: expected a "
		 "duration from 10s to 1h in multiples of 10s, or minutes, got \"15s\""},
		{WITH(ROLLING "  budgetingMethod: Timeslices\n  objectives: [{target: 0.9, "
			      "timeSliceWindow: 1m}]\n"),
		 "o.yaml:16: SLO \"checkout\": spec.objectives[0]: expected timeSliceTarget and "
		 "timeSliceWindow for Timeslices, got one of them"},
		{WITH(ROLLING OCCURRENCES "  objectives: [{target: 0.9, timeSliceWindow: 1m}]\n"),
		 "o.yaml:16: SLO \"checkout\": spec.objectives[0]: expected no timeSliceTarget and "
		 "no timeSliceWindow for Occurrences"},
		{WITH("  timeWindow: [{duration: 1Q, isRolling: true}]\n" OCCURRENCES OBJECTIVE),
		 "o.yaml:14: SLO \"checkout\": spec.timeWindow[0].duration: expected a duration "
		 "from 1h to 92d such as 30d or 4w, got \"1Q\""},
		{WITH("  timeWindow: [{duration: 999999999w, isRolling: true}]\n" OCCURRENCES
			      OBJECTIVE),
		 "o.yaml:14: SLO \"checkout\": spec.timeWindow[0].duration: expected a duration "
		 "from 1h to 92d such as 30d or 4w, got \"999999999w\""},
		{WITH("  timeWindow: [{duration: 30d}]\n" OCCURRENCES OBJECTIVE),
		 "o.yaml:14: SLO \"checkout\": spec.timeWindow[0].isRolling: expected true, or a "
		 "calendar, got nothing"},
		{WITH("  timeWindow: []\n" OCCURRENCES OBJECTIVE),
		 "o.yaml:14: SLO \"checkout\": spec.timeWindow: expected exactly one, got 0"},
		{WITH("  timeWindow: [{duration: 1M, calendar: {startTime: 2024-02-02 00:00:00, "
		      "timeZone: UTC}}]\n" OCCURRENCES OBJECTIVE),
		 "o.yaml:14: SLO \"checkout\": spec.timeWindow[0].calendar.startTime: expected the "
		 "beginning of a month such as 2020-01-01 00:00:00, got \"2024-02-02 00:00:00\""},
		{WITH(ROLLING OCCURRENCES OBJECTIVE "  indicatorRef: x\n"),
		 "o.yaml:17: SLO \"checkout\": spec.indicatorRef: not supported by this version"},
		{HEAD("SLO",
		      "x") "spec:\n  service: a\n  indicator: {spec: {thresholdMetric: {}}}\n",
		 "o.yaml:8: SLO \"x\": spec.indicator.spec.thresholdMetric: not supported by this "
		 "version"},
		{HEAD("SLO", "x") "spec:\n  service: a\n  indicator: {spec: {ratioMetric: {good: "
				  "{metricSource: {type: Prometheus}}}}}\n",
		 "o.yaml:8: SLO \"x\": spec.indicator.spec.ratioMetric.good.metricSource.type: "
		 "expected sliprobe, got \"Prometheus\""},
		{HEAD("SLO", "x") "spec:\n  indicator: {spec: {ratioMetric: {good: {metricSource: "
				  "{type: sliprobe,\n    spec: {good: {latencies: 1s}}}}}}}\n",
		 "o.yaml:8: SLO \"x\": "
		 "spec.indicator.spec.ratioMetric.good.metricSource.spec.good.latencies: unknown "
		 "key, expected one of status, latency, min_body"},
		{HEAD("SLO", "x") "spec:\n  indicator: {kind: SLO}\n",
		 "o.yaml:7: SLO \"x\": spec.indicator.kind: expected SLI, got \"SLO\""},
		{HEAD("SLO", "x") "  annotations: {sliprobe/foo: 1}\n",
		 "o.yaml:6: SLO \"x\": metadata.annotations.sliprobe/foo: unknown key, expected one "
		 "of sliprobe/name, sliprobe/alerts"},
		{HEAD("SLO", "a/b") SLO_SPEC ROLLING OCCURRENCES OBJECTIVE,
		 "o.yaml:5: SLO \"a/b\": metadata.name: expected a name of at most 63 bytes without "
		 "'/' or '\"', got \"a/b\""},
		{HEAD("SLO", "x") "  annotations:\n    sliprobe/alerts: |\n      - {exhaust: "
				  "{within: 1s}}\n" SLO_SPEC ROLLING OCCURRENCES OBJECTIVE,
		 "o.yaml:7: SLO \"x\": metadata.annotations.sliprobe/alerts: [0].exhaust.within: "
		 "expected a duration from 10m to the SLO's window in whole seconds, got \"1s\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_load_refused(cases[i].text, cases[i].message);
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
		 "target, description, url, timeout, severities"},
		{TARGET "spec: {target: webhook}\n",
		 "o.yaml:6: AlertNotificationTarget \"t\": spec.url: expected a URL that starts with "
		 "http:// or https://, got nothing"},
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

/* Everything the configuration can say of SLOs and receivers. */
#define SERVICES                                                                                   \
	"services:\n"                                                                              \
	"  - {name: shop, match: {port: 80}, routes: [\"/a\", \"/b/*\", \"/**\"]}\n"               \
	"  - {name: \"back yard: 1\", match: {port: 81}}\n"

static const char *const configurations[] = {
	config_default_yaml,
	SERVICES "slos: []\n",
	SERVICES
	"slos:\n"
	"  - {name: a, service: shop, objective: 99.9}\n"
	"  - {name: \"no\", service: shop, objective: 0.1, window: 1h, alerts: []}\n"
	"  - {name: \"1e3\", service: \"back yard: 1\", objective: 99.9999999, window: 92d}\n"
	"  - {name: \"Ünï {x} 'y'\\\\: #\", service: shop, objective: 33.3333333333333, "
	"window: 3661s}\n"
	"  - {name: \"x-{service} (y)\", service: \"*\", objective: 99, window: 28d}\n",
	SERVICES "slos:\n"
		 "  - {name: A, service: shop, objective: 99}\n"
		 "  - {name: a-1, service: shop, objective: 99}\n"
		 "  - {name: \"!!\", service: shop, objective: 99}\n"
		 "  - {name: slo-3, service: shop, objective: 99}\n"
		 "  - {name: \"012345678901234567890123456789012345678901234567890123456789_12\", "
		 "service: shop, objective: 99}\n",
	SERVICES "slos:\n"
		 "  - name: a\n"
		 "    service: shop\n"
		 "    objective: 99.95\n"
		 "    window: {calendar: month, time_zone: Europe/Berlin}\n"
		 "    eligible:\n"
		 "      routes: [\"/a\", \"_other\"]\n"
		 "      methods: [GET, QUERY, _OTHER]\n"
		 "      exclude: {paths: [\"/c\"], methods: [GET], user_agents: [\"wrk*\", "
		 "\"a, b: #c\", \"true\"]}\n"
		 "    good: {status: [200, 204, 3xx, \"500-599\"], latency: 1.000001ms, min_body: "
		 "10k}\n"
		 "    client_abort: bad\n"
		 "  - {name: b, service: shop, objective: 99, calendar: month}\n"
		 "  - {name: c, service: shop, objective: 99, window: 7d, budgeting: {timeslices: "
		 "{slice: 10s, target: 99.5}}}\n"
		 "  - {name: d, service: shop, objective: 99, budgeting: {timeslices: {slice: 1h, "
		 "target: 5}}, good: {latency: 5s}}\n",
	SERVICES
	"slos:\n"
	"  - name: a\n"
	"    service: shop\n"
	"    objective: 99.9\n"
	"    window: 13d\n"
	"    alerts:\n"
	"      min_bad: 7\n"
	"      min_events: 100\n"
	"      rules:\n"
	"        - burn: {budget: 3.3%, window: 7m, short: 11s, name: x-1}\n"
	"        - exhaust: {within: 13h, severity: notice}\n"
	"        - burn: {budget: 0.0123456789%, window: 5h, severity: ticket, min_bad: 1}\n"
	"        - budget: {spent: 123.4%, name: over, min_events: 3}\n"
	"        - burn: {budget: 1.23456789012345%, window: 90m, name: long-1}\n"
	"        - burn: {budget: 100%, window: 13d}\n"
	"        - no-data: {after: 90s, severity: page}\n"
	"        - coverage: {below: 99.5%, window: 3h}\n"
	"  - {name: b, service: shop, objective: 99.9, alerts: [{no-data: {after: 1h}}]}\n"
	"notify:\n"
	"  - journal\n"
	"  - alertmanager: {url: \"http://127.0.0.1:9093/x/\", timeout: 1.0005s}\n"
	"  - webhook: {url: \"https://h/?a=b#c\", severities: [notice]}\n"
	"  - command: {argv: [/bin/x, \"-a\", \"b c\", \"no\"], severities: [page, ticket, "
	"notice]}\n",
};

enum { N_CONFIGURATIONS = sizeof(configurations) / sizeof(configurations[0]) };

static char *export(const struct config *config)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	assert_non_null(file);
	assert_int_equal(openslo_write(config, file), 0);
	assert_int_equal(fclose(file), 0);
	return text;
}

static void assert_same_texts(char *const *a, size_t n_a, char *const *b, size_t n_b)
{
	assert_int_equal(n_a, n_b);
	for (size_t i = 0; i < n_a; i++)
		assert_string_equal(a[i], b[i]);
}

static void assert_same_text(const char *a, const char *b)
{
	assert_int_equal(!a, !b);
	if (a)
		assert_string_equal(a, b);
}

static void assert_same_rule(const struct alert_rule *a, const struct alert_rule *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->severity, b->severity);
	assert_true(a->ratio == b->ratio);
	assert_int_equal(a->seconds, b->seconds);
	assert_int_equal(a->short_seconds, b->short_seconds);
	if (a->kind == ALERT_NO_DATA || a->kind == ALERT_COVERAGE)
		return; /* no minimum matters to them */
	assert_int_equal(a->min_bad, b->min_bad);
	assert_int_equal(a->min_events, b->min_events);
}

/* Their order means nothing. */
static void assert_same_alerts(const struct config_slo *a, const struct config_slo *b)
{
	assert_int_equal(a->n_alerts, b->n_alerts);
	for (size_t i = 0; i < a->n_alerts; i++) {
		size_t k = 0;

		while (k < b->n_alerts && strcmp(a->alerts[i].name, b->alerts[k].name) != 0)
			k++;
		assert_true(k < b->n_alerts);
		assert_same_rule(&a->alerts[i], &b->alerts[k]);
	}
}

static void assert_same_slo(const struct config_slo *a, const struct config_slo *b)
{
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->service, b->service);
	assert_true(a->objective == b->objective);
	assert_int_equal(a->window_seconds, b->window_seconds);
	assert_int_equal(a->calendar_month, b->calendar_month);
	assert_same_text(a->time_zone, b->time_zone);
	assert_int_equal(a->slice_seconds, b->slice_seconds);
	assert_true(a->slice_target == b->slice_target);
	assert_same_texts(a->eligible.routes, a->eligible.n_routes, b->eligible.routes,
			  b->eligible.n_routes);
	assert_int_equal(a->eligible.methods, b->eligible.methods);
	assert_same_texts(a->eligible.exclude_paths, a->eligible.n_exclude_paths,
			  b->eligible.exclude_paths, b->eligible.n_exclude_paths);
	assert_same_texts(a->eligible.exclude_user_agents, a->eligible.n_exclude_user_agents,
			  b->eligible.exclude_user_agents, b->eligible.n_exclude_user_agents);
	assert_int_equal(a->eligible.exclude_methods, b->eligible.exclude_methods);
	assert_int_equal(a->eligible.client_abort, b->eligible.client_abort);
	assert_memory_equal(a->good.status, b->good.status, sizeof(a->good.status));
	assert_int_equal(a->good.latency_ns, b->good.latency_ns);
	assert_int_equal(a->good.min_body_bytes, b->good.min_body_bytes);
	assert_same_alerts(a, b);
}

static void assert_same_receiver(const struct config_receiver *a, const struct config_receiver *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_same_text(a->url, b->url);
	assert_same_texts(a->argv, a->n_argv, b->argv, b->n_argv);
	assert_int_equal(a->timeout_ns, b->timeout_ns);
	assert_int_equal(a->severities, b->severities);
}

TEST(what_is_exported_is_read_back_the_same)
{
	for (size_t i = 0; i < N_CONFIGURATIONS; i++) {
		struct config config = parse_good(configurations[i]);
		char *text = export(&config), *again;
		struct config back = load_good(text);

		assert_int_equal(config.n_slos, back.n_slos);
		for (size_t k = 0; k < config.n_slos; k++)
			assert_same_slo(&config.slos[k], &back.slos[k]);
		assert_int_equal(config.n_receivers, back.n_receivers);
		for (size_t k = 0; k < config.n_receivers; k++)
			assert_same_receiver(&config.receivers[k], &back.receivers[k]);
		again = export(&back);
		if (i == 0)
			assert_string_equal(text, again);
		free(again);
		free(text);
		config_clear(&config);
		config_clear(&back);
	}
}

/* As many SLOs as a configuration takes, and receivers, with alerts that nobody chose. */
TEST(all_that_a_configuration_takes_fits_in_one_file)
{
	char *text = NULL, *exported;
	size_t len;
	FILE *file = open_memstream(&text, &len);
	struct config config, back;

	fprintf(file, "notify: [journal, {webhook: {url: \"http://a/\"}}, "
		      "{alertmanager: {url: \"http://b\"}}]\nservices:\n");
	for (int i = 0; i < CONFIG_MAX_SLOS / CONFIG_MAX_SLOS_PER_SERVICE; i++)
		fprintf(file, "  - {name: s%d, match: {port: %d}, routes: [/a]}\n", i, i + 1);
	fprintf(file, "slos:\n");
	for (int i = 0; i < CONFIG_MAX_SLOS; i++)
		fprintf(file,
			"  - {name: \"slo %d\", service: s%d, objective: 99.9, "
			"eligible: {routes: [/a], methods: [GET]}, good: {latency: 1s}}\n",
			i, i / CONFIG_MAX_SLOS_PER_SERVICE);
	fclose(file);
	config = parse_good(text);
	exported = export(&config);
	assert_in_range(strlen(exported), 1, CONFIG_MAX_BYTES);
	back = load_good(exported);
	assert_int_equal(back.n_slos, CONFIG_MAX_SLOS);
	assert_same_slo(&config.slos[CONFIG_MAX_SLOS - 1], &back.slos[CONFIG_MAX_SLOS - 1]);
	free(exported);
	free(text);
	config_clear(&config);
	config_clear(&back);
}

TEST(running_out_of_memory_leaks_nothing_and_says_so)
{
	static const char text[] =
		REFERRING TARGET "spec: {target: command, argv: [/bin/true, a]}\n" HEAD(
			"SLO", "odd") "  annotations:\n"
				      "    sliprobe/name: \"{odd}\"\n"
				      "    sliprobe/alerts: '[default]'\n" SLO_SPEC ROLLING
					      OCCURRENCES OBJECTIVE;
	unsigned long n = 0;
	int err;

	do {
		struct config config = {};
		struct error error = {};

		n_allocations = 0;
		fail_at = ++n;
		err = load(text, &config, &error);
		fail_at = 0;
		if (err) {
			assert_int_equal(err, -ENOMEM);
			assert_string_equal(error.text, "o.yaml: out of memory");
		}
		config_clear(&config);
	} while (err);
	assert_true(n > 20);
}

TEST(an_export_that_cannot_be_written_fails)
{
	struct config config = parse_good(configurations[N_CONFIGURATIONS - 1]);
	FILE *file = fopen("/dev/full", "w");

	assert_non_null(file);
	assert_int_equal(openslo_write(&config, file), -EIO);
	fclose(file);
	config_clear(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_slo_maps_to_the_configuration_s_own),
		cmocka_unit_test(percent_and_ratio_are_the_nearest_numbers),
		cmocka_unit_test(weeks_and_calendar_months_are_windows),
		cmocka_unit_test(timeslices_are_budgeted_in_slices),
		cmocka_unit_test(a_burn_rate_is_a_share_of_the_budget),
		cmocka_unit_test(a_condition_that_holds_at_once_has_a_twelfth_as_short_window),
		cmocka_unit_test(references_may_point_forward),
		cmocka_unit_test(a_receiver_known_already_is_not_added_again),
		cmocka_unit_test(other_alerts_stand_in_an_annotation),
		cmocka_unit_test(no_policies_are_no_alerts),
		cmocka_unit_test(empty_documents_are_nothing),
		cmocka_unit_test(what_is_wrong_with_a_document_is_said_with_its_line),
		cmocka_unit_test(what_is_wrong_with_an_slo_is_said_with_its_line),
		cmocka_unit_test(what_is_wrong_with_an_alert_is_said_with_its_line),
		cmocka_unit_test(what_is_wrong_with_a_condition_is_said_where_it_stands),
		cmocka_unit_test(what_is_exported_is_read_back_the_same),
		cmocka_unit_test(all_that_a_configuration_takes_fits_in_one_file),
		cmocka_unit_test(running_out_of_memory_leaks_nothing_and_says_so),
		cmocka_unit_test(an_export_that_cannot_be_written_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
