/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compares a share of bad events with a limit, exactly: a burn rate that equals the factor is not
 * above it, although 0.02 * 720 is not 14.4 in binary. Objectives and ratios are taken in
 * base/units, lengths in whole seconds.
 */
#ifndef SLIPROBE_SLO_ALERT_LIMIT_H
#define SLIPROBE_SLO_ALERT_LIMIT_H

#include <stdbool.h>

#include "slo/slo.h"

/* The share ratio * (1 - objective) * scale / per. */
struct alert_limit {
	double budget; /* 1 - objective, as a double has it */
	double objective;
	double ratio;
	double scale;
	double per;
};

/*
 * Less than, equal to or greater than 0 as bad / eligible is below, at or above the limit. It
 * counts as below when nothing is eligible, or when there is no budget (an objective outside 0..1).
 */
int alert_limit_compare(const struct alert_limit *limit, struct slo_events events);

/*
 * Whether the burn rate of `recent` uses up, within `horizon_seconds`, what is left of the budget
 * of `whole`: remaining ratio * window / burn rate <= horizon. Something is left, and `recent` has
 * bad events.
 */
bool alert_limit_gone_within(const struct alert_limit *limit, struct slo_events whole,
			     struct slo_events recent, double window_seconds,
			     double horizon_seconds);

#endif
