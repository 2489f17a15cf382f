/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl reload and slictl version, asking a fake agent. */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/ctl/fake_agent.h"

static int reload(const struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return ctl_reload(ctl);
}

static int version(const struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return ctl_version(ctl);
}

static const struct fake_reply answers[] = {
	{"POST /v1/reload", 200,
	 "{\"reloaded\": true, \"config\": \"/etc/a.yaml\", \"services\": 1, \"slos\": 2, "
	 "\"applied\": [\"agent.interval: 5s instead of 10s\"], "
	 "\"takes_restart\": [\"agent.socket is now /b; until a restart /a stays in use\"], "
	 "\"warnings\": [\"w\\u001b\"]}\n",
	 0},
	{"GET /v1/status", 200, "{\"agent\": {\"version\": \"0.2.0\"}}", 0},
	{}};
static const struct fake_reply refuses[] = {
	{"POST /v1/reload", 422, "{\"error\": \"a.yaml:3: slos: expected a list\"}", 1},
	{"POST /v1/reload", 403, "{\"error\": \"not permitted\"}", 1},
	{"POST /v1/reload", 200, "<html>", 0},
	{}};

TEST(a_reload_says_what_has_changed)
{
	struct fake_agent agent;

	fake_start(&agent, answers);
	expect_spoken(reload, agent.path, false, "reload", 0,
		      "Reloaded /etc/a.yaml, 1 service, 2 SLOs.\n"
		      "Applied: agent.interval: 5s instead of 10s\n"
		      "Not applied: agent.socket is now /b; until a restart /a stays in use\n"
		      "Warning: w\\x1b\n",
		      "");
	expect_spoken(reload, agent.path, true, "reload", 0, answers[0].body, "");
	fake_stop(&agent);
}

TEST(a_refusal_is_the_answer_no)
{
	struct fake_agent agent;

	fake_start(&agent, refuses);
	expect_spoken(reload, agent.path, false, "reload", 1, "",
		      "slictl: a.yaml:3: slos: expected a list\n"
		      "The configuration before stays in force.\n");
	expect_spoken(reload, agent.path, false, "reload", 2, "", "slictl: not permitted\n");
	expect_spoken(reload, agent.path, true, "reload", 2, "",
		      "slictl: the agent's answer is not understood\n");
	fake_stop(&agent);
	expect_spoken(reload, agent.path, false, "reload", 3, "", NULL);
}

TEST(versions)
{
	struct fake_agent agent;
	char expected[128];

	fake_start(&agent, answers);
	expect_spoken(version, agent.path, false, "version", 0,
		      "slictl " SLIPROBE_VERSION "\nagent 0.2.0\n", "");
	expect_spoken(version, agent.path, true, "version", 0,
		      "{\"slictl\":\"" SLIPROBE_VERSION "\",\"agent\":\"0.2.0\"}\n", "");
	fake_stop(&agent);
	snprintf(expected, sizeof(expected), "slictl %s\nno agent answers on %s\n",
		 SLIPROBE_VERSION, agent.path);
	expect_spoken(version, agent.path, false, "version", 0, expected, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reload_says_what_has_changed),
		cmocka_unit_test(a_refusal_is_the_answer_no),
		cmocka_unit_test(versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
