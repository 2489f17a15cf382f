/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When counting took place: spans of time on the agent's axis (slo/timeline). Time outside them
 * is shown as without coverage, never as good. Pure.
 */
#ifndef SLIPROBE_SLO_COVERAGE_H
#define SLIPROBE_SLO_COVERAGE_H

#include <stddef.h>

enum {
	COVERAGE_SPANS_MAX = 4096, /* 64 kB; the oldest are forgotten first */
};

struct coverage_span {
	double from_seconds;
	double to_seconds;
};

struct coverage {
	struct coverage_span *spans; /* sorted, no two touch */
	size_t n;
	size_t max;
};

void coverage_clear(struct coverage *coverage);

/*
 * Counting took place in [from, to]. `from` is not before the last span's beginning; what overlaps
 * or touches the last span (up to 1 ms apart) extends it. Returns 0; -ENOMEM, or -EINVAL for times
 * that are not finite or to < from (nothing was added).
 */
int coverage_add(struct coverage *coverage, double from_seconds, double to_seconds);

/* Seconds of [from, to] that are covered. */
double coverage_seconds(const struct coverage *coverage, double from_seconds, double to_seconds);

#endif
