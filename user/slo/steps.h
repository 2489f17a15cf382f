/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A history as one row of steps: hours, then minutes, then 10 s, each step at the finest resolution
 * that there is of its time. Pure.
 */
#ifndef SLIPROBE_SLO_STEPS_H
#define SLIPROBE_SLO_STEPS_H

#include "slo/history.h"

struct slo_step {
	int64_t end_seconds;
	int64_t width_seconds;
	struct slo_events events;
};

/*
 * Calls back for each step that had events, oldest first. No two overlap, and their sum is all that
 * the history holds. A return other than 0 stops it and is returned.
 */
int slo_history_steps(const struct slo_history *history,
		      int (*fn)(void *context, const struct slo_step *step), void *context);

#endif
