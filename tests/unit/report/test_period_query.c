/* SPDX-License-Identifier: GPL-2.0-only */
/* Which span of time is asked for. */
#include <errno.h>
#include <math.h>

#include "tests/unit/fixtures/test.h"
#include "report/period_query.h"

#define NOW 1893553445.0 /* 2030-01-02T03:04:05Z */

static void assert_span(const char *since, const char *window, double from, double to)
{
	struct period_query query;
	struct error error;
	double got_from, got_to;

	assert_int_equal(period_query_parse(since, window, NOW, &query, &error), 0);
	period_query_span(&query, NOW, &got_from, &got_to);
	assert_true(got_from == from);
	assert_true(got_to == to);
}

TEST(a_span_ends_now_unless_it_has_both)
{
	assert_span(NULL, NULL, NOW - 300, NOW);
	assert_span(NULL, "90s", NOW - 90, NOW);
	assert_span("2h", NULL, NOW - 7200, NOW);
	assert_span("2h", "30m", NOW - 7200, NOW - 5400);
	assert_span("10m", "1h", NOW - 600, NOW);
	assert_span("2030-01-02T02:00:00Z", "1h", NOW - 3845, NOW - 245);
	assert_span("2030-01-02T03:00:00+01:00", "1h", NOW - 3845, NOW - 245);
	assert_span("1893553145", NULL, NOW - 300, NOW);
	assert_span("0s", NULL, NOW, NOW);
}

static void assert_refused(const char *since, const char *window, const char *why)
{
	struct period_query query;
	struct error error;

	assert_int_equal(period_query_parse(since, window, NOW, &query, &error), -EINVAL);
	assert_string_equal(error.text, why);
}

TEST(other_texts_are_refused)
{
	assert_refused(NULL, "5", "window: expected a duration such as 5m, 1h or 2d, got \"5\"");
	assert_refused(NULL, "0s", "window: expected a duration such as 5m, 1h or 2d, got \"0s\"");
	assert_refused("yesterday", NULL,
		       "since: expected a duration such as 2h (so long ago), or a time such as "
		       "2030-01-02T03:04:05Z, got \"yesterday\"");
	assert_refused("2030-01-02T03:04:06Z", NULL,
		       "since: \"2030-01-02T03:04:06Z\" is in the future");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_span_ends_now_unless_it_has_both),
		cmocka_unit_test(other_texts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
