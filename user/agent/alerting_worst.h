/* SPDX-License-Identifier: GPL-2.0-only */
/* Which requests of a service were bad for an SLO, by what is kept of them. Part of agent/alerting. */
#ifndef SLIPROBE_AGENT_ALERTING_WORST_H
#define SLIPROBE_AGENT_ALERTING_WORST_H

#include <stdbool.h>

#include "config/config.h"
#include "notify/notice_slo.h"
#include "record/record.h"

/*
 * Whether the SLO counts such requests as bad, whatever their time and size: those of an eligible
 * route and method that ended without an answer, or with a status that is not good. What an SLO
 * excludes by path or user agent is not known of them.
 */
bool alerting_requests_are_bad(const struct config_slo *slo,
			       const struct record_requests *requests);

/*
 * Whether the SLO counts such requests at all, as far as routes, methods and outcomes tell: one that ended late for a
 * client that gave up (CLIENT_ABORT_LATE) is not told from one that did not, and counts as not eligible.
 */
bool alerting_requests_are_eligible(const struct config_slo *slo,
				    const struct record_requests *requests);

/*
 * Notes in `ret` the requests of the service that were bad in the steps of (from, until]: those that
 * most were. Not exact, but at most so many, if the SLO excludes paths or user agents. Returns 0 or
 * -errno.
 */
int alerting_worst(struct record *record, const struct config_slo *slo, const char *service,
		   double from_seconds, double until_seconds, struct notice_slo *ret);

#endif
