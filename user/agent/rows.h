/* SPDX-License-Identifier: GPL-2.0-only */
/* When an SLO's service, or a service, was asked what. */
#ifndef SLIPROBE_AGENT_ROWS_H
#define SLIPROBE_AGENT_ROWS_H

#include "agent/parts.h"
#include "report/snapshot.h"
#include "report/snapshot_rows.h"

/*
 * snapshot: just taken, with series; it has what came since the last step. Returns 0; -ENOENT: there
 * is neither an SLO nor a service of this name; -ENOMEM. The caller clears *ret.
 */
int rows_take(const struct agent *agent, const struct rows_query *query,
	      const struct snapshot *snapshot, struct snapshot_rows *ret);

#endif
