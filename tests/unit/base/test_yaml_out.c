/* SPDX-License-Identifier: GPL-2.0-only */
/* A text is quoted if any reader might take it for anything else. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "base/yaml_out.h"

static char *text_as_written(const char *text, bool plain)
{
	struct yaml_out out;
	char *written = NULL;
	size_t len;
	FILE *file = open_memstream(&written, &len);

	assert_non_null(file);
	yaml_out_start(&out, file);
	yaml_out_document_implicit(&out);
	yaml_out_list(&out, false);
	if (plain)
		yaml_out_plain(&out, text);
	else
		yaml_out_text(&out, text);
	yaml_out_list_end(&out);
	yaml_out_document_end(&out);
	assert_int_equal(yaml_out_finish(&out), 0);
	fclose(file);
	return written;
}

static void assert_written(const char *text, bool plain, const char *expected)
{
	char *written = text_as_written(text, plain);

	assert_string_equal(written, expected);
	free(written);
}

TEST(words_are_plain)
{
	assert_written("checkout", false, "- checkout\n");
	assert_written("slo:sli_error:ratio_rate1h", false, "- slo:sli_error:ratio_rate1h\n");
	assert_written("burn-1h", false, "- burn-1h\n");
	assert_written("openslo/v1", false, "- openslo/v1\n");
}

TEST(what_may_be_taken_for_something_else_is_quoted)
{
	static const char *const texts[] = {"no",  "No",   "on",  "y",	   "NULL", "true", "nan",
					    "1e3", "0x10", "1_0", "12:30", ".inf", "~",	   "",
					    "-",   "a b",  "#x",  "a: b",  "key:", "{x}",  "[x]"};
	char expected[32];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(expected, sizeof(expected), "- '%s'\n", texts[i]);
		assert_written(texts[i], false, expected);
	}
}

TEST(quotes_and_lines_are_kept)
{
	assert_written("it's", false, "- 'it''s'\n");
	assert_written("a\nb", false, "- |-\n  a\n  b\n");
	assert_written("a\nb\n", false, "- |\n  a\n  b\n");
}

TEST(plain_is_as_it_is)
{
	assert_written("0.999", true, "- 0.999\n");
	assert_written("5m", true, "- 5m\n");
}

TEST(text_that_could_not_be_made_is_told_at_the_end)
{
	FILE *file = fopen("/dev/null", "w");
	struct yaml_out out;

	assert_non_null(file);
	yaml_out_start(&out, file);
	yaml_out_document(&out);
	yaml_out_text(&out, NULL);
	yaml_out_document_end(&out);
	assert_int_equal(yaml_out_finish(&out), -ENOMEM);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_plain),
		cmocka_unit_test(what_may_be_taken_for_something_else_is_quoted),
		cmocka_unit_test(quotes_and_lines_are_kept),
		cmocka_unit_test(plain_is_as_it_is),
		cmocka_unit_test(text_that_could_not_be_made_is_told_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
