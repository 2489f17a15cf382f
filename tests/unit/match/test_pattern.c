/* SPDX-License-Identifier: GPL-2.0-only */
/* Which of two route templates is more specific. */
#include "tests/unit/fixtures/test.h"
#include "match/pattern.h"

TEST(specificity)
{
	/* most specific first */
	static const char *const sorted[] = {
		"/",	"/a",	  "/a/b",  "/a/b/c", "/a/b*", "/a/b**",
		"/a/*", "/a/*/c", "/a/**", "/*",     "/**",
	};
	size_t n = sizeof(sorted) / sizeof(*sorted);

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			int order = route_specificity_cmp(sorted[i], sorted[j]);

			if ((order > 0) != (i > j) || (order < 0) != (i < j))
				fail_msg("%s, %s: %d", sorted[i], sorted[j], order);
		}
	}
	assert_int_equal(route_specificity_cmp("/a/**", "/a/****"), 0);
	assert_true(route_specificity_cmp("/\x7f", "/\x80") < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specificity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
