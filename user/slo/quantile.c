/* SPDX-License-Identifier: GPL-2.0-only */
#include "slo/quantile.h"

#include <math.h>

static double bound_seconds(double k)
{
	return exp2((k + HIST_OTEL_OFFSET) / HIST_PER_OCTAVE);
}

static double midpoint_seconds(unsigned int k)
{
	if (k == 0)
		return bound_seconds(0) / 2;
	if (k == HIST_BUCKETS - 1)
		return bound_seconds(HIST_BOUNDS - 1);
	return bound_seconds(k - 0.5);
}

bool quantile_seconds(const uint64_t counts[HIST_BUCKETS], double q, double *ret_seconds)
{
	uint64_t total = 0, rank, below = 0;

	for (unsigned int k = 0; k < HIST_BUCKETS; k++)
		total += counts[k];
	if (!total)
		return false;
	/* 0.9 * 10 must be rank 9, not 10 */
	rank = (uint64_t)fmax(1, ceil(q * (double)total * (1 - 1e-15)));
	for (unsigned int k = 0; k < HIST_BUCKETS; k++) {
		below += counts[k];
		if (counts[k] && (below >= rank || below == total)) {
			*ret_seconds = midpoint_seconds(k);
			break;
		}
	}
	return true;
}
