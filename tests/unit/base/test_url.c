/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"

#include "base/url.h"

TEST(scheme_and_host_alone_are_shown)
{
	static const struct {
		const char *url, *shown;
		bool secret;
	} cases[] = {
		{"http://a", "http://a", false},
		{"http://a/", "http://a", false},
		{"https://a.example:8443/", "https://a.example:8443", false},
		{"https://hooks.slack.com/services/T0/B0/XX", "https://hooks.slack.com", true},
		{"http://a?token=b", "http://a", true},
		{"http://a#b", "http://a", true},
		{"http://[::1]:80/x", "http://[::1]:80", true},
		{"http://me:secret@a", "http://a", true},
		{"http://me:p@ss@a:1/x@y", "http://a:1", true},
		{"http://me@a/", "http://a", true},
		/* neither has a browser's idea of a slash */
		{"http://a\\b@c", "http://a", true},
		{"http:///x", "http://", true},
		{"a/b://c@d", "a", true},
		{"", "", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *shown = url_shown(cases[i].url);

		assert_string_equal(shown, cases[i].shown);
		free(shown);
		if (url_has_secret(cases[i].url) != cases[i].secret)
			fail_msg("%s", cases[i].url);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scheme_and_host_alone_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
