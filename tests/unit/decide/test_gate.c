/* SPDX-License-Identifier: GPL-2.0-only */
#include <math.h>

#include "tests/unit/fixtures/test.h"
#include "decide/gate.h"

/* A healthy SLO. Tests change one thing of it. */
static const struct gate_facts healthy = {
	.coverage_ratio = 1,
	.counted_seconds = 86400,
	.window_seconds = 30 * 86400,
	.eligible = 1000,
	.bad = 8,
	.min_bad = 5,
	.remaining_ratio = 0.2,
	.counted_ratio = 1,
	.connections = 1000,
};

static void expect_decision(struct gate_facts facts, double min_budget, enum gate_decision decision,
			    const char *reason)
{
	const struct gate_terms terms = {.min_budget_ratio = min_budget,
					 .max_blind_ratio = 0.01,
					 .min_counted_seconds = NAN};
	struct gate_verdict verdict;

	gate_decide(&facts, &terms, &verdict);
	assert_string_equal(verdict.reason, reason);
	assert_int_equal(verdict.decision, decision);
}

TEST(test_budget_left_is_go)
{
	expect_decision(healthy, 0, GATE_GO, "20.0% of the budget is left; 0% is asked for.");
}

TEST(a_young_slo_cannot_be_judged)
{
	struct gate_facts facts = healthy;
	const struct gate_terms terms = {.min_counted_seconds = 60, .max_blind_ratio = 1};
	struct gate_verdict verdict;

	facts.counted_seconds = 86399;
	expect_decision(facts, 0, GATE_UNKNOWN,
			"Only 23h 59m of the window was counted so far; 1d is asked for.");
	/* half of a window shorter than two days */
	facts.window_seconds = 3600;
	facts.counted_seconds = 1799;
	expect_decision(facts, 0, GATE_UNKNOWN,
			"Only 29m 59s of the window was counted so far; 30m is asked for.");
	facts.counted_seconds = 1800;
	expect_decision(facts, 0, GATE_GO, "20.0% of the budget is left; 0% is asked for.");
	facts.counted_seconds = 60;
	gate_decide(&facts, &terms, &verdict);
	assert_int_equal(verdict.decision, GATE_GO);
	facts.counted_seconds = 59;
	gate_decide(&facts, &terms, &verdict);
	assert_int_equal(verdict.decision, GATE_UNKNOWN);
	/* a page is one at any age */
	facts.page = "burn-1h";
	expect_decision(facts, 0, GATE_FREEZE, "The page burn-1h is firing.");
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

TEST(test_more_blind_than_allowed_is_unknown)
{
	struct gate_facts facts = healthy;

	facts.blind_connections = 10;
	facts.counted_ratio = 0.99;
	expect_decision(facts, 0, GATE_GO, "20.0% of the budget is left; 0% is asked for.");
	facts.blind_connections = 11;
	facts.counted_ratio = 0.989;
	expect_decision(facts, 0, GATE_UNKNOWN,
			"11 of 1000 connections (1.1%) could not be read: what they asked is in no "
			"count.");
	facts.eligible = 0; /* of two reasons the one that tells more */
	facts.blind_connections = 1000;
	facts.counted_ratio = 0;
	expect_decision(
		facts, 0, GATE_UNKNOWN,
		"1000 of 1000 connections (100.0%) could not be read: what they asked is in "
		"no count.");
}

TEST(test_more_lost_than_allowed_is_unknown)
{
	struct gate_facts facts = healthy;

	facts.lost = 12;
	facts.blind_connections = 1;
	facts.counted_ratio = 0.98;
	expect_decision(facts, 0, GATE_UNKNOWN,
			"12 requests of the service were lost: only 98.0% of its traffic was "
			"counted.");
}

TEST(test_more_without_a_status_than_allowed_is_unknown)
{
	struct gate_facts facts = healthy;

	facts.status_unknown = 60;
	facts.counted_ratio = 0.94;
	expect_decision(
		facts, 0, GATE_UNKNOWN,
		"The status of 60 requests is not known: only 94.0% of the service's traffic "
		"can be judged.");
	facts.lost = 61; /* of two reasons the one that weighs more */
	facts.counted_ratio = 0.9;
	expect_decision(facts, 0, GATE_UNKNOWN,
			"61 requests of the service were lost: only 90.0% of its traffic was "
			"counted.");
}

TEST(test_an_agent_that_tells_nothing_of_blind_connections_is_believed)
{
	struct gate_facts facts = healthy;

	facts.counted_ratio = facts.connections = facts.blind_connections = NAN;
	expect_decision(facts, 0, GATE_GO, "20.0% of the budget is left; 0% is asked for.");
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

TEST(test_aborts_left_out_are_told_above_one_percent)
{
	struct gate_facts facts = healthy;

	facts.left_out = 10;
	expect_decision(facts, 0, GATE_GO, "20.0% of the budget is left; 0% is asked for.");
	facts.left_out = 11;
	expect_decision(facts, 0, GATE_GO,
			"20.0% of the budget is left; 0% is asked for. "
			"Left out: 11 requests whose client gave up.");
	facts.eligible = 0;
	facts.left_out = 1;
	expect_decision(facts, 0, GATE_UNKNOWN,
			"There was no eligible request in the window. "
			"Left out: 1 request whose client gave up.");
	facts.left_out = NAN; /* of an older agent */
	expect_decision(facts, 0, GATE_UNKNOWN, "There was no eligible request in the window.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_budget_left_is_go),
		cmocka_unit_test(a_young_slo_cannot_be_judged),
		cmocka_unit_test(test_exactly_what_is_asked_for_is_go),
		cmocka_unit_test(test_nothing_left_freezes_even_if_nothing_is_asked_for),
		cmocka_unit_test(test_few_bad_events_are_no_reason_to_freeze),
		cmocka_unit_test(test_few_bad_events_are_no_reason_not_to_go),
		cmocka_unit_test(test_more_blind_than_allowed_is_unknown),
		cmocka_unit_test(test_more_lost_than_allowed_is_unknown),
		cmocka_unit_test(test_more_without_a_status_than_allowed_is_unknown),
		cmocka_unit_test(test_an_agent_that_tells_nothing_of_blind_connections_is_believed),
		cmocka_unit_test(test_less_than_half_covered_is_unknown),
		cmocka_unit_test(test_no_event_and_no_budget_are_unknown),
		cmocka_unit_test(test_a_page_freezes_whatever_is_left),
		cmocka_unit_test(test_aborts_left_out_are_told_above_one_percent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
