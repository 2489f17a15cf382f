/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slictl's commands that read files: their exit status, and that --json prints JSON even if names
 * are not UTF-8.
 */
#include "tests/unit/fixtures/test.h"
#include <sys/stat.h>

#include "tests/unit/ctl/fake_agent.h"

#define DIR "/tmp/test_ctl_files.\xff"
#define CONFIG DIR "/c.yaml"
#define SLOS DIR "/o.yaml"
#define CATALOGUE DIR "/risks.yaml"
#define U16 "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int setup(void **state)
{
	(void)state;
	return mkdir(DIR, 0700);
}

static int teardown(void **state)
{
	(void)state;
	unlink(CONFIG);
	unlink(SLOS);
	unlink(CATALOGUE);
	return rmdir(DIR);
}

/* Runs a command line, and returns the JSON that it prints. */
static json_t *json_of(command_fn *command, const char *socket, const char *line, int status)
{
	struct spoken spoken = speak(command, socket, true, line);
	json_t *json = json_loads(spoken.out, 0, NULL);

	if (!json)
		fail_msg("no JSON: %s%s", spoken.out, spoken.err);
	assert_int_equal(spoken.status, status);
	spoken_clear(&spoken);
	return json;
}

static void assert_says(json_t *json, const char *key, const char *text)
{
	assert_string_equal(json_string_value(json_object_get(json, key)), text);
	json_decref(json);
}

TEST(check_prints_json_of_any_file_name)
{
	write_file(CONFIG, "services: []\n");
	assert_says(json_of(ctl_check, NULL, "check " CONFIG, 0), "file",
		    "/tmp/test_ctl_files.\\xff/c.yaml");
	write_file(CONFIG, "slos: 1\n");
	assert_says(json_of(ctl_check, NULL, "check " CONFIG, 1), "error",
		    "/tmp/test_ctl_files.\\xff/c.yaml:1: slos: expected a list of SLOs, got \"1\"");
	assert_says(json_of(ctl_check, NULL, "check " DIR "/none", 2), "error",
		    "/tmp/test_ctl_files.\\xff/none: cannot be opened: No such file or directory");
}

/* A message of 64 bytes of a name ends within a character. */
TEST(check_prints_json_of_a_name_that_is_cut)
{
	write_file(CONFIG, "slo_files: [/tmp/test_ctl_files.*/o.yaml]\n");
	write_file(SLOS, "apiVersion: openslo/v1\n"
			 "kind: AlertPolicy\n"
			 "metadata: {name: p}\n"
			 "spec:\n"
			 "  alertWhenBreaching: true\n"
			 "  conditions: [{conditionRef: x" U16 U16 U16 U16 U16 "}]\n");
	assert_says(json_of(ctl_check, NULL, "check " CONFIG, 1), "error",
		    "/tmp/test_ctl_files.\\xff/o.yaml:6: AlertPolicy \"p\": spec.conditions[0]: "
		    "expected the name of an AlertCondition of this file, got "
		    "\"x" U16 U16 U16
		    "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\\xc3\"");
	unlink(SLOS);
}

TEST(risk_prints_json_of_any_file_name)
{
	assert_says(json_of(ctl_risk, "/none", "risk " DIR "/none", 2), "error",
		    "/tmp/test_ctl_files.\\xff/none: No such file or directory");
}

TEST(an_export_is_no_json)
{
	write_file(CONFIG, "services: []\n");
	for (int i = 0; i < 2; i++) {
		expect_spoken(ctl_export, NULL, true,
			      i ? "export openslo --config " CONFIG :
				  "export prometheus-rules --config " CONFIG,
			      2, "",
			      "slictl: a format of its own does not go with --json; see slictl "
			      "export --help\n");
	}
	expect_spoken(ctl_export, NULL, false, "export openslo --config " CONFIG, 0, "", "");
}

#define CHANGE(slo)                                                                                \
	"{\"at\": \"2030-01-02T03:15:52Z\", \"slo\": \"" slo                                       \
	"\", \"alert\": \"burn-1h\", \"severity\": \"page\", \"from\": \"firing\", \"to\": "       \
	"\"inactive\", \"started_at\": \"2030-01-02T03:05:52Z\"}"

static const struct fake_reply recorded[] = {
	{"GET /v1/alerts", 200, "{\"changes\": [" CHANGE("all-a") ", " CHANGE("all-b") "]}", 0},
	{NULL, 0, NULL, 0},
};

static json_int_t incidents_of(const char *socket, const char *slo)
{
	char line[200];
	json_t *json, *page;
	json_int_t n;

	snprintf(line, sizeof(line), "risk " CATALOGUE " --config " CONFIG " --slo %s", slo);
	json = json_of(ctl_risk, socket, line, 0);
	assert_true(json_number_value(json_object_get(json, "objective")) == 0.9);
	page = json_object_get(json_object_get(json, "recorded"), "page");
	n = json_integer_value(json_object_get(page, "incidents"));
	json_decref(json);
	return n;
}

/* Incidents are recorded by the names of single services, which the configuration does not have. */
TEST(risk_knows_an_slo_by_the_name_it_has_for_one_service)
{
	struct fake_agent agent;

	write_file(CONFIG, "slos: [{name: \"all-{service}\", service: \"*\", objective: 90}]\n");
	write_file(CATALOGUE, "risks: [{name: r, detect_minutes: 1, repair_minutes: 1, "
			      "impact_percent: 1, days_between_failures: 1}]\n");
	fake_start(&agent, recorded);
	assert_int_equal(incidents_of(agent.path, "all-a"), 1);
	assert_int_equal(incidents_of(agent.path, "all-c"), 0);
	assert_int_equal(incidents_of(agent.path, "all-{service}"), 2);
	fake_stop(&agent);
	expect_spoken(ctl_risk, "/none", false, "risk " CATALOGUE " --config " CONFIG " --slo all-",
		      2, "", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_prints_json_of_any_file_name),
		cmocka_unit_test(check_prints_json_of_a_name_that_is_cut),
		cmocka_unit_test(risk_prints_json_of_any_file_name),
		cmocka_unit_test(an_export_is_no_json),
		cmocka_unit_test(risk_knows_an_slo_by_the_name_it_has_for_one_service),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
