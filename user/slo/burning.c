/* SPDX-License-Identifier: GPL-2.0-only */
#include "slo/burning.h"

enum { GAP_SECONDS = 300 };

void slo_burning_step(struct slo_burning *burning, double from_seconds, double t_seconds,
		      struct slo_events events, double objective)
{
	struct maybe burn;

	if (!events.bad && !burning->on)
		return; /* nothing begins, nothing ends */
	burn = slo_burn_rate(events, objective);
	if (!burn.known)
		return;
	if (burning->on && burn.value <= 1 && t_seconds - burning->last_seconds > GAP_SECONDS)
		burning->on = false;
	if (burn.value <= 1)
		return;
	if (!burning->on)
		burning->from_seconds = from_seconds;
	burning->on = true;
	burning->last_seconds = t_seconds;
}
