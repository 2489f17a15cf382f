/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of steps, read and refused. */
#include <errno.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "decide/backtest_csv.h"

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

TEST(fields_may_be_quoted)
{
	static const char *const refused[][2] = {
		{"\"1,2,3\n", "expected a closing quote in the same line, got \"\"1,2,3\""},
		{"\"1\"2,3,4\n", "expected a comma after the closing quote, got \"2\""},
		{"1,\"2\"\"\",3\n", "good: expected a whole number of events, 0 to 1e15, got "
				    "\"2\"\"\""},
		{"1,\"1,000\",3\n", "good: expected a whole number of events, 0 to 1e15, got "
				    "\"1,000\""},
		{"1,\"\",3\n", "good: expected a whole number of events, 0 to 1e15, got \"\""},
		{"1,2,\"", "expected a closing quote in the same line, got \"\"\""},
	};
	struct csv csv = {};
	struct csv_step step;
	struct csv_error error;

	assert_int_equal(
		csv_line(&csv, "\"t, \"\"s\"\"\",\"good\", \"bad\" \r\n", 25, &step, &error), 0);
	assert_step(csv_row(&csv, "\"52\",\"100\",\"3\"\r\n"), 42, 52, 100, 3);
	assert_step(csv_row(&csv, " \"60\" , 1,\" 2 \""), 52, 60, 1, 2);
	assert_step(csv_row(&csv, "70,1,\"2\",\"\""), 60, 70, 1, 2);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		csv = (struct csv){.begun = true, .header = true};
		assert_int_equal(csv_line(&csv, refused[i][0], strlen(refused[i][0]), &step,
					  &error),
				 -EINVAL);
		assert_string_equal(error.expected, refused[i][1]);
	}
}

TEST(a_byte_order_mark_is_passed_over_at_the_beginning)
{
	struct csv csv = {};
	struct csv_step step;
	struct csv_error error;

	assert_int_equal(csv_line(&csv, "\xef\xbb\xbft_seconds,good,bad\n", 22, &step, &error), 0);
	assert_step(csv_row(&csv, "52,100,3\n"), 42, 52, 100, 3);
	assert_int_equal(csv_line(&csv,
				  "\xef\xbb\xbf"
				  "62,100,3\n",
				  12, &step, &error),
			 -EINVAL);
	csv = (struct csv){};
	assert_step(csv_row(&csv, "\xef\xbb\xbf"
				  "52,100,3\n"),
		    42, 52, 100, 3);
	csv = (struct csv){};
	assert_int_equal(csv_line(&csv, "\xef\xbb\xbf\r\n", 5, &step, &error), 0);
	csv = (struct csv){};
	assert_int_equal(csv_line(&csv, "\xef\xbb", 2, &step, &error), -EINVAL);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_reaches_back_to_the_row_before),
		cmocka_unit_test(fields_may_be_quoted),
		cmocka_unit_test(a_byte_order_mark_is_passed_over_at_the_beginning),
		cmocka_unit_test(lines_without_a_row_are_passed_over),
		cmocka_unit_test(rows_are_refused_with_column_and_expectation),
		cmocka_unit_test(a_header_must_not_name_other_columns),
		cmocka_unit_test(a_first_row_without_a_time_is_no_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
