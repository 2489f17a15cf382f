/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl history, asking a fake agent. */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/ctl/fake_agent.h"

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
	/* an hour and a gap before its first request, and 4 s of the first step */
	{"GET /v1/history/idle", 200,
	 "{\"name\": \"idle\", \"objective\": 0.99, \"since\": \"2030-01-02T03:04:05Z\","
	 " \"coverage\": [[1893550000, 1893557045.25], [1893557060, 1893560700]],"
	 " \"steps\": [[1893557080, 10, 3, 0]]}",
	 0},
	{"GET /v1/history/young", 200,
	 "{\"name\": \"young\", \"objective\": 0.99, \"since\": \"2030-01-02T03:04:05Z\","
	 " \"coverage\": [[1893553445, 1893553450]],"
	 " \"steps\": [[1893553450, 10, 3, 0], [1893553460, 10, 5, 0]]}",
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

TEST(test_csv_begins_with_the_slo)
{
	struct fake_agent agent;

	fake_start(&agent, histories);
	expect_spoken(ctl_history, agent.path, false, "history --csv idle", 0,
		      "t_seconds,good,bad,step_seconds\n"
		      "1893557045.25,0,0,3600.25\n"
		      "1893557070,0,0,10\n"
		      "1893557080,3,0,10\n",
		      "");
	expect_spoken(ctl_history, agent.path, false, "history --csv young", 0,
		      "t_seconds,good,bad,step_seconds\n"
		      "1893553450,3,0,5\n"
		      "1893553460,5,0,10\n",
		      "");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_history_as_csv_is_every_step_in_order),
		cmocka_unit_test(test_csv_begins_with_the_slo),
		cmocka_unit_test(test_history_by_hour_and_day_with_gaps),
		cmocka_unit_test(test_history_that_is_not_understood_or_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
