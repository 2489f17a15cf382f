/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Since when an SLO has been burning: what an alert's time to detect is counted from, in a replay
 * (decide/backtest) and of what happened (decide/incidents).
 *
 * A burn begins with the first step whose share of bad events is above the budget, and goes on until
 * a better step that ends more than 5 min after the last such step. So a step that happens to have
 * no bad event is no recovery. A step without events tells nothing. Pure.
 */
#ifndef SLIPROBE_SLO_BURNING_H
#define SLIPROBE_SLO_BURNING_H

#include <stdbool.h>

#include "slo/slo.h"

struct slo_burning {
	bool on;
	double from_seconds; /* where its first step began */
	double last_seconds; /* the end of its last step above the budget */
};

/* Takes the step [from, t], which is not before the last one. */
void slo_burning_step(struct slo_burning *burning, double from_seconds, double t_seconds,
		      struct slo_events events, double objective);

#endif
