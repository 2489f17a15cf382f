/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate's decisions, and slictl gate before a socket.
 */
#include <math.h>

#include "tests/unit/fixtures/test.h"
#include "tests/unit/ctl/fake_agent.h"
#include "decide/gate.h"

/* A healthy SLO, to be changed in one thing. */
static const struct gate_facts healthy = {
	.coverage_ratio = 1,
	.eligible = 1000,
	.bad = 8,
	.min_bad = 5,
	.remaining_ratio = 0.2,
};

static void expect_decision(struct gate_facts facts, double min_budget, enum gate_decision decision,
			    const char *reason)
{
	struct gate_verdict verdict;

	gate_decide(&facts, min_budget, &verdict);
	assert_string_equal(verdict.reason, reason);
	assert_int_equal(verdict.decision, decision);
}

TEST(test_budget_left_is_go)
{
	expect_decision(healthy, 0, GATE_GO, "20.0% of the budget is left; 0% is asked for.");
}

TEST(test_exactly_what_is_asked_for_is_go)
{
	struct gate_facts facts = healthy;

	expect_decision(healthy, 0.2, GATE_GO, "20.0% of the budget is left; 20% is asked for.");
	facts.remaining_ratio = 0.199;
	expect_decision(facts, 0.2, GATE_FREEZE,
			"19.9% of the budget is left, less than the 20% asked for.");
}

TEST(test_nothing_left_freezes_even_if_nothing_is_asked_for)
{
	struct gate_facts facts = healthy;

	facts.remaining_ratio = 0;
	expect_decision(facts, 0, GATE_FREEZE, "The budget is spent: 0.0% of it is left.");
	facts.remaining_ratio = -9;
	expect_decision(facts, 0, GATE_FREEZE, "The budget is spent: -900.0% of it is left.");
}

TEST(test_few_bad_events_are_no_reason_to_freeze)
{
	struct gate_facts facts = healthy;

	facts.remaining_ratio = -99;
	facts.eligible = 10;
	facts.bad = 1;
	expect_decision(facts, 0, GATE_UNKNOWN, "Only 1 bad request among 10: too few to judge.");
	facts.bad = 4;
	expect_decision(facts, 0, GATE_UNKNOWN, "Only 4 bad requests among 10: too few to judge.");
	facts.bad = 5;
	expect_decision(facts, 0, GATE_FREEZE, "The budget is spent: -9900.0% of it is left.");
}

TEST(test_few_bad_events_are_no_reason_not_to_go)
{
	struct gate_facts facts = healthy;

	facts.bad = 0;
	facts.remaining_ratio = 1;
	expect_decision(facts, 1, GATE_GO, "100.0% of the budget is left; 100% is asked for.");
}

TEST(test_less_than_half_covered_is_unknown)
{
	struct gate_facts facts = healthy;

	facts.coverage_ratio = 0.499;
	expect_decision(facts, 0, GATE_UNKNOWN, "Only 49.9% of the window was counted.");
	facts.coverage_ratio = NAN;
	expect_decision(facts, 0, GATE_UNKNOWN, "How much of the window was counted is not known.");
	facts.coverage_ratio = 0.5;
	expect_decision(facts, 0, GATE_GO, "20.0% of the budget is left; 0% is asked for.");
}

TEST(test_no_event_and_no_budget_are_unknown)
{
	struct gate_facts facts = healthy;

	facts.remaining_ratio = NAN;
	expect_decision(facts, 0, GATE_UNKNOWN, "How much of the budget is left is not known.");
	facts.eligible = 0;
	expect_decision(facts, 0, GATE_UNKNOWN, "There was no eligible request in the window.");
	facts.eligible = NAN;
	expect_decision(facts, 0, GATE_UNKNOWN, "There was no eligible request in the window.");
}

TEST(test_a_page_freezes_whatever_is_left)
{
	struct gate_facts facts = healthy;

	facts.remaining_ratio = 0.99;
	facts.page = "burn-1h";
	expect_decision(facts, 0, GATE_FREEZE, "The page burn-1h is firing.");
}

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
	expect_spoken(ctl_gate, agent.path, false, "gate odd", 2,
		      "odd: cannot tell: The agent's answer is not understood.\n", "");
	expect_spoken(ctl_gate, agent.path, false, "gate empty", 2, NULL, "");
	expect_spoken(ctl_gate, agent.path, false, "gate busy", 2, "", "slictl: too busy\n");
	fake_stop(&agent);
	expect_spoken(ctl_gate, agent.path, false, "gate good", 3, "", NULL);
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
		      "\"min_budget_ratio\":0.1,\"coverage_ratio\":1,\"eligible\":1000,"
		      "\"bad\":8}\n",
		      "");
	expect_spoken(ctl_gate, agent.path, true, "gate none", 2,
		      "{\"slo\":\"none\",\"decision\":\"unknown\",\"reason\":\"There is no SLO of "
		      "this name.\",\"remaining_ratio\":null,\"min_budget_ratio\":0.0,"
		      "\"coverage_ratio\":null,\"eligible\":null,\"bad\":null}\n",
		      "");
	fake_stop(&agent);
	expect_spoken(ctl_gate, agent.path, true, "gate good", 3,
		      "{\"slo\":\"good\",\"decision\":\"unknown\",\"reason\":\"The agent did not "
		      "answer.\",\"remaining_ratio\":null,\"min_budget_ratio\":0.0,"
		      "\"coverage_ratio\":null,\"eligible\":null,\"bad\":null}\n",
		      NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_budget_left_is_go),
		cmocka_unit_test(test_exactly_what_is_asked_for_is_go),
		cmocka_unit_test(test_nothing_left_freezes_even_if_nothing_is_asked_for),
		cmocka_unit_test(test_few_bad_events_are_no_reason_to_freeze),
		cmocka_unit_test(test_few_bad_events_are_no_reason_not_to_go),
		cmocka_unit_test(test_less_than_half_covered_is_unknown),
		cmocka_unit_test(test_no_event_and_no_budget_are_unknown),
		cmocka_unit_test(test_a_page_freezes_whatever_is_left),
		cmocka_unit_test(test_exit_status_tells_go_freeze_cannot_tell_and_no_agent),
		cmocka_unit_test(test_only_a_page_that_is_active_and_not_silenced_freezes),
		cmocka_unit_test(test_min_budget_is_a_percentage_before_or_after_the_name),
		cmocka_unit_test(test_json_has_the_facts_and_null_for_the_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
