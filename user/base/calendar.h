/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calendar time in a named time zone (the system's tz database), for windows of a calendar month
 * and weekly maintenance. The zone is switched through the environment's TZ for the duration of a
 * call: calendar_init() puts a fixed buffer into the environment first, so that no call moves the
 * environment under a thread that reads it.
 */
#ifndef SLIPROBE_BASE_CALENDAR_H
#define SLIPROBE_BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Call it before there are threads: it is the only call that may move the environment. The others
 * call it, too. Only one thread at a time may use the functions with a zone.
 */
void calendar_init(void);

/* True if the system knows the zone, e.g. "Europe/Berlin" or "UTC". */
bool calendar_zone_valid(const char *zone);

/*
 * The calendar month that holds `unix_seconds`: *ret_from its first second, *ret_to the first of
 * the next one. Returns 0, or -EINVAL for an unknown zone or a time outside years 1970 .. 9999.
 * It takes about 0.1 ms; its answer holds until *ret_to.
 */
int calendar_month(const char *zone, int64_t unix_seconds, int64_t *ret_from, int64_t *ret_to);

/*
 * The last moment at or before `unix_seconds` at which it was that weekday (0: Sunday) and minute
 * of the day in the zone. A time that a change to summer time skips counts as the moment of the
 * change. A time that comes twice in a night counts both times. Returns as calendar_month().
 */
int calendar_weekly(const char *zone, int weekday, int minute_of_day, int64_t unix_seconds,
		    int64_t *ret);

/* RFC 3339 in UTC, e.g. "2026-02-28T12:00:00Z"; "" outside years 1970 .. 9999. */
void calendar_rfc3339(double unix_seconds, char ret_text[static 32]);

/* Reads RFC 3339 with "Z" or an offset, and cuts fractions. Returns 0 or -EINVAL. */
int calendar_parse_rfc3339(const char *text, int64_t *ret_unix_seconds);

#endif
