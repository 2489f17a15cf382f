/* SPDX-License-Identifier: GPL-2.0-only */
/* Durations as text, read and written. */
#include <errno.h>
#include <stdint.h>

#include "tests/unit/fixtures/test.h"
#include "base/duration.h"

TEST(durations_are_read)
{
	static const struct {
		const char *text;
		int result;
		uint64_t ns;
	} cases[] = {
		{"0s", 0, 0},
		{"500us", 0, 500000},
		{"100ms", 0, 100000000},
		{"1.5s", 0, 1500000000},
		{"10s", 0, 10000000000},
		{"1m", 0, 60000000000},
		{"2h", 0, 7200000000000},
		{"30d", 0, 2592000000000000},
		{"0.001us", 0, 1},
		{"0.0010000us", 0, 1},
		{"0.0001us", -EINVAL, 0},
		{"1.999999999s", 0, 1999999999},
		{"0.25d", 0, 21600000000000},
		{"18446744073.709551615s", 0, UINT64_MAX},
		{"18446744073.709551616s", -ERANGE, 0},
		{"18446744073709551616us", -ERANGE, 0},
		{"300000d", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{"1", -EINVAL, 0},
		{"1.s", -EINVAL, 0},
		{".5s", -EINVAL, 0},
		{"-1s", -EINVAL, 0},
		{"+1s", -EINVAL, 0},
		{" 1s", -EINVAL, 0},
		{"1s ", -EINVAL, 0},
		{"1 s", -EINVAL, 0},
		{"1S", -EINVAL, 0},
		{"1w", -EINVAL, 0},
		{"1h30m", -EINVAL, 0},
		{"1e3s", -EINVAL, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t ns = 4711;

		if (duration_parse(cases[i].text, &ns) != cases[i].result ||
		    ns != (cases[i].result ? 4711 : cases[i].ns))
			fail_msg("\"%s\": %llu", cases[i].text, (unsigned long long)ns);
	}
}

TEST(durations_are_in_the_largest_unit_that_divides_them)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} cases[] = {{1, "1s"},	     {45, "45s"},   {300, "5m"},      {5400, "90m"},
		     {64800, "18h"}, {86400, "1d"}, {2592000, "30d"}, {3661, "3661s"}};
	char text[DURATION_TEXT_BYTES];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		duration_text(cases[i].seconds, text);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_read),
		cmocka_unit_test(durations_are_in_the_largest_unit_that_divides_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
