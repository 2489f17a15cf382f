/* SPDX-License-Identifier: GPL-2.0-only */
/* The system's clocks, in seconds. */
#ifndef SLIPROBE_BASE_CLOCK_H
#define SLIPROBE_BASE_CLOCK_H

#include <time.h>

static inline double clock_seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

#endif
