/* SPDX-License-Identifier: GPL-2.0-only */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "base/format.h"

TEST(test_percent_rounds_towards_bad_news)
{
	assert_string_equal(format_percent(NAN, 4).text, "-");
	assert_string_equal(format_percent(1, 4).text, "100.0000%");
	assert_string_equal(format_percent(0.99999999, 4).text, "99.9999%");
	assert_string_equal(format_percent(0.999, 4).text, "99.9000%");
	assert_string_equal(format_percent(0.99806513, 4).text, "99.8065%");
	assert_string_equal(format_percent(0, 4).text, "0.0000%");
	assert_string_equal(format_percent(0.0000001, 4).text, "<0.0001%");
	assert_string_equal(format_percent(0.92699, 1).text, "92.6%");
	assert_string_equal(format_percent(0.0004, 1).text, "<0.1%");
	assert_string_equal(format_percent(-0.0004, 1).text, "-0.1%");
	assert_string_equal(format_percent(-9, 1).text, "-900.0%");
}

TEST(test_percent_of_every_whole_thousandth_is_exact)
{
	for (int i = 1; i < 1000; i++) {
		char expected[16];

		snprintf(expected, sizeof(expected), "%d.%d%%", i / 10, i % 10);
		assert_string_equal(format_percent(i / 1000.0, 1).text, expected);
	}
}

TEST(test_objective_as_written)
{
	assert_string_equal(format_objective(0.999).text, "99.9%");
	assert_string_equal(format_objective(0.99999).text, "99.999%");
	assert_string_equal(format_objective(0.5).text, "50%");
	assert_string_equal(format_objective(NAN).text, "-");
}

TEST(test_burn)
{
	assert_string_equal(format_burn(NAN).text, "-");
	assert_string_equal(format_burn(0).text, "0.0x");
	assert_string_equal(format_burn(0.01).text, "<0.1x");
	assert_string_equal(format_burn(14.4).text, "14.4x");
	assert_string_equal(format_burn(1000).text, "1000x");
}

TEST(test_latency_three_digits)
{
	assert_string_equal(format_latency(NAN).text, "-");
	assert_string_equal(format_latency(0).text, "0s");
	assert_string_equal(format_latency(1.234e-6).text, "1.23us");
	assert_string_equal(format_latency(350e-6).text, "350us");
	assert_string_equal(format_latency(999.6e-6).text, "1.00ms");
	assert_string_equal(format_latency(0.05).text, "50.0ms");
	assert_string_equal(format_latency(0.09999).text, "100ms");
	assert_string_equal(format_latency(1.2).text, "1.20s");
	assert_string_equal(format_latency(128).text, "128s");
}

TEST(test_span_two_units)
{
	assert_string_equal(format_span(NAN).text, "-");
	assert_string_equal(format_span(-1).text, "-");
	assert_string_equal(format_span(59.9).text, "59s");
	assert_string_equal(format_span(2710).text, "45m 10s");
	assert_string_equal(format_span(12000).text, "3h 20m");
	assert_string_equal(format_span(2592000).text, "30d");
	assert_string_equal(format_span(400 * 86400.0).text, "1y 35d");
	assert_string_equal(format_span(1e300).text, ">100y");
}

TEST(test_rate)
{
	assert_string_equal(format_rate(NAN).text, "-");
	assert_string_equal(format_rate(0).text, "0/s");
	assert_string_equal(format_rate(0.001).text, "<0.01/s");
	assert_string_equal(format_rate(0.033).text, "0.03/s");
	assert_string_equal(format_rate(4.25).text, "4.2/s");
	assert_string_equal(format_rate(5200.4).text, "5200/s");
}

TEST(test_times)
{
	assert_string_equal(format_time("2030-01-02T03:04:05Z").text, "01-02 03:04:05");
	assert_string_equal(format_time("2030-01-02T03:04:05.25Z").text, "01-02 03:04:05");
	assert_string_equal(format_time(NULL).text, "-");
	assert_string_equal(format_time("a text that is no time").text, "a text that is no ti");
	assert_string_equal(format_time("\x1b[2J\n\xc2\x9b"
					"31m\x7f~ ")
				    .text,
			    "?[2J???31m?~ ");
	assert_true(format_parse_time("2030-01-02T03:04:05Z") == 1893553445);
	assert_true(format_parse_time("2030-01-02T03:04:05.25Z") == 1893553445.25);
	assert_true(isnan(format_parse_time("2030-01-02T03:04:05")));
	assert_true(isnan(format_parse_time("2030-01-02T03:04:05Zx")));
	assert_true(isnan(format_parse_time("")));
	assert_true(isnan(format_parse_time(NULL)));
	assert_string_equal(format_unix(1893553445.9).text, "2030-01-02 03:04:05");
	assert_string_equal(format_unix(NAN).text, "-");
	assert_string_equal(format_unix(1e300).text, "-");
}

static void assert_escaped(const char *text, size_t max, const char *expected)
{
	char *escaped = format_escape(text, max);

	assert_non_null(escaped);
	assert_string_equal(escaped, expected);
	free(escaped);
}

TEST(test_escape_leaves_no_command_to_the_terminal)
{
	char all[256];
	char *escaped;

	assert_escaped("nginx", 64, "nginx");
	assert_escaped(NULL, 64, "-");
	assert_escaped("a\033[2J\nb", 64, "a\\x1b[2J\\x0ab");
	assert_escaped("caf\xc3\xa9", 64, "caf\\xc3\\xa9");
	assert_escaped("\xc2\x9b"
		       "31m",
		       64, "\\xc2\\x9b31m");
	assert_escaped("a\\b", 64, "a\\\\b");

	for (int i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	all[255] = '\0';
	escaped = format_escape(all, 4096);
	assert_non_null(escaped);
	for (const char *p = escaped; *p; p++)
		assert_in_range(*p, ' ', '~');
	free(escaped);
}

TEST(test_escape_cuts_at_max_and_never_inside_an_escape)
{
	assert_escaped("abcdef", 6, "abcdef");
	assert_escaped("abcdefg", 6, "abc...");
	assert_escaped("\x01\x02\x03", 9, "\\x01...");
	assert_escaped("\x01\x02\x03", 12, "\\x01\\x02\\x03");
	assert_escaped("\x01\x02", 4, "...");
}

TEST(test_about_three_digits)
{
	static const struct {
		double number;
		const char *text;
	} rows[] = {
		{0, "0"},
		{0.05123, "0.0512"},
		{5.04, "5.04"},
		{43.2, "43.2"},
		{432.4, "432"},
		{999.4, "999"},
		{999.6, "1,000"},
		{1000, "1,000"},
		{25923, "25,900"},
		{25950, "26,000"},
		{1234567, "1,230,000"},
		{999999, "1,000,000"},
		{1e15, "1,000,000,000,000,000"},
		{1e16, "-"},
		{-1, "-"},
		{NAN, "-"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(format_about(rows[i].number).text, rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percent_rounds_towards_bad_news),
		cmocka_unit_test(test_percent_of_every_whole_thousandth_is_exact),
		cmocka_unit_test(test_objective_as_written),
		cmocka_unit_test(test_burn),
		cmocka_unit_test(test_latency_three_digits),
		cmocka_unit_test(test_span_two_units),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_about_three_digits),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_escape_leaves_no_command_to_the_terminal),
		cmocka_unit_test(test_escape_cuts_at_max_and_never_inside_an_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
