/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A history as one row of steps, each at the finest resolution there is for its time: hours, then
 * minutes, then 10 s. Pure.
 */
#ifndef SLIPROBE_SLO_STEPS_H
#define SLIPROBE_SLO_STEPS_H

#include "slo/slo.h"

struct slo_step {
	int64_t end_seconds;
	int64_t width_seconds;
	struct slo_events events;
};

/*
 * Calls back for each step that had events, oldest first, no two overlap and their sum is all that
 * the history holds. A non-zero return ends it and is returned.
 */
int slo_history_steps(const struct slo_history *history,
		      int (*fn)(void *context, const struct slo_step *step), void *context);

#endif
