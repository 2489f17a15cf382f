/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's incidents: what alerting tells of them, and what the socket asks of them. */
#ifndef SLIPROBE_AGENT_INCIDENT_NOTES_H
#define SLIPROBE_AGENT_INCIDENT_NOTES_H

#include "agent/parts.h"

/* context: a struct agent. */
extern const struct alerting_ops incident_notes;

/* As agent_incidents() and agent_incident(). */
int incidents_list(struct agent *agent, const struct incidents_query *query, json_t **ret);
int incidents_show(struct agent *agent, uint64_t number, json_t **ret);

#endif
