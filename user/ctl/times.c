/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/times.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/calendar.h"
#include "base/duration.h"

static bool is_the_agents(const char *text)
{
	uint64_t ns;
	int64_t seconds;
	char *end;

	if (!duration_parse(text, &ns) || !calendar_parse_rfc3339(text, &seconds))
		return true;
	strtod(text, &end);
	return end != text && !*end && strlen(text) > 8;
}

/* Reads the whole text by one of the formats. */
static bool read_by(const char *text, const char *const *formats, struct tm *ret)
{
	for (; *formats; formats++) {
		struct tm tm = {.tm_isdst = -1};
		const char *end = strptime(text, *formats, &tm);

		if (end && !*end) {
			*ret = tm;
			return true;
		}
	}
	return false;
}

static bool read_local(const char *text, time_t *ret)
{
	static const char *const with_date[] = {"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
						"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M",
						"%Y-%m-%d",	     NULL};
	static const char *const of_day[] = {"%H:%M:%S", "%H:%M", NULL};
	time_t now = time(NULL), seconds;
	struct tm tm, today;

	if (read_by(text, with_date, &tm)) {
		*ret = mktime(&tm);
		return *ret != -1;
	}
	if (!read_by(text, of_day, &tm) || !localtime_r(&now, &today))
		return false;
	today.tm_hour = tm.tm_hour;
	today.tm_min = tm.tm_min;
	today.tm_sec = tm.tm_sec;
	today.tm_isdst = -1;
	seconds = mktime(&today);
	if (seconds > now) {
		today.tm_mday--;
		today.tm_isdst = -1;
		seconds = mktime(&today);
	}
	*ret = seconds;
	return seconds != -1;
}

char *ctl_time_argument(const char *text)
{
	char *copy;
	time_t seconds;

	if (is_the_agents(text))
		return strdup(text);
	if (!read_local(text, &seconds) || asprintf(&copy, "%lld", (long long)seconds) < 0)
		return NULL;
	return copy;
}

static struct format_text local(double unix_seconds, const char *format)
{
	struct format_text ret = {"-"};
	time_t seconds;
	struct tm tm;

	if (!(fabs(unix_seconds) < 1e11))
		return ret;
	seconds = (time_t)floor(unix_seconds);
	if (localtime_r(&seconds, &tm))
		strftime(ret.text, sizeof(ret.text), format, &tm);
	return ret;
}

struct format_text ctl_local_time(double unix_seconds)
{
	return local(unix_seconds, "%Y-%m-%d %H:%M:%S");
}

struct format_text ctl_local_zone(double unix_seconds)
{
	return local(unix_seconds, "%Z");
}
