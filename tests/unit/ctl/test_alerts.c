/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl alerts, asking a fake agent. */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/ctl/fake_alerts.h"

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

TEST(a_notice_of_the_host_counts_the_services)
{
	static const struct fake_reply replies[] = {
		{"GET /v1/alerts", 200,
		 "{\"active\": [], \"notices\": [{\"id\": \"n\", \"service\": \"sliprobe\", "
		 "\"services\": 63, \"severity\": \"ticket\", "
		 "\"started_at\": \"2030-01-02T03:04:05Z\", \"alerts\": [{\"slo\": \"x\", "
		 "\"name\": \"coverage\"}]}], \"changes\": [], \"receivers\": [], "
		 "\"silences\": [], \"maintenance\": [], \"store\": {\"state\": \"ok\"}}",
		 0},
		{NULL, 0, NULL, 0},
	};
	struct fake_agent agent;

	fake_start(&agent, replies);
	expect_spoken(ctl_alerts, agent.path, false, "alerts", 0,
		      "No alert is active.\n\nOpen notices (one a service):\n"
		      "  ticket sliprobe since 01-02 03:04:05: 63 services lack requests\n"
		      "\nNo receiver is configured: nobody is told.\n",
		      "");
	fake_stop(&agent);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alerts_shows_everything_at_80_columns),
		cmocka_unit_test(test_alerts_says_that_there_is_nothing),
		cmocka_unit_test(a_notice_of_the_host_counts_the_services),
		cmocka_unit_test(test_alerts_shows_20_changes_and_more_with_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
