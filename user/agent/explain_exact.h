/* SPDX-License-Identifier: GPL-2.0-only */
/* Exact counts by dimension, for explain: where the kernel's counters tell good from bad. Part of agent/explain_facts. */
#ifndef SLIPROBE_AGENT_EXPLAIN_EXACT_H
#define SLIPROBE_AGENT_EXPLAIN_EXACT_H

#include <jansson.h>

#include "agent/parts.h"

/*
 * [{"dimension", "value", "good", "bad"}] of the SLO's requests in the steps of (from, until] on the axis, `events` of
 * them. Routes and methods are there only if their values add up to exactly these: else some were judged by their time
 * or size, or excluded, which the counters by route do not tell. Versions have counters of good and bad of their own. A
 * dimension of one value is left out. NULL when out of memory.
 */
json_t *explain_exact_json(struct agent *agent, const struct track *track, double from_seconds,
			   double until_seconds, struct slo_events events);

#endif
