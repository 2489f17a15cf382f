/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event loop of a single thread: a table of parts, each with what wakes it. A part is run when
 * its descriptor is readable or when its time has come, and must not block. A new part is a row.
 */
#ifndef SLIPROBE_BASE_LOOP_H
#define SLIPROBE_BASE_LOOP_H

#include <stddef.h>

enum {
	LOOP_PARTS_MAX = 16,
	LOOP_STOP = 1, /* run() returns it to end the loop */
};

struct loop_part {
	int fd; /* readable: run() has something to do; -1: none */
	/* Asked before and after each wait: ms until run() is due, 0: now, -1 (and NULL): never. */
	int (*timeout_ms)(void *context);
	/* Returns 0; LOOP_STOP; or -errno, which ends the loop, too. */
	int (*run)(void *context);
	void *context; /* what both are called with */
};

/*
 * Runs the parts, after each wait in the table's order, until one ends the loop. Returns 0 after
 * LOOP_STOP; that part's -errno; -E2BIG for more than LOOP_PARTS_MAX parts; or -errno of epoll.
 */
int loop_run(const struct loop_part *parts, size_t n);

/* The shorter of two waits, of which -1 is the longest. */
static inline int loop_sooner_ms(int a_ms, int b_ms)
{
	if (a_ms < 0 || b_ms < 0)
		return a_ms < 0 ? b_ms : a_ms;
	return a_ms < b_ms ? a_ms : b_ms;
}

#endif
