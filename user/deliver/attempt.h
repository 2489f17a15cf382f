/* SPDX-License-Identifier: GPL-2.0-only */
/* What the ways of delivery have in common: one attempt, and what came of it. */
#ifndef SLIPROBE_DELIVER_ATTEMPT_H
#define SLIPROBE_DELIVER_ATTEMPT_H

#include <stdint.h>
#include <time.h>

enum attempt_result {
	ATTEMPT_TAKEN,
	ATTEMPT_FAILED, /* to be tried again */
	ATTEMPT_REFUSED, /* no use to try again */
};

/* Called once for each attempt that is not cancelled; the attempt is gone then. */
struct attempt_done {
	void (*fn)(void *context, enum attempt_result result, const char *error);
	void *context;
};

/* Whose descriptor it is that the one epoll reports. */
enum attempt_watch {
	WATCH_HTTP,
	WATCH_COMMAND,
};

static inline uint64_t attempt_watch_data(enum attempt_watch watch, int fd)
{
	return (uint64_t)watch << 32 | (uint32_t)fd;
}

/* Attempts take their time from a clock of their own, libcurl's: suspended time is no timeout. */
static inline int64_t attempt_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
