/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl gate, asking a fake agent: its exit status and output. */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/ctl/fake_agent.h"

#define SLO(remaining, alerts)                                                                     \
	"{\"name\": \"x\", \"eligible\": 1000, \"bad\": 8, \"minimum\": {\"bad\": 5},"             \
	" \"coverage\": {\"ratio\": 1}, \"budget\": {\"remaining_ratio\": " remaining "},"         \
	" \"alerts\": [" alerts "]}"
#define ALERT(severity, state, silenced)                                                           \
	"{\"name\": \"burn-1h\", \"severity\": \"" severity "\", \"state\": \"" state              \
	"\", \"silenced\": " silenced "}"

static const struct fake_reply slos[] = {
	{"GET /v1/slos/good", 200, SLO("0.1", ""), 0},
	{"GET /v1/slos/spent", 200, SLO("-9", ""), 0},
	{"GET /v1/slos/a b/%", 200, SLO("0.1", ""), 0},
	{"GET /v1/slos/pages", 200, SLO("0.9", ALERT("page", "firing", "false")), 0},
	{"GET /v1/slos/tickets", 200, SLO("0.9", ALERT("ticket", "firing", "false")), 0},
	{"GET /v1/slos/silenced", 200, SLO("0.9", ALERT("page", "firing", "true")), 0},
	{"GET /v1/slos/rests", 200, SLO("0.9", ALERT("page", "inactive", "false")), 0},
	{"GET /v1/slos/odd", 200, "nonsense", 0},
	{"GET /v1/slos/god", 404,
	 "{\"error\": \"no SLO of this name; did you mean \\\"good\\\"?\"}", 0},
	{"GET /v1/slos/empty", 200, "{}", 0},
	{"GET /v1/slos/busy", 503, "{\"error\": \"too busy\"}", 0},
	{NULL, 0, NULL, 0},
};

TEST(test_exit_status_tells_go_freeze_cannot_tell_and_no_agent)
{
	struct fake_agent agent;

	fake_start(&agent, slos);
	expect_spoken(ctl_gate, agent.path, false, "gate good", 0,
		      "good: go: 10.0% of the budget is left; 0% is asked for.\n", "");
	expect_spoken(ctl_gate, agent.path, false, "gate spent", 1,
		      "spent: freeze: The budget is spent: -900.0% of it is left.\n", "");
	expect_spoken(ctl_gate, agent.path, false, "gate none", 2,
		      "none: cannot tell: There is no SLO of this name.\n", "");
	expect_spoken(ctl_gate, agent.path, false, "gate god", 2,
		      "god: cannot tell: There is no SLO of this name; did you mean \"good\"?\n",
		      "");
	expect_spoken(ctl_gate, agent.path, false, "gate odd", 2,
		      "odd: cannot tell: The agent's answer is not understood.\n", "");
	expect_spoken(ctl_gate, agent.path, false, "gate empty", 2, NULL, "");
	expect_spoken(ctl_gate, agent.path, false, "gate busy", 2, "", "slictl: too busy\n");
	fake_stop(&agent);
	expect_spoken(ctl_gate, agent.path, false, "gate good", 3, "", NULL);
}

TEST(the_worst_answer_of_several_is_the_exit_status)
{
	struct fake_agent agent;

	fake_start(&agent, slos);
	expect_spoken(ctl_gate, agent.path, false, "gate good tickets", 0,
		      "good: go: 10.0% of the budget is left; 0% is asked for.\n"
		      "tickets: go: 90.0% of the budget is left; 0% is asked for.\n",
		      "");
	expect_spoken(ctl_gate, agent.path, false, "gate none good", 2, NULL, "");
	expect_spoken(ctl_gate, agent.path, false, "gate spent none good --min-budget 5%", 1, NULL,
		      "");
	fake_stop(&agent);
	expect_spoken(ctl_gate, agent.path, false, "gate good spent", 3, "", NULL);
}

TEST(test_only_a_page_that_is_active_and_not_silenced_freezes)
{
	struct fake_agent agent;

	fake_start(&agent, slos);
	expect_spoken(ctl_gate, agent.path, false, "gate pages", 1,
		      "pages: freeze: The page burn-1h is firing.\n", "");
	expect_spoken(ctl_gate, agent.path, false, "gate tickets", 0, NULL, "");
	expect_spoken(ctl_gate, agent.path, false, "gate silenced", 0, NULL, "");
	expect_spoken(ctl_gate, agent.path, false, "gate rests", 0, NULL, "");
	fake_stop(&agent);
}

TEST(test_min_budget_is_a_percentage_before_or_after_the_name)
{
	struct fake_agent agent;

	fake_start(&agent, slos);
	expect_spoken(ctl_gate, agent.path, false, "gate good --min-budget 10%", 0, NULL, "");
	expect_spoken(ctl_gate, agent.path, false, "gate --min-budget=10 good", 0, NULL, "");
	expect_spoken(ctl_gate, agent.path, false, "gate --min-budget 10.01% good", 1,
		      "good: freeze: 10.0% of the budget is left, less than the 10.01% asked "
		      "for.\n",
		      "");
	fake_stop(&agent);
	for (size_t i = 0; i < 7; i++) {
		static const char *const bad[] = {"101", "-1", "x", "%", "1e1", "1.2.3", "nan"};
		char line[64];

		snprintf(line, sizeof(line), "gate good --min-budget %s", bad[i]);
		expect_spoken(ctl_gate, "/none", false, line, 2, "", NULL);
	}
}

TEST(test_json_has_the_facts_and_null_for_the_unknown)
{
	struct fake_agent agent;

	fake_start(&agent, slos);
	expect_spoken(ctl_gate, agent.path, true, "gate spent --min-budget 10", 1,
		      "{\"slo\":\"spent\",\"decision\":\"freeze\",\"reason\":\"The budget is "
		      "spent: -900.0% of it is left.\",\"remaining_ratio\":-9,"
		      "\"min_budget_ratio\":0.1,\"coverage_ratio\":1,"
		      "\"max_blind_ratio\":0.01,\"counted_ratio\":null,\"eligible\":1000,"
		      "\"bad\":8,\"client_aborts_left_out\":null}\n",
		      "");
	expect_spoken(ctl_gate, agent.path, true, "gate none", 2,
		      "{\"slo\":\"none\",\"decision\":\"unknown\",\"reason\":\"There is no SLO of "
		      "this name.\",\"remaining_ratio\":null,\"min_budget_ratio\":0.0,"
		      "\"coverage_ratio\":null,\"max_blind_ratio\":0.01,"
		      "\"counted_ratio\":null,\"eligible\":null,\"bad\":null,"
		      "\"client_aborts_left_out\":null}\n",
		      "");
	fake_stop(&agent);
	expect_spoken(ctl_gate, agent.path, true, "gate good", 3,
		      "{\"slo\":\"good\",\"decision\":\"unknown\",\"reason\":\"The agent did not "
		      "answer.\",\"remaining_ratio\":null,\"min_budget_ratio\":0.0,"
		      "\"coverage_ratio\":null,\"max_blind_ratio\":0.01,"
		      "\"counted_ratio\":null,\"eligible\":null,\"bad\":null,"
		      "\"client_aborts_left_out\":null}\n",
		      NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_status_tells_go_freeze_cannot_tell_and_no_agent),
		cmocka_unit_test(the_worst_answer_of_several_is_the_exit_status),
		cmocka_unit_test(test_only_a_page_that_is_active_and_not_silenced_freezes),
		cmocka_unit_test(test_min_budget_is_a_percentage_before_or_after_the_name),
		cmocka_unit_test(test_json_has_the_facts_and_null_for_the_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
