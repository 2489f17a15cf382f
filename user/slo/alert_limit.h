/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Comparing shares of bad events with a limit, exactly: a burn rate that equals the factor is not
 * above it, although 0.02 * 720 is not 14.4 in binary. Objectives and ratios are taken as the
 * decimal numbers they were written as, in whole units of 1e-12, lengths in whole seconds.
 */
#ifndef SLIPROBE_SLO_ALERT_LIMIT_H
#define SLIPROBE_SLO_ALERT_LIMIT_H

#include <stdbool.h>

#include "slo/slo.h"

/* The share ratio * (1 - objective) * scale / per. */
struct alert_limit {
	double budget; /* 1 - objective, rounded as it may be */
	double objective;
	double ratio;
	double scale;
	double per;
};

/*
 * Less than, equal to or greater than 0 as bad / eligible is below, at or above the limit. Below
 * when nothing is eligible, or there is no budget (an objective outside 0..1).
 */
int alert_limit_compare(const struct alert_limit *limit, struct slo_events events);

/*
 * Of a budget 1 - objective of `whole`, less than all of which is spent: whether the burn of
 * `recent`, which has bad events, uses up the rest within `horizon_seconds`:
 * remaining ratio * window / burn rate <= horizon.
 */
bool alert_limit_gone_within(const struct alert_limit *limit, struct slo_events whole,
			     struct slo_events recent, double window_seconds,
			     double horizon_seconds);

#endif
