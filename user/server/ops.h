/* SPDX-License-Identifier: GPL-2.0-only */
/* What the status socket asks the agent for. */
#ifndef SLIPROBE_SERVER_OPS_H
#define SLIPROBE_SERVER_OPS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/asker.h"
#include "base/elsewhere.h"
#include "base/error.h"
#include "notify/silences.h"
#include "report/incident.h"
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
	/* that the kernel's counters can be read; takes no time */
	int (*ready)(struct agent *agent);
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

	/* see agent/agent.h; -ENOENT: there is no incident of that number */
	int (*incidents)(struct agent *agent, const struct incidents_query *query, json_t **ret);
	int (*incident)(struct agent *agent, uint64_t number, json_t **ret);
	int (*changes)(struct agent *agent, const struct changes_query *query, json_t **ret);
	/*
	 * asks another process (samples/question): `done` is called later; -EINVAL, -ENOENT and others say why not
	 */
	int (*ask)(struct agent *agent, json_t *question, elsewhere_done_fn *done, void *context,
		   struct error *ret_error);

	/* Changes: `by` asks for them, and may. The agent keeps a journal of them, as of those refused. */

	/* reads the configuration again; on failure says why, and keeps the one it has */
	int (*reload)(struct agent *agent, const struct asker *by, struct reload *ret,
		      struct error *ret_error);
	/* says what became of it; or why not: -ENOSPC if there are too many */
	int (*silence)(struct agent *agent, const struct asker *by, const char *json, size_t len,
		       struct silence_made *ret, struct error *ret_error);
	/* -ENOENT: there is none */
	int (*unsilence)(struct agent *agent, const struct asker *by, const char *id);
	/* returns how many receivers it goes to; or says why not: -ENOENT: none is configured; -EBUSY: not now */
	int (*notify_test)(struct agent *agent, const struct asker *by, const char *json,
			   size_t len, struct error *ret_error);
	/* `by` may not, and has asked for `what`: a word */
	void (*refused)(struct agent *agent, const struct asker *by, const char *what);
};

#endif
