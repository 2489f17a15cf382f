/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/calendar.h"

#include <fcntl.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

enum {
	DAY = 86400,
	WEEK = 7 * DAY,
	/* more than any zone's offset, and than any change of one (Apia's in 2011: a day) */
	OFFSET_MAX = 26 * 3600,
	TZ_BYTES = 4096,
	ZONE_BYTES = 64,
};

#define UNIX_MAX 253402300799 /* 9999-12-31T23:59:59Z */

/* ---- the zone ---- */

/* Stays in the environment; only its text changes. */
static char tz_setting[TZ_BYTES];

void calendar_init(void)
{
	const char *tz = getenv("TZ");

	if (*tz_setting && tz == tz_setting + strlen("TZ="))
		return;
	/* without a TZ, or with one that has no room here: the system's zone */
	if (!tz || snprintf(tz_setting, sizeof(tz_setting), "TZ=%s", tz) >= TZ_BYTES)
		snprintf(tz_setting, sizeof(tz_setting), "TZ=:/etc/localtime");
	putenv(tz_setting);
}

struct zone_switch {
	char before[TZ_BYTES]; /* the former tz_setting */
};

static void zone_enter(struct zone_switch *zone_switch, const char *zone)
{
	calendar_init();
	memcpy(zone_switch->before, tz_setting, sizeof(tz_setting));
	/* UTC0 needs no tz database */
	snprintf(tz_setting, sizeof(tz_setting), "TZ=%s", strcmp(zone, "UTC") ? zone : "UTC0");
	tzset();
}

static void zone_leave(struct zone_switch *zone_switch)
{
	memcpy(tz_setting, zone_switch->before, sizeof(tz_setting));
	tzset();
}

static bool has_magic(const char *path)
{
	char magic[4] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool found;

	if (fd < 0)
		return false;
	found = read(fd, magic, sizeof(magic)) == sizeof(magic) && !memcmp(magic, "TZif", 4);
	close(fd);
	return found;
}

bool calendar_zone_valid(const char *zone)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_+-/";
	const char *dir = getenv("TZDIR"); /* as the C library does */
	_cleanup_free_ char *path = NULL;
	size_t length = strlen(zone);

	if (!strcmp(zone, "UTC"))
		return true;
	/* no dots, so no way up; those of "right" count leap seconds, which Unix time does not */
	if (!length || length >= ZONE_BYTES || strspn(zone, allowed) != length || *zone == '/' ||
	    !strncmp(zone, "right/", strlen("right/")))
		return false;
	if (asprintf(&path, "%s/%s", dir && *dir ? dir : "/usr/share/zoneinfo", zone) < 0) {
		path = NULL;
		return false;
	}
	return has_magic(path);
}

/* ---- within a zone ---- */

/* The time that a clock on the wall shows, as if it were UTC. */
static int64_t local_seconds(int64_t t)
{
	struct tm tm;

	return localtime_r(&(time_t){t}, &tm) ? t + tm.tm_gmtoff : t;
}

/* The first moment in (low, high] at which the clock shows `local` or later. */
static int64_t first_moment(int64_t low, int64_t high, int64_t local)
{
	while (high - low > 1) {
		int64_t mid = low + (high - low) / 2;

		if (local_seconds(mid) >= local)
			high = mid;
		else
			low = mid;
	}
	return high;
}

/* Months since year 0 to the first moment of that month; a midnight may be skipped. */
static int64_t month_begin(int month)
{
	struct tm tm = {.tm_year = month / 12 - 1900, .tm_mon = month % 12, .tm_mday = 1};
	int64_t local = timegm(&tm);

	return first_moment(local - OFFSET_MAX, local + OFFSET_MAX, local);
}

static int month_of(int64_t t)
{
	struct tm tm = {0};

	localtime_r(&(time_t){t}, &tm);
	return (tm.tm_year + 1900) * 12 + tm.tm_mon;
}

int calendar_month(const char *zone, int64_t unix_seconds, int64_t *ret_from, int64_t *ret_to)
{
	struct zone_switch zone_switch;
	int month;

	if (unix_seconds < 0 || unix_seconds > UNIX_MAX || !calendar_zone_valid(zone))
		return -EINVAL;
	zone_enter(&zone_switch, zone);
	month = month_of(unix_seconds);
	/* a clock that is put back over midnight of the first begins the month twice */
	if (unix_seconds < month_begin(month))
		month--;
	else if (unix_seconds >= month_begin(month + 1))
		month++;
	*ret_from = month_begin(month);
	*ret_to = month_begin(month + 1);
	zone_leave(&zone_switch);
	return 0;
}

/*
 * The last moment at or before `limit` at which the clock shows `local`. Returns false if there is
 * none.
 */
static bool last_moment(int64_t local, int64_t limit, int64_t *ret)
{
	int64_t low = local - OFFSET_MAX, high = local + OFFSET_MAX;
	/* by the offset before a change and after it; the later one last */
	int64_t before = local - (local_seconds(low) - low);
	int64_t after = local - (local_seconds(high) - high);
	bool shown = false, found = false;

	for (int i = 0; i < 2; i++) {
		int64_t t = i == (after > before) ? after : before;

		if (local_seconds(t) != local)
			continue;
		shown = true;
		if (t <= limit) {
			*ret = t;
			found = true;
		}
	}
	if (shown)
		return found;
	*ret = first_moment(low, high, local);
	return *ret <= limit;
}

static int find_weekly(const char *zone, int weekday, int minute_of_day, int64_t unix_seconds,
		       int64_t *ret)
{
	struct zone_switch zone_switch;
	int64_t day, local;
	int r = -EINVAL;

	if (unix_seconds < 0 || unix_seconds > UNIX_MAX || weekday < 0 || weekday > 6 ||
	    minute_of_day < 0 || minute_of_day >= 24 * 60 || !calendar_zone_valid(zone))
		return -EINVAL;
	zone_enter(&zone_switch, zone);
	/* counted from a Thursday before all times */
	day = (local_seconds(unix_seconds) + WEEK) / DAY;
	local = (day - (day + 4 - weekday) % 7) * DAY - WEEK + (int64_t)minute_of_day * 60;
	/* a week more: the clock may have been put back over midnight */
	for (int weeks = 1; r && weeks >= -2; weeks--) {
		int64_t found;

		if (last_moment(local + (int64_t)weeks * WEEK, unix_seconds, &found)) {
			*ret = found;
			r = 0;
		}
	}
	zone_leave(&zone_switch);
	return r;
}

/*
 * An answer, kept: each step asks the same question for every SLO, and a switch of zones is slow.
 */
struct weekly {
	char zone[ZONE_BYTES];
	int weekday;
	int minute_of_day;
	int64_t unix_seconds;
	int64_t answer;
};

int calendar_weekly(const char *zone, int weekday, int minute_of_day, int64_t unix_seconds,
		    int64_t *ret)
{
	static struct weekly given[16]; /* a free one has no zone */
	static unsigned int next;
	struct weekly *weekly;
	int r;

	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		weekly = &given[i];
		if (weekly->unix_seconds == unix_seconds && weekly->weekday == weekday &&
		    weekly->minute_of_day == minute_of_day && !strcmp(weekly->zone, zone)) {
			*ret = weekly->answer;
			return 0;
		}
	}
	r = find_weekly(zone, weekday, minute_of_day, unix_seconds, ret);
	if (r || !*zone || strlen(zone) >= ZONE_BYTES)
		return r;
	weekly = &given[next++ % (sizeof(given) / sizeof(given[0]))];
	*weekly = (struct weekly){.weekday = weekday,
				  .minute_of_day = minute_of_day,
				  .unix_seconds = unix_seconds,
				  .answer = *ret};
	memcpy(weekly->zone, zone, strlen(zone) + 1);
	return 0;
}

/* ---- texts ---- */

void calendar_rfc3339(double unix_seconds, char ret_text[static 32])
{
	struct tm tm;

	*ret_text = '\0';
	if (!(unix_seconds >= 0 && unix_seconds < UNIX_MAX + 1.0))
		return;
	if (gmtime_r(&(time_t){(time_t)floor(unix_seconds)}, &tm))
		strftime(ret_text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* A run of '0' in the pattern is a number of as many digits; other characters are themselves. */
static bool parse_pattern(const char **text, const char *pattern, int *ret_numbers)
{
	const char *p = *text;
	int number = 0;

	for (; *pattern; pattern++, p++) {
		if (*pattern != '0') {
			if (*p != *pattern && !(*pattern == 'T' && *p == 't'))
				return false;
			continue;
		}
		if (*p < '0' || *p > '9')
			return false;
		number = number * 10 + (*p - '0');
		if (pattern[1] != '0') {
			*ret_numbers++ = number;
			number = 0;
		}
	}
	*text = p;
	return true;
}

static bool parse_fraction(const char **text)
{
	size_t digits;

	if (**text != '.')
		return true;
	digits = strspn(*text + 1, "0123456789");
	*text += 1 + digits;
	return digits > 0;
}

static bool parse_offset(const char **text, int64_t *ret_seconds)
{
	char sign = **text;
	int numbers[2];

	*ret_seconds = 0;
	if (sign)
		++*text;
	if (sign == 'Z' || sign == 'z')
		return true;
	if ((sign != '+' && sign != '-') || !parse_pattern(text, "00:00", numbers) ||
	    numbers[0] > 23 || numbers[1] > 59)
		return false;
	*ret_seconds = (int64_t)(numbers[0] * 3600 + numbers[1] * 60) * (sign == '-' ? -1 : 1);
	return true;
}

static bool date_valid(int year, int month, int day)
{
	struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};

	timegm(&tm); /* corrects a day that does not exist */
	return tm.tm_mon == month - 1;
}

static bool time_valid(int hour, int minute, int second)
{
	/* a leap second counts as the second after it */
	return hour <= 23 && minute <= 59 && second <= 59 + (minute == 59);
}

int calendar_parse_rfc3339(const char *text, int64_t *ret_unix_seconds)
{
	int numbers[6]; /* year, month, day, hour, minute, second */
	int64_t offset, t;
	struct tm tm;

	if (!parse_pattern(&text, "0000-00-00T00:00:00", numbers) || !parse_fraction(&text) ||
	    !parse_offset(&text, &offset) || *text ||
	    !date_valid(numbers[0], numbers[1], numbers[2]) ||
	    !time_valid(numbers[3], numbers[4], numbers[5]))
		return -EINVAL;
	tm = (struct tm){
		.tm_year = numbers[0] - 1900,
		.tm_mon = numbers[1] - 1,
		.tm_mday = numbers[2],
		.tm_hour = numbers[3],
		.tm_min = numbers[4],
		.tm_sec = numbers[5],
	};
	t = timegm(&tm) - offset;
	if (t < 0 || t > UNIX_MAX)
		return -EINVAL;
	*ret_unix_seconds = t;
	return 0;
}
