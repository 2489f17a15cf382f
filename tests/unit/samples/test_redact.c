/* SPDX-License-Identifier: GPL-2.0-only */
/* What is left out of texts, and how they are made fit to keep. */
#include "tests/unit/fixtures/test.h"

#include <string.h>

#include "base/utf8.h"
#include "config/sample_headers.h"
#include "samples/redact.h"

static void assert_text(const char *bytes, bool cut, size_t max, const char *expected)
{
	char text[64];

	redact_text(bytes, strlen(bytes), cut, max, text);
	assert_string_equal(text, expected);
}

TEST(test_texts_become_safe_and_bounded)
{
	assert_text("curl/8.5", false, 63, "curl/8.5");
	assert_text("\xff\x1b[2J\u202e", false, 63, "\\xff\\u001b[2J\\u202e");
	assert_text("\u00e4\u00f6", false, 63, "\u00e4\u00f6");
	assert_text("12345678", false, 8, "12345678");
	assert_text("123456789", false, 8, "12345\u2026");
	/* a character is not cut */
	assert_text("1234\u00e4\u00f6", false, 8, "1234\u00e4\u00f6");
	assert_text("1234\u00e4\u00f6\u00fc", false, 8, "1234\u2026");
	assert_text("123456\x01", false, 8, "12345\u2026");
	assert_text("12", true, 8, "12\u2026");
	assert_text("1234567", true, 8, "12345\u2026");
	assert_text("", true, 8, "\u2026");
}

static void assert_query(const char *query, bool cut, const char *expected)
{
	char text[REDACT_QUERY_BYTES + 1];

	redact_query(query, strlen(query), cut, text);
	assert_string_equal(text, expected);
}

TEST(test_values_of_the_query_are_never_kept)
{
	assert_query("", false, "");
	assert_query("user=anna&token=secret", false, "user&token");
	assert_query("a=1;b=2&c==x&d=e=f", false, "a&c&d");
	assert_query("a=&&b=1", false, "a&b");
	/* a name or a value: nobody can tell */
	assert_query("0d9f5c0e", false, "*");
	assert_query("debug&a=1", false, "*&a");
	assert_query("a=1#b=2&c=3", false, "a");
	assert_query("a=1&sec", true, "a\u2026");
	assert_query("a=1&b=sec", true, "a&b\u2026");
	assert_query("=secret", false, "");
}

TEST(test_a_long_query_is_bounded)
{
	char query[4096];
	char text[REDACT_QUERY_BYTES + 1];

	memset(query, 'n', sizeof(query));
	redact_query(query, sizeof(query), false, text);
	assert_string_equal(text, "*");
	for (size_t i = 0; i < sizeof(query); i++)
		query[i] = "nn=&"[i % 4];
	redact_query(query, sizeof(query), false, text);
	assert_true(strlen(text) <= REDACT_QUERY_BYTES && strlen(text) > REDACT_QUERY_BYTES - 8);
	assert_non_null(strstr(text, REDACT_MORE));
}

static void assert_path(const char *path, enum redact_path how, const char *route,
			const char *expected)
{
	char text[REDACT_PATH_BYTES + 1];

	redact_path(path, strlen(path), false, how, route, text);
	assert_string_equal(text, expected);
}

TEST(test_paths_are_kept_but_for_the_values_of_their_parameters)
{
	assert_path("/cart/7", REDACT_PATH_KEEP, "/cart/*", "/cart/7");
	assert_path("/", REDACT_PATH_KEEP, NULL, "/");
	assert_path("", REDACT_PATH_KEEP, NULL, "");
	assert_path("//a//", REDACT_PATH_KEEP, NULL, "//a//");
	assert_path("/a;jsessionid=0D9F/b;v=1;w", REDACT_PATH_KEEP, NULL,
		    "/a;jsessionid=*/b;v=*;w");
	assert_path("*", REDACT_PATH_KEEP, NULL, "*");
}

TEST(test_what_a_template_does_not_spell_out_is_masked)
{
	assert_path("/cart/7", REDACT_PATH_MASK, "/cart/*", "/cart/*");
	assert_path("/cart/7/edit", REDACT_PATH_MASK, "/cart/{id}/edit", "/cart/{id}/edit");
	assert_path("/items/a/b/c", REDACT_PATH_MASK, "/items/**", "/items/*/*/*");
	assert_path("/v7/x", REDACT_PATH_MASK, "/v*/x", "/v*/x");
	assert_path("/users/anna", REDACT_PATH_MASK, NULL, "/*/*");
	/* more of it, or something else, than the template has */
	assert_path("/cart/7/secret", REDACT_PATH_MASK, "/cart/*", "/cart/*/*");
	assert_path("/secret/7", REDACT_PATH_MASK, "/cart/*", "/*/*");
	assert_path("/checkout;sid=7", REDACT_PATH_MASK, "/checkout", "/*");
	assert_path("/a/", REDACT_PATH_MASK, "/a/", "/a/");
	assert_path("/cart/7", REDACT_PATH_TEMPLATE, "/cart/{id}", "/cart/{id}");
	assert_path("/cart/7", REDACT_PATH_TEMPLATE, NULL, "*");
}

TEST(test_no_text_becomes_longer_than_its_room_or_unsafe)
{
	char path[2048], text[REDACT_PATH_BYTES + 1];

	for (int byte = 1; byte < 256; byte++) {
		memset(path, byte, sizeof(path));
		redact_path(path, sizeof(path), true, REDACT_PATH_KEEP, NULL, text);
		assert_true(strlen(text) <= REDACT_PATH_BYTES);
		for (size_t at = 0, n; text[at]; at += n) {
			uint32_t code;

			n = utf8_decode(text + at, strlen(text + at), &code);
			assert_true(n && !utf8_is_unsafe(code));
		}
	}
}

TEST(test_headers_that_let_somebody_in_are_known)
{
	assert_true(sample_header_is_secret("Cookie"));
	assert_true(sample_header_is_secret("set-cookie"));
	assert_true(sample_header_is_secret("authorization"));
	assert_true(sample_header_is_secret("Proxy-Authorization"));
	assert_true(sample_header_is_secret("x-api-key"));
	assert_true(sample_header_is_secret("X-CSRF-Token"));
	assert_false(sample_header_is_secret("x-request-id"));
	assert_false(sample_header_is_secret("x-user-id"));
	assert_false(sample_header_is_secret("referer"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_become_safe_and_bounded),
		cmocka_unit_test(test_values_of_the_query_are_never_kept),
		cmocka_unit_test(test_a_long_query_is_bounded),
		cmocka_unit_test(test_paths_are_kept_but_for_the_values_of_their_parameters),
		cmocka_unit_test(test_what_a_template_does_not_spell_out_is_masked),
		cmocka_unit_test(test_no_text_becomes_longer_than_its_room_or_unsafe),
		cmocka_unit_test(test_headers_that_let_somebody_in_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
