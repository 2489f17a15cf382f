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
	struct record_histories *histories; /* those of the store that are read already */
};

struct record_search {
	const struct track *track;
	struct store_slo found; /* id 0: none; without its texts */
	bool other_definition; /* the store has an SLO of this name that counts other events */
};

/* Looks for the track's row. Returns 0, also if there is none, or -errno. */
int record_track_find(struct store *store, const struct track *track, struct record_search *ret);

/*
 * Puts the history on disk before the track's own, and sets its alerts to those on disk.
 * same_kernel: the counters on disk are of the kernel instance that counts now. Returns 0 or
 * -errno.
 */
int record_track_load(struct record_place *place, const struct store_slo *slo, bool same_kernel,
		      struct track *track);

/* In a transaction: puts the part of the track that is not on disk. */
int record_track_put(struct store *store, struct track *track);
/* After the commit: the track is on disk as it is now. */
void record_track_written(struct track *track);
/* After a rollback: the id of a new row went with the transaction. */
void record_track_rolled_back(struct track *track);
/* Nothing of the track is on disk. */
void record_track_forget(struct track *track);

#endif
