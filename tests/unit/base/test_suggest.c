/* SPDX-License-Identifier: GPL-2.0-only */
/* The nearest known word. */
#include "tests/unit/fixtures/test.h"
#include "base/suggest.h"

static const char *best_of(const char *got, const char *const *known, size_t n)
{
	struct suggestion suggestion = suggestion_for(got);

	for (size_t i = 0; i < n; i++)
		suggestion_try(&suggestion, known[i]);
	return suggestion.best;
}

TEST(the_nearest_word_is_meant)
{
	static const char *const known[] = {"status", "services", "slo", "gate", "state"};

	assert_string_equal(best_of("statsu", known, 5), "status");
	assert_string_equal(best_of("stat", known, 5), "state");
	assert_string_equal(best_of("gaet", known, 5), "gate");
	assert_string_equal(best_of("service", known, 5), "services");
	assert_string_equal(best_of("slos", known, 5), "slo");
}

TEST(what_is_far_off_is_not)
{
	static const char *const known[] = {"slo", "ab",
					    "0123456789012345678901234567890123456789"
					    "0123456789012345678901234567890123456789"};

	assert_null(best_of("history", known, 3));
	assert_null(best_of("xyz", known, 3));
	assert_null(best_of("", known, 3)); /* not all of a word is missing */
	assert_null(best_of("0123456789012345678901234567890123456789"
			    "012345678901234567890123456789012345678",
			    known, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_word_is_meant),
		cmocka_unit_test(what_is_far_off_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
