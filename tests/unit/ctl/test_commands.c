/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slictl's commands before a socket: what they ask, what they say, and their exit status.
 */
#include <errno.h>

#include "tests/unit/fixtures/test.h"
#include "fake_agent.h"
#include "ctl/options.h"

#define ALERTS                                                                                     \
	"{\"active\": [{\"slo\": \"checkout\", \"service\": \"shop\", \"name\": \"burn-1h\","      \
	" \"severity\": \"page\", \"state\": \"firing\", \"since\": \"2030-01-02T03:04:05Z\","     \
	" \"started_at\": \"2030-01-02T03:04:05Z\", \"silenced\": false, \"burn_long\": 14.5,"     \
	" \"burn_short\": 100}, {\"slo\": \"checkout\", \"service\": \"shop\","                    \
	" \"name\": \"no-data\", \"severity\": \"ticket\", \"state\": \"firing\","                 \
	" \"since\": \"2030-01-02T03:00:00Z\", \"silenced\": true, \"burn_long\": null,"           \
	" \"burn_short\": null}],"                                                                 \
	" \"notices\": [{\"id\": \"n1\", \"service\": \"shop\", \"severity\": \"page\","           \
	" \"started_at\": \"2030-01-02T03:04:05Z\", \"alerts\": [{\"slo\": \"checkout\","          \
	" \"name\": \"burn-1h\"}]}],"                                                              \
	" \"changes\": [{\"at\": \"2030-01-02T03:04:05Z\", \"slo\": \"checkout\","                 \
	" \"service\": \"shop\", \"alert\": \"burn-1h\", \"severity\": \"page\","                  \
	" \"from\": \"inactive\", \"to\": \"firing\", \"started_at\": \"2030-01-02T03:04:05Z\","   \
	" \"budget_spent_ratio\": 0.021}],"                                                        \
	" \"receivers\": [{\"receiver\": \"webhook http://x/\", \"sent\": 3, \"failed\": 1,"       \
	" \"given_up\": 0, \"waiting\": 1, \"last_sent_at\": \"2030-01-02T03:04:06Z\","            \
	" \"last_error\": \"HTTP 503\\u001b[2J\", \"last_error_at\": \"2030-01-02T03:04:07Z\"}],"  \
	" \"silences\": [{\"id\": \"s1\", \"slo\": null, \"service\": \"shop\","                   \
	" \"severity\": null, \"from\": \"2030-01-02T03:00:00Z\","                                 \
	" \"until\": \"2030-01-02T05:00:00Z\", \"comment\": \"migration\","                        \
	" \"exclude\": \"alerts\", \"by\": \"root\"}],"                                            \
	" \"maintenance\": [{\"name\": \"weekly\", \"active\": false, \"from\": null,"             \
	" \"until\": null}], \"store\": {\"state\": \"ok\"}}"

static const struct fake_reply full[] = {
	{"GET /v1/alerts", 200, ALERTS, 0},
	{"POST /v1/silences", 200, "{\"id\": \"s\\u001b7\"}", 0},
	{"DELETE /v1/silences/s/1", 200, "{}", 0},
	{NULL, 0, NULL, 0},
};
static const struct fake_reply empty[] = {
	{"GET /v1/alerts", 200,
	 "{\"active\": [], \"notices\": [], \"changes\": [], \"receivers\": [], \"silences\": [],"
	 " \"maintenance\": []}",
	 0},
	{"POST /v1/silences", 400, "{\"error\": \"no SLO of this name\"}", 0},
	{"POST /v1/notify-test", 409, "{\"error\": \"no receiver is configured\"}", 0},
	{NULL, 0, NULL, 0},
};

TEST(test_alerts_shows_everything_at_80_columns)
{
	struct fake_agent agent;

	fake_start(&agent, full);
	expect_spoken(ctl_alerts, agent.path, false, "alerts", 0,
		      "SLO       SERVICE  ALERT    SEVERITY  STATE     SINCE UTC             BURN\n"
		      "checkout  shop     burn-1h  page      firing    01-02 03:04:05  14.5x/100x\n"
		      "checkout  shop     no-data  ticket    silenced  01-02 03:00:00           -\n"
		      "\n"
		      "Open notices (one a service):\n"
		      "  page shop since 01-02 03:04:05: checkout burn-1h\n"
		      "\n"
		      "Last changes, newest first:\n"
		      "  AT UTC          SLO       ALERT    SEVERITY  CHANGE             SPENT\n"
		      "  01-02 03:04:05  checkout  burn-1h  page      inactive > firing   2.1%\n"
		      "\n"
		      "Receivers:\n"
		      "  SENT  FAILED  WAITING  GIVEN UP  LAST SENT UTC   RECEIVER\n"
		      "     3       1        1         0  01-02 03:04:06  webhook http://x/\n"
		      "  webhook http://x/ failed last at 01-02 03:04:07:\n"
		      "    HTTP 503\\x1b[2J\n"
		      "\n"
		      "Silences:\n"
		      "  ID  SLO  SERVICE  SEVERITY  UNTIL UTC       EXCLUDE  BY    COMMENT\n"
		      "  s1  all  shop     all       01-02 05:00:00  alerts   root  migration\n"
		      "\n"
		      "Maintenance windows:\n"
		      "  weekly: not active\n",
		      "");
	expect_spoken(ctl_alerts, agent.path, true, "alerts --all", 0, ALERTS, "");
	fake_stop(&agent);
}

TEST(test_alerts_says_that_there_is_nothing)
{
	struct fake_agent agent;

	fake_start(&agent, empty);
	expect_spoken(ctl_alerts, agent.path, false, "alerts", 0,
		      "No alert is active.\n\nNo receiver is configured: nobody is told.\n", "");
	expect_spoken(ctl_silence, agent.path, false, "silence list", 0, "Nothing is silenced.\n",
		      "");
	expect_spoken(ctl_silence, agent.path, true, "silence list", 0, "{\"silences\":[]}\n", "");
	fake_stop(&agent);
	expect_spoken(ctl_alerts, agent.path, false, "alerts", 3, "", NULL);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

TEST(test_alerts_shows_20_changes_and_more_with_all)
{
	struct fake_agent agent;
	char body[4096] = "{\"active\": [], \"changes\": [{}";
	const struct fake_reply replies[] = {{"GET /v1/alerts", 200, body, 0}, {NULL, 0, NULL, 0}};
	struct spoken some, all;

	for (int i = 1; i < 25; i++)
		strcat(body, ", {}");
	strcat(body, "]}");
	fake_start(&agent, replies);
	some = speak(ctl_alerts, agent.path, false, "alerts");
	all = speak(ctl_alerts, agent.path, false, "alerts --all");
	assert_non_null(strstr(some.out, "Last changes (20 of 25: --all shows all), newest"));
	assert_null(strstr(all.out, "--all"));
	assert_int_equal(count_lines(all.out), count_lines(some.out) + 5);
	spoken_clear(&some);
	spoken_clear(&all);
	fake_stop(&agent);
}

TEST(test_silence_add_asks_for_what_was_said)
{
	struct fake_agent agent;

	fake_start(&agent, full);
	expect_spoken(ctl_silence, agent.path, false, "silence add --slo a --for 90m", 0,
		      "Silenced for 1h 30m. To end it: slictl silence remove s\\x1b7\n", "");
	expect_spoken(ctl_silence, agent.path, true,
		      "silence add --service=b --severity page --comment \"x --exclude eligible "
		      "--for 1d",
		      0, "{\"id\":\"s\\u001B7\"}\n", "");
	expect_spoken(ctl_silence, agent.path, false, "silence add --all --for 1s", 0, NULL, "");
	assert_string_equal(
		agent.asked,
		"POST /v1/silences {\"slo\":\"a\",\"for_seconds\":5400}\n"
		"POST /v1/silences {\"service\":\"b\",\"severity\":\"page\","
		"\"for_seconds\":86400,\"comment\":\"\\\"x\",\"exclude\":\"eligible\"}\n"
		"POST /v1/silences {\"for_seconds\":1}\n");
	fake_stop(&agent);
}

TEST(test_silence_repeats_the_agents_refusal)
{
	struct fake_agent agent;

	fake_start(&agent, empty);
	expect_spoken(ctl_silence, agent.path, false, "silence add --slo a --for 1h", 2, "",
		      "slictl: no SLO of this name\n");
	expect_spoken(ctl_silence, agent.path, false, "silence remove x", 2, "", NULL);
	fake_stop(&agent);
	expect_spoken(ctl_silence, agent.path, false, "silence list", 3, "", NULL);
}

TEST(test_silence_list_and_remove)
{
	struct fake_agent agent;

	fake_start(&agent, full);
	expect_spoken(ctl_silence, agent.path, false, "silence list", 0,
		      "  ID  SLO  SERVICE  SEVERITY  UNTIL UTC       EXCLUDE  BY    COMMENT\n"
		      "  s1  all  shop     all       01-02 05:00:00  alerts   root  migration\n",
		      "");
	expect_spoken(ctl_silence, agent.path, false, "silence remove s/1", 0, "", "");
	expect_spoken(ctl_silence, agent.path, true, "silence remove s/1", 0, "{}\n", "");
	assert_string_equal(agent.asked, "GET /v1/alerts\nDELETE /v1/silences/s/1\n"
					 "DELETE /v1/silences/s/1\n");
	fake_stop(&agent);
}

TEST(test_bad_usage_asks_nothing_and_is_2)
{
	static const struct {
		command_fn *command;
		const char *line, *err;
	} cases[] = {
		{ctl_silence, "silence", "expected add, list or remove; see slictl silence --help"},
		{ctl_silence, "silence all",
		 "expected add, list or remove: all; see slictl silence --help"},
		{ctl_silence, "silence add --for 1h",
		 "--slo, --service or --all is expected; see slictl silence --help"},
		{ctl_silence, "silence add --all --slo x --for 1h",
		 "--all goes with neither --slo nor --service; see slictl silence --help"},
		{ctl_silence, "silence add --slo x",
		 "--for is expected, as in --for 2h; see slictl silence --help"},
		{ctl_silence, "silence add --slo x --for 2",
		 "--for: expected whole seconds as in 90s, 30m, 2h, 1d: 2; see slictl silence "
		 "--help"},
		{ctl_silence, "silence add --slo x --for 500ms",
		 "--for: expected whole seconds as in 90s, 30m, 2h, 1d: 500ms; see slictl silence "
		 "--help"},
		{ctl_silence, "silence add --slo x --for 1h --severity high",
		 "--severity: expected page, ticket or notice: high; see slictl silence --help"},
		{ctl_silence, "silence add --slo x --for 1h --exclude all",
		 "--exclude: expected alerts or eligible: all; see slictl silence --help"},
		{ctl_silence, "silence add --slo",
		 "a value is expected: --slo; see slictl silence --help"},
		{ctl_silence, "silence add --sloo x",
		 "unrecognized option: --sloo; see slictl silence --help"},
		{ctl_silence, "silence add -x",
		 "unrecognized option: -x; see slictl silence --help"},
		{ctl_silence, "silence remove", "an argument is expected: ID; see slictl --help"},
		{ctl_silence, "silence list x", "unexpected argument: x; see slictl --help"},
		{ctl_notify_test, "notify-test --severity x",
		 "--severity: expected page, ticket or notice: x; see slictl notify-test --help"},
		{ctl_history, "history",
		 "an argument is expected: NAME; see slictl history --help"},
		{ctl_history, "history a b", "unexpected argument: b; see slictl history --help"},
		{ctl_history, "history a --by week",
		 "--by: expected hour or day: week; see slictl history --help"},
		{ctl_history, "history a --csv --by day",
		 "--csv goes with neither --by nor --json; see slictl history --help"},
		{ctl_history, "history a --csv=1",
		 "unrecognized option: --csv=1; see slictl history --help"},
		{ctl_alerts, "alerts x", "unexpected argument: x; see slictl alerts --help"},
		{ctl_risk, "risk f --config c", "--config needs --slo; see slictl risk --help"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char err[256];

		snprintf(err, sizeof(err), "slictl: %s\n", cases[i].err);
		expect_spoken(cases[i].command, "/none", false, cases[i].line, 2, "", err);
	}
}

TEST(test_options_end_at_two_dashes)
{
	expect_spoken(ctl_history, "/none", false, "history -- --csv", 3, "", NULL);
}

#define RECEIVER(name, messages) "{\"receiver\": \"" name "\", \"recent\": [" messages "]}"
#define MESSAGE(id, kind, result, error)                                                           \
	"{\"id\": \"" id "\", \"kind\": \"" kind "\", \"result\": \"" result                       \
	"\", \"error\": " error "}"
#define OLD MESSAGE("1", "test", "given up", "\"old\"") ", " MESSAGE("9", "fire", "sent", "null")

static const struct fake_reply before_test = {
	"GET /v1/alerts", 200,
	"{\"receivers\": [" RECEIVER("journal", OLD) ", " RECEIVER("webhook", "") ", " RECEIVER(
		"command", OLD) "]}",
	1};
static const struct fake_reply during_test = {
	"GET /v1/alerts", 200,
	"{\"receivers\": [" RECEIVER(
		"journal",
		OLD ", " MESSAGE(
			"2", "test", "sent",
			"null")) ", " RECEIVER("webhook",
					       MESSAGE("2", "test", "waiting",
						       "\"HTTP 503\"")) ", " RECEIVER("command",
										      OLD) "]}",
	1};
static const struct fake_reply two_receivers = {"POST /v1/notify-test", 200, "{\"receivers\": 2}",
						0};

TEST(test_notify_test_waits_until_all_have_taken_it)
{
	const struct fake_reply replies[] = {
		before_test,
		during_test,
		{"GET /v1/alerts", 200,
		 "{\"receivers\": [" RECEIVER(
			 "journal",
			 OLD ", " MESSAGE(
				 "2", "test", "sent",
				 "null")) ", " RECEIVER("webhook",
							MESSAGE("2", "test", "sent",
								"null")) ", " RECEIVER("command",
										       OLD) "]}",
		 0},
		two_receivers,
		{NULL, 0, NULL, 0},
	};
	struct fake_agent agent;

	fake_start(&agent, replies);
	expect_spoken(ctl_notify_test, agent.path, false, "notify-test --severity ticket", 0,
		      "journal: sent\nwebhook: sent\n", "");
	assert_string_equal(agent.asked,
			    "GET /v1/alerts\nPOST /v1/notify-test {\"severity\":\"ticket\"}\n"
			    "GET /v1/alerts\nGET /v1/alerts\n");
	fake_stop(&agent);
}

TEST(test_notify_test_is_1_if_one_has_not_and_says_why)
{
	const struct fake_reply replies[] = {
		before_test,
		{"GET /v1/alerts", 200,
		 "{\"receivers\": [" RECEIVER(
			 "journal",
			 OLD ", " MESSAGE("2", "test", "sent",
					  "null")) ", " RECEIVER("webhook",
								 MESSAGE("2", "test", "given up",
									 "\"HTTP 404\"")) "]}",
		 0},
		two_receivers,
		{NULL, 0, NULL, 0},
	};
	struct fake_agent agent;

	fake_start(&agent, replies);
	expect_spoken(ctl_notify_test, agent.path, false, "notify-test", 1,
		      "journal: sent\nwebhook: failed: HTTP 404\n", "");
	agent.used[0] = 0;
	expect_spoken(ctl_notify_test, agent.path, true, "notify-test", 1,
		      "{\"receivers\":[{\"receiver\":\"journal\",\"result\":\"sent\",\"error\":"
		      "null},{\"receiver\":\"webhook\",\"result\":\"given up\",\"error\":\"HTTP "
		      "404\"}]}\n",
		      "");
	fake_stop(&agent);
}

TEST(test_notify_test_is_2_without_receivers)
{
	const struct fake_reply nobody_wants_it[] = {
		before_test,
		{"POST /v1/notify-test", 200, "{\"receivers\": 0}", 0},
		{NULL, 0, NULL, 0},
	};
	struct fake_agent agent;

	fake_start(&agent, empty);
	expect_spoken(ctl_notify_test, agent.path, false, "notify-test", 2, "",
		      "slictl: no receiver is configured\n");
	fake_stop(&agent);
	fake_start(&agent, nobody_wants_it);
	expect_spoken(ctl_notify_test, agent.path, false, "notify-test --severity notice", 2, "",
		      "slictl: no receiver wants a notice\n");
	fake_stop(&agent);
}

/* 1893553445 is 2030-01-02T03:04:05Z */
static const struct fake_reply histories[] = {
	{"GET /v1/history/a", 200,
	 "{\"name\": \"a\", \"service\": \"shop\", \"objective\": 0.99,"
	 " \"window_seconds\": 2592000, \"since\": \"2030-01-02T03:04:05Z\","
	 " \"now_seconds\": 1893560703.5, \"definition_changed_at\": null,"
	 " \"coverage\": [[1893553445, 1893554445], [1893555045, 1893560700]],"
	 " \"steps\": [[1893553500, 55, 10, 0], [1893556800, 3300, 90, 10],"
	 "  [1893557400.5, 60, 0, 0], [1893560700, 10, 5, 0]]}",
	 0},
	{"GET /v1/history/odd", 200, "{\"steps\": [[1, 2, 3]]}", 0},
	{"GET /v1/history/new", 200,
	 "{\"name\": \"new\", \"objective\": 0.99, \"since\": \"2030-01-02T03:04:05Z\","
	 " \"now_seconds\": 1893553445, \"coverage\": [], \"steps\": []}",
	 0},
	{NULL, 0, NULL, 0},
};

TEST(test_history_as_csv_is_every_step_in_order)
{
	struct fake_agent agent;

	fake_start(&agent, histories);
	expect_spoken(ctl_history, agent.path, false, "history --csv a", 0,
		      "t_seconds,good,bad,step_seconds\n"
		      "1893553500,10,0,55\n"
		      "1893556800,90,10,3300\n"
		      "1893557400.5,0,0,60\n"
		      "1893560700,5,0,10\n",
		      "");
	expect_spoken(ctl_history, agent.path, false, "history new --csv", 0,
		      "t_seconds,good,bad,step_seconds\n", "");
	fake_stop(&agent);
}

TEST(test_history_by_hour_and_day_with_gaps)
{
	struct fake_agent agent;

	fake_start(&agent, histories);
	expect_spoken(ctl_history, agent.path, false, "history a", 0,
		      "a, service shop: 99%, counted since 2030-01-02 03:04:05 UTC\n"
		      "FROM (UTC)           ELIGIBLE  BAD  AVAILABLE  BURN  COVERED\n"
		      "2030-01-02 03:04:05       110   10   90.9090%  9.1x    82.1%\n"
		      "2030-01-02 04:00:00         0    0          -     -   100.0%\n"
		      "2030-01-02 05:00:00         5    0  100.0000%  0.0x   100.0%\n"
		      "\n"
		      "Not counted (UTC):\n"
		      "  2030-01-02 03:20:45 to 2030-01-02 03:30:45 (10m)\n",
		      "");
	expect_spoken(ctl_history, agent.path, false, "history a --by day", 0,
		      "a, service shop: 99%, counted since 2030-01-02 03:04:05 UTC\n"
		      "FROM (UTC)           ELIGIBLE  BAD  AVAILABLE  BURN  COVERED\n"
		      "2030-01-02 03:04:05       115   10   91.3043%  8.7x    91.7%\n"
		      "\n"
		      "Not counted (UTC):\n"
		      "  2030-01-02 03:20:45 to 2030-01-02 03:30:45 (10m)\n",
		      "");
	fake_stop(&agent);
}

TEST(test_history_that_is_not_understood_or_not_there)
{
	struct fake_agent agent;

	fake_start(&agent, histories);
	expect_spoken(ctl_history, agent.path, false, "history odd", 2, "",
		      "slictl: the agent's answer is not understood\n");
	expect_spoken(ctl_history, agent.path, false, "history odd --csv", 2, "",
		      "slictl: the agent's answer is not understood\n");
	expect_spoken(ctl_history, agent.path, false, "history none", 2, "",
		      "slictl: no SLO of this name\n");
	fake_stop(&agent);
}

/* A catalogue in a file of its own, beside the socket. */
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
		cmocka_unit_test(test_alerts_shows_everything_at_80_columns),
		cmocka_unit_test(test_alerts_says_that_there_is_nothing),
		cmocka_unit_test(test_alerts_shows_20_changes_and_more_with_all),
		cmocka_unit_test(test_silence_add_asks_for_what_was_said),
		cmocka_unit_test(test_silence_repeats_the_agents_refusal),
		cmocka_unit_test(test_silence_list_and_remove),
		cmocka_unit_test(test_bad_usage_asks_nothing_and_is_2),
		cmocka_unit_test(test_options_end_at_two_dashes),
		cmocka_unit_test(test_notify_test_waits_until_all_have_taken_it),
		cmocka_unit_test(test_notify_test_is_1_if_one_has_not_and_says_why),
		cmocka_unit_test(test_notify_test_is_2_without_receivers),
		cmocka_unit_test(test_history_as_csv_is_every_step_in_order),
		cmocka_unit_test(test_history_by_hour_and_day_with_gaps),
		cmocka_unit_test(test_history_that_is_not_understood_or_not_there),
		cmocka_unit_test(test_risk_beside_what_really_happened),
		cmocka_unit_test(test_risk_needs_no_agent_but_an_objective),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
