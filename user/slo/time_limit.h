/* SPDX-License-Identifier: GPL-2.0-only */
/* How far from 0 a time in seconds may be, on the agent's axis or as Unix time. */
#ifndef SLIPROBE_SLO_TIME_LIMIT_H
#define SLIPROBE_SLO_TIME_LIMIT_H

#include <math.h>
#include <stdbool.h>

/* Either side of 0. Microseconds up to it fit 64 bits, and a double tells them apart. */
#define TIME_LIMIT_SECONDS 1e12

/* Whole seconds, before every valid time. A bucket's width more or less does not overflow it. */
#define TIME_BEFORE_ALL_SECONDS (-2000000000000LL)

static inline bool time_valid(double seconds)
{
	return fabs(seconds) <= TIME_LIMIT_SECONDS; /* false for NaN */
}

#endif
