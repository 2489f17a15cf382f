/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SLIPROBE_SLO_QUANTILE_H
#define SLIPROBE_SLO_QUANTILE_H

#include <stdbool.h>
#include <stdint.h>

#include "hist.h"

/*
 * Estimates the q-quantile (0 < q <= 1, nearest rank) of a histogram in seconds: the geometric
 * midpoint of the bucket that holds it, so within 4.5 % of it. Where a bucket has no such midpoint
 * the estimate is half the first bound (below 0.95 us) or the last bound (above 128 s).
 * Returns false, *ret_seconds untouched, if the histogram is empty.
 */
bool quantile_seconds(const uint64_t counts[HIST_BUCKETS], double q, double *ret_seconds);

#endif
