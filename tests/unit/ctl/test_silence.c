/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl silence, asking a fake agent. */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/ctl/fake_alerts.h"

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
	expect_spoken(ctl_silence, agent.path, false,
		      "silence add --all --from 2030-01-02T03:04:05Z --for 1h", 0,
		      "Silenced for 1h from 01-02 03:04:05 UTC. To end it: slictl silence remove "
		      "s\\x1b7\n",
		      "");
	expect_spoken(ctl_silence, agent.path, false, "silence add --all --from 30m --for 1h", 0,
		      "Silenced for 1h in 30m. To end it: slictl silence remove s\\x1b7\n", "");
	expect_spoken(ctl_silence, agent.path, false, "silence add --all --from noon --for 1h", 2,
		      NULL, NULL);
	assert_string_equal(
		agent.asked,
		"POST /v1/silences {\"slo\":\"a\",\"for_seconds\":5400}\n"
		"POST /v1/silences {\"service\":\"b\",\"severity\":\"page\","
		"\"for_seconds\":86400,\"comment\":\"\\\"x\",\"exclude\":\"eligible\"}\n"
		"POST /v1/silences {\"for_seconds\":1,\"all\":true}\n"
		"POST /v1/silences {\"for_seconds\":3600,\"from\":\"2030-01-02T03:04:05Z\",\"all\":true}\n"
		"POST /v1/silences {\"for_seconds\":3600,\"in_seconds\":1800,\"all\":true}\n");
	fake_stop(&agent);
}

TEST(test_silence_add_says_what_was_extended)
{
	static const struct fake_reply replies[] = {
		{"POST /v1/silences", 200,
		 "{\"id\": \"s7\", \"until\": \"2030-01-02T05:00:00Z\", \"extended\": true}", 0},
		{NULL, 0, NULL, 0},
	};
	struct fake_agent agent;

	fake_start(&agent, replies);
	expect_spoken(ctl_silence, agent.path, false, "silence add --all --for 9h --force", 0,
		      "The same silence was there already: it lasts until 01-02 05:00:00 UTC. "
		      "To end it: slictl silence remove s7\n",
		      "");
	assert_string_equal(agent.asked, "POST /v1/silences {\"for_seconds\":32400,\"all\":true,"
					 "\"force\":true}\n");
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

TEST(test_silence_list_says_what_is_pending)
{
	static const struct fake_reply replies[] = {
		{"GET /v1/alerts", 200,
		 "{\"silences\": [{\"id\": \"s2\", \"slo\": \"a\", \"service\": null,"
		 " \"severity\": null, \"from\": \"2030-01-02T03:00:00Z\","
		 " \"until\": \"2030-01-02T05:00:00Z\", \"comment\": null,"
		 " \"exclude\": \"alerts\", \"by\": \"root\", \"state\": \"pending\"}]}",
		 0},
		{NULL, 0, NULL, 0},
	};
	struct fake_agent agent;

	fake_start(&agent, replies);
	expect_spoken(ctl_silence, agent.path, false, "silence list", 0,
		      "  ID  SLO  SERVICE  SEVERITY  UNTIL UTC       EXCLUDE  BY    COMMENT\n"
		      "  s2  a    all      all       01-02 05:00:00  alerts   root  -\n"
		      "  s2 is pending: it begins at 01-02 03:00:00 UTC\n",
		      "");
	fake_stop(&agent);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silence_add_asks_for_what_was_said),
		cmocka_unit_test(test_silence_add_says_what_was_extended),
		cmocka_unit_test(test_silence_repeats_the_agents_refusal),
		cmocka_unit_test(test_silence_list_says_what_is_pending),
		cmocka_unit_test(test_silence_list_and_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
