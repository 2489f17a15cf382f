/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the process that works is at, for the one that stays: in memory that both have. A file that cannot be read in
 * time (a file system that never answers), or of which the process that works has died, is not looked at again.
 */
#ifndef SLIPROBE_HELPER_WATCH_H
#define SLIPROBE_HELPER_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>

#include "helper/maps.h"

enum {
	WATCH_STUCK_MAX = 64, /* beyond, the oldest is forgotten */
	WATCH_MS =
		30000, /* a file takes longer, be the host ever so busy: the process that works is ended */
};

struct watch {
	_Atomic __u64 since_ms; /* CLOCK_MONOTONIC; 0: at no file */
	struct maps_id at;
	__u32 starts;
	__u32 n_stuck; /* ever */
	struct maps_id stuck[WATCH_STUCK_MAX];
};

/* Memory that this process and those that it forks share. NULL: there is none. */
struct watch *watch_new(void);

/* In the one that works: it looks at a file now, it has looked at it. */
void watch_begin(struct watch *watch, const struct maps_id *file);
void watch_end(struct watch *watch);

bool watch_is_stuck(const struct watch *watch, const struct maps_id *file);

/* In the one that stays. Whether it has been at a file for too long. */
bool watch_is_late(const struct watch *watch);
/* The process that works has ended: the file that it was at is stuck. */
void watch_died(struct watch *watch);

#endif
