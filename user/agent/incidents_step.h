/* SPDX-License-Identifier: GPL-2.0-only */
/* Incidents begin, go on and end, by what alerts were judged at a step. Part of agent/incidents. */
#ifndef SLIPROBE_AGENT_INCIDENTS_STEP_H
#define SLIPROBE_AGENT_INCIDENTS_STEP_H

#include "agent/alerting.h"
#include "agent/incidents.h"
#include "agent/timeline.h"

struct incidents_scene {
	struct incidents *incidents;
	const struct alerting *alerting;
	const struct timeline_changes *timeline;
};

/*
 * After the tracks were judged, before anyone is told: begins an incident for each track that a page or ticket of a
 * burn fires for (kinds burn and exhaust), whether it is silenced or not, and ends those for which none does any more.
 */
void incidents_judge(const struct incidents_scene *scene, double now_seconds);

/* Brings the events and the budget of an open one up to now. */
void incidents_measure(const struct incidents_scene *scene, struct incident_record *incident,
		       double now_seconds);

#endif
