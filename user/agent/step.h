/* SPDX-License-Identifier: GPL-2.0-only */
/* A step: the counters since the last one become history, which is judged and written to disk. */
#ifndef SLIPROBE_AGENT_STEP_H
#define SLIPROBE_AGENT_STEP_H

#include "agent/facts.h"
#include "agent/parts.h"

/* A whole step. Returns 0 or -errno. */
int step_run(struct agent *agent);

/* Its parts, each of which returns 0 or -errno. */

/* Ends requests that are unanswered for too long. ret_in_use: as of probe_sweep(), or NULL. */
int step_sweep(struct agent *agent, struct policies_in_use *ret_in_use);

/* Makes the services that the kernel has met since the last time, and their tracks. */
int step_discover(struct agent *agent);

/* Then takes up what it tells of processes and versions, and puts what has changed on the timeline. */
int step_versions(struct agent *agent);

/*
 * Reads the kernel for a snapshot, after a sweep. The services and tracks of all that is read are
 * made. The caller releases *ret with facts_clear().
 */
int step_refresh(struct agent *agent, bool series, struct facts *ret);

/* Turns what was counted into history and writes it down. No alert is judged. */
int step_take(struct agent *agent, double now_seconds);

/* Says that what could not be written at the last step is lost now. */
void step_say_lost(const struct agent *agent, const char *hint);

#endif
