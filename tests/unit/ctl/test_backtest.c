/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl backtest: its JSON and text of a replay, and its refusals. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "ctl/ctl.h"

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
		ASK("t_seconds,good,bad,step_seconds\n3600,9990,10,3600\n7200,9000,1000\n", true,
		    "--slo", "checkout");
	json_t *json = json_loads(answer.out, 0, NULL), *first, *final, *summary, *budget;

	assert_int_equal(answer.status, CTL_DONE);
	assert_non_null(json);
	first = json_array_get(json_object_get(json, "transitions"), 0);
	assert_number(first, "t", 7200);
	assert_string_equal(json_string_value(json_object_get(first, "alert")), "burn-1h");
	assert_string_equal(json_string_value(json_object_get(first, "severity")), "page");
	assert_string_equal(json_string_value(json_object_get(first, "state")), "firing");
	assert_number(first, "burning_seconds", 3600);
	final = json_object_get(json, "final");
	assert_number(final, "eligible", 20000);
	assert_number(final, "good", 18990);
	assert_number(final, "bad", 1010);
	assert_number(final, "availability", 18990.0 / 20000);
	/* of 30 d: 2 h are a 360th; burning at 100 */
	budget = json_object_get(final, "budget");
	assert_number(budget, "allowed", 7200);
	assert_number(budget, "spent_ratio", 1010.0 / 7200);
	assert_number(budget, "exhausted_in_seconds", (1 - 1010.0 / 7200) * 25920);
	assert_true(json_is_true(json_object_get(budget, "projected")));
	assert_number(budget, "counted_seconds", 7200);
	assert_number(json_object_get(final, "burn_rate"), "3d", 50.5);
	summary = json_object_get(json, "summary");
	assert_int_equal(json_array_size(summary), 11);
	assert_number(json_array_get(summary, 0), "fired", 1);
	assert_number(json_array_get(summary, 0), "t", 7200);
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
	struct answer answer = ASK("2419200,90,10,2419200\n", true, "--slo", "all-shop",
				   "--objective", "90%", "--window", "28d", "--min-bad", "11");

	assert_int_equal(answer.status, CTL_DONE);
	assert_non_null(strstr(answer.out, "\"objective\":0.9"));
	assert_non_null(strstr(answer.out, "\"window_seconds\":2419200.0"));
	assert_non_null(strstr(answer.out, "\"transitions\":[]"));
	assert_non_null(strstr(answer.out, "\"spent_ratio\":1.0"));
	answer_clear(&answer);
	answer = ASK("604800,90,10,604800\n", false, "--slo", "all-{service}");
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
	answer = ASK("600,0,100,600\n", true, "--slo", "quiet", "--alerts", "default");
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

/* 1893553445 is 2030-01-02T03:04:05Z */
TEST(unix_times_are_shown_as_dates_in_80_columns)
{
	static const char csv[] = "\xef\xbb\xbf\"t\",\"good\",\"bad\",\"step_seconds\"\r\n"
				  "\"1893552845\",\"10000\",\"0\",\"2592000\"\r\n"
				  "\"1893553445\",\"0\",\"1000\",\"\"\r\n";
	struct answer answer = ASK(csv, false, "--slo", "checkout");

	assert_int_equal(answer.status, CTL_DONE);
	assert_string_equal(answer.err, "");
	assert_non_null(strstr(answer.out, "TIME (UTC)"));
	assert_non_null(strstr(answer.out, "2030-01-02 03:04:05"));
	assert_non_null(strstr(answer.out, "at the end, 2030-01-02 03:04:05 UTC:"));
	assert_null(strstr(answer.out, "1893553445"));
	for (const char *line = answer.out; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 80);
	answer_clear(&answer);
	answer = ASK(csv, true, "--slo", "checkout");
	assert_non_null(strstr(answer.out, "\"t\":1893553445.0"));
	answer_clear(&answer);
	answer = ASK("600,0,100,600\n", false, "--slo", "checkout");
	assert_non_null(strstr(answer.out, "T_SECONDS"));
	assert_non_null(strstr(answer.out, "at the end, 600:"));
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
		cmocka_unit_test(json_has_transitions_summary_and_the_end),
		cmocka_unit_test(unknown_is_null),
		cmocka_unit_test(what_if),
		cmocka_unit_test(an_slo_without_alerts_fires_none),
		cmocka_unit_test(what_if_leaves_out_what_reaches_beyond_the_window),
		cmocka_unit_test(unix_times_are_shown_as_dates_in_80_columns),
		cmocka_unit_test(any_bytes_may_stand_for_the_service),
		cmocka_unit_test(refusals_say_where_and_what_was_expected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
