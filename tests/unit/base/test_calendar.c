/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "base/calendar.h"

enum { DAY = 86400, HOUR = 3600 };

static int64_t at(const char *text)
{
	int64_t t = -1;

	assert_int_equal(calendar_parse_rfc3339(text, &t), 0);
	return t;
}

TEST(knows_the_systems_zones)
{
	static const char *const valid[] = {"UTC",
					    "Europe/Berlin",
					    "America/New_York",
					    "Asia/Kathmandu",
					    "Pacific/Apia",
					    "America/Argentina/Buenos_Aires",
					    "Etc/GMT+5",
					    "EST5EDT"};
	static const char *const invalid[] = {
		"",
		"Europe/Berln",
		"Europe",
		"europe/berlin",
		"utc",
		"CET-1CEST",
		"/etc/localtime",
		"/usr/share/zoneinfo/Europe/Berlin",
		"../zoneinfo/Europe/Berlin",
		"Europe/../Europe/Berlin",
		"Europe/",
		":Europe/Berlin",
		"Europe/Berlin ",
		"tzdata.zi",
		"leapseconds",
		"/Europe/Berlin",
		"Europe//////////////////////////////////////////////////////////Berlin",
		"zone.tab",
		"right/Europe/Berlin",
		"Europe/Berlin/Europe/Berlin/Europe/Berlin/Europe/Berlin/Europe/Berlin"};

	for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
		if (!calendar_zone_valid(valid[i]))
			fail_msg("%s is valid", valid[i]);
	}
	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		int64_t from = 42, to = 43;

		if (calendar_zone_valid(invalid[i]))
			fail_msg("%s is not valid", invalid[i]);
		assert_int_equal(calendar_month(invalid[i], 1000000, &from, &to), -EINVAL);
		assert_int_equal(calendar_weekly(invalid[i], 0, 0, 1000000, &from), -EINVAL);
		assert_int_equal(from, 42);
		assert_int_equal(to, 43);
	}
}

/* Expected times are those of date(1). */
TEST(months_begin_at_the_zones_midnight)
{
	static const struct {
		const char *zone;
		int64_t from, to;
		int days, minutes;
	} rows[] = {
		/* leap years, and 2100, which is none */
		{"UTC", 949363200, 951868800, 29, 0},
		{"UTC", 4105123200, 4107542400, 28, 0},
		{"Asia/Kathmandu", 1706724900, 1709230500, 29, 0},
		/* summer time begins, and ends */
		{"Europe/Berlin", 1772319600, 1774994400, 31, -60},
		{"Europe/Berlin", 1790805600, 1793487600, 31, 60},
		{"America/New_York", 1709269200, 1711944000, 31, -60},
		{"America/New_York", 1730433600, 1733029200, 30, 60},
		/* 30 December 2011 is missing */
		{"Pacific/Apia", 1322733600, 1325325600, 30, 0},
		/* summer time began at midnight of the first: at 01:00 */
		{"America/Havana", 1333256400, 1335844800, 30, -60},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const int64_t moments[] = {rows[i].from, rows[i].from + 1, rows[i].from + 14 * DAY,
					   rows[i].to - 1};

		for (size_t k = 0; k < sizeof(moments) / sizeof(moments[0]); k++) {
			int64_t from, to;

			assert_int_equal(calendar_month(rows[i].zone, moments[k], &from, &to), 0);
			assert_int_equal(from, rows[i].from);
			assert_int_equal(to, rows[i].to);
			assert_int_equal(to - from, rows[i].days * DAY + rows[i].minutes * 60);
		}
	}
}

/* Each moment is in exactly one month; also where a night has two midnights (St. John's). */
TEST(months_follow_one_another)
{
	static const char *const zones[] = {"UTC",
					    "Europe/Berlin",
					    "Pacific/Apia",
					    "America/St_Johns",
					    "America/Sao_Paulo",
					    "Africa/Casablanca"};

	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		int64_t from, to = at("1975-01-15T00:00:00Z");

		assert_int_equal(calendar_month(zones[i], to, &from, &to), 0);
		for (int month = 0; month < 12 * 80; month++) {
			int64_t before = to, last_from, last_to;

			assert_int_equal(calendar_month(zones[i], to, &from, &to), 0);
			assert_int_equal(from, before);
			assert_in_range(to - from, 28 * DAY - 2 * HOUR, 31 * DAY + 2 * HOUR);
			assert_int_equal(calendar_month(zones[i], to - 1, &last_from, &last_to), 0);
			assert_int_equal(last_from, from);
			assert_int_equal(last_to, to);
			assert_int_equal(calendar_month(zones[i], to - 1800, &last_from, &last_to),
					 0);
			assert_int_equal(last_from, from);
			assert_int_equal(
				calendar_month(zones[i], from + 1800, &last_from, &last_to), 0);
			assert_int_equal(last_to, to);
		}
	}
}

/* The clock was put back from 00:01 on the first to 23:01: either midnight may be the one. */
TEST(a_moment_is_in_its_month_where_midnight_comes_twice)
{
	const int64_t moments[] = {at("2009-11-01T00:00:30-02:30"), at("2009-10-31T23:30:00-03:30"),
				   at("2009-11-01T00:00:30-03:30")};

	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		int64_t from, to;

		assert_int_equal(calendar_month("America/St_Johns", moments[i], &from, &to), 0);
		assert_true(from <= moments[i] && moments[i] < to);
	}
}

TEST(months_end_with_the_year_9999)
{
	int64_t from, to;

	assert_int_equal(calendar_month("UTC", 0, &from, &to), 0);
	assert_int_equal(from, 0);
	assert_int_equal(to, 31 * DAY);
	assert_int_equal(calendar_month("UTC", 253402300799, &from, &to), 0);
	assert_int_equal(to, 253402300800);
	assert_int_equal(from, 253402300800 - 31 * DAY);
	assert_int_equal(calendar_month("UTC", -1, &from, &to), -EINVAL);
	assert_int_equal(calendar_month("UTC", 253402300800, &from, &to), -EINVAL);
	assert_int_equal(calendar_month("UTC", INT64_MAX, &from, &to), -EINVAL);
	assert_int_equal(calendar_month("UTC", INT64_MIN, &from, &to), -EINVAL);
}

static void assert_weekly(const char *zone, int weekday, int minute, int64_t now, int64_t expected)
{
	int64_t found = -1;

	assert_int_equal(calendar_weekly(zone, weekday, minute, now, &found), 0);
	if (found != expected)
		fail_msg("%s %d %d %ld: %ld is not %ld", zone, weekday, minute, now, found,
			 expected);
}

enum { SUNDAY, MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY };

TEST(weekly_times_by_hand)
{
	const int64_t wednesday = at("2024-03-06T14:15:00-05:00");

	assert_weekly("America/New_York", WEDNESDAY, 14 * 60 + 15, wednesday, wednesday);
	assert_weekly("America/New_York", WEDNESDAY, 14 * 60 + 15, wednesday + 1, wednesday);
	assert_weekly("America/New_York", WEDNESDAY, 14 * 60 + 15, wednesday - 1,
		      wednesday - 7 * DAY);
	/* summer time has begun on the 10th */
	assert_weekly("America/New_York", WEDNESDAY, 14 * 60 + 15, wednesday + 7 * DAY - HOUR - 1,
		      wednesday);
	assert_weekly("America/New_York", WEDNESDAY, 14 * 60 + 15, wednesday + 7 * DAY - HOUR,
		      wednesday + 7 * DAY - HOUR);
	/* each weekday, at its first minute and its last */
	for (int weekday = SUNDAY; weekday <= SATURDAY; weekday++) {
		int64_t begin = at("2026-02-01T00:00:00Z") + weekday * DAY; /* a Sunday */

		assert_weekly("UTC", weekday, 0, begin, begin);
		assert_weekly("UTC", weekday, 0, begin - 1, begin - 7 * DAY);
		assert_weekly("UTC", weekday, 1439, begin, begin + DAY - 60 - 7 * DAY);
		assert_weekly("UTC", weekday, 1439, begin + DAY - 60, begin + DAY - 60);
	}
	/* the first days there are */
	assert_weekly("UTC", THURSDAY, 0, 0, 0);
	assert_weekly("UTC", THURSDAY, 1, 0, 60 - 7 * DAY);
	assert_weekly("UTC", FRIDAY, 0, 0, -6 * DAY);
}

TEST(weekly_times_over_changes_of_the_clock)
{
	const int64_t change = at("2026-03-29T03:00:00+02:00");
	const int64_t sunday = at("2026-03-22T02:30:00+01:00");
	const int64_t first = at("2026-10-25T02:30:00+02:00"), second = first + HOUR;

	/* 02:30 is skipped */
	assert_weekly("Europe/Berlin", SUNDAY, 150, change - 1, sunday);
	assert_weekly("Europe/Berlin", SUNDAY, 150, change, change);
	assert_weekly("Europe/Berlin", SUNDAY, 150, change + DAY, change);
	assert_weekly("Europe/Berlin", SUNDAY, 180, change, change);
	/* 02:30 comes twice */
	assert_weekly("Europe/Berlin", SUNDAY, 150, first - 1, first - 7 * DAY);
	assert_weekly("Europe/Berlin", SUNDAY, 150, first, first);
	assert_weekly("Europe/Berlin", SUNDAY, 150, second - 1, first);
	assert_weekly("Europe/Berlin", SUNDAY, 150, second, second);
	assert_weekly("Europe/Berlin", SUNDAY, 150, second + 6 * DAY, second);
	/* Friday 30 December 2011 is skipped */
	assert_weekly("Pacific/Apia", FRIDAY, 600, at("2011-12-29T23:59:59-10:00"),
		      at("2011-12-23T10:00:00-10:00"));
	assert_weekly("Pacific/Apia", FRIDAY, 600, at("2011-12-31T00:00:00+14:00"),
		      at("2011-12-30T10:00:00Z"));
	assert_weekly("Pacific/Apia", THURSDAY, 600, at("2012-01-01T00:00:00+14:00"),
		      at("2011-12-29T10:00:00-10:00"));
	assert_weekly("Pacific/Apia", SATURDAY, 600, at("2012-01-01T00:00:00+14:00"),
		      at("2011-12-31T10:00:00+14:00"));
	/* Sunday 00:00 comes twice, 00:01 was put back to Saturday 23:01 */
	assert_weekly("America/St_Johns", SUNDAY, 0, at("2009-11-01T00:00:30-02:30"),
		      at("2009-11-01T00:00:00-02:30"));
	assert_weekly("America/St_Johns", SUNDAY, 0, at("2009-10-31T23:30:00-03:30"),
		      at("2009-11-01T00:00:00-02:30"));
	assert_weekly("America/St_Johns", SUNDAY, 0, at("2009-11-01T00:00:00-03:30"),
		      at("2009-11-01T00:00:00-03:30"));
}

TEST(weekly_refuses_what_is_no_time)
{
	int64_t t = 42;

	assert_int_equal(calendar_weekly("UTC", -1, 0, 0, &t), -EINVAL);
	assert_int_equal(calendar_weekly("UTC", 7, 0, 0, &t), -EINVAL);
	assert_int_equal(calendar_weekly("UTC", 0, -1, 0, &t), -EINVAL);
	assert_int_equal(calendar_weekly("UTC", 0, 1440, 0, &t), -EINVAL);
	assert_int_equal(calendar_weekly("UTC", 0, 0, -1, &t), -EINVAL);
	assert_int_equal(calendar_weekly("UTC", 0, 0, 253402300800, &t), -EINVAL);
	assert_int_equal(t, 42);
}

static int local_hour(int64_t t)
{
	struct tm tm;

	localtime_r(&(time_t){t}, &tm);
	return tm.tm_hour;
}

TEST(the_environment_stays_where_it_is)
{
	int64_t from, to;
	char **where;
	const char *tz;

	assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0);
	calendar_init();
	tz = getenv("TZ");
	where = environ;
	assert_string_equal(tz, "Asia/Tokyo");
	for (int i = 0; i < 10; i++) {
		assert_int_equal(calendar_month(i % 2 ? "UTC" : "America/New_York", i, &from, &to),
				 0);
		assert_int_equal(calendar_weekly("Asia/Kathmandu", 1, 2, i, &from), 0);
		assert_ptr_equal(environ, where);
		assert_ptr_equal(getenv("TZ"), tz);
		assert_string_equal(tz, "Asia/Tokyo");
		assert_int_equal(local_hour(0), 9);
	}
	/* without one it is the system's */
	assert_int_equal(unsetenv("TZ"), 0);
	tzset();
	from = local_hour(0);
	assert_int_equal(calendar_month("Asia/Tokyo", 0, &to, &to), 0);
	assert_string_equal(getenv("TZ"), ":/etc/localtime");
	assert_int_equal(local_hour(0), from);
}

TEST(utc_needs_no_tz_database)
{
	int64_t from = 42, to = 43;

	assert_int_equal(setenv("TZDIR", "/nonexistent", 1), 0);
	assert_false(calendar_zone_valid("Europe/Berlin"));
	assert_int_equal(calendar_month("Europe/Berlin", 0, &from, &to), -EINVAL);
	assert_true(calendar_zone_valid("UTC"));
	assert_int_equal(calendar_month("UTC", 0, &from, &to), 0);
	assert_int_equal(from, 0);
	assert_int_equal(to, 31 * DAY);
	assert_int_equal(unsetenv("TZDIR"), 0);
}

static void assert_text(double t, const char *expected)
{
	char text[32] = "before";

	calendar_rfc3339(t, text);
	assert_string_equal(text, expected);
}

TEST(texts_by_hand)
{
	assert_text(0, "1970-01-01T00:00:00Z");
	assert_text(951826799.999, "2000-02-29T12:19:59Z");
	assert_text(253402300799.5, "9999-12-31T23:59:59Z");
	assert_text(253402300800, "");
	assert_text(-0.1, "");
	assert_text(NAN, "");
	assert_text(INFINITY, "");
	assert_text(1e300, "");
}

TEST(texts_are_parsed)
{
	static const struct {
		const char *text;
		int64_t t;
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2000-02-29T12:19:59Z", 951826799},
		{"2000-02-29t12:19:59.999999999z", 951826799},
		{"2000-02-29T12:19:59.9+05:45", 951826799 - 345 * 60},
		{"2000-02-29T12:19:59-03:30", 951826799 + 210 * 60},
		{"1969-12-31T23:00:00-01:00", 0},
		{"2016-12-31T23:59:60Z", 1483228800},
		{"9999-12-31T23:59:59Z", 253402300799},
	};
	static const char *const invalid[] = {"",
					      "Z",
					      "2000-02-29",
					      "2000-02-29T12:19:59",
					      "2000-02-29T12:19Z",
					      "2000-02-29 12:19:59Z",
					      "2000-02-29T12:19:59Z ",
					      " 2000-02-29T12:19:59Z",
					      "2000-2-29T12:19:59Z",
					      "2001-02-29T12:19:59Z",
					      "2000-02-30T12:19:59Z",
					      "2000-02-30T12:59:60Z",
					      "2000-13-01T00:00:00Z",
					      "2000-00-01T00:00:00Z",
					      "2000-01-00T00:00:00Z",
					      "2000-01-32T00:00:00Z",
					      "2000-01-01T24:00:00Z",
					      "2000-01-01T00:60:00Z",
					      "2000-01-01T00:00:60Z",
					      "2000-01-01T00:59:61Z",
					      "2000-01-01T00:00:00.Z",
					      "2000-01-01T00:00:00+24:00",
					      "2000-01-01T00:00:00+01:60",
					      "2000-01-01T00:00:00+0100",
					      "2000-01-01T00:00:00+01",
					      "2000-01-01T00:00:00X",
					      "1969-12-31T23:59:59Z",
					      "1970-01-01T00:00:00+00:01",
					      "9999-12-31T23:59:59-00:01",
					      "0000-01-01T00:00:00Z",
					      "+200-01-01T00:00:00Z",
					      "20000-01-01T00:00:00Z"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(at(rows[i].text), rows[i].t);
	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		int64_t t = 42;

		if (calendar_parse_rfc3339(invalid[i], &t) != -EINVAL)
			fail_msg("\"%s\" is not refused", invalid[i]);
		assert_int_equal(t, 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_systems_zones),
		cmocka_unit_test(months_begin_at_the_zones_midnight),
		cmocka_unit_test(months_follow_one_another),
		cmocka_unit_test(a_moment_is_in_its_month_where_midnight_comes_twice),
		cmocka_unit_test(months_end_with_the_year_9999),
		cmocka_unit_test(weekly_times_by_hand),
		cmocka_unit_test(weekly_times_over_changes_of_the_clock),
		cmocka_unit_test(weekly_refuses_what_is_no_time),
		cmocka_unit_test(the_environment_stays_where_it_is),
		cmocka_unit_test(utc_needs_no_tz_database),
		cmocka_unit_test(texts_by_hand),
		cmocka_unit_test(texts_are_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
