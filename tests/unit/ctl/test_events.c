/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl events, asking a fake agent. */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/ctl/fake_agent.h"

#include <math.h>
#include <poll.h>

#include "ctl/table.h"
#include "ctl/view_events.h"

#define EVENT(id, at, bad, status, more)                                                           \
	"{\"time\": \"2030-01-02T03:04:0" at "Z\", \"service\": \"shop\", \"method\": \"GET\","    \
	" \"path\": \"/checkout/7\", \"query\": null, \"status\": " status                         \
	", \"outcome\": \"client_abort\", \"total_seconds\": 0.25, \"client\": \"10.0.0.7\","      \
	" \"user_agent\": \"ShopApp/2.3\", \"version\": \"3fa2c1\", \"weight\": 2.5,"              \
	" \"bad\": " bad more ", \"id\": " id "}"

#define MATCHED(samples, requests, bad)                                                            \
	"\"matched\": {\"samples\": " samples ", \"bad_samples\": 1, \"requests\": " requests      \
	", \"bad\": " bad "}"

#define SPAN "\"from\": \"2030-01-02T02:04:05Z\", \"to\": \"2030-01-02T03:04:05Z\""

#define BAD_FOR ", \"bad_for\": [\"checkout\", \"latency\"]"
#define GOOD ", \"bad_for\": []"

#define TWO                                                                                                               \
	"{\"events\": [" EVENT("1", "5.25", "false", "200", GOOD) "," EVENT(                                              \
		"2", "6", "true", "null",                                                                                 \
		BAD_FOR) "], " MATCHED("340", "25910.2",                                                                  \
				       "57") ", " SPAN                                                                    \
					     ", \"last_id\": 2, \"more\": true, \"looked_at\": 900, \"samples_lost\": 1," \
					     " \"cut_at\": \"2030-01-02T02:30:00Z\", \"unread\": null}"

static const struct fake_reply replies[] = {
	{"GET /v1/events?limit=50", 200, TWO, 0},
	{"GET /v1/events?limit=10000", 200, TWO, 0},
	{"GET /v1/events?filter=status>=500 and bad&since=2h&limit=5", 200,
	 "{\"events\": [], " MATCHED(
		 "0", "0", "0") ", " SPAN ", \"last_id\": 0, \"more\": false, \"looked_at\": 900}",
	 0},
	{"GET /v1/events?filter=status>>5&limit=50", 400,
	 "{\"error\": \"filter, column 7: expected one of = !=, got \\\">>\\\"\"}", 0},
	{"GET /v1/events?filter=\xc3\xa4=5&limit=50", 400,
	 "{\"error\": \"filter, column 1: no field\"}", 0},
	{"GET /v1/events?fields=time,bytes_out,rtt,bad&limit=50", 200,
	 "{\"events\": [{\"time\": \"2030-01-02T03:04:05.001Z\", \"bytes_out\": 20480,"
	 " \"rtt_seconds\": 0.00005, \"bad\": true}, {\"time\": null, \"bytes_out\": 7,"
	 " \"rtt_seconds\": null, \"bad\": false}], " MATCHED("2", "2", "0") ", " SPAN "}",
	 0},
	{"GET /v1/events?limit=10000&format=csv", 200, "id,user_agent\n1,\"a\033[31m\"\n", 0},
	{"GET /v1/events?by=user_agent,status&limit=50", 200,
	 "{\"by\": [\"user_agent\", \"status\"], \"groups\": [{\"key\": {\"user_agent\": \"a\\u001b\","
	 " \"status\": 503}, \"samples\": 5, \"bad_samples\": 4, \"requests\": 1005.25, \"bad\": 40,"
	 " \"bad_share\": 0.0398, \"share_of_bad\": 0.8, \"p50_seconds\": 0.001,"
	 " \"p99_seconds\": null}, {\"key\": {\"user_agent\": null, \"status\": null},"
	 " \"samples\": 1, \"bad_samples\": 0, \"requests\": 2.5, \"bad\": 0, \"bad_share\": 0,"
	 " \"share_of_bad\": 0, \"p50_seconds\": 0.001, \"p99_seconds\": 0.002}],"
	 " \"rest\": {\"groups\": 3, \"at_least\": true, \"samples\": 3, \"requests\": 12, \"bad\":"
	 " 10}, \"quantiles_cut\": true, " MATCHED("9", "1019.75", "50") ", " SPAN "}",
	 0},
	{"GET /v1/events?by=time&limit=50", 200,
	 "{\"by\": [\"time\"], \"groups\": [{\"key\": {\"time\": \"2030-01-02T03:04:00Z\"},"
	 " \"samples\": 2, \"requests\": 5, \"bad\": 0}], \"rest\": null, " MATCHED(
		 "2", "5", "0") ", " SPAN "}",
	 0},
	{"GET /v1/events?by=host&limit=50", 200, "{\"by\": [], \"groups\": []}", 0},
	{"GET /v1/events?fields=id&limit=50", 200, "[]", 0},
	{}};

static void expect(const char *line, bool json, int status, const char *out, const char *err)
{
	struct fake_agent agent;

	setenv("TZ", "UTC", 1);
	fake_start(&agent, replies);
	expect_spoken(ctl_events, agent.path, json, line, status, out, err);
	fake_stop(&agent);
}

TEST(events_are_a_table_the_newest_last)
{
	expect("events", false, CTL_DONE,
	       "TIME                STATUS        TOTAL  METHOD  PATH         SERVICE  CLIENT    "
	       "BAD FOR           VERSION  WEIGHT  USER_AGENT\n"
	       "01-02 03:04:05.250  200           250ms  GET     /checkout/7  shop     10.0.0.7  "
	       "-                 3fa2c1      2.5  ShopApp/2.3\n"
	       "01-02 03:04:06.000  client_abort  250ms  GET     /checkout/7  shop     10.0.0.7  "
	       "checkout,latency  3fa2c1      2.5  ShopApp/2.3\n"
	       "\n"
	       "2 of 340 samples, for about 25,910 requests, 57 of them bad, from 2030-01-02 02:04:05 to "
	       "2030-01-02 03:04:05 UTC.\n"
	       "It took too long: what is beyond 2030-01-02 02:30:00 was not looked at.\n"
	       "1 sample was lost since the agent began: counts are not touched.\n",
	       "");
}

TEST(a_narrow_terminal_leaves_columns_out)
{
	struct fake_agent agent;
	struct spoken spoken;

	ctl_table_set_width(80);
	fake_start(&agent, replies);
	spoken = speak(ctl_events, agent.path, false, "events");
	fake_stop(&agent);
	ctl_table_set_width(0);
	for (char *line = strtok(spoken.out, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 80);
	assert_memory_equal(
		spoken.out,
		"TIME                STATUS        TOTAL  METHOD  PATH         USER_AGENT", 72);
	spoken_clear(&spoken);
}

TEST(words_are_a_filter)
{
	expect("events status>=500 and bad --since 2h --limit 5", false, CTL_DONE,
	       "No samples, from 2030-01-02 02:04:05 to 2030-01-02 03:04:05 UTC (900 looked at).\n",
	       "");
}

TEST(a_refusal_points_to_its_place)
{
	expect("events status>>5", false, CTL_CANNOT_TELL, "",
	       "slictl: filter, column 7: expected one of = !=, got \">>\"\n"
	       "  status>>5\n"
	       "        ^\n");
	expect("events \xc3\xa4=5", false, CTL_CANNOT_TELL, "",
	       "slictl: filter, column 1: no field\n");
}

TEST(chosen_fields_are_the_columns)
{
	expect("events --fields time,bytes_out,rtt,bad", false, CTL_DONE,
	       "TIME                BYTES_OUT     RTT  BAD\n"
	       "01-02 03:04:05.001    20.0KiB  50.0us  true\n"
	       "-                          7B       -  false\n"
	       "\n"
	       "2 samples, for 2 requests, 0 of them bad, from 2030-01-02 02:04:05 to "
	       "2030-01-02 03:04:05 UTC.\n",
	       "");
}

TEST(for_programs_each_event_is_a_line)
{
	struct fake_agent agent;
	struct spoken spoken;
	json_t *json;

	fake_start(&agent, replies);
	spoken = speak(ctl_events, agent.path, true, "events");
	fake_stop(&agent);
	json = json_loads(strtok(spoken.out, "\n"), 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(json, "id")), 1);
	json_decref(json);
	json = json_loads(strtok(NULL, "\n"), 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(json, "id")), 2);
	json_decref(json);
	assert_null(strtok(NULL, "\n"));
	spoken_clear(&spoken);
}

TEST(csv_comes_as_the_agent_makes_it_but_for_escapes)
{
	expect("events --csv", false, CTL_DONE, "id,user_agent\n1,\"a\\u001b[31m\"\n", "");
}

TEST(groups_are_a_table)
{
	expect("events --by user_agent,status", false, CTL_DONE,
	       "USER_AGENT           STATUS  REQUESTS  BAD  BAD SHARE  OF ALL BAD     P50     P99  SAMPLES\n"
	       "a\\x1b                503        1,005   40       3.9%       80.0%  1.00ms       -        5\n"
	       "-                    -            2.5    0         0%          0%  1.00ms  2.00ms        1\n"
	       "(at least 3 others)                12   10      83.3%           -       -       -        3\n"
	       "\n"
	       "9 samples, for about 1,020 requests, 50 of them bad, from 2030-01-02 02:04:05 to "
	       "2030-01-02 03:04:05 UTC.\n"
	       "P50 and P99 are of a part of the samples: there are too many.\n",
	       "");
}

TEST(times_of_groups_are_local)
{
	expect("events --by time", false, CTL_DONE,
	       "TIME                 REQUESTS  BAD  BAD SHARE  OF ALL BAD  P50  P99  SAMPLES\n"
	       "2030-01-02 03:04:00         5    0         0%           -    -    -        2\n"
	       "\n"
	       "2 samples, for about 5 requests, 0 of them bad, from 2030-01-02 02:04:05 to "
	       "2030-01-02 03:04:05 UTC.\n",
	       "");
}

TEST(what_does_not_go_together_is_refused)
{
	static const char *const lines[] = {"events --follow --by service",
					    "events --follow --until 1h",
					    "events --follow --csv",
					    "events --by service --fields id",
					    "events --since never",
					    "events --until never",
					    "events --colour"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect(lines[i], false, CTL_CANNOT_TELL, "", NULL);
	expect("events --csv", true, CTL_CANNOT_TELL, "", NULL);
}

TEST(an_answer_that_makes_no_sense_is_told)
{
	expect("events --by host", false, CTL_CANNOT_TELL, "",
	       "slictl: the agent's answer is not understood\n");
	expect("events --fields id", false, CTL_CANNOT_TELL, NULL,
	       "slictl: the agent's answer is not understood\n");
}

TEST(sums_are_shown_with_what_they_are_worth)
{
	assert_string_equal(ctl_weighted(0).text, "0");
	assert_string_equal(ctl_weighted(2.5).text, "2.5");
	assert_string_equal(ctl_weighted(99.94).text, "99.9");
	assert_string_equal(ctl_weighted(999.7).text, "1,000");
	assert_string_equal(ctl_weighted(1234567).text, "1,234,567");
	assert_string_equal(ctl_weighted(NAN).text, "-");
	assert_string_equal(ctl_weighted(-1).text, "-");
}

/* ---- following ---- */

/* Between turns nothing is waited for; the third wait ends it. */
static int waits;

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);
int __real_poll(struct pollfd *fds, nfds_t n, int timeout);

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	(void)fds;
	(void)n;
	(void)timeout;
	return --waits < 0;
}

#define PART(events, last, lost)                                                                   \
	"{\"events\": [" events                                                                    \
	"], " MATCHED("1", "1", "0") ", " SPAN ", \"last_id\": " last                              \
				     ", \"more\": false, \"samples_lost\": " lost "}"

TEST(following_goes_on_behind_what_was_seen)
{
	static const struct fake_reply parts[] = {
		{"GET /v1/events?filter=bad&limit=10", 200,
		 PART(EVENT("1", "5.25", "true", "503", GOOD), "4", "7"), 1},
		{"GET /v1/events?filter=bad&limit=10000&after=4&order=oldest", 200,
		 PART(EVENT("5", "7.5", "true", "500", GOOD), "6", "9"), 1},
		{"GET /v1/events?filter=bad&limit=10000&after=6&order=oldest", 503,
		 "{\"error\": \"no\"}", 1},
		{"GET /v1/events?filter=bad&limit=10000&after=6&order=oldest", 200,
		 PART("", "6", "0"), 1},
		{}};
	struct fake_agent agent;

	setenv("TZ", "UTC", 1);
	waits = 3;
	fake_start(&agent, parts);
	expect_spoken(ctl_events, agent.path, false, "events bad --follow --fields id,status",
		      CTL_CANNOT_TELL, NULL, NULL);
	fake_stop(&agent);
	waits = 3;
	fake_start(&agent, parts);
	expect_spoken(ctl_events, agent.path, false, "events bad --follow", CTL_DONE,
		      "TIME                STATUS  TOTAL  METHOD  PATH         SERVICE  CLIENT    "
		      "BAD FOR  VERSION  WEIGHT  USER_AGENT\n"
		      "01-02 03:04:05.250  503     250ms  GET     /checkout/7  shop     10.0.0.7  "
		      "-        3fa2c1      2.5  ShopApp/2.3\n"
		      "01-02 03:04:07.500  500     250ms  GET     /checkout/7  shop     10.0.0.7  "
		      "-        3fa2c1      2.5  ShopApp/2.3\n",
		      "slictl: 2 samples were lost; counts are not touched\n"
		      "slictl: the agent does not answer; waiting for it\n"
		      "slictl: the agent answers again\n");
	fake_stop(&agent);
}

TEST(following_nothing_keeps_to_since)
{
	static const struct fake_reply parts[] = {
		{"GET /v1/events?since=1m&limit=10", 200, PART("", "0", "0"), 1},
		{"GET /v1/events?since=1m&limit=10000&order=oldest", 200,
		 PART(EVENT("5", "7.5", "true", "500", GOOD), "5", "0"), 1},
		{"GET /v1/events?limit=10000&after=5&order=oldest", 200, PART("", "5", "0"), 1},
		{}};
	struct fake_agent agent;
	struct spoken spoken;

	waits = 2;
	fake_start(&agent, parts);
	spoken = speak(ctl_events, agent.path, true, "events --since 1m --follow");
	fake_stop(&agent);
	assert_int_equal(spoken.status, CTL_DONE);
	assert_memory_equal(spoken.out, "{\"time\":", 8);
	spoken_clear(&spoken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_a_table_the_newest_last),
		cmocka_unit_test(a_narrow_terminal_leaves_columns_out),
		cmocka_unit_test(words_are_a_filter),
		cmocka_unit_test(a_refusal_points_to_its_place),
		cmocka_unit_test(chosen_fields_are_the_columns),
		cmocka_unit_test(for_programs_each_event_is_a_line),
		cmocka_unit_test(csv_comes_as_the_agent_makes_it_but_for_escapes),
		cmocka_unit_test(groups_are_a_table),
		cmocka_unit_test(times_of_groups_are_local),
		cmocka_unit_test(what_does_not_go_together_is_refused),
		cmocka_unit_test(an_answer_that_makes_no_sense_is_told),
		cmocka_unit_test(sums_are_shown_with_what_they_are_worth),
		cmocka_unit_test(following_goes_on_behind_what_was_seen),
		cmocka_unit_test(following_nothing_keeps_to_since),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
