/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl risk, reading files and asking a fake agent. */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/ctl/fake_alerts.h"

/* Writes a file beside the socket. */
static void with_file(const char *dir, const char *name, const char *text, char ret_path[64])
{
	FILE *file;

	snprintf(ret_path, 64, "%s/%s", dir, name);
	file = fopen(ret_path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static const char catalogue[] = "objective: 99.9\n"
				"risks:\n"
				"  - {name: bad deploy, detect_minutes: 10, repair_minutes: 30,"
				" impact_percent: 50, days_between_failures: 30}\n";

/* An outage from 1893553500 on (03:05:00), paged at 03:05:52 and over at 03:15:52. */
#define CHANGE(at, severity, from, to)                                                             \
	"{\"at\": \"2030-01-02T" at "Z\", \"slo\": \"a\", \"alert\": \"burn-1h\", \"severity\": "  \
	"\"" severity "\", \"from\": \"" from "\", \"to\": \"" to                                  \
	"\", \"started_at\": \"2030-01-02T03:05:52Z\"}"

static const struct fake_reply recorded[] = {
	{"GET /v1/alerts", 200,
	 "{\"changes\": [" CHANGE("03:15:52", "page", "exhausted", "inactive") ", " CHANGE(
		 "03:10:00", "page", "firing", "exhausted") ", " CHANGE("03:05:52", "page",
									"inactive", "firing") "]}",
	 0},
	{"GET /v1/history/a", 200,
	 "{\"objective\": 0.9, \"window_seconds\": 3600, \"now_seconds\": 1893554200,"
	 " \"steps\": [[1893553440, 60, 900, 0], [1893553500, 60, 900, 0],"
	 "  [1893553560, 60, 0, 100], [1893554200, 10, 100, 0]]}",
	 0},
	{NULL, 0, NULL, 0},
};

TEST(test_risk_beside_what_really_happened)
{
	struct fake_agent agent;
	char path[64], line[80];

	fake_start(&agent, recorded);
	with_file(agent.dir, "c", catalogue, path);
	snprintf(line, sizeof(line), "risk %s", path);
	expect_spoken(ctl_risk, agent.path, false, line, 0,
		      "Risk catalogue, as of Google SRE (CRE life lessons, The Art of SLOs).\n"
		      "99.9% leaves 526.0 minutes a year that may be bad.\n"
		      "\n"
		      "RISK        DETECT  REPAIR  IMPACT  EVERY  BAD MIN/YEAR  SHARE  OVER 25%\n"
		      "bad deploy     10m     30m     50%    30d         243.5  46.3%  yes\n"
		      "\n"
		      "In all 243.5 of 526.0 bad minutes a year (46.3%): affordable.\n"
		      "99.953% is what these risks allow.\n"
		      "\n"
		      "Recorded by pages: 1 incident\n"
		      "  mean time to detect 52s, to repair 10m; budget spent 52.6%\n"
		      "  FIRED UTC       SLO  ALERT    DETECT  REPAIR  BUDGET SPENT\n"
		      "  01-02 03:05:52  a    burn-1h     52s     10m         52.6%\n"
		      "\n"
		      "Recorded by tickets: 0 incidents\n",
		      "");
	snprintf(line, sizeof(line), "risk %s --slo other", path);
	expect_spoken(ctl_risk, agent.path, true, line, 0,
		      "{\"objective\":0.999,\"budget_minutes\":525.96,\"bad_minutes\":243.5,"
		      "\"share_ratio\":0.462962962963,\"affordable\":true,"
		      "\"affordable_objective\":0.99953,\"risks\":[{\"name\":\"bad deploy\","
		      "\"detect_minutes\":10.0,\"repair_minutes\":30.0,\"impact_percent\":50.0,"
		      "\"days_between_failures\":30.0,\"bad_minutes\":243.5,"
		      "\"share_ratio\":0.462962962963,\"too_big\":true}],\"recorded\":{\"page\":"
		      "{\"incidents\":0,\"open\":0,\"mean_detect_seconds\":null,"
		      "\"mean_repair_seconds\":null,\"budget_spent_ratio\":null,\"list\":[]},"
		      "\"ticket\":{\"incidents\":0,\"open\":0,\"mean_detect_seconds\":null,"
		      "\"mean_repair_seconds\":null,\"budget_spent_ratio\":null,\"list\":[]}}}\n",
		      "");
	unlink(path);
	fake_stop(&agent);
}

TEST(test_risk_needs_no_agent_but_an_objective)
{
	struct fake_agent agent;
	char file[64], config[64], line[200];
	const char *without = strchr(catalogue, '\n') + 1;

	fake_start(&agent, empty);
	with_file(agent.dir, "c", without, file);
	with_file(agent.dir, "f",
		  "services:\n  - {name: s, match: {port: 80}}\nslos:\n"
		  "  - {name: x, service: s, objective: 99.99}\n",
		  config);
	snprintf(line, sizeof(line), "risk %s", file);
	expect_spoken(ctl_risk, "/none", false, line, 2, "", NULL);
	snprintf(line, sizeof(line), "risk --config %s --slo y %s", config, file);
	expect_spoken(ctl_risk, "/none", false, line, 2, "", NULL);
	snprintf(line, sizeof(line), "risk --config %s --slo x %s", config, file);
	expect_spoken(ctl_risk, "/none", false, line, 1,
		      "Risk catalogue, as of Google SRE (CRE life lessons, The Art of SLOs).\n"
		      "99.99% leaves 52.6 minutes a year that may be bad.\n"
		      "\n"
		      "RISK        DETECT  REPAIR  IMPACT  EVERY  BAD MIN/YEAR   SHARE  OVER 25%\n"
		      "bad deploy     10m     30m     50%    30d         243.5  463.0%  yes\n"
		      "\n"
		      "In all 243.5 of 52.6 bad minutes a year (463.0%): not affordable.\n"
		      "99.953% is what these risks allow.\n"
		      "\n"
		      "No agent answers: what really happened is not known.\n",
		      "");
	expect_spoken(ctl_risk, "/none", false, "risk /none", 2, "",
		      "/none: No such file or directory\n");
	expect_spoken(ctl_risk, "/none", true, "risk /none", 2,
		      "{\"error\":\"/none: No such file or directory\"}\n", "");
	unlink(file);
	unlink(config);
	fake_stop(&agent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_risk_beside_what_really_happened),
		cmocka_unit_test(test_risk_needs_no_agent_but_an_objective),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
