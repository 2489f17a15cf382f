/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl report, asking a fake agent. */
#include <jansson.h>
#include <sys/stat.h>

#include "tests/unit/fixtures/test.h"
#include "tests/unit/ctl/fake_agent.h"

static const char status[] =
	"{\"agent\": {}, \"slos\": [{\"name\": \"checkout\", \"service\": \"shop\", \"alerts\": []},"
	" {\"name\": \"pages\", \"service\": \"shop\", \"alerts\": [{\"name\": \"burn-1h\"}]}]}";
static const char history[] = "{\"window_seconds\": 60, \"now_seconds\": 4000000000, \"steps\":"
			      " [[1000, 10, 1, 0], [3999999990, 10, 5, 2]]}";

static const struct fake_reply answers[] = {
	{"GET /v1/status?services=no", 200, status, 0},
	{"GET /v1/slos/checkout", 200, "{\"name\": \"checkout\"}", 0},
	{"GET /v1/slos/pages", 200, "{\"name\": \"pages\"}", 0},
	{"GET /v1/history/checkout", 200, history, 0},
	{"GET /v1/history/pages", 200, history, 0},
	{"GET /v1/services?service=shop", 200, "{\"services\": [{\"name\": \"shop\"}]}", 0},
	{"GET /v1/history/shop?kind=service&by=hour&since=7d&histograms=yes", 200,
	 "{\"rows\": [{\"series\": [1, 2], \"latency_buckets\": [[3, 4]]}]}", 0},
	{"GET /v1/alerts", 200, "{\"changes\": []}", 0},
	{"GET /v1/incidents", 503, "no JSON", 0},
	{"GET /v1/events?filter=bad&since=7d&limit=500", 200,
	 "{\"events\": [{\"path\": \"</script><script>alert(1)</script>\"}]}", 0},
	{"GET /v1/events?filter=bad_for=\"pages\"&since=7d&limit=500", 200, "{\"events\": []}", 0},
	{},
};

/* What is written into the report of that path. */
static json_t *report_at(const char *path)
{
	static const char begin[] = "<script type=\"application/json\" id=\"answers\">";
	static char text[1 << 20];
	FILE *file = fopen(path, "r");
	json_t *report;
	char *from, *to;

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = 0;
	fclose(file);
	from = strstr(text, begin);
	assert_non_null(from);
	from += strlen(begin);
	to = strstr(from, "</script>");
	assert_non_null(to);
	*to = 0;
	report = json_loads(from, 0, NULL);
	assert_non_null(report);
	return report;
}

static const json_t *answer_of(const json_t *report, const char *key)
{
	return json_object_get(json_object_get(report, "answers"), key);
}

static void run(struct fake_agent *agent, const char *options, int status_wanted, const char *out)
{
	char line[192], path[64], want[192];

	snprintf(path, sizeof(path), "%s/r.html", agent->dir);
	snprintf(line, sizeof(line), "report --html %s %s", path, options);
	snprintf(want, sizeof(want), "%s%s", out[0] ? path : "", out);
	expect_spoken(ctl_report, agent->path, false, line, status_wanted, want, NULL);
}

TEST(it_holds_what_the_page_shows)
{
	struct fake_agent agent;
	char path[64];
	struct stat stat_buf;
	const json_t *event;
	json_t *report;

	fake_start(&agent, answers);
	snprintf(path, sizeof(path), "%s/r.html", agent.dir);
	run(&agent, "--days 7", 0,
	    ": 2 SLOs; the agent had no answer to 3 questions, where the report says so\n");
	report = report_at(path);
	assert_int_equal(json_integer_value(json_object_get(report, "days")), 7);
	assert_true(json_is_null(json_object_get(report, "slo")));
	assert_non_null(answer_of(report, "slo:checkout"));
	assert_non_null(answer_of(report, "service:shop"));
	assert_int_equal(
		json_array_size(json_object_get(answer_of(report, "services"), "services")), 1);
	/* older than the report and the window */
	assert_int_equal(
		json_array_size(json_object_get(answer_of(report, "history:pages"), "steps")), 1);
	assert_null(json_object_get(
		json_array_get(json_object_get(answer_of(report, "heat:30d:shop"), "rows"), 0),
		"series"));
	/* of what burns alone */
	assert_null(answer_of(report, "explain:checkout"));
	assert_string_equal(
		json_string_value(json_object_get(answer_of(report, "explain:pages"), "error")),
		"no SLO of this name");
	assert_string_equal(
		json_string_value(json_object_get(answer_of(report, "incidents"), "error")),
		"The agent did not tell.");
	event = json_array_get(json_object_get(answer_of(report, "events:"), "events"), 0);
	assert_string_equal(json_string_value(json_object_get(event, "path")),
			    "</script><script>alert(1)</script>");
	json_decref(report);
	assert_int_equal(stat(path, &stat_buf), 0);
	assert_int_equal(stat_buf.st_mode & 07777, 0600);
	unlink(path);
	fake_stop(&agent);
}

TEST(of_one_slo_and_without_samples)
{
	struct fake_agent agent;
	char path[64];
	json_t *report;

	fake_start(&agent, answers);
	snprintf(path, sizeof(path), "%s/r.html", agent.dir);
	run(&agent, "--days 7 --slo pages --without-samples", 0,
	    ": 1 SLO; the agent had no answer to 3 questions, where the report says so\n");
	report = report_at(path);
	assert_null(answer_of(report, "slo:checkout"));
	assert_string_equal(
		json_string_value(json_object_get(answer_of(report, "events:"), "error")),
		"This report was made without samples.");
	json_decref(report);
	assert_null(strstr(agent.asked, "/v1/events"));
	unlink(path);
	fake_stop(&agent);
}

TEST(what_cannot_be_is_refused_and_leaves_no_file)
{
	struct fake_agent agent;

	fake_start(&agent, answers);
	run(&agent, "--slo nope", 2, "");
	run(&agent, "--days 0", 2, "");
	run(&agent, "--days 367", 2, "");
	run(&agent, "--days 7x", 2, "");
	expect_spoken(ctl_report, agent.path, false, "report", 2, "",
		      "slictl: an option is missing: --html FILE; see slictl report --help\n");
	expect_spoken(ctl_report, agent.path, false, "report --html /none/r.html", 2, "",
		      "slictl: cannot write /none/r.html: No such file or directory\n");
	/* asserts that the directory is empty but for the socket */
	fake_stop(&agent);
	assert_int_equal(access(agent.dir, F_OK), -1);
	expect_spoken(ctl_report, agent.path, false, "report --html /none/r.html", 3, "", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_what_the_page_shows),
		cmocka_unit_test(of_one_slo_and_without_samples),
		cmocka_unit_test(what_cannot_be_is_refused_and_leaves_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
