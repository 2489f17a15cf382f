/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines for the agent's operator. Only the programs and the room agent decide to print one, and
 * deliver/ for a receiver that is the journal. Other rooms return errors, or are given a say_fn.
 */
#ifndef SLIPROBE_BASE_SAY_H
#define SLIPROBE_BASE_SAY_H

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
 */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_as(enum say_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
