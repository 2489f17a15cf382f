/* SPDX-License-Identifier: GPL-2.0-only */
/* Private to samples/event_store: what is in memory, and what is on disk. */
#ifndef SLIPROBE_SAMPLES_EVENT_STORE_PRIVATE_H
#define SLIPROBE_SAMPLES_EVENT_STORE_PRIVATE_H

#include "samples/event_db.h"
#include "samples/event_store.h"
#include "samples/pending.h"

struct event_store {
	char *dir;
	struct event_store_limits limits;
	struct pending pending;
	struct event_db *db; /* NULL: it cannot be opened */
	double opened_seconds; /* CLOCK_MONOTONIC: the last attempt to open it again */
	int64_t last_id;
	int failing; /* -errno */
};

#endif
