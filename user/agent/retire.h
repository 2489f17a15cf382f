/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Endpoints that have gone give back their ids, so that the kernel's table never fills with what was. Nothing that is
 * counted goes astray, for each of these is done only when the one before it has been:
 *
 *   gone       nothing listens there, and a sweep has met no connection: for RETIRE_GONE_S, or, when found
 *              services have half of theirs or its owner has met a quota, at this look
 *   unlisted   its entry is deleted, as is the memory of the processes that served it. Should it come again,
 *              it gets another id; until then its service is SERVICE_GONE
 *   unused     at a later look no process is remembered for it, and two more sweeps have met nobody
 *   counted    its last counts are history, on disk if there is one (SERVICE_GOES)
 *   forgotten  its counters begin at zero, and the id is spare
 *
 * An agent that is killed in between leaves an id without an endpoint, which the next one finds unlisted.
 */
#ifndef SLIPROBE_AGENT_RETIRE_H
#define SLIPROBE_AGENT_RETIRE_H

#include <linux/types.h>
#include <stdbool.h>

#include "abi.h"
#include "agent/retire_id.h"

struct agent;

struct retire {
	struct retire_id ids[ENDPOINTS_MAX];
	double looked_seconds; /* of the last look */
	bool looked;
	bool busy; /* some id is unlisted: look at each step */
};

/* Before a step is counted: looks for endpoints that have gone, if it is time to. Returns 0 or -errno. */
int retire_look(struct agent *agent, double now_seconds);
/* When the step has been recorded: forgets those that are unused. Returns 0 or -errno. */
int retire_unused(struct agent *agent);

#endif
