/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl history, asking a fake agent. */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/ctl/fake_agent.h"

/* clang-format off */
#define A_MEMBERS \
"{\"name\": \"a\", \"service\": \"shop\", \"objective\": 0.99," \
	 " \"window_seconds\": 2592000, \"since\": \"2030-01-02T03:04:05Z\"," \
	 " \"now_seconds\": 1893560703.5, \"definition_changed_at\": null," \
	 " \"coverage\": [[1893553445, 1893554445], [1893555045, 1893560700]]," \
	 " \"steps\": [[1893553500, 55, 10, 0], [1893556800, 3300, 90, 10]," \
	 "  [1893557400.5, 60, 0, 0], [1893560700, 10, 5, 0]]"
/* clang-format on */
#define A_HISTORY A_MEMBERS "}"

/* 1893553445 is 2030-01-02T03:04:05Z */
#define ROW(from, to, covered, counts)                                                             \
	"{\"from\": \"2030-01-02T" from ":00:00Z\", \"to\": \"2030-01-02T" to ":00:00Z\","         \
	" \"covered_seconds\": " covered ", " counts "}"

#define SERIES(route, outcome, status, n, error)                                                   \
	"{\"route\": \"" route "\", \"method\": \"GET\", \"outcome\": \"" outcome                  \
	"\", \"status\": " status ", \"requests\": " n ", \"error\": " error "}"

/* Of four hours: fine, no traffic, not counted, failing. */
#define ROWS(kind, also)                                                                                                                                                                                                                                                                                                                                                                                                                                                                \
	"\"kind\": \"" kind "\", \"also_service\": " also                                                                                                                                                                                                                                                                                                                                                                                                                               \
	", \"by\": \"hour\", \"rows_left_out\": 3,"                                                                                                                                                                                                                                                                                                                                                                                                                                     \
	" \"from\": \"2030-01-02T03:00:00Z\", \"to\": \"2030-01-02T07:00:00Z\", \"rows\": [" ROW(                                                                                                                                                                                                                                                                                                                                                                                       \
		"03", "04", "3600",                                                                                                                                                                                                                                                                                                                                                                                                                                                     \
		"\"requests\": 10, \"errors\": 0, \"error_ratio\": 0.0,"                                                                                                                                                                                                                                                                                                                                                                                                                \
		" \"latency_seconds\": {\"p50\": 0.001, \"p99\": 0.002}, \"series\": [" SERIES("/a,\\\"b",                                                                                                                                                                                                                                                                                                                                                                              \
											       "complete",                                                                                                                                                                                                                                                                                                                                                                              \
											       "200", "10", "false") "]") "," ROW("04",                                                                                                                                                                                                                                                                                                                                                 \
																  "05",                                                                                                                                                                                                                                                                                                                                                 \
																  "1800", "\"requests\": 0, \"errors\": 0, \"error_ratio\": null, \"series\": []") "," ROW("05", "06", "0", "\"requests\": null, \"errors\": null, \"series\": []") "," ROW("06",                                                                                                                                                                       \
																																					    "07",                                                                                                                                                                       \
																																					    "3600",                                                                                                                                                                     \
																																					    "\"requests\": 10, \"errors\": 6, \"error_ratio\": 0.6,"                                                                                                                    \
																																					    " \"latency_seconds\": {\"p50\": 0.6, \"p99\": 1.2}, \"series\": [" SERIES("/a",                                                                                            \
																																														       "complete",                                                                                      \
																																														       "200", "4", "false") "," SERIES("/a", "complete", "503", "2", "true") "," SERIES("/b",           \
																																																									"server_abort", \
																																																									"null",         \
																																																									"4",            \
																																																									"true") "]") "]"

static const struct fake_reply histories[] = {
	{"GET /v1/history/a", 200, A_HISTORY, 0},
	{"GET /v1/history/a?by=auto", 200, A_HISTORY, 0},
	{"GET /v1/history/a?by=day", 200, A_MEMBERS ", \"by\": \"day\"}", 0},
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
	{"GET /v1/history/a?former=1", 200,
	 "{\"name\": \"a\", \"service\": \"shop\", \"objective\": 0.99,"
	 " \"window_seconds\": 2592000, \"since\": \"2030-01-02T03:04:05Z\","
	 " \"now_seconds\": 1893553460, \"until\": \"2030-01-02T03:04:20Z\", \"former\": 1,"
	 " \"formers\": 2, \"coverage\": [[1893553445, 1893553460]],"
	 " \"steps\": [[1893553460, 10, 5, 1]]}",
	 0},
	{"GET /v1/history/a?former=2", 200,
	 "{\"name\": \"a\", \"steps\": [[1893553460, 10, 7, 0]]}", 0},
	{"GET /v1/history/odd", 200, "{\"steps\": [[1, 2, 3]]}", 0},
	{"GET /v1/history/new", 200,
	 "{\"name\": \"new\", \"objective\": 0.99, \"since\": \"2030-01-02T03:04:05Z\","
	 " \"now_seconds\": 1893553445, \"coverage\": [], \"steps\": []}",
	 0},
	{"GET /v1/history/a?by=hour&route=/cart/*&status=5xx", 200,
	 A_MEMBERS ", " ROWS("slo", "false") "}", 0},
	{"GET /v1/history/shop?by=hour&since=1893553200&until=2h&kind=service", 200,
	 "{\"name\": \"shop\", " ROWS("service", "false") "}", 0},
	{"GET /v1/history/shop?by=auto&kind=service", 200,
	 "{\"name\": \"shop\", " ROWS("service", "true") "}", 0},
	{"GET /v1/history/odd?by=auto", 200, "{\"steps\": [[1, 2, 3]]}", 0},
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

TEST(test_former_definitions)
{
	struct fake_agent agent;

	fake_start(&agent, histories);
	expect_spoken(ctl_history, agent.path, false, "history a --former --csv", 0,
		      "t_seconds,good,bad,step_seconds\n"
		      "1893553450,0,0,5\n"
		      "1893553460,5,1,10\n",
		      "");
	expect_spoken(ctl_history, agent.path, false, "history --csv --former 2 a", 0,
		      "t_seconds,good,bad,step_seconds\n"
		      "1893553460,7,0,10\n",
		      "");
	expect_spoken(ctl_history, agent.path, false, "history --csv --former=2 a", 0,
		      "t_seconds,good,bad,step_seconds\n"
		      "1893553460,7,0,10\n",
		      "");
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

#define FAILED                                                                                     \
	"3 older rows are left out: ask for less with --since and --until\n"                       \
	"\n"                                                                                       \
	"What failed, from the first to the last row:\n"                                           \
	"  server_abort GET /b: 4, first 2030-01-02 06:00:00, last 2030-01-02 06:00:00\n"          \
	"    __ #\n"                                                                               \
	"  503 GET /a: 2, first 2030-01-02 06:00:00, last 2030-01-02 06:00:00\n"                   \
	"    __ #\n"

TEST(test_rows_of_a_service_and_what_failed_when)
{
	struct fake_agent agent;

	fake_start(&agent, histories);
	expect_spoken(
		ctl_history, agent.path, false,
		"history shop --service --by hour --since 1893553200 --until 2h", 0,
		"service shop, by the hour\n"
		"FROM (UTC)           REQUESTS  ERRORS   RATIO     P50     P99      COVERED\n"
		"2030-01-02 03:00:00        10       0      0%  1.00ms  2.00ms       100.0%\n"
		"2030-01-02 04:00:00         0       0       -       -       -        50.0%\n"
		"2030-01-02 05:00:00         -       -       -       -       -  not counted\n"
		"2030-01-02 06:00:00        10       6  60.00%   600ms   1.20s       100.0%\n" FAILED,
		"");
	fake_stop(&agent);
}

TEST(test_rows_of_an_slo_stand_below_its_history)
{
	struct fake_agent agent;

	fake_start(&agent, histories);
	expect_spoken(ctl_history, agent.path, false,
		      "history a --by hour --route /cart/* --status 5xx", 0,
		      "a, service shop: 99%, counted since 2030-01-02 03:04:05 UTC\n"
		      "FROM (UTC)           ELIGIBLE  BAD  AVAILABLE  BURN  COVERED\n"
		      "2030-01-02 03:04:05       110   10   90.9090%  9.1x    82.1%\n"
		      "2030-01-02 04:00:00         0    0          -     -   100.0%\n"
		      "2030-01-02 05:00:00         5    0  100.0000%  0.0x   100.0%\n"
		      "\n"
		      "Not counted (UTC):\n"
		      "  2030-01-02 03:20:45 to 2030-01-02 03:30:45 (10m)\n" FAILED,
		      "");
	fake_stop(&agent);
}

TEST(test_rows_as_csv_have_a_record_for_each_kind)
{
	struct fake_agent agent;

	fake_start(&agent, histories);
	expect_spoken(
		ctl_history, agent.path, false, "history shop --service --csv", 0,
		"from,to,covered_seconds,route,method,outcome,status,requests,"
		"grpc_status\r\n"
		"2030-01-02T03:00:00Z,2030-01-02T04:00:00Z,3600,\"/a,\"\"b\",GET,complete,200,"
		"10,\r\n"
		"2030-01-02T04:00:00Z,2030-01-02T05:00:00Z,1800,,,,,0,\r\n"
		"2030-01-02T05:00:00Z,2030-01-02T06:00:00Z,0,,,,,,\r\n"
		"2030-01-02T06:00:00Z,2030-01-02T07:00:00Z,3600,/a,GET,complete,200,4,\r\n"
		"2030-01-02T06:00:00Z,2030-01-02T07:00:00Z,3600,/a,GET,complete,503,2,\r\n"
		"2030-01-02T06:00:00Z,2030-01-02T07:00:00Z,3600,/b,GET,server_abort,,4,\r\n",
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
		cmocka_unit_test(test_former_definitions),
		cmocka_unit_test(test_history_by_hour_and_day_with_gaps),
		cmocka_unit_test(test_rows_of_a_service_and_what_failed_when),
		cmocka_unit_test(test_rows_of_an_slo_stand_below_its_history),
		cmocka_unit_test(test_rows_as_csv_have_a_record_for_each_kind),
		cmocka_unit_test(test_history_that_is_not_understood_or_not_there),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
