/* SPDX-License-Identifier: GPL-2.0-only */
/* OpenSLO files: what an SLO maps to, and what is refused in it. */
#include "tests/unit/fixtures/test.h"
#include "openslo_fixture.h"

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
	assert_int_equal(slo->eligible.client_abort, CLIENT_ABORT_BAD);
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
		 "o.yaml:17: SLO \"checkout\": spec.indicatorRef: expected either indicator or "
		 "indicatorRef, got both"},
		{HEAD("SLO",
		      "x") "spec:\n  service: a\n  indicatorRef: y\n" ROLLING OCCURRENCES OBJECTIVE,
		 "o.yaml:8: SLO \"x\": spec.indicatorRef: expected the name of an SLI of this file, "
		 "got \"y\""},
		{HEAD("SLO", "x") "spec:\n  service: a\n" ROLLING OCCURRENCES OBJECTIVE,
		 "o.yaml:7: SLO \"x\": spec.indicator: expected a mapping with spec, or "
		 "indicatorRef, got nothing"},
		{HEAD("SLI", "y") "spec: {ratioMetric: {counter: yes}}\n",
		 "o.yaml:6: SLI \"y\": spec.ratioMetric.counter: expected true, got \"yes\""},
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
		 "key, expected one of status, grpc_status, latency, latency_of, min_body"},
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_slo_maps_to_the_configuration_s_own),
		cmocka_unit_test(percent_and_ratio_are_the_nearest_numbers),
		cmocka_unit_test(weeks_and_calendar_months_are_windows),
		cmocka_unit_test(timeslices_are_budgeted_in_slices),
		cmocka_unit_test(what_is_wrong_with_an_slo_is_said_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
