/* SPDX-License-Identifier: GPL-2.0-only */
/* Risk catalogues, read and refused, and their costs to the last digit. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "tests/unit/fixtures/malloc_fail.h"
#include "decide/risk.h"

#define assert_near(got, expected) assert_true(fabs((got) - (expected)) <= 1e-9)

static const char worked_example[] =
	"objective: 99.9\n"
	"risks:\n"
	"  - {name: disk full, detect_minutes: 5, repair_minutes: 60, impact_percent: 100,\n"
	"     days_between_failures: 365.25}\n"
	"  - {name: bad deploy, detect_minutes: 10, repair_minutes: 30, impact_percent: 50,\n"
	"     days_between_failures: 30}\n"
	"  - {name: slow zone, detect_minutes: 0, repair_minutes: 2.5, impact_percent: 12.5,\n"
	"     days_between_failures: 36.525}\n";

static struct risk_catalogue parse(const char *text)
{
	struct error error = {""};
	struct risk_catalogue catalogue;
	int r = risk_parse(text, strlen(text), "c.yaml", &catalogue, &error);

	assert_string_equal(error.text, "");
	assert_int_equal(r, 0);
	return catalogue;
}

TEST(test_a_catalogue_is_read_as_written)
{
	struct risk_catalogue catalogue = parse(worked_example);

	assert_true(catalogue.objective == 0.999);
	assert_int_equal(catalogue.n_risks, 3);
	assert_string_equal(catalogue.risks[1].name, "bad deploy");
	assert_true(catalogue.risks[1].detect_minutes == 10);
	assert_true(catalogue.risks[1].repair_minutes == 30);
	assert_true(catalogue.risks[1].impact_percent == 50);
	assert_true(catalogue.risks[1].days_between_failures == 30);
	risk_clear(&catalogue);
}

TEST(test_the_worked_example_costs_what_it_does_on_paper)
{
	struct risk_catalogue catalogue = parse(worked_example);
	struct risk_cost costs[3];
	struct risk_verdict verdict;

	risk_judge(&catalogue, catalogue.objective, costs, &verdict);
	/* 0.001 * 525960; 40 * 0.5 * 12.175; 65 * 1 * 1; 2.5 * 0.125 * 10 */
	assert_near(verdict.budget_minutes, 525.96);
	assert_string_equal(costs[0].risk->name, "bad deploy");
	assert_near(costs[0].bad_minutes, 243.5);
	assert_near(costs[0].share_ratio, 243.5 / 525.96);
	assert_true(costs[0].too_big);
	assert_string_equal(costs[1].risk->name, "disk full");
	assert_near(costs[1].bad_minutes, 65);
	assert_false(costs[1].too_big);
	assert_string_equal(costs[2].risk->name, "slow zone");
	assert_near(costs[2].bad_minutes, 3.125);
	assert_near(verdict.bad_minutes, 311.625);
	assert_near(verdict.share_ratio, 311.625 / 525.96);
	assert_true(verdict.affordable);
	/* 311.625 / 525960 = 0.00059249...: 0.00060 */
	assert_true(verdict.affordable_objective == 0.9994);
	risk_clear(&catalogue);
}

TEST(test_the_same_risks_are_too_much_for_a_stricter_objective)
{
	struct risk_catalogue catalogue = parse(worked_example);
	struct risk_cost costs[3];
	struct risk_verdict verdict;

	risk_judge(&catalogue, 0.9995, costs, &verdict);
	assert_near(verdict.budget_minutes, 262.98);
	assert_false(verdict.affordable);
	assert_false(costs[1].too_big); /* 65 of 262.98: 24.7 % */
	risk_judge(&catalogue, 0.9994, costs, &verdict);
	assert_true(verdict.affordable);
	risk_judge(&catalogue, 0.99941, costs, &verdict);
	assert_false(verdict.affordable);
	risk_clear(&catalogue);
}

static struct risk_verdict judge_minutes(double minutes_a_year, double objective,
					 struct risk_cost *ret_cost)
{
	static struct risk risk = {.name = (char *)"x",
				   .impact_percent = 100,
				   .days_between_failures = RISK_YEAR_DAYS};
	struct risk_catalogue catalogue = {.risks = &risk, .n_risks = 1};
	struct risk_verdict verdict;

	risk.repair_minutes = minutes_a_year;
	risk_judge(&catalogue, objective, ret_cost, &verdict);
	return verdict;
}

TEST(test_exactly_the_budget_is_affordable_and_exactly_a_quarter_not_too_big)
{
	struct risk_cost cost;

	assert_true(judge_minutes(525.96, 0.999, &cost).affordable);
	assert_false(judge_minutes(525.961, 0.999, &cost).affordable);
	assert_true(judge_minutes(52596, 0.9, &cost).affordable); /* 1 - 0.9 is less than 0.1 */
	judge_minutes(131.49, 0.999, &cost);
	assert_false(cost.too_big);
	judge_minutes(131.491, 0.999, &cost);
	assert_true(cost.too_big);
}

TEST(test_the_affordable_objective_is_rounded_down_to_two_digits_of_what_is_bad)
{
	static const struct {
		double minutes, objective;
	} cases[] = {
		{525.96, 0.999},  {525.97, 0.9989}, {262.98, 0.9995},	      {5259.6, 0.99},
		{52.596, 0.9999}, {52596, 0.9},	    {52.596 * 1.23, 0.99987}, {525960 * 0.5, 0.5},
		{0, 1},		  {525960, 0},	    {631.152, 0.9988},	      {600000, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct risk_cost cost;
		struct risk_verdict verdict = judge_minutes(cases[i].minutes, 0.9, &cost);

		assert_true(verdict.affordable_objective == cases[i].objective);
	}
}

TEST(test_refusals_name_file_line_key_and_what_is_expected)
{
#define RISK(detect, repair, impact, days)                                                         \
	"risks:\n- {name: a, detect_minutes: " detect ", repair_minutes: " repair                  \
	", impact_percent: " impact ", days_between_failures: " days "}\n"
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "c.yaml: expected a mapping with objective and risks, but the file is empty"},
		{"[]", "c.yaml:1: expected a mapping with objective and risks, got a list"},
		{"objective: 99\n", "c.yaml:1: risks: expected a list of risks, got nothing"},
		{"risks: []\n", "c.yaml:1: risks: expected at least 1 in the list, got 0"},
		{"risks: 3\n", "c.yaml:1: risks: expected a list of risks, got \"3\""},
		{"objective: 100\nrisks: []\n", "c.yaml:1: objective: expected a percentage above "
						"0 and below 100, got \"100\""},
		{"objektive: 99\n", "c.yaml:1: objektive: unknown key (did you mean "
				    "\"objective\"?), expected one of objective, risks"},
		{"risks:\n- {name: a}\n",
		 "c.yaml:2: risks[0].detect_minutes: expected minutes, from 0 to 525960, got "
		 "nothing"},
		{RISK("-1", "1", "1", "1"), "c.yaml:2: risks[0].detect_minutes: expected minutes, "
					    "from 0 to 525960, got \"-1\""},
		{RISK("1", "1e3", "1", "1"), "c.yaml:2: risks[0].repair_minutes: expected minutes, "
					     "from 0 to 525960, got \"1e3\""},
		{RISK("1", ".5", "1", "1"), "c.yaml:2: risks[0].repair_minutes: expected minutes, "
					    "from 0 to 525960, got \".5\""},
		{RISK("1", "525961", "1", "1"), "c.yaml:2: risks[0].repair_minutes: expected "
						"minutes, from 0 to 525960, got \"525961\""},
		{RISK("1", "1", "0", "1"), "c.yaml:2: risks[0].impact_percent: expected a "
					   "percentage above 0 and up to 100, got \"0\""},
		{RISK("1", "1", "101", "1"), "c.yaml:2: risks[0].impact_percent: expected a "
					     "percentage above 0 and up to 100, got \"101\""},
		{RISK("1", "1", "1", "0"), "c.yaml:2: risks[0].days_between_failures: expected "
					   "days, above 0 and up to 36525, got \"0\""},
		{RISK("1", "1", "1", "nan"), "c.yaml:2: risks[0].days_between_failures: expected "
					     "days, above 0 and up to 36525, got \"nan\""},
		{RISK("1", "1", "1", "1") "- {name: a, detect_minutes: 1, repair_minutes: 1, "
					  "impact_percent: 1, days_between_failures: 1}\n",
		 "c.yaml:3: risks[1].name: expected a name of its own, got that of risks[0]"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error error = {""};
		struct risk_catalogue catalogue = {.n_risks = 77};

		assert_int_equal(risk_parse(cases[i].text, strlen(cases[i].text), "c.yaml",
					    &catalogue, &error),
				 -EINVAL);
		assert_string_equal(error.text, cases[i].error);
		assert_int_equal(catalogue.n_risks, 77);
	}
}

TEST(test_every_allocation_may_fail)
{
	struct error error = {""};
	int r = -ENOMEM;
	unsigned long n;

	for (n = 1; r != 0; n++) {
		struct risk_catalogue catalogue = {.n_risks = 77};

		n_allocations = 0;
		fail_at = n;
		r = risk_parse(worked_example, strlen(worked_example), "c.yaml", &catalogue,
			       &error);
		fail_at = 0;
		if (r == 0)
			risk_clear(&catalogue);
		else
			assert_int_equal(r, -ENOMEM);
	}
	assert_in_range(n, 5, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_catalogue_is_read_as_written),
		cmocka_unit_test(test_the_worked_example_costs_what_it_does_on_paper),
		cmocka_unit_test(test_the_same_risks_are_too_much_for_a_stricter_objective),
		cmocka_unit_test(
			test_exactly_the_budget_is_affordable_and_exactly_a_quarter_not_too_big),
		cmocka_unit_test(
			test_the_affordable_objective_is_rounded_down_to_two_digits_of_what_is_bad),
		cmocka_unit_test(test_refusals_name_file_line_key_and_what_is_expected),
		cmocka_unit_test(test_every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
