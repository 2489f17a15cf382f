/* SPDX-License-Identifier: GPL-2.0-only */
/* Times as people write and read them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/fixtures/test.h"
#include "ctl/query.h"
#include "ctl/times.h"

static void assert_argument(const char *text, const char *expected)
{
	char *argument = ctl_time_argument(text);

	if (expected)
		assert_string_equal(argument, expected);
	else
		assert_null(argument);
	free(argument);
}

TEST(local_times_become_unix_seconds)
{
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	assert_argument("2030-01-02 04:04", "1893553440");
	assert_argument("2030-01-02 04:04:05", "1893553445");
	assert_argument("2030-07-02T05:04", "1909191840"); /* in summer */
	assert_argument("2030-01-02", "1893538800");
	assert_string_equal(ctl_local_time(1893553445).text, "2030-01-02 04:04:05");
	assert_string_equal(ctl_local_zone(1893553445).text, "CET");
	assert_string_equal(ctl_local_zone(1909191840).text, "CEST");
	assert_string_equal(ctl_local_time(NAN).text, "-");
}

TEST(what_the_agent_reads_stays)
{
	assert_argument("2h", "2h");
	assert_argument("2030-01-02T03:04:05Z", "2030-01-02T03:04:05Z");
	assert_argument("1893553445", "1893553445");
	assert_argument("soon", NULL);
	assert_argument("25:00", NULL);
	assert_argument("2030-13-01", NULL);
	assert_argument("", NULL);
}

TEST(a_time_of_day_was_in_the_last_24_hours)
{
	const char *const times[] = {"00:00", "06:30", "12:00", "23:59:59"};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		char *argument = ctl_time_argument(times[i]);
		double ago = (double)time(NULL) - strtod(argument, NULL);

		assert_true(ago >= 0 && ago < 25 * 3600);
		assert_non_null(strstr(ctl_local_time(strtod(argument, NULL)).text, times[i]));
		free(argument);
	}
}

TEST(a_query_is_percent_encoded)
{
	char *path = ctl_query(
		"/v1/history/", "a/b c",
		(const struct ctl_argument[]){{"route", "/x/*?&=é"}, {"none", NULL}, {"by", "day"}},
		3);

	assert_string_equal(path, "/v1/history/a%2Fb%20c?route=%2Fx%2F%2A%3F%26%3D%C3%A9&by=day");
	free(path);
	path = ctl_query("/v1/x", NULL, NULL, 0);
	assert_string_equal(path, "/v1/x");
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_times_become_unix_seconds),
		cmocka_unit_test(what_the_agent_reads_stays),
		cmocka_unit_test(a_time_of_day_was_in_the_last_24_hours),
		cmocka_unit_test(a_query_is_percent_encoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
