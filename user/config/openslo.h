/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * OpenSLO v1 (https://github.com/OpenSLO/OpenSLO) as configuration: files of one or more documents
 * of kind SLO, SLI, AlertPolicy, AlertCondition, AlertNotificationTarget and Service. A key that cannot
 * be mapped is refused by name, e.g.
 *   shop.yaml:12: SLO "checkout": spec.objectives: expected exactly one objective, got 2
 *
 * SLO
 *   metadata.name            slos[].name; annotation sliprobe/name if it is no DNS label
 *   spec.description, metadata.labels  slos[].description, slos[].labels
 *   spec.service             slos[].service, "*" included
 *   spec.indicator           inline, or indicatorRef: an SLI of the file, with spec.ratioMetric, counter: true, and
 *     good.metricSource        {type: sliprobe, spec: {good: as in slos[]}}
 *     total.metricSource       {type: sliprobe, spec: {eligible, client_abort: as in slos[]}}
 *   spec.timeWindow          one: {duration: 30d, isRolling: true}, or a calendar month:
 *                            {duration: 1M, calendar: {startTime: 2020-01-01 00:00:00, timeZone}}
 *   spec.budgetingMethod     Occurrences, or Timeslices
 *   spec.objectives          one, with target or targetPercent; timeSliceTarget, timeSliceWindow
 *   spec.alertPolicies       burn rules; the default ones if neither this nor the annotation
 *                            sliprobe/alerts is there
 *   annotation sliprobe/alerts  further rules, as the text of slos[].alerts: OpenSLO has no other
 *                            kind than burn rates
 * AlertPolicy, of its own or inline: one condition; alertWhenBreaching true, alertWhenResolved not
 *   false and alertWhenNoData not true. A receiver takes the alerts of all SLOs, so
 *   notificationTargets must name all targets of the file that take the condition's severity.
 * AlertCondition, of its own or inline: a rule of its name (annotation sliprobe/alert if it is
 *   another), severity page, ticket or notice; kind burnrate, op gt, threshold, lookbackWindow:
 *     budget ratio = threshold * lookback / window     (a calendar month's: 31 d)
 *   rounded to 12 digits; annotation sliprobe/budget has it as a percentage if that is not exact.
 *   alertAfter is the short window, a twelfth of the lookback if not given: the rate must hold for
 *   all of it, here on average. Annotations sliprobe/min_bad, sliprobe/min_events.
 * AlertNotificationTarget: spec.target alertmanager, webhook, command or journal; beside it the
 *   keys of that kind in notify (url, argv, timeout, severities).
 * Service: read by other tools; here it is checked and ignored.
 *
 * Durations are OpenSLO's (m, h, d, w), and "s" where a whole minute is too coarse. Labels are
 * ignored, but for an SLO's that slos[].labels may have, and annotations without the prefix sliprobe/.
 */
#ifndef SLIPROBE_CONFIG_OPENSLO_H
#define SLIPROBE_CONFIG_OPENSLO_H

#include "config/config.h"
#include "config/refusals.h"

/*
 * Appends the SLOs and receivers of a file to a configuration, before config_check(). A receiver
 * that the configuration has already is not added again. Returns 0, -errno of the failed open or
 * read, -EINVAL for a refused file, -ENOMEM; the refusals are added to. After failure *config can only
 * be checked further, and cleared.
 */
int openslo_load(const char *path, struct config *config, struct refusals *refusals);

/* Takes the file's text from memory; `name` stands for the file in messages. */
int openslo_parse(const char *text, size_t len, const char *name, struct config *config,
		  struct refusals *refusals);

#endif
