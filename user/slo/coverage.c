/* SPDX-License-Identifier: GPL-2.0-only */
#include "slo/coverage.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOUCH_SECONDS 0.001

void coverage_clear(struct coverage *coverage)
{
	free(coverage->spans);
	*coverage = (struct coverage){0};
}

static int reserve_span(struct coverage *coverage)
{
	size_t max = coverage->max ? coverage->max * 2 : 16;
	struct coverage_span *spans;

	if (coverage->n < coverage->max || coverage->n == COVERAGE_SPANS_MAX)
		return 0;
	spans = realloc(coverage->spans, max * sizeof(*spans));
	if (!spans)
		return -ENOMEM;
	coverage->spans = spans;
	coverage->max = max;
	return 0;
}

int coverage_add(struct coverage *coverage, double from_seconds, double to_seconds)
{
	struct coverage_span *last = coverage->n ? &coverage->spans[coverage->n - 1] : NULL;

	if (!isfinite(from_seconds) || !isfinite(to_seconds) || to_seconds < from_seconds)
		return -EINVAL;
	if (last && from_seconds <= last->to_seconds + TOUCH_SECONDS) {
		if (to_seconds > last->to_seconds)
			last->to_seconds = to_seconds;
		return 0;
	}
	if (reserve_span(coverage) || !coverage->spans)
		return -ENOMEM;
	if (coverage->n == COVERAGE_SPANS_MAX)
		memmove(coverage->spans, coverage->spans + 1,
			--coverage->n * sizeof(*coverage->spans));
	coverage->spans[coverage->n++] = (struct coverage_span){from_seconds, to_seconds};
	return 0;
}

/* The first span that ends after t_seconds. */
static size_t span_after(const struct coverage *coverage, double t_seconds)
{
	size_t low = 0, high = coverage->n;

	/* mostly the present is asked for */
	if (high && coverage->spans[high - 1].from_seconds <= t_seconds)
		low = high - 1;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (coverage->spans[mid].to_seconds > t_seconds)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

double coverage_seconds(const struct coverage *coverage, double from_seconds, double to_seconds)
{
	double sum = 0;

	if (!(from_seconds < to_seconds))
		return 0;
	for (size_t i = span_after(coverage, from_seconds); i < coverage->n; i++) {
		const struct coverage_span *span = &coverage->spans[i];

		if (span->from_seconds >= to_seconds)
			break;
		sum += fmin(span->to_seconds, to_seconds) - fmax(span->from_seconds, from_seconds);
	}
	return sum;
}
