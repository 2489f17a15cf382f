/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracks as they were left on disk. */
#ifndef SLIPROBE_AGENT_RECALL_H
#define SLIPROBE_AGENT_RECALL_H

#include "agent/parts.h"

/* Reads the records of tracks that are new. Returns 0 or -ENOMEM. */
int recall_new(struct agent *agent);

/* Re-creates tracks of discovered services from disk. Returns 0 or -errno. */
int recall_found(struct agent *agent, double now_seconds);

#endif
