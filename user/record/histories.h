/* SPDX-License-Identifier: GPL-2.0-only */
/* All histories of a store, read in one pass, until their SLOs take them. */
#ifndef SLIPROBE_RECORD_HISTORIES_H
#define SLIPROBE_RECORD_HISTORIES_H

#include <stdbool.h>

#include "store/store.h"

struct record_histories {
	struct record_history *list; /* sorted by SLO and which */
	size_t n;
	bool complete; /* the store has no others */
};

/* Returns 0, or -errno: `histories` is empty then. */
int record_histories_load(struct record_histories *histories, struct store *store);
void record_histories_clear(struct record_histories *histories);

/*
 * The history, or NULL if there is none. The caller owns it from now on, and calls
 * slo_history_restored().
 */
struct slo_history *record_histories_take(struct record_histories *histories, int64_t slo,
					  enum store_history which);

#endif
