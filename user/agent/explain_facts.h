/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the agent knows exactly for a question of explain: the steps of the SLO since when it burns, why requests were
 * bad, exact counts, changes. What is known by samples alone is not here.
 */
#ifndef SLIPROBE_AGENT_EXPLAIN_FACTS_H
#define SLIPROBE_AGENT_EXPLAIN_FACTS_H

#include <jansson.h>

#include "agent/parts.h"
#include "base/error.h"

enum {
	EXPLAIN_SPAN_SECONDS =
		3600, /* that is looked at, if nothing is asked for, or from an hour before its incident */
	EXPLAIN_CHANGES_BEFORE_SECONDS = 3600,
	EXPLAIN_CHANGES_MAX = 50,
	EXPLAIN_EXACT_MAX = 256, /* values of a dimension: with more it is left out */
};

/*
 * Adds them to a question that names the SLO: {"slo", "since", "until"}, times as Unix seconds or as texts of
 * report/period_query, or null, or not there:
 *
 *   "service"           that the SLO is of
 *   "since", "until"    the span that is looked at, as Unix seconds
 *   "onset"             when what burns began (explain/onset), or null; all below is from there (or since) until then
 *   "good", "bad"
 *   "reasons"           {word of BAD_REASONS: count}; null if they are not known of all
 *   "exact"             [{"dimension", "value", "good", "bad"}]: all values of a dimension, or none: route, method where
 *                       status and outcome alone made requests bad; version
 *   "latency_seconds"   the SLO's threshold, or null
 *   "objective"
 *   "changes"           agent/timeline's, of the service and of none, from an hour before
 *   "incident"          the number of the one that is open, or null
 *
 * Steps are exact to 10 s up to 6 h ago, then to a minute. Where no change is seen in them, but it burns, the onset is
 * the beginning of that burn (slo/burning). counts: the SLO's counters now, so that what came since the last step is told,
 * too, or NULL; the exact counts by dimension are of whole steps. Returns 0; -ENOENT: there is no such SLO, with a suggestion;
 * -EINVAL: a time is none, or the span has no length; -ENOMEM.
 */
int explain_facts_add(struct agent *agent, json_t *question, const struct slo_counts *counts,
		      struct error *ret_error);

/*
 * The answer from these facts alone, where no samples are to be had: in the same shape, without findings. `why`: there
 * are none, as a sentence without its stop. NULL when out of memory.
 */
json_t *explain_facts_alone(const json_t *question, const char *why);

#endif
