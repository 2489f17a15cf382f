/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A record, and what its parts ask of each other. They stand on each other in this order: record
 * and step, open, load and axis.
 */
#ifndef SLIPROBE_RECORD_PRIVATE_H
#define SLIPROBE_RECORD_PRIVATE_H

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "record/changes.h"
#include "record/histories.h"
#include "record/record.h"
#include "record/texts.h"
#include "record/track.h"
#include "record/traffic.h"
#include "record/traffic_disk.h"
#include "record/traffic_spans.h"

struct record {
	say_fn *tell;
	char *dir;
	char *path;
	struct store *store; /* NULL: not open */
	bool to_read; /* the store is open to be read only */
	bool recalled; /* the alerts and the coverage of the store are in memory */
	enum record_state state;
	char reason[512];
	double retry_seconds; /* on the axis: the store is not opened again before */
	struct record_histories histories; /* read, and not taken by a track yet */
	bool histories_due; /* the histories are not read yet */
	bool cut_off; /* the last agent did not close it, since the host was started */
	bool made_anew; /* nothing has been written to the store yet */
	bool coverage_written; /* all spans but the last are on disk */
	char boot_id[TIMELINE_BOOT_ID_BYTES];
	char instance[64]; /* the kernel instance whose counters are on disk */
	struct record_texts texts;
	struct record_changes changes;
	struct traffic *traffic;
};

static inline const char *record_why(int r)
{
	return r == -EUCLEAN ? "it is damaged" : strerror(-r);
}

/* Opens the store to be written, else to be read, else not at all. Returns 0, or -EBUSY: it is another's. */
int record_open(struct record *record);

/*
 * Opens the store again, or for the first time to be written. The next step then writes all that
 * the store lacks. Returns 0 or -errno.
 */
int record_reopen(struct record *record, const struct record_step *step);

/* Takes up the traffic where the disk's agent left off, the first time that the store is open. */
void record_recall_traffic(struct record *record);

/*
 * After the store was opened again: a track that was not loaded yet gets the history on disk before
 * its own, the others find their row. first: the coverage was not read before, either.
 */
void record_join(struct record *record, const struct record_step *step, bool first);

/* Starts the axis where the store left it. Returns as timeline_start(). */
double record_axis_start(struct record *record, struct timeline *timeline);

/* In a transaction: the axis, and the kernel instance that counts on it. */
int record_axis_put(struct record *record, const struct record_step *step);

#endif
