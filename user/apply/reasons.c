/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/reasons.h"

#include "slo/slo.h"

void reasons_clear(struct reasons *reasons)
{
	for (size_t i = 0; i < REASON_PAIRS; i++)
		slo_history_free(reasons->pairs[i]);
	*reasons = (struct reasons){};
}

static uint64_t sum_at(const struct slo_counts *counts, size_t at)
{
	uint64_t sum = 0;

	if (at == REASON_LEFT_OUT)
		return counts->left_out;
	if (at == REASON_STATUS_UNKNOWN)
		return counts->status_unknown;
	if (at >= REASON_SUMS)
		return 0;
	for (size_t i = 0; i <= at; i++)
		sum += counts->bad[i];
	return sum;
}

struct slo_events reasons_pair(const struct slo_counts *counts, size_t pair)
{
	return (struct slo_events){sum_at(counts, 2 * pair), sum_at(counts, 2 * pair + 1)};
}

void reasons_add_span(struct reasons *reasons, double from_seconds, double t_seconds,
		      const struct slo_counts *counts)
{
	for (size_t i = 0; i < REASON_PAIRS; i++) {
		struct slo_events events = reasons_pair(counts, i);

		if (!reasons->pairs[i] && slo_events_any(events) &&
		    slo_history_new(SLO_WINDOW_MAX_SECONDS, &reasons->pairs[i]))
			continue;
		/* a step without events moves its end, by which an edge is found */
		if (reasons->pairs[i])
			slo_history_add_span(reasons->pairs[i], from_seconds, t_seconds, events);
	}
}

void reasons_sum(const struct reasons *reasons, double now_seconds, double span_seconds,
		 struct slo_counts *ret)
{
	uint64_t sums[2 * REASON_PAIRS] = {}, before = 0;

	for (size_t i = 0; i < REASON_PAIRS; i++) {
		struct slo_events events = {};

		if (reasons->pairs[i])
			events = slo_history_sum(reasons->pairs[i], now_seconds, span_seconds);
		sums[2 * i] = events.good;
		sums[2 * i + 1] = events.bad;
	}
	*ret = (struct slo_counts){
		.left_out = sums[REASON_LEFT_OUT],
		.status_unknown = sums[REASON_STATUS_UNKNOWN],
	};
	for (size_t i = 0; i < BAD_REASON_COUNT; i++) {
		/* a sum that there was no memory for is less than the one before */
		if (sums[i] < before)
			sums[i] = before;
		ret->bad[i] = sums[i] - before;
		before = sums[i];
	}
}
