/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl notify-test, asking a fake agent. */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/ctl/fake_alerts.h"

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

TEST(test_notify_test_is_1_if_the_agent_sends_none_now)
{
	const struct fake_reply replies[] = {
		before_test,
		{"POST /v1/notify-test", 429,
		 "{\"error\": \"webhook x is behind\\u001b: try again\"}", 0},
		{NULL, 0, NULL, 0},
	};
	struct fake_agent agent;

	fake_start(&agent, replies);
	expect_spoken(ctl_notify_test, agent.path, false, "notify-test", 1, "",
		      "slictl: webhook x is behind\\x1b: try again\n");
	fake_stop(&agent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notify_test_waits_until_all_have_taken_it),
		cmocka_unit_test(test_notify_test_is_1_if_one_has_not_and_says_why),
		cmocka_unit_test(test_notify_test_is_2_without_receivers),
		cmocka_unit_test(test_notify_test_is_1_if_the_agent_sends_none_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
