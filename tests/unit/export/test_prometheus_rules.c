/* SPDX-License-Identifier: GPL-2.0-only */
/* Words of PromQL, limits, and what rules say. That they fire is tested with Prometheus's tools. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "config/load.h"
#include "export/prometheus_alerts.h"
#include "export/prometheus_rules.h"
#include "export/promql.h"
#include "tests/unit/fixtures/malloc_fail.h"

#define SHOP "services: [{name: shop, match: {port: 80}}]\n"

static struct config parse(const char *text)
{
	struct config config = {};
	struct error error = {};

	if (config_parse(text, strlen(text), "t.yaml", &config, &error))
		fail_msg("%s", error.text);
	return config;
}

static char *export(const char *yaml)
{
	struct config config = parse(yaml);
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	assert_non_null(file);
	assert_int_equal(prometheus_rules_write(&config, file), 0);
	assert_int_equal(fclose(file), 0);
	config_clear(&config);
	return text;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static void assert_says(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("not there: %s", what);
}

TEST(numbers_read_back_the_same)
{
	static const double cases[] = {1, 2592000, 0.001, 0.9333333333333333, 1 / 3.0, 1e-9};
	char text[PROMQL_NUMBER_BYTES];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		promql_number(cases[i], text);
		assert_true(strtod(text, NULL) == cases[i]);
	}
	promql_number(0.0144, text);
	assert_string_equal(text, "0.0144");
	promql_number(2592000, text);
	assert_string_equal(text, "2592000");
}

TEST(texts_are_taken_for_what_they_are)
{
	char *string = promql_string("a\\b\"c"), *regex = promql_regex("a.b(c)[d]{e}^$|?*+\\");
	char *plain = promql_template("{service} }} x"), *braces = promql_template("{{x}} {{{");

	assert_string_equal(string, "\"a\\\\b\\\"c\"");
	assert_string_equal(regex, "a\\.b\\(c\\)\\[d\\]\\{e\\}\\^\\$\\|\\?\\*\\+\\\\");
	assert_string_equal(plain, "{service} }} x");
	assert_string_equal(braces, "{{\"{\"}}{x}} {{\"{\"}}{{\"{\"}}{{\"{\"}}");
	free(string);
	free(regex);
	free(plain);
	free(braces);
}

TEST(limits_are_those_of_the_written_decimals)
{
	const struct config_slo two_nines = {.objective = 0.99};
	const struct config_slo three_nines = {.objective = 0.999}, four = {.objective = 0.9999};

	assert_true(prometheus_limit(&three_nines, 0.02, 2592000, 3600) == 0.0144);
	assert_true(prometheus_limit(&three_nines, 0.05, 2592000, 21600) == 0.006);
	assert_true(prometheus_limit(&three_nines, 0.1, 2592000, 86400) == 0.003);
	assert_true(prometheus_limit(&three_nines, 0.1, 2592000, 259200) == 0.001);
	assert_true(prometheus_limit(&four, 0.02, 2419200, 3600) == 0.001344);
	assert_true(prometheus_budget(&four) == 0.0001);
	assert_true(prometheus_limit(&two_nines, 0.02, 2592000, 3600) == 0.144);
}

TEST(a_burn_rule_looks_at_both_windows_and_the_minimum)
{
	char *text =
		export(SHOP "slos:\n"
			    "  - {name: a, service: shop, objective: 99.9, alerts: [{burn: {"
			    "budget: 2%, window: 1h, short: 5m, min_bad: 7, min_events: 9}}]}\n");

#define FIRING                                                                                     \
	"ALERTS{alertname=\"SliprobeBudgetBurn\",alert=\"burn-1h\",alertstate=\"firing\","         \
	"slo_id=\"a\"}"
	assert_int_equal(count(text, "- alert:"), 1);
	assert_says(text, "      slo:sli_error:ratio_rate1h{slo_id=\"a\"} > 0.0144 / "
			  "slo:burn_lived:ratio1h{slo_id=\"a\"}\n"
			  "      and on (slo, service)\n"
			  "      (slo:sliprobe_bad_events:increase1h{slo_id=\"a\"} >= 7"
			  " and slo:sliprobe_events:increase1h{slo_id=\"a\"} >= 9 or " FIRING ")\n"
			  "      and on (slo, service)\n"
			  "      (slo:sli_error:ratio_rate5m{slo_id=\"a\"} > 0.0144 / "
			  "slo:burn_lived:ratio5m{slo_id=\"a\"}\n"
			  "       or (" FIRING " unless on (slo, service) "
			  "slo:sliprobe_events:increase5m{slo_id=\"a\"} > 0))\n");
	assert_says(text, "    labels: {alert: burn-1h, severity: page, slo_id: a}\n");
	free(text);
}

TEST(alerts_have_description_and_labels_of_the_slo)
{
	char *text = export(SHOP "slos: [{name: a, service: shop, objective: 99, alerts: [{budget: "
				 "{spent: 50%}}], description: \"Pays {{x}}.\", labels: {team: "
				 "shop}}]\n");

	assert_says(text, "labels: {alert: budget-50, severity: notice, slo_id: a, team: shop}\n");
	assert_says(text, "      description: 'Pays {{\"{\"}}{x}}.'\n");
	free(text);
}

TEST(all_windows_are_recorded_once_and_long_ones_from_thinned_counters)
{
	char *text =
		export(SHOP "slos: [{name: a, service: shop, objective: 99.9, window: 28d}]\n");

	/* 5m 30m 1h 2h 6h; 18h 1d 3d 7d 28d */
	assert_int_equal(count(text, "record: slo:sli_error:ratio_rate"), 10);
	assert_int_equal(count(text, "(increase(sliprobe_slo_events_total{slo=\"a\","
				     "service=\"shop\",result=~\"bad\"}["),
			 5);
	assert_int_equal(count(text, "(increase(instance:sliprobe_slo_events:last5m{slo=\"a\","
				     "service=\"shop\",result=~\"bad\"}["),
			 5);
	assert_int_equal(count(text, "record: slo:sli_error:ratio_rate28d\n"), 1);
	assert_int_equal(count(text, "\"}[6h]"), 2 + 2 * 5); /* and of the ages of five windows */
	/* 5m 30m 1h 2h 6h; 18h 1d 3d 28d: the SLO's, and those of burn and exhaust rules */
	assert_int_equal(count(text, "record: slo:burn_lived:ratio"), 9);
	assert_int_equal(count(text, "record: slo:period_lived:ratio\n"), 1);
	assert_says(text, "expr: sliprobe_slo_events_total\n");
	free(text);
}

TEST(an_slo_for_all_takes_the_service_out_of_the_name)
{
	char *text = export("slos: [{name: \"x.{service}\", service: \"*\", objective: 99}]\n");

	assert_says(text,
		    "      count by (slo, service) (sliprobe_slo_events_total{slo=~\"x\\\\.(.+)\","
		    "result=\"good\"})\n"
		    "      and on (slo, service)\n"
		    "      label_replace(group by (slo) (sliprobe_slo_events_total{"
		    "slo=~\"x\\\\.(.+)\",result=\"good\"}), \"service\", \"$1\", \"slo\", "
		    "\"x\\\\.(.+)\")\n");
	free(text);
}

TEST(a_month_s_budget_goes_by_its_length_in_utc)
{
	char *text = export(SHOP "slos: [{name: a, service: shop, objective: 99.9, calendar: "
				 "month}]\n");

	/* 2 % of 1 permille: a day's worth of 1 h is 24 times that */
	assert_says(text, "ratio_rate1h{slo_id=\"a\"} > scalar(days_in_month()) * 0.00048 / "
			  "slo:burn_lived:ratio1h{slo_id=\"a\"}\n");
	assert_int_equal(count(text, "# Left out: "), 5);
	assert_int_equal(count(text, "alert: SliprobeBudgetBurn"), 4);
	assert_int_equal(count(text, "alert: SliprobeBudgetSpent"), 0);
	assert_int_equal(count(text, "alert: SliprobeBudgetExhaustion"), 0);
	assert_int_equal(count(text, "budget_remaining"), 0);
	free(text);
}

static int keep_first(void *context, const char *sentence)
{
	snprintf(context, PROMETHEUS_REASON_BYTES, "%s", sentence);
	return 1;
}

TEST(what_is_left_out_is_named_until_told_to_stop)
{
	struct config config = parse(SHOP "slos:\n"
					  "  - {name: s, service: shop, objective: 99, budgeting: "
					  "{timeslices: {slice: 1m, target: 95}}}\n"
					  "  - {name: m, service: shop, objective: 99, calendar: "
					  "month, alerts: [{budget: {spent: 50%}}, {exhaust: "
					  "{within: 4h}}]}\n");
	char text[PROMETHEUS_REASON_BYTES];

	assert_int_equal(prometheus_rules_left_out(&config, keep_first, text), 1);
	assert_string_equal(text, "SLO \"s\": timeslices cannot be told from scraped counters, "
				  "which say nothing of when between two scrapes an event came");
	config.slos[0].slice_seconds = 0;
	assert_int_equal(prometheus_rules_left_out(&config, keep_first, text), 1);
	assert_string_equal(text, "SLO \"m\": alert \"budget-50\": the sum since the month began "
				  "cannot be asked for in PromQL");
	config_clear(&config);
}

TEST(no_slos_are_rules_still)
{
	char *text = export("slos: []\n");

	assert_string_equal(text,
			    "# The SLOs of sliprobe, judged over all agents that are scraped.\n"
			    "---\n"
			    "groups:\n"
			    "- name: sliprobe\n"
			    "  interval: 5m\n"
			    "  rules:\n"
			    "  - record: instance:sliprobe_slo_events:last5m\n"
			    "    expr: sliprobe_slo_events_total\n");
	free(text);
}

TEST(running_out_of_memory_is_told)
{
	struct config config = parse("services: [{name: shop, match: {port: 80}, about: {owner: "
				     "\"{{x\"}}]\n"
				     "slos:\n"
				     "  - {name: a, service: shop, objective: 99}\n"
				     "  - {name: \"{service}\", service: \"*\", objective: 99}\n");
	FILE *file = fopen("/dev/null", "w");
	unsigned long n = 0;
	int r;

	assert_non_null(file);
	do {
		n_allocations = 0;
		fail_at = ++n;
		r = prometheus_rules_write(&config, file);
		fail_at = 0;
		assert_true(r == 0 || r == -ENOMEM);
	} while (r);
	assert_true(n > 100);
	assert_true(n_allocations < n); /* not that one failed and nobody noticed */
	fclose(file);
	config_clear(&config);
}

TEST(what_cannot_be_written_is_told)
{
	struct config config = parse("slos: []\n");
	FILE *file = fopen("/dev/full", "w");

	assert_non_null(file);
	assert_int_equal(prometheus_rules_write(&config, file), -EIO);
	fclose(file);
	config_clear(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_read_back_the_same),
		cmocka_unit_test(texts_are_taken_for_what_they_are),
		cmocka_unit_test(limits_are_those_of_the_written_decimals),
		cmocka_unit_test(a_burn_rule_looks_at_both_windows_and_the_minimum),
		cmocka_unit_test(alerts_have_description_and_labels_of_the_slo),
		cmocka_unit_test(all_windows_are_recorded_once_and_long_ones_from_thinned_counters),
		cmocka_unit_test(an_slo_for_all_takes_the_service_out_of_the_name),
		cmocka_unit_test(a_month_s_budget_goes_by_its_length_in_utc),
		cmocka_unit_test(what_is_left_out_is_named_until_told_to_stop),
		cmocka_unit_test(no_slos_are_rules_still),
		cmocka_unit_test(running_out_of_memory_is_told),
		cmocka_unit_test(what_cannot_be_written_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
