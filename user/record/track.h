/* SPDX-License-Identifier: GPL-2.0-only */
/* One track on disk: its row, history, slices and alerts. */
#ifndef SLIPROBE_RECORD_TRACK_H
#define SLIPROBE_RECORD_TRACK_H

#include <stdbool.h>

#include "apply/track.h"
#include "record/histories.h"
#include "store/store.h"

struct record_place {
	struct store *store;
	struct record_histories *histories; /* what has been read of it already */
};

struct record_search {
	const struct track *track;
	struct store_slo found; /* id 0: none; without its texts */
	bool other_definition; /* there is one of its name that counts something else */
};

int record_track_find(struct store *store, const struct track *track, struct record_search *ret);

/*
 * The history on disk goes before what the track has had; its alerts are those on disk.
 * same_kernel: what the counters were read at is of the kernel instance that counts now. Returns 0
 * or -errno.
 */
int record_track_load(struct record_place *place, const struct store_slo *slo, bool same_kernel,
		      struct track *track);

/* In a transaction: what is not on disk yet. */
int record_track_put(struct store *store, struct track *track);
/* It is on disk as it is now. */
void record_track_written(struct track *track);
/* Nothing of it is. */
void record_track_forget(struct track *track);

#endif
