/* SPDX-License-Identifier: GPL-2.0-only */
/* Texts of strangers in messages: shown, and nothing else. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "notify/harmless.h"

static void becomes(const char *text, const char *expected)
{
	char *got = harmless_text(text);

	assert_string_equal(got, expected);
	free(got);
}

TEST(what_is_plain_stays)
{
	becomes("87 % of the failures since 14:02:20 UTC are version 3fa2c1",
		"87 % of the failures since 14:02:20 UTC are version 3fa2c1");
	becomes("caf\xc3\xa9", "caf\xc3\xa9");
	becomes("", "");
}

TEST(no_mention_link_or_markup_is_left)
{
	becomes("<!channel> @all", "\u2039!channel\u203a \uff20all");
	becomes("<http://evil|click>", "\u2039http[:]//evil|click\u203a");
	becomes("```", "'''");
	becomes("a\nb\x1b[31m\u202e", "a\\u000ab\\u001b[31m\\u202e");
	becomes("\xff", "\\xff");
}

TEST(what_is_too_long_is_cut_between_characters)
{
	char text[3 * HARMLESS_BYTES] = "x";
	char *got;

	for (size_t i = 0; i < HARMLESS_BYTES; i++)
		strcat(text, "\xc3\xa9");
	got = harmless_text(text);
	assert_int_equal(strlen(got), HARMLESS_BYTES - 1);
	free(got);
	memset(text, '<', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	got = harmless_text(text);
	assert_int_equal(strlen(got), HARMLESS_BYTES);
	free(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_plain_stays),
		cmocka_unit_test(no_mention_link_or_markup_is_left),
		cmocka_unit_test(what_is_too_long_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
