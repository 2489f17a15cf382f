/* SPDX-License-Identifier: GPL-2.0-only */
/* One attempt to deliver, by HTTP or by a command, and its result. */
#ifndef SLIPROBE_DELIVER_ATTEMPT_H
#define SLIPROBE_DELIVER_ATTEMPT_H

#include <stdint.h>
#include <time.h>

enum attempt_result {
	ATTEMPT_TAKEN,
	ATTEMPT_FAILED, /* another attempt may succeed */
	ATTEMPT_REFUSED, /* another attempt would be refused, too */
};

/* How an attempt has ended. */
struct attempt_end {
	enum attempt_result result;
	const char *error; /* NULL if it was taken */
	double retry_after_seconds; /* the receiver asks for no attempt before; 0: it does not say */
};

/* Called once when an attempt ends, unless it was cancelled. The attempt is freed then. */
struct attempt_done {
	void (*fn)(void *context, const struct attempt_end *end);
	void *context;
};

/* The owner of a descriptor on the epoll that all attempts share. */
enum attempt_watch {
	WATCH_HTTP,
	WATCH_COMMAND,
};

static inline uint64_t attempt_watch_data(enum attempt_watch watch, int fd)
{
	return (uint64_t)watch << 32 | (uint32_t)fd;
}

/* The clock of timeouts, which is libcurl's: it stands still while the system is suspended. */
static inline int64_t attempt_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
