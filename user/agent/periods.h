/* SPDX-License-Identifier: GPL-2.0-only */
/* What services were asked in spans of time, for a snapshot. */
#ifndef SLIPROBE_AGENT_PERIODS_H
#define SLIPROBE_AGENT_PERIODS_H

#include "agent/parts.h"
#include "report/period_query.h"
#include "report/snapshot.h"

/*
 * Adds the span that is asked for, and the one before it, to a snapshot that was just taken, with
 * series. What came since the last step is in it. Returns 0 or -ENOMEM.
 */
int periods_take(const struct agent *agent, const struct period_query *query,
		 struct snapshot *snapshot);

/* Gives a cell's key its names, which last as long as the agent. context: its struct traffic. */
void periods_name_key(void *context, uint32_t key, struct snapshot_asked *ret);

/* Seconds of [from, until] that were counted in and are known; 0 for an empty span. */
double periods_covered(const struct agent *agent, double from, double until);

#endif
