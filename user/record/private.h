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

struct record {
	say_fn *tell;
	char *dir;
	char *path;
	struct store *store; /* NULL: not open */
	bool to_read; /* the store cannot be written: it is open to be read */
	bool recalled; /* what it had of alerts and coverage is in memory */
	enum record_state state;
	char reason[512];
	double retry_seconds; /* axis: not before that */
	struct record_histories histories; /* read, and not taken by a track yet */
	bool histories_due; /* to be read */
	bool made_anew; /* nothing has been written to it yet */
	bool coverage_written; /* all spans but the last */
	char boot_id[TIMELINE_BOOT_ID_BYTES];
	char instance[64]; /* the kernel instance that what is on disk was read from */
	struct record_texts texts;
	struct record_changes changes;
};

static inline const char *record_why(int r)
{
	return r == -EUCLEAN ? "it is damaged" : strerror(-r);
}

/* Opens the store to be written, else to be read, else not at all. */
void record_open(struct record *record);

/*
 * Opens the store again, or for the first time to be written. What is in memory and not in that
 * store is written by the next step. Returns 0 or -errno.
 */
int record_reopen(struct record *record, const struct record_step *step);

/*
 * After another opening: tracks that have not been loaded yet get the history on disk before their
 * own, the others find their row. first: the coverage was not read before either.
 */
void record_join(struct record *record, const struct record_step *step, bool first);

/* Starts the axis where the store left it. Returns as timeline_start(). */
double record_axis_start(struct record *record, struct timeline *timeline);

/* In a transaction: the axis, and the kernel instance that counts on it. */
int record_axis_put(struct record *record, const struct record_step *step);

#endif
