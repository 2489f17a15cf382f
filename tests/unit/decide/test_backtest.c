/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Replaying steps: CSV, timeslices, transitions and what is said about them, and the command.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "decide/backtest.h"
#include "decide/backtest_csv.h"
#include "ctl/backtest.h"
#include "slo/slices.h"

enum { STEP = 10, MINUTE = 60, HOUR = 3600, DAY = 86400 };

/* ---- CSV ---- */

static struct csv_step csv_row(struct csv *csv, const char *line)
{
	struct csv_step step = {};
	struct csv_error error = {};
	int r = csv_line(csv, line, strlen(line), &step, &error);

	if (r != 1)
		fail_msg("%s: %d, %s", line, r, error.expected);
	return step;
}

static void assert_step(struct csv_step step, double from, double t, uint64_t good, uint64_t bad)
{
	assert_true(step.from_seconds == from);
	assert_true(step.t_seconds == t);
	assert_int_equal(step.events.good, good);
	assert_int_equal(step.events.bad, bad);
}

TEST(a_row_reaches_back_to_the_row_before)
{
	struct csv csv = {};

	assert_step(csv_row(&csv, "52,100,3\n"), 42, 52, 100, 3);
	assert_step(csv_row(&csv, " 62.5 ,\t0 , 7\r\n"), 52, 62.5, 0, 7);
	assert_step(csv_row(&csv, "100,1,2,20"), 80, 100, 1, 2);
	assert_step(csv_row(&csv, "1.7e9,1,2,"), 100, 1.7e9, 1, 2);
	csv = (struct csv){};
	assert_step(csv_row(&csv, "-10,1000000000000000,0,0.5"), -10.5, -10, 1000000000000000, 0);
}

TEST(lines_without_a_row_are_passed_over)
{
	static const char *const lines[] = {"", "\n", " \r\n", "# t, good\n", "  #\n"};
	struct csv csv = {};
	struct csv_step step;
	struct csv_error error;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(csv_line(&csv, lines[i], strlen(lines[i]), &step, &error), 0);
	assert_int_equal(csv_line(&csv, "t_seconds,good,bad\n", 19, &step, &error), 0);
	assert_int_equal(csv_line(&csv, "t_seconds,good,bad\n", 19, &step, &error), -EINVAL);
}

TEST(rows_are_refused_with_column_and_expectation)
{
	static const struct {
		const char *line;
		size_t column;
		const char *expected;
	} rows[] = {
		{"20", 1, "expected t_seconds,good,bad in each row, got \"20\""},
		{"20,1", 4, "expected t_seconds,good,bad in each row, got \"1\""},
		{"10,1,2", 1, "t_seconds: expected a time after the row before's, 10, got \"10\""},
		{"nan,1,2", 1, "t_seconds: expected a number, up to 1e12, got \"nan\""},
		{"20,1,2,10,5", 11, "expected the end of the row, got \"5\""},
		{"20,-1,2", 4, "good: expected a whole number of events, 0 to 1e15, got \"-1\""},
		{"20,1, 2.5", 7, "bad: expected a whole number of events, 0 to 1e15, got \"2.5\""},
		{"20,,2", 4, "good: expected a whole number of events, 0 to 1e15, got \"\""},
		{"20,1,1000000000000001", 6, "bad: expected a whole number"},
		{"20,1,99999999999999999999999999", 6, "bad: expected a whole number"},
		{"0x20,1,2", 1, "t_seconds: expected a number, up to 1e12, got \"0x20\""},
		{"1e13,1,2", 1, "t_seconds: expected a number, up to 1e12"},
		{"--1,1,2", 1, "t_seconds: expected a number, up to 1e12"},
		{",1,2", 1, "t_seconds: expected a number, up to 1e12, got \"\""},
		{"20,1,2,0", 8, "step_seconds: expected a number above 0, got \"0\""},
		{"20,1,2,11", 8, "step_seconds: expected at most 10"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct csv csv = {.any = true, .last_seconds = 10};
		const struct csv before = csv;
		struct csv_step step = {1, 2, {3, 4}};
		struct csv_error error = {};
		int r = csv_line(&csv, rows[i].line, strlen(rows[i].line), &step, &error);

		assert_int_equal(r, -EINVAL);
		assert_int_equal(error.column, rows[i].column);
		if (!strstr(error.expected, rows[i].expected))
			fail_msg("%s: %s", rows[i].line, error.expected);
		assert_step(step, 1, 2, 3, 4);
		assert_true(csv.last_seconds == before.last_seconds);
	}
}

TEST(a_header_must_not_name_other_columns)
{
	static const char *const lines[] = {"t,bad,good", "good,bad", "t_seconds,good,bad,step"};
	struct csv_step step;
	struct csv_error error;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct csv csv = {};

		assert_int_equal(csv_line(&csv, lines[i], strlen(lines[i]), &step, &error),
				 -EINVAL);
		assert_non_null(strstr(error.expected,
				       "expected the columns t_seconds,good,bad[,step_seconds]"));
	}
}

TEST(a_first_row_without_a_time_is_no_header)
{
	static const char *const lines[] = {"nan,1,0", "inf,0,0", "x,1,0"};
	struct csv_step step;
	struct csv_error error;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct csv csv = {};

		assert_int_equal(csv_line(&csv, lines[i], strlen(lines[i]), &step, &error),
				 -EINVAL);
		assert_int_equal(error.column, 1);
		assert_non_null(strstr(error.expected, "t_seconds: expected a number, up to 1e12"));
	}
}

/* ---- timeslices ---- */

static void assert_slices(const struct slo_history *history, double now, uint64_t good,
			  uint64_t bad)
{
	struct slo_events sum = slo_history_sum(history, now, INFINITY);

	assert_int_equal(sum.good, good);
	assert_int_equal(sum.bad, bad);
}

TEST(a_slice_is_good_at_its_target)
{
	struct slo_history *events = NULL, *slices = NULL;
	struct slices cut;

	assert_int_equal(slo_history_new(DAY, &events), 0);
	assert_int_equal(slo_history_new(DAY, &slices), 0);
	slices_init(&cut, MINUTE, 0.95, 0);
	/* 95 of 100 is good; it is settled when its minute is over, not before */
	for (int t = 10; t <= 60; t += 10) {
		assert_int_equal(slices_close(&cut, events, t - 1, slices), 0);
		assert_slices(slices, t, 0, 0);
		slo_history_add(events, t, (struct slo_events){t == 60 ? 95 : 0, t == 10 ? 5 : 0});
	}
	assert_int_equal(slices_close(&cut, events, 60, slices), 0);
	assert_slices(slices, 60, 1, 0);
	/* one more bad one, and it is bad */
	slo_history_add(events, 61, (struct slo_events){94, 5});
	assert_int_equal(slices_close(&cut, events, 120, slices), 0);
	assert_int_equal(slices_close(&cut, events, 120, slices), 0);
	assert_slices(slices, 120, 1, 1);
	/* without events it is neither; several may end at once */
	slo_history_add(events, 301, (struct slo_events){1, 0});
	slo_history_add(events, 361, (struct slo_events){0, 1});
	assert_int_equal(slices_close(&cut, events, 10000, slices), 0);
	assert_slices(slices, 10000, 2, 2);
	assert_int_equal(slo_history_sum(slices, 360, 60).good, 1);
	assert_int_equal(slo_history_sum(slices, 420, 60).bad, 1);
	/* after a gap longer than any history */
	assert_int_equal(slices_close(&cut, events, 1e12, slices), 0);
	assert_slices(slices, 1e12, 2, 2);
	assert_int_equal(slices_close(&cut, events, NAN, slices), -EINVAL);
	slo_history_free(events);
	slo_history_free(slices);
}

/* ---- replaying ---- */

static struct backtest *backtest_of(struct backtest_options options, struct alert_rule *rules)
{
	struct backtest *backtest = NULL;

	options.rules = rules;
	options.n_rules = alert_rules_default(rules);
	assert_int_equal(backtest_new(&options, &backtest), 0);
	return backtest;
}

/* Rows of 10 s in (from, to]. */
static void replay(struct backtest *backtest, double from, double to, uint64_t good, uint64_t bad)
{
	for (double t = from + STEP; t <= to; t += STEP)
		assert_int_equal(
			backtest_step(backtest, t - STEP, t, (struct slo_events){good, bad}), 0);
}

static void assert_transition(const struct backtest_result *result, size_t i, double t, size_t rule,
			      enum alert_status to)
{
	assert_true(i < result->n_transitions);
	assert_true(result->transitions[i].change.t_seconds == t);
	assert_int_equal(result->transitions[i].change.rule, rule);
	assert_int_equal(result->transitions[i].change.to, to);
}

TEST(an_outage_of_ten_minutes)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	struct backtest *backtest = backtest_of(
		(struct backtest_options){.objective = 0.999, .window_seconds = 30 * DAY}, rules);
	const double begin = 31 * DAY;
	const struct backtest_result *result;

	replay(backtest, 0, begin, 100, 0);
	replay(backtest, begin, begin + 600, 0, 100);
	replay(backtest, begin + 600, begin + DAY, 100, 0);
	result = backtest_result(backtest);
	assert_transition(result, 0, begin + 60, 0, ALERT_FIRING);
	assert_transition(result, 1, begin + 130, 1, ALERT_FIRING);
	assert_transition(result, 2, begin + 260, 2, ALERT_FIRING);
	assert_transition(result, 3, begin + 260, 3, ALERT_FIRING);
	assert_transition(result, 4, begin + 520, 4, ALERT_FIRING);
	/* burn-1h: the last bad step leaves the 5 min */
	assert_transition(result, 6, begin + 900, 0, ALERT_INACTIVE);
	/* burn-6h: of 180 steps one may be bad */
	assert_transition(result, 7, begin + 600 + 1790, 1, ALERT_INACTIVE);
	assert_true(result->transitions[0].burning_seconds.value == 60);
	/* of 30 d and 60 s: an hour's edge, and 6 of 259.2 are spent */
	assert_true(fabs(result->transitions[0].spent_ratio.value - 6 / 259.2) < 1e-4);
	assert_int_equal(result->alerts[0].fired, 1);
	assert_true(result->alerts[0].active_seconds == 840);
	assert_true(result->alerts[0].first.change.t_seconds == begin + 60);
	assert_int_equal(result->alerts[8].fired, 0);
	assert_int_equal(result->events.bad, 6000);
	assert_int_equal(result->budgeted.bad, 6000);
	assert_true(backtest_burn_rate(backtest, HOUR).value == 0);
	assert_true(backtest_burn_rate(backtest, DAY).value == 6000.0 / 864);
	assert_true(fabs(backtest_budget(backtest).spent_ratio.value - 60 / 259.2) < 1e-3);
	backtest_free(backtest);
}

/* One request in six minutes, all of them bad from `begin` on: half an hour, not ten seconds. */
TEST(idle_steps_are_no_recovery)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	struct backtest *backtest = backtest_of(
		(struct backtest_options){.objective = 0.999, .window_seconds = 30 * DAY}, rules);
	const double begin = 3 * DAY;
	const struct backtest_result *result;

	for (double t = 0; t < begin + 2 * HOUR; t += 360) {
		replay(backtest, t, t + 350, 0, 0);
		replay(backtest, t + 350, t + 360, t < begin, t >= begin);
	}
	result = backtest_result(backtest);
	assert_transition(result, 0, begin + 1800, 0, ALERT_FIRING);
	/* the first bad step began 10 s before its end at 360 s */
	assert_true(result->transitions[0].burning_seconds.value == 1800 - 350);
	backtest_free(backtest);
}

TEST(steps_out_of_order_are_refused)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	const struct backtest_options options = {.objective = 0.999, .window_seconds = DAY};
	static const struct {
		double from, t;
		uint64_t good;
		int r;
	} rows[] = {
		{20, 30, 5, 0},
		{25, 30, 5, 0},
		{19.9995, 30, 5, 0},
		{19, 30, 5, -EINVAL},
		{20, 20, 5, -EINVAL},
		{30, 25, 5, -EINVAL},
		{NAN, 30, 5, -EINVAL},
		{20, 30, UINT64_MAX - 5, -ERANGE},
		{20, 30, INT64_MAX, -ERANGE},
		{20, INFINITY, 5, -EINVAL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct backtest *backtest = backtest_of(options, rules);

		replay(backtest, 0, 20, 5, 0);
		assert_int_equal(backtest_step(backtest, rows[i].from, rows[i].t,
					       (struct slo_events){rows[i].good, 0}),
				 rows[i].r);
		backtest_free(backtest);
	}
	assert_int_equal(backtest_new(&(struct backtest_options){.window_seconds = 1},
				      &(struct backtest *){NULL}),
			 -EINVAL);
	backtest_free(NULL);
}

TEST(a_gap_is_time_without_coverage)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	struct backtest *backtest = backtest_of(
		(struct backtest_options){.objective = 0.999, .window_seconds = 30 * DAY}, rules);
	const struct backtest_result *result;

	replay(backtest, 0, DAY, 100, 0);
	/* 10 min without rows in between */
	replay(backtest, DAY + 600, DAY + 2 * HOUR, 100, 0);
	result = backtest_result(backtest);
	assert_int_equal(result->n_transitions, 2);
	assert_transition(result, 0, DAY + 610, 10, ALERT_FIRING);
	/* the hour then begins 240 s into the gap: 360 s are missing */
	assert_transition(result, 1, DAY + HOUR + 240, 10, ALERT_INACTIVE);
	backtest_free(backtest);
}

TEST(a_calendar_month_begins_anew)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	struct backtest *backtest =
		backtest_of((struct backtest_options){.objective = 0.99,
						      .window_seconds = 31 * DAY,
						      .time_zone = "UTC"},
			    rules);
	const struct backtest_result *result;

	/* January 1970 */
	replay(backtest, 0, 20 * DAY, 100, 0);
	replay(backtest, 20 * DAY, 21 * DAY, 50, 50);
	replay(backtest, 21 * DAY, 31 * DAY, 100, 0);
	result = backtest_result(backtest);
	assert_true(result->window.from_seconds == 0);
	assert_true(result->window.end_seconds == 31 * DAY);
	assert_int_equal(result->budgeted.good + result->budgeted.bad, 31 * 864000);
	assert_int_equal(result->alerts[8].fired, 1); /* budget-100 */
	assert_int_equal(result->transitions[result->n_transitions - 1].change.to == ALERT_INACTIVE,
			 1);
	assert_true(backtest_budget(backtest).spent_ratio.value > 1.6);
	/* the first step of February */
	replay(backtest, 31 * DAY, 31 * DAY + STEP, 100, 0);
	result = backtest_result(backtest);
	assert_int_equal(result->budgeted.good, 100);
	assert_int_equal(result->budgeted.bad, 0);
	assert_transition(result, result->n_transitions - 1, 31 * DAY + STEP, 8, ALERT_INACTIVE);
	assert_int_equal(backtest_step(backtest, -20, -10, (struct slo_events){}), -EINVAL);
	backtest_free(backtest);
	/* a step that ends with January, and is the first one */
	backtest = backtest_of((struct backtest_options){.objective = 0.99,
							 .window_seconds = 31 * DAY,
							 .time_zone = "UTC"},
			       rules);
	replay(backtest, 31 * DAY - STEP, 31 * DAY, 100, 0);
	assert_true(backtest_result(backtest)->window.from_seconds == 0);
	backtest_free(backtest);
}

/* 0.2 % for 3 d after so many healthy days: no page, and of the tickets only burn-3d. */
static void check_slow_burn(const char *time_zone, double from, double begin, double ticket)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	struct backtest *backtest =
		backtest_of((struct backtest_options){.objective = 0.999,
						      .window_seconds = 30 * DAY,
						      .time_zone = time_zone},
			    rules);
	const struct backtest_result *result;

	replay(backtest, from, begin, 1000, 0);
	replay(backtest, begin, begin + 3 * DAY, 998, 2);
	result = backtest_result(backtest);
	for (size_t i = 0; i < 11; i++) {
		if (rules[i].severity != SEVERITY_NOTICE)
			assert_int_equal(result->alerts[i].fired, i == 3); /* burn-3d */
	}
	assert_true(result->alerts[3].first.change.t_seconds == begin + ticket);
	assert_true(result->alerts[3].first.burning_seconds.value == ticket);
	/* what is shown, and told by budget-50 and on, is of what was eligible so far */
	assert_int_equal(result->alerts[6].fired, 1);
	assert_int_equal(result->alerts[8].fired, 1);
	assert_true(backtest_budget(backtest).spent_ratio.value >= 1);
	assert_true(backtest_budget(backtest).exhausted_in_seconds.value == 0);
	backtest_free(backtest);
}

TEST(a_slow_burn_does_not_page_in_the_first_days)
{
	check_slow_burn(NULL, 0, 2 * DAY, 36 * HOUR + STEP);
	check_slow_burn(NULL, 0, 3 * DAY, 36 * HOUR + STEP);
	check_slow_burn(NULL, 4 * DAY, 6 * DAY, 36 * HOUR + STEP);
	/* of February 1970, 28 d: 10 % of its budget are used up after 33.6 h */
	check_slow_burn("UTC", 20 * DAY, 33 * DAY, 33.6 * HOUR + STEP);
	check_slow_burn("UTC", 20 * DAY, 34 * DAY, 33.6 * HOUR + STEP);
}

TEST(timeslices_are_what_is_budgeted)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	struct backtest *backtest = backtest_of((struct backtest_options){.objective = 0.99,
									  .window_seconds = DAY,
									  .slice_seconds = MINUTE,
									  .slice_target = 0.95},
						rules);
	const struct backtest_result *result;

	replay(backtest, 0, DAY, 96, 4); /* 4 % bad: all slices are good */
	result = backtest_result(backtest);
	assert_int_equal(result->budgeted.good, 1440);
	assert_int_equal(result->budgeted.bad, 0);
	assert_int_equal(result->events.bad, 34560);
	assert_int_equal(result->n_transitions, 0);
	replay(backtest, DAY, DAY + 5 * MINUTE, 94, 6); /* 6 %: all are bad */
	result = backtest_result(backtest);
	assert_int_equal(result->budgeted.good, 1435);
	assert_int_equal(result->budgeted.bad, 5);
	assert_true(backtest_budget(backtest).allowed_events == 14.4);
	backtest_free(backtest);
}

/* ---- the command ---- */

struct answer {
	int status;
	char *out;
	char *err;
};

static char *temporary(const char *text)
{
	char *path = strdup("/tmp/test_backtest-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return path;
}

static const char config_text[] =
	"services:\n"
	"  - name: shop\n"
	"    match: {port: 8080}\n"
	"slos:\n"
	"  - {name: checkout, service: shop, objective: 99.9, window: 30d}\n"
	"  - {name: \"all-{service}\", service: \"*\", objective: 99, "
	"window: 7d}\n"
	"  - {name: quiet, service: shop, objective: 99, alerts: []}\n";

/* `arguments` ends in NULL. */
static struct answer ask(const char *csv, bool json, const char *const *arguments)
{
	char *config = temporary(config_text), *events = temporary(csv);
	char *argv[16] = {"backtest", "--config", config, "--events", events};
	struct answer answer = {};
	size_t out_len, err_len;
	struct ctl ctl = {.json = json};
	int argc = 5;

	while (*arguments)
		argv[argc++] = (char *)*arguments++;
	ctl.out = open_memstream(&answer.out, &out_len);
	ctl.err = open_memstream(&answer.err, &err_len);
	answer.status = ctl_backtest(&ctl, argc, argv);
	fclose(ctl.out);
	fclose(ctl.err);
	unlink(config);
	unlink(events);
	free(config);
	free(events);
	return answer;
}

static void answer_clear(struct answer *answer)
{
	free(answer->out);
	free(answer->err);
}

#define ASK(csv, json, ...) ask(csv, json, (const char *const[]){__VA_ARGS__, NULL})

static void assert_number(json_t *object, const char *key, double value)
{
	json_t *number = json_object_get(object, key);

	assert_true(json_is_number(number));
	if (fabs(json_number_value(number) - value) > 1e-9)
		fail_msg("%s: %.17g is not %.17g", key, json_number_value(number), value);
}

TEST(json_has_transitions_summary_and_the_end)
{
	struct answer answer =
		ASK("t_seconds,good,bad\n10,9990,0\n20,0,20\n", true, "--slo", "checkout");
	json_t *json = json_loads(answer.out, 0, NULL), *first, *final, *summary;

	assert_int_equal(answer.status, CTL_DONE);
	assert_non_null(json);
	first = json_array_get(json_object_get(json, "transitions"), 0);
	assert_number(first, "t", 20);
	assert_string_equal(json_string_value(json_object_get(first, "alert")), "burn-3d");
	assert_string_equal(json_string_value(json_object_get(first, "severity")), "ticket");
	assert_string_equal(json_string_value(json_object_get(first, "state")), "firing");
	assert_number(first, "burning_seconds", 10);
	final = json_object_get(json, "final");
	assert_number(final, "eligible", 10010);
	assert_number(final, "good", 9990);
	assert_number(final, "bad", 20);
	assert_number(final, "availability", 9990.0 / 10010);
	assert_number(json_object_get(final, "budget"), "allowed", 10.01);
	assert_number(json_object_get(final, "budget"), "exhausted_in_seconds", 0);
	assert_number(json_object_get(final, "burn_rate"), "3d", 20 / 10.01);
	summary = json_object_get(json, "summary");
	assert_int_equal(json_array_size(summary), 11);
	assert_number(json_array_get(summary, 6), "fired", 1);
	assert_number(json_array_get(summary, 6), "t", 20);
	assert_true(json_is_null(json_object_get(json_array_get(summary, 9), "t")));
	json_decref(json);
	answer_clear(&answer);
}

TEST(unknown_is_null)
{
	struct answer answer = ASK("10,0,0\n", true, "--slo", "checkout");

	assert_int_equal(answer.status, CTL_DONE);
	assert_non_null(strstr(answer.out, "\"availability\":null"));
	assert_non_null(strstr(answer.out, "\"5m\":null"));
	answer_clear(&answer);
}

TEST(what_if)
{
	struct answer answer = ASK("10,90,0\n20,0,10\n", true, "--slo", "all-shop", "--objective",
				   "90%", "--window", "28d", "--min-bad", "11");

	assert_int_equal(answer.status, CTL_DONE);
	assert_non_null(strstr(answer.out, "\"objective\":0.9"));
	assert_non_null(strstr(answer.out, "\"window_seconds\":2419200.0"));
	assert_non_null(strstr(answer.out, "\"transitions\":[]"));
	assert_non_null(strstr(answer.out, "\"spent_ratio\":1.0"));
	answer_clear(&answer);
	answer = ASK("10,90,0\n20,0,10\n", false, "--slo", "all-{service}");
	assert_int_equal(answer.status, CTL_DONE);
	assert_non_null(strstr(answer.out, "budget-100"));
	assert_non_null(strstr(answer.out, "90 of 100 events good"));
	answer_clear(&answer);
}

TEST(an_slo_without_alerts_fires_none)
{
	struct answer answer = ASK("10,0,100\n", true, "--slo", "quiet");

	assert_int_equal(answer.status, CTL_DONE);
	assert_non_null(strstr(answer.out, "\"transitions\":[],\"summary\":[]"));
	assert_string_equal(answer.err, "");
	answer_clear(&answer);
	answer = ASK("10,0,100\n", true, "--slo", "quiet", "--alerts", "default");
	assert_non_null(strstr(answer.out, "\"alert\":\"burn-1h\",\"severity\":\"page\",\"state\":"
					   "\"firing\""));
	answer_clear(&answer);
}

/* 10 % of the budget of an hour within 3 d would be a burn rate of 0.0014. */
TEST(what_if_leaves_out_what_reaches_beyond_the_window)
{
	static const char left_out[] =
		"slictl: left out: alert \"burn-6h\": it reaches beyond the window\n"
		"slictl: left out: alert \"burn-1d\": it reaches beyond the window\n"
		"slictl: left out: alert \"burn-3d\": it reaches beyond the window\n"
		"slictl: left out: alert \"exhaust-3d\": it reaches beyond the window\n";
	struct answer answer =
		ASK("10,999,0\n20,99999,1\n", true, "--slo", "checkout", "--window", "4h");

	assert_int_equal(answer.status, CTL_DONE);
	assert_non_null(strstr(answer.out, "\"transitions\":[]"));
	assert_string_equal(answer.err, left_out);
	answer_clear(&answer);
	answer = ASK("10,999,0\n20,99999,1\n", true, "--slo", "quiet", "--window", "4h", "--alerts",
		     "default");
	assert_string_equal(answer.err, left_out);
	answer_clear(&answer);
}

TEST(any_bytes_may_stand_for_the_service)
{
	struct answer answer = ASK("10,1,0\n", true, "--slo", "all-\xff");
	json_t *json = json_loads(answer.out, 0, NULL);

	assert_int_equal(answer.status, CTL_DONE);
	assert_string_equal(json_string_value(json_object_get(json, "slo")), "all-\\xff");
	json_decref(json);
	answer_clear(&answer);
}

TEST(refusals_say_where_and_what_was_expected)
{
	static const struct {
		const char *csv;
		const char *arguments[4];
		const char *expected;
	} rows[] = {
		{"10,1,0\n\n10,1,0\n",
		 {"--slo", "checkout"},
		 ":3:1: t_seconds: expected a time after the row before's, 10, got \"10\""},
		{"10,1,x\n", {"--slo", "checkout"}, ":1:6: bad: expected a whole number"},
		{"# only this\n", {"--slo", "checkout"}, "expected at least one row"},
		{"10,1,1\n", {"--slo", "none"}, "no SLO \"none\"; there are\n  checkout\n"},
		{"10,1,1\n", {NULL}, "backtest needs --config, --slo and --events"},
		{"10,1,1\n",
		 {"--slo", "checkout", "--objective", "100"},
		 "--objective: expected a percentage above 0 and below 100, got \"100\""},
		{"10,1,1\n",
		 {"--slo", "checkout", "--window", "93d"},
		 "--window: expected a length of time, 1h to 92d, got \"93d\""},
		{"10,1,1\n",
		 {"--slo", "checkout", "--min-bad", "-1"},
		 "--min-bad: expected a number, got \"-1\""},
		{"10,1,1\n", {"--slo", "checkout", "more", NULL}, "unexpected argument: more"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const arguments[] = {rows[i].arguments[0], rows[i].arguments[1],
						 rows[i].arguments[2], rows[i].arguments[3], NULL};
		struct answer answer = ask(rows[i].csv, true, arguments);

		assert_int_equal(answer.status, CTL_CANNOT_TELL);
		assert_string_equal(answer.out, "");
		if (!strstr(answer.err, rows[i].expected))
			fail_msg("%zu: %s", i, answer.err);
		answer_clear(&answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_reaches_back_to_the_row_before),
		cmocka_unit_test(lines_without_a_row_are_passed_over),
		cmocka_unit_test(rows_are_refused_with_column_and_expectation),
		cmocka_unit_test(a_header_must_not_name_other_columns),
		cmocka_unit_test(a_first_row_without_a_time_is_no_header),
		cmocka_unit_test(a_slice_is_good_at_its_target),
		cmocka_unit_test(an_outage_of_ten_minutes),
		cmocka_unit_test(idle_steps_are_no_recovery),
		cmocka_unit_test(steps_out_of_order_are_refused),
		cmocka_unit_test(a_gap_is_time_without_coverage),
		cmocka_unit_test(a_calendar_month_begins_anew),
		cmocka_unit_test(a_slow_burn_does_not_page_in_the_first_days),
		cmocka_unit_test(timeslices_are_what_is_budgeted),
		cmocka_unit_test(json_has_transitions_summary_and_the_end),
		cmocka_unit_test(unknown_is_null),
		cmocka_unit_test(what_if),
		cmocka_unit_test(an_slo_without_alerts_fires_none),
		cmocka_unit_test(what_if_leaves_out_what_reaches_beyond_the_window),
		cmocka_unit_test(any_bytes_may_stand_for_the_service),
		cmocka_unit_test(refusals_say_where_and_what_was_expected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
