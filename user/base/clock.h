/* SPDX-License-Identifier: GPL-2.0-only */
/* The system's clocks. */
#ifndef SLIPROBE_BASE_CLOCK_H
#define SLIPROBE_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline double clock_seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* As the kernel's programs count CLOCK_MONOTONIC. */
static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#endif
