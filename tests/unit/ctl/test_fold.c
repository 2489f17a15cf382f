/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines that are too long for the terminal. */
#include <stdlib.h>

#include "tests/unit/fixtures/test.h"
#include "ctl/fold.h"

static void assert_folded(const char *text, size_t width, const char *expected)
{
	char *folded = NULL;
	size_t len;
	FILE *out = open_memstream(&folded, &len);

	ctl_fold(text, width, out);
	fclose(out);
	assert_string_equal(folded, expected);
	free(folded);
}

TEST(lines_that_fit_are_left_alone)
{
	assert_folded("", 10, "");
	assert_folded("\n\n", 10, "\n\n");
	assert_folded("0123456789\n  a  b\n", 10, "0123456789\n  a  b\n");
	assert_folded("no end", 10, "no end");
}

TEST(long_lines_are_broken_at_spaces)
{
	assert_folded("one two three four\n", 10, "one two\n    three\n    four\n");
	assert_folded("  one two three\nx\n", 10, "  one two\n    three\nx\n");
	assert_folded("a 01234567890123 b\n", 10, "a\n    01234567890123\n    b\n");
}

TEST(colours_and_long_characters_take_what_they_show)
{
	assert_folded("\033[31mone\033[0m two 34\n", 10, "\033[31mone\033[0m two 34\n");
	assert_folded("\xe2\x96\x81\xe2\x96\x82 two four\n", 11,
		      "\xe2\x96\x81\xe2\x96\x82 two four\n");
	assert_folded("\xe2\x96\x81\xe2\x96\x82 two four\n", 10,
		      "\xe2\x96\x81\xe2\x96\x82 two\n    four\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_that_fit_are_left_alone),
		cmocka_unit_test(long_lines_are_broken_at_spaces),
		cmocka_unit_test(colours_and_long_characters_take_what_they_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
