/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The times at which counting took place, as spans on the agent's axis (slo/timeline). Time outside
 * them is shown as not covered, never as good. Pure.
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
 * Adds [from, to], in which counting took place. `from` is not before the beginning of the last
 * span. A span that overlaps the last one, or touches it (up to 1 ms apart), extends it. Returns 0;
 * -ENOMEM; -EINVAL for times that are not finite, or to < from. After a failure nothing was added.
 */
int coverage_add(struct coverage *coverage, double from_seconds, double to_seconds);

/* Seconds of [from, to] that are covered. */
double coverage_seconds(const struct coverage *coverage, double from_seconds, double to_seconds);

#endif
