/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configured SLOs as Prometheus rules over the agents' own sliprobe_slo_events_total, summed
 * over all hosts that are scraped, so that a fleet is judged in Prometheus, Thanos or Mimir.
 *
 * Windows up to 6 h are taken from the agents' counters as they were scraped. Longer ones, up to
 * the SLO's own, would read each scrape of 30 d at each evaluation; they are taken from the same
 * counters recorded once in 5 min, per agent: increase() over those is exact across gaps, lost
 * scrapes and hosts that come and go, which sums and averages of recorded rates are not. It costs a
 * twentieth, lags by up to 5 min, and loses what an agent counted between the last recording and
 * a reset of its counter.
 *
 * Recorded, with the labels slo, service and slo_id (the name in the configuration: one for all
 * services of an SLO for "*"):
 *   slo:sliprobe_events:increase1h, slo:sliprobe_bad_events:increase1h   and other windows
 *   slo:sli_error:ratio_rate1h            bad / eligible; absent without eligible events
 *   slo:period_error_budget_remaining:ratio          of what was eligible so far
 *   slo:whole_period_error_budget_remaining:ratio    of the whole period, for exhaustion: what is not
 *                         yet lived of it is taken to have the same traffic and no bad events
 *   slo:period_lived:ratio                of the period, since an agent was first seen; at most 1
 *   slo:objective:ratio, slo:error_budget:ratio, slo:time_period:days
 *   slo:sliprobe_agents:count             agents that count it now
 *
 * Alerts are those of slo/alerts, by the same names (label `alert`), limits and guards. What
 * depends on whether the alert is on already goes by the ALERTS series. Coverage, which each agent
 * knows of itself, is here that of the fleet: agents scraped, in the share of those there were in as
 * long a time before (so that a host taken away is missed that long).
 *
 * Until all of a period is lived, how much of it is known to one interval of the long group (2 min)
 * and 5 min, by which exhaustion may be found earlier or later than by an agent; from then on it is
 * the same. What agents counted before there were these rules, and what Prometheus does not keep
 * for all of the period, is not lived.
 *
 * Left out, because no PromQL can say it exactly: SLOs budgeted in timeslices (a slice is shorter
 * than a few scrapes, and increase() is only exact over many), what needs the sum since a month
 * began, and burn alerts of a calendar month in a time zone other than UTC.
 */
#ifndef SLIPROBE_EXPORT_PROMETHEUS_RULES_H
#define SLIPROBE_EXPORT_PROMETHEUS_RULES_H

#include <stddef.h>
#include <stdio.h>

#include "config/config.h"

enum { PROMETHEUS_REASON_BYTES = 256 };

/*
 * Gives what of an SLO is left out, one sentence each, e.g.
 *   SLO "pages": alert "budget-50": the sum since the month began cannot be asked for in PromQL
 * Returns how many; a non-zero return of fn ends it.
 */
size_t prometheus_rules_left_out(const struct config *config,
				 int (*fn)(void *context, const char *sentence), void *context);

/* Writes a rule file, with comments on what is left out. Returns 0, -ENOMEM or -EIO. */
int prometheus_rules_write(const struct config *config, FILE *file);

#endif
