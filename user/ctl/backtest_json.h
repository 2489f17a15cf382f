/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A backtest's outcome as JSON:
 *   slo, objective, window_seconds, calendar (the time zone, or null), slice_seconds (or null),
 *   transitions: each change of an alert: t, alert, severity, state (firing, exhausted, resolved),
 *     budget_spent_ratio, and burning_seconds: how long it had been burning (decide/backtest),
 *   summary: of each alert: fired (times), firing_seconds (exhausted ones, too), and of the first
 *     time: t, detected_after_seconds, budget_spent_ratio,
 *   final: at the last step: t, eligible, good, bad (requests, or slices if the SLO budgets those,
 *     and then requests beside them), availability, budget, burn_rate.
 * Unknown is null.
 */
#ifndef SLIPROBE_CTL_BACKTEST_JSON_H
#define SLIPROBE_CTL_BACKTEST_JSON_H

#include <jansson.h>

#include "decide/backtest.h"

/* A new reference, or NULL when out of memory. */
json_t *ctl_backtest_json(const char *name, const struct backtest_options *options,
			  struct backtest *backtest);

#endif
