/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's counters as cells of traffic (slo/cells): service, route and method are a key. */
#ifndef SLIPROBE_AGENT_COUNTERS_H
#define SLIPROBE_AGENT_COUNTERS_H

#include "agent/collect.h"
#include "agent/services.h"
#include "record/traffic.h"

/*
 * Those of the services that are known. collection: with histograms; it still has its series.
 * Returns 0 or -ENOMEM. The caller clears *ret, which is settled.
 */
int counters_take(const struct collection *collection, const struct services *services,
		  struct traffic *traffic, struct cells *ret);

/* As counters_take(), of all services of a snapshot. */
int counters_of_snapshot(const struct snapshot *snapshot, struct traffic *traffic,
			 struct cells *ret);

#endif
