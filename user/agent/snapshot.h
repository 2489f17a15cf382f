/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Snapshots: the agent at this moment, as the plain data of report/. Taking one changes nothing of
 * the agent. Each function returns 0 or -errno.
 */
#ifndef SLIPROBE_AGENT_SNAPSHOT_H
#define SLIPROBE_AGENT_SNAPSHOT_H

#include "agent/facts.h"
#include "agent/parts.h"
#include "report/snapshot.h"
#include "report/snapshot_alerts.h"
#include "report/snapshot_history.h"

/* Moves the series from the facts. */
int snapshot_take(const struct agent *agent, struct facts *facts, struct snapshot *ret);

/* The caller frees ret->alerts. */
int snapshot_take_slo(const struct agent *agent, const struct track *track,
		      struct snapshot_slo *ret);
struct snapshot_store snapshot_take_store(const struct agent *agent);

/* ---- agent/snapshot_versions ---- */

/* Adds the versions to its services and SLOs: after these, so that versions never add up to less. */
int snapshot_take_versions(const struct agent *agent, struct snapshot *snapshot);

/* ---- agent/snapshot_alerts ---- */

int snapshot_take_alerts(const struct agent *agent, struct snapshot_alerts *ret);
/* -ENOENT: there is no such SLO. */
int snapshot_take_history(const struct agent *agent, const char *slo, struct snapshot_history *ret);

/* Under its `which`th former definition, the last one first: 1. -ENOENT: it has not so many. */
int snapshot_take_former(const struct agent *agent, const char *slo, size_t which,
			 struct snapshot_history *ret);

#endif
