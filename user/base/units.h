/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objectives, ratios and targets are decimal numbers, which binary fractions only approximate. An
 * exact comparison takes them in whole units of 1e-12.
 */
#ifndef SLIPROBE_BASE_UNITS_H
#define SLIPROBE_BASE_UNITS_H

#include <math.h>
#include <stdint.h>

#define UNITS_IN_ONE 1000000000000ULL

/*
 * The nearest whole number, as of llroundl(); 0 for a NaN and outside 0.5 .. 9e18. Calls llroundl()
 * only if a double cannot decide: below 1e14 a double is off by less than 0.02.
 */
static inline uint64_t units_round(long double value)
{
	double about = (double)value;
	int64_t nearest;

	if (!(value >= 0.5L && value < 9e18L))
		return 0;
	nearest = (int64_t)(about + 0.5);
	if (about < 1e14 && fabs(about - (double)nearest) < 0.4)
		return (uint64_t)nearest;
	return (uint64_t)llroundl(value);
}

/* A decimal number. */
static inline uint64_t units_of(double decimal)
{
	return units_round((long double)decimal * UNITS_IN_ONE);
}

/* 1 - objective */
static inline uint64_t units_budget(double objective)
{
	return units_round((1 - (long double)objective) * UNITS_IN_ONE);
}

#endif
