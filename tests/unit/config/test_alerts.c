/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An SLO's alerts, window and budgeting in the configuration.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/fixtures/test.h"
#include "config_malloc_fail.h"

enum {
	MINUTE = 60,
	HOUR = 3600,
	DAY = 86400,
};

#define SLO "slos:\n- {name: \"{service}\", service: \"*\", objective: 99.9, "

static void assert_rule(const struct alert_rule *rule, const char *name, enum alert_kind kind,
			enum alert_severity severity, double ratio, uint64_t seconds,
			uint64_t short_seconds)
{
	assert_string_equal(rule->name, name);
	assert_int_equal(rule->kind, kind);
	assert_int_equal(rule->severity, severity);
	assert_true(rule->ratio == ratio);
	assert_int_equal(rule->seconds, seconds);
	assert_int_equal(rule->short_seconds, short_seconds);
}

static void assert_same_rules(const struct config_slo *slo, const struct alert_rule *rules,
			      size_t n)
{
	assert_int_equal(slo->n_alerts, n);
	for (size_t i = 0; i < n; i++) {
		assert_rule(&slo->alerts[i], rules[i].name, rules[i].kind, rules[i].severity,
			    rules[i].ratio, rules[i].seconds, rules[i].short_seconds);
		assert_int_equal(slo->alerts[i].min_bad, rules[i].min_bad);
		assert_int_equal(slo->alerts[i].min_events, rules[i].min_events);
	}
}

TEST(nothing_said_is_the_default)
{
	static const char *const texts[] = {
		SLO "window: 30d}\n",
		SLO "alerts: default}\n",
		SLO "alerts: [default]}\n",
		SLO "alerts: {}}\n",
		SLO "alerts: {rules: default}}\n",
		SLO "alerts: {rules: [default]}}\n",
	};
	struct alert_rule rules[ALERT_RULES_MAX];
	size_t n = alert_rules_default(rules);
	struct config built_in = parse_good(config_default_yaml);

	assert_int_equal(n, 11);
	assert_same_rules(&built_in.slos[0], rules, n);
	config_clear(&built_in);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct config config = parse_good(texts[i]);

		assert_same_rules(&config.slos[0], rules, n);
		config_clear(&config);
	}
}

TEST(empty_list_is_none)
{
	struct config config = parse_good(SLO "alerts: []}\n");
	struct config minimums = parse_good(SLO "alerts: {min_bad: 2, rules: []}}\n");

	assert_int_equal(config.slos[0].n_alerts, 0);
	assert_null(config.slos[0].alerts);
	assert_int_equal(minimums.slos[0].n_alerts, 0);
	config_clear(&config);
	config_clear(&minimums);
}

TEST(every_kind_is_read)
{
	struct config config = parse_good(
		SLO "alerts: [\n"
		    "  {burn: {budget: 2%, window: 90m}},\n"
		    "  {burn: {budget: 12.5, window: 7h, short: 10s, severity: notice, name: b-2,\n"
		    "          min_bad: 7, min_events: 70}},\n"
		    "  {exhaust: {within: 12h}}, {exhaust: {within: 13h}},\n"
		    "  {exhaust: {within: 10m, severity: ticket, name: soon, min_bad: 1}},\n"
		    "  {budget: {spent: 50%}}, {budget: {spent: 99.9, severity: page}},\n"
		    "  {budget: {spent: 1000%, name: over}},\n"
		    "  {no-data: {after: 5m}},\n"
		    "  {coverage: {below: 100%, window: 24h}},\n"
		    "  {burn: {budget: 1%, window: 6h}}, {burn: {budget: 100%, window: 30d}},\n"
		    "  {burn: {budget: 1%, window: 361m}}]}\n");
	const struct alert_rule *rules = config.slos[0].alerts;

	assert_int_equal(config.slos[0].n_alerts, 13);
	assert_rule(&rules[0], "burn-90m", ALERT_BURN, SEVERITY_PAGE, 0.02, 90 * MINUTE, 450);
	assert_int_equal(rules[0].min_bad, 5);
	assert_int_equal(rules[0].min_events, 0);
	assert_rule(&rules[1], "b-2", ALERT_BURN, SEVERITY_NOTICE, 0.125, 7 * HOUR, 10);
	assert_int_equal(rules[1].min_bad, 7);
	assert_int_equal(rules[1].min_events, 70);
	assert_rule(&rules[2], "exhaust-12h", ALERT_EXHAUST, SEVERITY_PAGE, 0, 12 * HOUR, 0);
	assert_rule(&rules[3], "exhaust-13h", ALERT_EXHAUST, SEVERITY_TICKET, 0, 13 * HOUR, 0);
	assert_rule(&rules[4], "soon", ALERT_EXHAUST, SEVERITY_TICKET, 0, 10 * MINUTE, 0);
	assert_int_equal(rules[4].min_bad, 1);
	assert_rule(&rules[5], "budget-50", ALERT_BUDGET, SEVERITY_NOTICE, 0.5, 0, 0);
	assert_rule(&rules[6], "budget-99-9", ALERT_BUDGET, SEVERITY_PAGE, 0.999, 0, 0);
	assert_rule(&rules[7], "over", ALERT_BUDGET, SEVERITY_NOTICE, 10, 0, 0);
	assert_rule(&rules[8], "no-data", ALERT_NO_DATA, SEVERITY_TICKET, 0, 5 * MINUTE, 0);
	assert_rule(&rules[9], "coverage", ALERT_COVERAGE, SEVERITY_TICKET, 1, DAY, 0);
	assert_rule(&rules[10], "burn-6h", ALERT_BURN, SEVERITY_PAGE, 0.01, 6 * HOUR, HOUR / 2);
	assert_rule(&rules[12], "burn-361m", ALERT_BURN, SEVERITY_TICKET, 0.01, 361 * MINUTE, 1805);
	assert_rule(&rules[11], "burn-30d", ALERT_BURN, SEVERITY_TICKET, 1, 30 * DAY,
		    30 * DAY / 12);
	assert_int_equal(config.n_warnings, 0);
	config_clear(&config);
}

TEST(defaults_stand_where_they_are_named)
{
	struct config config = parse_good(SLO "alerts: [{no-data: {after: 1m, name: first}}, "
					      "default, {no-data: {after: 1m, name: last}}]}\n");
	const struct config_slo *slo = &config.slos[0];

	assert_int_equal(slo->n_alerts, 13);
	assert_string_equal(slo->alerts[0].name, "first");
	assert_string_equal(slo->alerts[1].name, "burn-1h");
	assert_string_equal(slo->alerts[11].name, "coverage");
	assert_string_equal(slo->alerts[12].name, "last");
	config_clear(&config);
}

TEST(minimums_go_to_rules_without_their_own)
{
	/* in either order of keys */
	struct config config =
		parse_good(SLO "alerts: {rules: [{burn: {budget: 2, window: 1h, min_bad: 9}},\n"
			       "                 {burn: {budget: 2, window: 2h, min_events: 8}}],\n"
			       "         min_bad: 10, min_events: 100}}\n");
	struct config defaults = parse_good(SLO "alerts: {min_bad: 1000000000}}\n");
	struct config most = parse_good(SLO "alerts: {min_events: 1000000000000}}\n");
	const struct alert_rule *rules = config.slos[0].alerts;

	assert_int_equal(rules[0].min_bad, 9);
	assert_int_equal(rules[0].min_events, 100);
	assert_int_equal(rules[1].min_bad, 10);
	assert_int_equal(rules[1].min_events, 8);
	assert_int_equal(defaults.slos[0].n_alerts, 11);
	for (size_t i = 0; i < 11; i++) {
		assert_int_equal(defaults.slos[0].alerts[i].min_bad, 1000000000);
		assert_int_equal(defaults.slos[0].alerts[i].min_events, 0);
		assert_int_equal(most.slos[0].alerts[i].min_bad, ALERT_MIN_BAD);
		assert_int_equal(most.slos[0].alerts[i].min_events, 1000000000000);
	}
	config_clear(&config);
	config_clear(&defaults);
	config_clear(&most);
}

TEST(defaults_beyond_the_window_are_left_out)
{
	static const struct {
		const char *text;
		const char *names;
	} cases[] = {
		{SLO "window: 1h}\n", "burn-1h budget-50 budget-80 budget-100 no-data coverage "},
		{SLO "alerts: default, window: 4h}\n",
		 "burn-1h exhaust-4h budget-50 budget-80 budget-100 no-data coverage "},
		{SLO "alerts: [default], window: 1d}\n",
		 "burn-1h burn-6h burn-1d exhaust-4h budget-50 budget-80 budget-100 no-data "
		 "coverage "},
		{SLO "alerts: {min_bad: 3}, window: 3d}\n",
		 "burn-1h burn-6h burn-1d burn-3d exhaust-4h exhaust-3d budget-50 budget-80 "
		 "budget-100 no-data coverage "},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct config config = parse_good(cases[i].text);
		char names[256] = "";

		for (size_t r = 0; r < config.slos[0].n_alerts; r++) {
			strcat(names, config.slos[0].alerts[r].name);
			strcat(names, " ");
		}
		assert_string_equal(names, cases[i].names);
		config_clear(&config);
	}
}

TEST(an_alert_that_cannot_fire_is_warned_of)
{
	static const char head[] = "slos:\n- {name: \"{service}\", service: \"*\", objective: ";
	char text[256];
	struct config config;

	/* 10 % of 30 d in 6 h: factor 12 */
	snprintf(text, sizeof(text), "%s90, alerts: [{burn: {budget: 10, window: 6h}}]}\n", head);
	config = parse_good(text);
	assert_int_equal(config.n_warnings, 1);
	assert_string_equal(config.warnings[0],
			    "alert burn-6h of SLO \"{service}\" cannot fire: it needs a burn rate "
			    "above 12, and a full outage burns 10");
	config_clear(&config);
	snprintf(text, sizeof(text), "%s92, alerts: [{burn: {budget: 10, window: 6h}}]}\n", head);
	config = parse_good(text);
	assert_int_equal(config.n_warnings, 0);
	config_clear(&config);
	snprintf(text, sizeof(text), "%s50}\n", head);
	config = parse_good(text);
	assert_int_equal(config.n_warnings, 0);
	config_clear(&config);
}

TEST(a_calendar_month_has_a_time_zone)
{
	static const struct {
		const char *text;
		const char *zone;
	} cases[] = {
		{SLO "window: {calendar: month}}\n", "UTC"},
		{SLO "calendar: month}\n", "UTC"},
		{SLO "window: {calendar: month, time_zone: Europe/Berlin}}\n", "Europe/Berlin"},
		{SLO "time_zone: Europe/Berlin, calendar: month}\n", "Europe/Berlin"},
		{SLO "time_zone: Europe/Berlin, window: {calendar: month}}\n", "Europe/Berlin"},
	};
	struct config rolling = parse_good(SLO "window: 31d}\n");

	assert_false(rolling.slos[0].calendar_month);
	assert_null(rolling.slos[0].time_zone);
	config_clear(&rolling);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct config config = parse_good(cases[i].text);

		assert_true(config.slos[0].calendar_month);
		assert_int_equal(config.slos[0].window_seconds, 31 * DAY);
		assert_string_equal(config.slos[0].time_zone, cases[i].zone);
		config_clear(&config);
	}
}

TEST(slices_are_read)
{
	struct config config =
		parse_good(SLO "window: 1h, budgeting: {timeslices: {slice: 6m, target: 99.5}}}\n");

	assert_int_equal(config.slos[0].slice_seconds, 360);
	assert_true(config.slos[0].slice_target == 0.995);
	assert_int_equal(config.n_warnings, 0);
	config_clear(&config);
}

#define AT "t.yaml:2: slos[0]."
#define ALERT(item) SLO "alerts: [" item "]}\n"
#define IN_ALERT "t.yaml:2: slos[0].alerts[0]."
#define MANY_RULES                                                                                 \
	"{budget: {spent: 1}}, {budget: {spent: 2}}, {budget: {spent: 3}}, {budget: {spent: 4}}, " \
	"{budget: {spent: 5}}, {budget: {spent: 6}}, {budget: {spent: 7}}, {budget: {spent: 8}}, " \
	"{budget: {spent: 9}}, {budget: {spent: 10}}, {budget: {spent: 11}}, "                     \
	"{budget: {spent: 12}}, {budget: {spent: 13}}"

TEST(alerts_are_refused_in_exact_words)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{SLO "alerts: {rules: x}}\n",
		 AT "alerts.rules: expected default or a list of alerts, got \"x\""},
		{SLO "alerts: {min_bad: 0}}\n",
		 AT "alerts.min_bad: expected a number from 1 to 1000000000, got \"0\""},
		{SLO "alerts: {min_bad: 1000000001}}\n",
		 AT "alerts.min_bad: expected a number from 1 to 1000000000, got \"1000000001\""},
		{SLO "alerts: {min_events: 1000000000001}}\n",
		 AT "alerts.min_events: expected a number from 0 to 1000000000000, got "
		    "\"1000000000001\""},
		{SLO "alerts: {burn: {}}}\n",
		 AT "alerts.burn: unknown key, expected one of min_bad, min_events, rules"},
		{ALERT("{}"), "t.yaml:2: slos[0].alerts[0]: expected one of burn, exhaust, budget, "
			      "no-data, coverage, got none"},
		{ALERT("{no-data: {after: 1h}, name: x}"),
		 "t.yaml:2: slos[0].alerts[0]: expected one of burn, exhaust, budget, no-data, "
		 "coverage, got several"},
		{ALERT("{bern: {}}"),
		 IN_ALERT "bern: unknown key (did you mean \"burn\"?), expected one of burn, "
			  "exhaust, budget, no-data, coverage"},
		{ALERT("{burn: 14.4}"), IN_ALERT "burn: expected a mapping, got \"14.4\""},
		{ALERT("{burn: {window: 1h}}"),
		 IN_ALERT "burn.budget: expected a percentage above 0 and up to 100, got nothing"},
		{ALERT("{burn: {budget: 2}}"),
		 IN_ALERT "burn.window: expected a duration from 5m to the SLO's window in whole "
			  "seconds, got nothing"},
		{ALERT("{burn: {budget: 0, window: 1h}}"),
		 IN_ALERT "burn.budget: expected a percentage above 0 and up to 100, got \"0\""},
		{ALERT("{burn: {budget: 100.1%, window: 1h}}"), IN_ALERT
		 "burn.budget: expected a percentage above 0 and up to 100, got \"100.1%\""},
		{ALERT("{burn: {budget: '%', window: 1h}}"),
		 IN_ALERT "burn.budget: expected a percentage above 0 and up to 100, got \"%\""},
		{ALERT("{burn: {budget: 2%%, window: 1h}}"),
		 IN_ALERT "burn.budget: expected a percentage above 0 and up to 100, got \"2%%\""},
		{ALERT("{burn: {budget: 2, window: 299s}}"),
		 IN_ALERT "burn.window: expected a duration from 5m to the SLO's window in whole "
			  "seconds, got \"299s\""},
		{ALERT("{burn: {budget: 2, window: 31d}}"),
		 IN_ALERT "burn.window: expected at most the SLO's window (30d), got 31d"},
		{SLO "alerts: [{burn: {budget: 2, window: 91m}}], window: 90m}\n",
		 IN_ALERT "burn.window: expected at most the SLO's window (90m), got 91m"},
		{ALERT("{burn: {budget: 2, window: 1h, short: 9s}}"),
		 IN_ALERT "burn.short: expected a duration from 10s and below the window in whole "
			  "seconds, got \"9s\""},
		{ALERT("{burn: {budget: 2, window: 1h, short: 60m}}"),
		 IN_ALERT "burn.short: expected less than the window (1h), got 1h"},
		{ALERT("{burn: {budget: 2, window: 1h, severity: warn}}"),
		 IN_ALERT "burn.severity: expected page, ticket or notice, got \"warn\""},
		{ALERT("{burn: {budget: 2, window: 1h, name: A}}"), IN_ALERT
		 "burn.name: expected a name of at most 31 of a-z, 0-9 and '-', got \"A\""},
		{ALERT("{burn: {budget: 2, window: 1h, name: -a}}"), IN_ALERT
		 "burn.name: expected a name of at most 31 of a-z, 0-9 and '-', got \"-a\""},
		{ALERT("{burn: {budget: 2, window: 1h, name: a2345678901234567890123456789012}}"),
		 IN_ALERT "burn.name: expected a name of at most 31 of a-z, 0-9 and '-', got "
			  "\"a2345678901234567890123456789012\""},
		{ALERT("{burn: {budget: 2, window: 1h, min_bad: -1}}"),
		 IN_ALERT "burn.min_bad: expected a number from 1 to 1000000000, got \"-1\""},
		{ALERT("{burn: {budget: 2, window: 1h, for: 1h}}"),
		 IN_ALERT "burn.for: unknown key, expected one of budget, window, short, name, "
			  "severity, min_bad, min_events"},
		{ALERT("{exhaust: {within: 9m}}"),
		 IN_ALERT "exhaust.within: expected a duration from 10m to the SLO's window in "
			  "whole seconds, got \"9m\""},
		{ALERT("{exhaust: {within: 40d}}"),
		 IN_ALERT "exhaust.within: expected at most the SLO's window (30d), got 40d"},
		{ALERT("{budget: {spent: 1000.5}}"),
		 IN_ALERT "budget.spent: expected a percentage above 0 and up to 1000, got "
			  "\"1000.5\""},
		{ALERT("{no-data: {after: 59s}}"),
		 IN_ALERT "no-data.after: expected a duration from 1m to 24h in whole seconds, got "
			  "\"59s\""},
		{ALERT("{no-data: {after: 25h}}"),
		 IN_ALERT "no-data.after: expected a duration from 1m to 24h in whole seconds, got "
			  "\"25h\""},
		{ALERT("{coverage: {below: 90%, window: 9m}}"),
		 IN_ALERT "coverage.window: expected a duration from 10m to 24h in whole seconds, "
			  "got \"9m\""},
		{ALERT("{coverage: {below: 101, window: 1h}}"), IN_ALERT
		 "coverage.below: expected a percentage above 0 and up to 100, got \"101\""},
		{ALERT("{burn: {budget: 2, window: 1h}}, {burn: {budget: 3, window: 60m}}"),
		 AT "alerts[1].burn: expected a name that is unique in the SLO, got \"burn-1h\" "
		    "again"},
		{ALERT("{no-data: {after: 1h}}, default"),
		 AT "alerts[1]: expected a name that is unique in the SLO, got \"no-data\" again"},
		{ALERT("default, default"),
		 AT "alerts[1]: expected a name that is unique in the SLO, got \"burn-1h\" again"},
		{ALERT("default, " MANY_RULES ", {no-data: {after: 1h, name: x}}"),
		 AT "alerts[14].no-data: expected at most 24 alerts, got more"},
		{SLO "window: {calendar: month, time_zone: Europe/Nowhere}}\n",
		 AT "window.time_zone: expected a time zone the system knows, such as "
		    "Europe/Berlin, got \"Europe/Nowhere\""},
		{SLO "calendar: month, time_zone: \"\"}\n",
		 AT "time_zone: expected a time zone the system knows, such as Europe/Berlin, got "
		    "\"\""},
		{SLO "window: {time_zone: UTC}}\n",
		 AT "window.calendar: expected month, got nothing"},
		{SLO "window: 30d, time_zone: UTC}\n",
		 AT "time_zone: expected no time zone unless calendar is given"},
		{SLO "window: {calendar: month, time_zone: UTC}, time_zone: UTC}\n",
		 AT "time_zone: expected time_zone once, got it again"},
		{SLO "budgeting: {timeslices: {slice: 15s, target: 95}}}\n",
		 AT "budgeting.timeslices.slice: expected a duration from 10s to 1h in multiples "
		    "of 10s, got \"15s\""},
		{SLO "window: 1h, budgeting: {timeslices: {slice: 370s, target: 95}}}\n",
		 AT "budgeting.timeslices.slice: expected at most a tenth of the window (360s), "
		    "got 370s"},
	};
	struct config config;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_refused(cases[i].text, strlen(cases[i].text), cases[i].message);
	config = parse_good(ALERT("default, " MANY_RULES));
	assert_int_equal(config.slos[0].n_alerts, ALERT_RULES_MAX);
	config_clear(&config);
}

TEST(every_failed_allocation_is_clean)
{
	static const char text[] =
		SLO "alerts: {min_bad: 2, rules: [default, {budget: {spent: 20}}]},\n"
		    "   window: {calendar: month, time_zone: Europe/Berlin}}\n"
		    "- {name: \"{service}-2\", service: \"*\", objective: 9, calendar: month}\n"
		    "- {name: \"{service}-3\", service: \"*\", objective: 9,\n"
		    "   alerts: [{burn: {budget: 50%, window: 1h}}]}\n";

	assert_true(fail_each_allocation_of(text) > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_said_is_the_default),
		cmocka_unit_test(empty_list_is_none),
		cmocka_unit_test(every_kind_is_read),
		cmocka_unit_test(defaults_stand_where_they_are_named),
		cmocka_unit_test(minimums_go_to_rules_without_their_own),
		cmocka_unit_test(defaults_beyond_the_window_are_left_out),
		cmocka_unit_test(an_alert_that_cannot_fire_is_warned_of),
		cmocka_unit_test(a_calendar_month_has_a_time_zone),
		cmocka_unit_test(slices_are_read),
		cmocka_unit_test(alerts_are_refused_in_exact_words),
		cmocka_unit_test(every_failed_allocation_is_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
