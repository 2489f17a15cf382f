/* SPDX-License-Identifier: GPL-2.0-only */
/* Times as people write and read them: in the time zone of the terminal (TZ). */
#ifndef SLIPROBE_CTL_TIMES_H
#define SLIPROBE_CTL_TIMES_H

#include "base/format.h"

#define CTL_TIME_EXPECTED                                                                          \
	"expected a duration (so long ago) such as 2h, or a time such as 14:30 or "                \
	"\"2030-01-02 14:30\""

/*
 * The time for the agent: a duration, RFC 3339 and Unix seconds as they are; "14:30" (the last
 * time it was so), "2030-01-02", "2030-01-02 14:30" with or without seconds, of local time, as Unix
 * seconds. malloc()ed; NULL if it is none of these, or without memory.
 */
char *ctl_time_argument(const char *text);

/* Unix seconds as local time: "2030-01-02 14:30:00". */
struct format_text ctl_local_time(double unix_seconds);
/* The zone at that time: "CET", "UTC". */
struct format_text ctl_local_zone(double unix_seconds);

#endif
