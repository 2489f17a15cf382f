/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the agent tells its operator. Only the outer layer prints: the programs and the room agent.
 * The rooms below return errors, or take a say_fn from their owner.
 */
#ifndef SLIPROBE_BASE_SAY_H
#define SLIPROBE_BASE_SAY_H

/* One sentence without a line's end. */
typedef void say_fn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* On standard error, as the line "sliprobed: SENTENCE". */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
