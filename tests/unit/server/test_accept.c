/* SPDX-License-Identifier: GPL-2.0-only */
/* Weights of media types in an Accept header. */
#include "tests/unit/fixtures/test.h"
#include "server/accept.h"

#define TEXT "text/plain"
#define OPEN "application/openmetrics-text"

static void assert_weights(const char *accept, int text, int open)
{
	assert_int_equal(accept_weight(accept, TEXT), text);
	assert_int_equal(accept_weight(accept, OPEN), open);
}

TEST(without_a_header_all_is_acceptable)
{
	assert_weights(NULL, 1000, 1000);
	assert_weights("", 1000, 1000);
	assert_weights("  ", 1000, 1000);
}

TEST(the_closest_range_decides)
{
	assert_weights("*/*", 1000, 1000);
	assert_weights("text/*", 1000, 0);
	assert_weights("*/*;q=0.1, text/*;q=0.2, text/plain;q=0.3", 300, 100);
	assert_weights("text/plain;q=0.3, text/*;q=0.9, */*", 300, 1000);
	assert_weights("application/openmetrics-text;q=0, */*", 1000, 0);
	assert_weights("text/plainer, application/openmetrics-text-2", 0, 0);
	/* what Prometheus asks for */
	assert_weights("application/openmetrics-text;version=1.0.0;q=0.5,"
		       "application/openmetrics-text;version=0.0.1;q=0.4,"
		       "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
		       300, 500);
}

TEST(weights_are_thousandths)
{
	assert_weights("text/plain;q=1.000, " OPEN ";q=0.123", 1000, 123);
	assert_weights("text/plain; Q=0.5 ;x=y, " OPEN ";q=0.001", 500, 1);
	assert_weights("text/plain;q=0, " OPEN ";q=0.", 0, 0);
	assert_weights("text/plain;q=7, " OPEN ";q=", 1000, 1000);
}

TEST(odd_headers)
{
	assert_weights("Text/Plain", 1000, 0);
	assert_weights(",, ;, text/plain\t;\tq=0.4,", 400, 0);
	assert_weights("text/plain;a=\",\\\",;q=0.1\";q=0.7," OPEN, 700, 1000);
	assert_weights("text/plain;a=\"", 1000, 0);
	assert_weights("text", 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_header_all_is_acceptable),
		cmocka_unit_test(the_closest_range_decides),
		cmocka_unit_test(weights_are_thousandths),
		cmocka_unit_test(odd_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
