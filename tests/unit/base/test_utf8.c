/* SPDX-License-Identifier: GPL-2.0-only */
/* Text of others, made safe to be shown. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "base/json_values.h"
#include "base/utf8.h"

static void assert_shown(const char *bytes, const char *shown)
{
	char *text = utf8_show(bytes, "");

	assert_string_equal(text, shown);
	free(text);
}

TEST(letters_of_all_scripts_stay)
{
	assert_shown("", "");
	assert_shown("nginx: worker-1", "nginx: worker-1");
	assert_shown("\xc3\x9c"
		     "berweisung \xe6\x97\xa5 \xd7\xa9 \xf0\x9f\x98\x80",
		     "\xc3\x9c"
		     "berweisung \xe6\x97\xa5 \xd7\xa9 \xf0\x9f\x98\x80");
}

TEST(what_deceives_is_written_out)
{
	assert_shown("\x1b]0;x\x07", "\\u001b]0;x\\u0007");
	assert_shown("\x7f\xc2\x80\xc2\x9b", "\\u007f\\u0080\\u009b");
	/* directions: marks, embeddings, overrides, isolates */
	assert_shown("\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "\\u200e\\u200f\\u061c");
	assert_shown("\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9",
		     "\\u202a\\u202e\\u2066\\u2069");
	/* no room: zero width, soft hyphen, byte order mark, tags */
	assert_shown("\xe2\x80\x8b\xe2\x80\x8d\xc2\xad\xef\xbb\xbf",
		     "\\u200b\\u200d\\u00ad\\ufeff");
	assert_shown("\xf3\xa0\x81\x81", "\\U000e0041");
	assert_shown("\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029");
	assert_shown("\xef\xbf\xbf\xf0\x9f\xbf\xbe", "\\uffff\\U0001fffe");
	/* no UTF-8: a cut character, a surrogate, a long form */
	assert_shown("a\xe2\x80", "a\\xe2\\x80");
	assert_shown("\xed\xa0\x80", "\\xed\\xa0\\x80");
	assert_shown("\xc0\xaf", "\\xc0\\xaf");
}

TEST(some_may_be_kept)
{
	char *text = utf8_show("a\nb\tc\x1b", "\n\t");

	assert_string_equal(text, "a\nb\tc\\u001b");
	free(text);
}

static char *written(const char *bytes, size_t len)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	utf8_write_json(bytes, len, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

TEST(json_means_the_same_when_it_is_safe)
{
	static const char name[] = "x\x1b\x7f\xc2\x9b\xe2\x80\xae\xf3\xa0\x81\x81\xc3\xa9\n\"\\";
	json_t *value = json_pack("[s]", name), *again;
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_int_equal(json_write(value, JSON_COMPACT, out), 0);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text,
			    "[\"x\\u001B\\u007f\\u009b\\u202e\\udb40\\udc41\xc3\xa9\\n\\\"\\\\\"]");
	again = json_loads(text, 0, NULL);
	assert_true(json_equal(value, again));
	json_decref(value);
	json_decref(again);
	free(text);
}

TEST(what_claims_to_be_json_is_safe_too)
{
	char *text = written("{\"a\": \"\x1b[31m\xff\"}\n\tb\0c", 20);

	assert_string_equal(text, "{\"a\": \"\\u001b[31m\\ufffd\"}\n\tb\\u0000c");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_of_all_scripts_stay),
		cmocka_unit_test(what_deceives_is_written_out),
		cmocka_unit_test(some_may_be_kept),
		cmocka_unit_test(json_means_the_same_when_it_is_safe),
		cmocka_unit_test(what_claims_to_be_json_is_safe_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
