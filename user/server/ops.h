/* SPDX-License-Identifier: GPL-2.0-only */
/* What the status socket asks the agent for. */
#ifndef SLIPROBE_SERVER_OPS_H
#define SLIPROBE_SERVER_OPS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "notify/silences.h"
#include "report/period_query.h"
#include "report/reload.h"
#include "report/snapshot.h"
#include "report/snapshot_alerts.h"
#include "report/snapshot_history.h"
#include "report/snapshot_rows.h"

struct agent; /* known to those who fill in server_ops */

/*
 * The agent, as far as the socket asks it. All are called from within the loop, and return 0 or
 * -errno where nothing else is said.
 */
struct server_ops {
	/* as the kernel's maps are now; without `series`: neither these nor the services' requests */
	int (*snapshot)(struct agent *agent, bool series, struct snapshot *ret);
	/* adds the spans of time to a snapshot that was just taken, with series */
	int (*periods)(struct agent *agent, const struct period_query *query,
		       struct snapshot *snapshot);
	int (*alerts)(struct agent *agent, struct snapshot_alerts *ret);
	/* -ENOENT: there is no such SLO */
	int (*history)(struct agent *agent, const char *slo, struct snapshot_history *ret);
	/* snapshot: just taken, with series; -ENOENT: neither an SLO nor a service has the name */
	int (*rows)(struct agent *agent, const struct rows_query *query,
		    const struct snapshot *snapshot, struct snapshot_rows *ret);
	/* under its `which`th former definition, the last one first: 1; -ENOENT: it has not so many */
	int (*former)(struct agent *agent, const char *slo, size_t which,
		      struct snapshot_history *ret);
	/* reads the configuration again; on failure says why, and keeps the one it has */
	int (*reload)(struct agent *agent, struct reload *ret, struct error *ret_error);
	/* gives the silence's id; or says why not */
	int (*silence)(struct agent *agent, const char *json, size_t len, const char *by,
		       char ret_id[static SILENCE_ID_BYTES], struct error *ret_error);
	int (*unsilence)(struct agent *agent, const char *id); /* -ENOENT: there is none */
	/* returns how many receivers it goes to; -ENOENT: none is configured */
	int (*notify_test)(struct agent *agent, const char *json, size_t len);
};

#endif
