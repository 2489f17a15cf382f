/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "tests/unit/fixtures/test.h"

#include "deliver/secrets.h"

#define SLACK "https://hooks.slack.com/services/T01234567/B01234567/a%42cDEFGH-ijk"

static void assert_masked(const struct secrets *secrets, const char *text, const char *masked)
{
	char copy[512];

	assert_true(strlen(text) < sizeof(copy));
	memcpy(copy, text, strlen(text) + 1);
	secrets_mask(secrets, copy);
	assert_string_equal(copy, masked);
}

TEST(what_a_server_repeats_of_the_url_is_not_shown)
{
	static const struct {
		const char *text, *masked;
	} cases[] = {
		{"HTTP 404: Cannot POST /services/T01234567/B01234567/a%42cDEFGH-ijk",
		 "HTTP 404: Cannot POST ***"},
		/* decoded, in parts, in another case, with JSON's slashes */
		{"no /services/T01234567/B01234567/aBcDEFGH-ijk!", "no ***!"},
		{"team T01234567, hook b01234567", "team ***, hook ***"},
		{"{\"path\": \"\\/services\\/T01234567\\/B01234567\\/abcdefgh-ijk\"}",
		 "{\"path\": \"\\/***\\/***\\/***\\/***\"}"},
		/* cut */
		{"HTTP 404: /services/T01234567/B012", "HTTP 404: ***"},
		{"HTTP 404: a%42cDEF", "HTTP 404: ***"},
		{"HTTP 404: a%42cD", "HTTP 404: a%42cD"},
		{"Could not resolve host: hooks.slack.com",
		 "Could not resolve host: hooks.slack.com"},
		{"HTTP 500", "HTTP 500"},
		{"", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_masked(&(const struct secrets){.url = SLACK}, cases[i].text,
			      cases[i].masked);
}

TEST(what_is_no_secret_stays)
{
	const struct secrets plain = {.url = "http://a"}, hook = {.url = "http://a/hook"};

	assert_masked(&plain, "HTTP 404: / is not here", "HTTP 404: / is not here");
	assert_masked(&hook, "HTTP 404: the hook /hook is not here",
		      "HTTP 404: the hook *** is not here");
	assert_masked(&(const struct secrets){}, "exit status 1", "exit status 1");
	assert_masked(&(const struct secrets){.url = "http://a/api/v2/alerts", .plain_path = true},
		      "no /api/v2/alerts", "no /api/v2/alerts");
}

TEST(users_headers_and_arguments_are_not_shown)
{
	char *const headers[] = {(char *)"Authorization: Bearer 0123456789abc",
				 (char *)"X-Token:  k=topsecret99, other"};
	char *const argv[] = {(char *)"/usr/local/bin/on-burn", (char *)"-H",
			      (char *)"Authorization: 0123456789abc", NULL};

	assert_masked(&(const struct secrets){.url = "http://me:pass%77ord@a?key=abcdefgh"},
		      "user me:password, pass pass%77ord, query ?key=ABCDEFGH, key abcdefgh",
		      "user ***, pass ***, query ***, key ***");
	assert_masked(&(const struct secrets){.headers = headers, .n_headers = 2},
		      "got Bearer 0123456789abc, 0123456789ABC and topsecret99",
		      "got ***, *** and ***");
	assert_masked(&(const struct secrets){.argv = argv},
		      "/usr/local/bin/on-burn: -H 0123456789abc failed",
		      "/usr/local/bin/on-burn: -H *** failed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_server_repeats_of_the_url_is_not_shown),
		cmocka_unit_test(what_is_no_secret_stays),
		cmocka_unit_test(users_headers_and_arguments_are_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
