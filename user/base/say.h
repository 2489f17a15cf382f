/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines for the agent's operator. Only the programs and the room agent decide to print one, and
 * deliver/ for a receiver that is the journal. Other rooms return errors, or are given a say_fn.
 */
#ifndef SLIPROBE_BASE_SAY_H
#define SLIPROBE_BASE_SAY_H

/* One sentence without a line's end. */
typedef void say_fn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* On standard error, as the line "sliprobed: SENTENCE". */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
