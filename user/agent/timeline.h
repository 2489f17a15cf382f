/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes on the host, with their times: a new version of a service, a restart, a crash, another number of
 * instances, a reload, another configuration. Kept over restarts (record/record), for a year at most.
 *
 * At most TIMELINE_MAX: half of them of found services, half of configured ones and of the agent. Where there are
 * more of a half, the oldest goes of the service that has most: who crashes in a loop pushes out its own. A change
 * takes at most about 1 KiB in memory: 2 MiB, and as much for its copy in the record.
 *
 * Times are Unix seconds.
 */
#ifndef SLIPROBE_AGENT_TIMELINE_H
#define SLIPROBE_AGENT_TIMELINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

enum {
	TIMELINE_MAX = 2048,
	TIMELINE_HALF = TIMELINE_MAX / 2,
	TIMELINE_TEXT_BYTES = 200, /* of each text; a longer one is cut */
	TIMELINE_KEPT_SECONDS = 366 * 86400,
};

#define TIMELINE_WHATS(X)                                                                          \
	X(VERSION, "version") /* from: that before; to: the new one */                             \
	X(STARTED, "started")                                                                      \
	X(ENDED, "ended")                                                                          \
	X(CRASHED, "crashed") /* detail: the signal */                                             \
	X(OOM, "oom")                                                                              \
	X(INSTANCES, "instances") /* from, to: numbers */                                          \
	X(RELOAD, "reload") /* of a server: it has new workers */                                  \
	X(CONFIGURATION, "configuration") /* sliprobe's; detail: what changed */                   \
	X(AGENT, "agent") /* detail: started, stopped, taken over */

enum timeline_what {
#define X(word, text) TIMELINE_##word,
	TIMELINE_WHATS(X)
#undef X
		TIMELINE_WHAT_COUNT,
};

const char *timeline_what_name(enum timeline_what what);

struct timeline_change {
	double at; /* Unix seconds */
	const char *service; /* NULL: of the host, as the configuration is */
	bool found; /* the service is none of the configuration's */
	enum timeline_what what;
	const char *from; /* or NULL, as `to` and `detail` */
	const char *to;
	const char *detail;
	int64_t pid; /* 0: none */
};

struct timeline_entry;

struct timeline_changes {
	struct record *record; /* NULL: they are kept in memory alone */
	struct timeline_entry *list[TIMELINE_MAX]; /* by time */
	size_t n;
	uint64_t serial; /* of the last one: its name in the record. Grows with time, in us */
};

/* Takes up those of the record. record: NULL in tests. Returns 0 or -ENOMEM. */
int timeline_open(struct timeline_changes *changes, struct record *record);
void timeline_close(struct timeline_changes *changes);

/*
 * Takes a copy; the texts may be any bytes. The next step writes it. Without memory the change is not kept.
 */
void timeline_add(struct timeline_changes *changes, const struct timeline_change *change);

/*
 * Calls back with those of [from, until] of the service and of the host, or of all (service: NULL), oldest first.
 * Returns 0, or what `fn` returns, which ends it. `fn` adds none.
 */
int timeline_each(const struct timeline_changes *changes, const char *service, double from,
		  double until, int (*fn)(void *context, const struct timeline_change *change),
		  void *context);

/*
 * {"at", "service", "what", "from", "to", "pid", "detail"}: the time in RFC 3339, null for what there is not.
 * NULL when out of memory.
 */
json_t *timeline_change_json(const struct timeline_change *change);

/* The newest `max` of timeline_each() as an array, oldest first. NULL when out of memory. */
json_t *timeline_json(const struct timeline_changes *changes, const char *service, double from,
		      double until, size_t max);

#endif
