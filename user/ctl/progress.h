/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A line on a terminal that says how far a command has come, for those that take longer than a
 * second. It is gone when the command is done.
 */
#ifndef SLIPROBE_CTL_PROGRESS_H
#define SLIPROBE_CTL_PROGRESS_H

#include <stdint.h>
#include <stdio.h>

struct progress {
	FILE *out; /* NULL: there is no terminal to say it on */
	const char *what; /* "rows" */
	uint64_t all_bytes; /* of what is read; 0: not known */
	double begun_seconds;
	double said_seconds; /* 0: not yet */
};

/* Says it on `out` if that is a terminal. `in`: what is read, to know its size. */
void progress_begin(struct progress *progress, FILE *out, FILE *in, const char *what,
		    double now_seconds);

/* `n` things and so many bytes are done. Says so after the first second, at most five times a second. */
void progress_say(struct progress *progress, uint64_t n, uint64_t bytes, double now_seconds);

void progress_end(struct progress *progress);

#endif
