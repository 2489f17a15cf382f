/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configured SLOs as Prometheus rules over the agents' own sliprobe_slo_events_total, summed
 * over all hosts that are scraped, so that a fleet is judged in Prometheus, Thanos or Mimir.
 *
 * Windows up to 6 h are taken from the agents' counters as they were scraped. A longer window, up
 * to the SLO's own, would read each scrape of 30 d at each evaluation. It is taken from the counters
 * recorded once in 5 min, per agent, at a twentieth of the cost. increase() over those is exact
 * across gaps, lost scrapes and hosts that come and go; sums and averages of recorded rates are
 * not. Such a window lags by up to 5 min, and loses the events that an agent counted between the
 * last recording and a reset of its counter.
 *
 * Recorded, with the labels slo, service and slo_id (the name in the configuration: one for all
 * services of an SLO for "*"):
 *   slo:sliprobe_events:increase1h, slo:sliprobe_bad_events:increase1h   and other windows
 *   slo:sli_error:ratio_rate1h            bad / eligible; absent without eligible events
 *   slo:burn_lived:ratio1h                of a window, the part since the SLO began to be counted: the
 *                         rest is taken to have the same traffic and no bad events
 *   slo:period_error_budget_remaining:ratio          of the whole period, as of the agents
 *   slo:period_lived:ratio                of the period, the part since an agent was first seen here
 *   slo:whole_period_error_budget_remaining:ratio    by that part, for exhaustion
 *   slo:sliprobe_start:timestamp_seconds  when it began, of the agents there are now
 *   slo:sliprobe_seen:timestamp_seconds   the moment of an evaluation that found an agent
 *   slo:objective:ratio, slo:error_budget:ratio, slo:time_period:days
 *   slo:sliprobe_agents:count             agents that count it now
 *
 * Alerts have the names (label `alert`), limits and guards of slo/alerts. Where a rule depends on
 * whether its alert fires already, it asks the ALERTS series. Each agent knows its own coverage;
 * here it is the fleet's: the agents scraped in the window, as a share of those scraped in the
 * window before. A host taken away is missed for one window.
 *
 * An SLO begins when the first agent says so (sliprobe_slo_start_time_seconds); with agents that do
 * not say it, when it was first scraped. In windows beyond 6 h its age lags by up to 2 min. For
 * exhaustion, which may page, time before these rules were loaded, and time that Prometheus no
 * longer keeps, is not lived.
 *
 * PromQL cannot express these exactly, so they are left out: SLOs budgeted in timeslices (a slice
 * is shorter than a few scrapes, and increase() is only exact over many), rules on the sum since a
 * month began, and burn alerts of a calendar month in a time zone other than UTC.
 */
#ifndef SLIPROBE_EXPORT_PROMETHEUS_RULES_H
#define SLIPROBE_EXPORT_PROMETHEUS_RULES_H

#include <stddef.h>
#include <stdio.h>

#include "config/config.h"

enum { PROMETHEUS_REASON_BYTES = 256 };

/*
 * Calls fn with a sentence for each SLO and each alert that is left out, e.g.
 *   SLO "pages": alert "budget-50": the sum since the month began cannot be asked for in PromQL
 * Returns how many; a non-zero return of fn ends it.
 */
size_t prometheus_rules_left_out(const struct config *config,
				 int (*fn)(void *context, const char *sentence), void *context);

/* Writes a rule file, with comments on what is left out. Returns 0, -ENOMEM or -EIO. */
int prometheus_rules_write(const struct config *config, FILE *file);

#endif
