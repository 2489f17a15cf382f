/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SLIPROBE_SLO_QUANTILE_H
#define SLIPROBE_SLO_QUANTILE_H

#include <stdbool.h>
#include <stdint.h>

#include "hist.h"

/*
 * Estimates the q-quantile (0 < q <= 1, nearest rank) of a histogram, in seconds. The estimate is
 * the geometric midpoint of the bucket that holds the quantile, so it is within 4.5 % of it. The
 * first bucket (below 0.95 us) gives half its bound, the last one (above 128 s) its lower bound.
 * Returns false, *ret_seconds untouched, if the histogram is empty.
 */
bool quantile_seconds(const uint64_t counts[HIST_BUCKETS], double q, double *ret_seconds);

#endif
