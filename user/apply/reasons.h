/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why an SLO's bad events were bad, and how many aborts were left out and requests had no status that is known,
 * over time.
 *
 * What is kept are running sums in the order of BAD_REASONS: the events of the first reason, of the
 * first two, and so on. A step that is spread over its time (slo_history_add_span()) is rounded in
 * each of its pieces: sums are rounded as all bad events are, so that the reasons add up to these in
 * each window. Two sums share a history, which is made with the first event of either.
 */
#ifndef SLIPROBE_APPLY_REASONS_H
#define SLIPROBE_APPLY_REASONS_H

#include <stddef.h>

#include "abi.h"
#include "slo/history.h"

enum {
	REASON_LEFT_OUT = BAD_REASON_COUNT, /* behind the sums: the aborts left out; */
	REASON_STATUS_UNKNOWN, /* and those whose status is not known */
	REASON_SUMS,
	REASON_PAIRS = (REASON_SUMS + 1) / 2,
};

struct reasons {
	struct slo_history *pairs[REASON_PAIRS]; /* NULL: no event yet */
};

void reasons_clear(struct reasons *reasons);

/* The two sums of a pair, as the history of it has them: as good and bad. */
struct slo_events reasons_pair(const struct slo_counts *counts, size_t pair);

/*
 * Adds what was counted in a step, as slo_history_add_span(). What there is no memory for is not
 * added: its reason stays unknown.
 */
void reasons_add_span(struct reasons *reasons, double from_seconds, double t_seconds,
		      const struct slo_counts *counts);

/* What was added in (now - span, now]; ret->good is 0. */
void reasons_sum(const struct reasons *reasons, double now_seconds, double span_seconds,
		 struct slo_counts *ret);

#endif
