/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines for the agent's operator. Only the programs and the room agent decide to print one, and
 * deliver/ for a receiver that is the journal. Other rooms return errors, or are given a say_fn.
 */
#ifndef SLIPROBE_BASE_SAY_H
#define SLIPROBE_BASE_SAY_H

#include <stdbool.h>

/* The numbers of syslog(3). */
enum say_level {
	SAY_ERROR = 3, /* what an SRE is paged for, or what was lost */
	SAY_WARNING = 4,
	SAY_NOTICE = 5,
	SAY_INFO = 6,
};

/* One sentence without a line's end. */
typedef void say_fn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * On standard error, as the line "sliprobed: SENTENCE". Where that goes to systemd's journal, the level
 * stands before it, as "<4>": sd-daemon(3), systemd.exec(5) on $JOURNAL_STREAM. say(): SAY_NOTICE.
 * What a terminal must not get, as names of others may have it, is written out (base/utf8).
 *
 * They never wait: a line is left out while nobody reads standard error, and the next that is read has one
 * before it that says how many were. Called by one thread only.
 */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_as(enum say_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* True if the last line was read, or will be. */
bool say_was_taken(void);

#endif
