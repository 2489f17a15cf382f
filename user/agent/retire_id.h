/* SPDX-License-Identifier: GPL-2.0-only */
/* When an endpoint's id may be given back, by what the agent sees of it at each look: agent/retire. */
#ifndef SLIPROBE_AGENT_RETIRE_ID_H
#define SLIPROBE_AGENT_RETIRE_ID_H

#include <stdbool.h>

enum {
	RETIRE_GONE_S = 300, /* a restarted server keeps its id */
};

/* What is known of an id. */
struct retire_id {
	double gone_seconds; /* since when it is gone, on the agent's axis */
	bool gone;
	bool unlisted;
	bool unused;
};

/* A look at one id. */
struct retire_look {
	bool listed;
	bool spare;
	bool listens; /* something listens for it */
	bool met; /* by a sweep, or a process is remembered for it */
	bool pressed; /* many ids are given out */
	double now_seconds;
};

/*
 * Takes a look into account. Returns true if the id's endpoint is to be unlisted now. `unused` of an unlisted one
 * says whether it can be forgotten.
 */
bool retire_id_look(struct retire_id *id, const struct retire_look *look);

#endif
