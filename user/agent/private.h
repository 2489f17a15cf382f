/* SPDX-License-Identifier: GPL-2.0-only */
/* Snapshots of the agent's parts. */
#ifndef SLIPROBE_AGENT_PRIVATE_H
#define SLIPROBE_AGENT_PRIVATE_H

#include "agent/agent.h"
#include "agent/parts.h"

void agent_snapshot_store(const struct agent *agent, struct snapshot_store *ret);
int agent_snapshot_slo(struct agent *agent, const struct track *track, struct snapshot_slo *ret);
/* Facts for the messages of agent/alerting. */
int agent_facts(void *agent, const struct track *track, struct snapshot_slo *ret);

#endif
