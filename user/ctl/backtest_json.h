/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The outcome of a backtest as JSON:
 *   slo, objective, window_seconds, calendar (the time zone, or null), slice_seconds (or null)
 *   transitions: a list of the changes of alerts: t, alert, severity, state (firing, exhausted,
 *     resolved), budget_spent_ratio, burning_seconds (see decide/backtest)
 *   summary: a list of the alerts: alert, severity, fired (how often), firing_seconds (exhausted
 *     ones, too), and of the first time: t, detected_after_seconds, budget_spent_ratio
 *   final: the last step: t, availability, budget, burn_rate, and eligible, good, bad of what is
 *     budgeted. With slices `requests` has these three of the requests.
 * Unknown numbers are null.
 */
#ifndef SLIPROBE_CTL_BACKTEST_JSON_H
#define SLIPROBE_CTL_BACKTEST_JSON_H

#include <jansson.h>

#include "decide/backtest.h"

/* A new reference, or NULL when out of memory. */
json_t *ctl_backtest_json(const char *name, const struct backtest_options *options,
			  struct backtest *backtest);

#endif
