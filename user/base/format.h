/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers and text as people read them. Pure, but for writing to the stream that is passed.
 *
 * Numbers are doubles. NaN means unknown and is shown as "-".
 */
#ifndef SLIPROBE_BASE_FORMAT_H
#define SLIPROBE_BASE_FORMAT_H

#include <stdio.h>

/* A formatted number, by value: nothing to free. */
struct format_text {
	char text[40];
};

/*
 * A ratio as a percentage, rounded towards bad news: a ratio below 1 never shows as 100%, and what
 * is left of a budget never shows as more than it is. `decimals`: digits after the point, 0 .. 6.
 * 0.998065 with 4: "99.8065%"; 0.99999999 with 4: "99.9999%"; -0.5 with 1: "-50.0%".
 */
struct format_text format_percent(double ratio, int decimals);

/* An objective, as it was written: 0.999: "99.9%". */
struct format_text format_objective(double ratio);

/* A burn rate: 1: "1.0x"; 1440: "1440x"; above 0 but below 0.05: "<0.1x". */
struct format_text format_burn(double rate);

/* A latency in seconds to three digits: "0s", "1.2us", "350us", "4.13ms", "50.0ms", "1.20s". */
struct format_text format_latency(double seconds);

/* A span of time by its two largest units: "12s", "45m 10s", "3h 20m", "14d 3h"; below 0: "-". */
struct format_text format_span(double seconds);

/* Events a second: "0/s", "0.03/s", "4.2/s", "5200/s". */
struct format_text format_rate(double per_second);

/*
 * A number that is about right, to three digits: "25,900", "1,230,000", "43.2", "0.0512". NaN, below
 * 0 and beyond 1e15 are "-".
 */
struct format_text format_about(double number);

/*
 * A time as the agent writes it, "2030-01-02T03:04:05Z", for tables: "01-02 03:04:05". Other text
 * is cut to 20 bytes, with "?" for what is no printable ASCII. NULL is "-".
 */
struct format_text format_time(const char *rfc3339);

/* Unix seconds as UTC: "2030-01-02 03:04:05". */
struct format_text format_unix(double unix_seconds);

/*
 * The Unix seconds of a time as the agent writes it, with or without a fraction of a second. NaN
 * for any other text and for NULL.
 */
double format_parse_time(const char *rfc3339);

/* The ending of "1 event", "2 events": "" or "s". */
static inline const char *format_plural(unsigned long long n)
{
	return n == 1 ? "" : "s";
}

/*
 * Writes text that came from outside (process names, paths, file contents) so that it cannot
 * command the terminal: bytes other than printable ASCII become \xNN, and a backslash \\.
 * NULL is written as "-".
 */
void format_write_safe(const char *text, FILE *out);

/*
 * Text made safe as format_write_safe() does it, as a malloc()ed string of at most `max` (>= 4)
 * bytes. A longer one is cut and ends in "...". NULL when out of memory.
 */
char *format_escape(const char *text, size_t max);

#endif
