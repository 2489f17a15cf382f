/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happened in an incident, in the order of time: changes, its start, detection, messages, silences, its end. In
 * words that name what was seen, and nobody's fault. Pure.
 */
#ifndef SLIPROBE_CTL_INCIDENT_STORY_H
#define SLIPROBE_CTL_INCIDENT_STORY_H

#include <jansson.h>
#include <stddef.h>

struct incident_moment {
	const char *at; /* RFC 3339; belongs to the JSON */
	char *text; /* as it came: to be made safe for where it is written */
	int order; /* of what has one time */
};

struct incident_story {
	struct incident_moment *list;
	size_t n;
};

/* incident: of /v1/incidents/N. Returns 0 or -ENOMEM; the caller clears *ret in either case. */
int incident_story_tell(const json_t *incident, struct incident_story *ret);
void incident_story_clear(struct incident_story *story);

/* "160 of 300 requests were bad (53.4%): 160 by status". malloc()ed; NULL when out of memory. */
char *incident_impact(const json_t *incident);

/* "user_agent curl/8.1 and route /checkout". malloc()ed; NULL when out of memory. */
char *incident_where(const json_t *finding);

#endif
