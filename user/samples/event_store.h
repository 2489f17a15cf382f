/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events, in <state_dir>/samples/samples.db, and those of the current step in memory. For one thread, in a process of its own:
 * a disk that is full, slow or damaged costs samples, which are counted, and nothing else.
 *
 * Events that ended in the same slot of 10 s, of one service, are kept as one packed batch (samples/batch), which has
 * its own dictionary of texts, and counts how many requests each class's samples stand for: the weight of each sample
 * of a class is counted / sampled of its service, class and batch.
 *
 * The file and its write-ahead log together are never larger than the bound, however large what comes: the oldest
 * batches of the service that takes most go first. Deleted pages go back to the file system in small pieces.
 *
 * Memory: PENDING_BYTES of events that are not written yet (samples/pending); while events are read EVENT_WALK_BYTES of
 * one slot at a time; and 2 MiB of SQLite's: less than 80 MiB in all.
 */
#ifndef SLIPROBE_SAMPLES_EVENT_STORE_H
#define SLIPROBE_SAMPLES_EVENT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "samples/batch.h"
#include "samples/event.h"

enum {
	EVENT_STORE_LEAST_BYTES = 16 << 20, /* the smallest bound of the size */
	EVENT_WALK_BYTES = 40 << 20, /* of a slot, unpacked: what is beyond is left out */
};

struct event_store;

struct event_store_limits {
	double keep_seconds;
	uint64_t
		keep_bytes; /* of the file and its log; less than EVENT_STORE_LEAST_BYTES is that */
};

/*
 * Opens or makes <dir>/samples.db; dir exists. A database that is damaged, or no file of ours, is renamed to
 * samples.db.damaged (one is kept), and another begun. Where nothing can be opened, events are kept in memory as long
 * as they fit, and it is tried again by event_store_step(). Returns 0 or -ENOMEM; `ret_notice` is a sentence for the
 * operator, "": there is nothing to say.
 */
int event_store_open(const char *dir, const struct event_store_limits *limits,
		     struct event_store **ret, struct error *ret_notice);
/* Writes what is pending, once. NULL is fine. */
void event_store_close(struct event_store *store);

void event_store_set_limits(struct event_store *store, const struct event_store_limits *limits);

/*
 * Takes a copy of the event; its `id` and `weight` are not looked at: the id is given, greater than all before, and at
 * least the Unix time in us of the call. `found`: the service is not a configured one. Returns 0; -ENOSPC or -ENOMEM: it is counted as
 * lost.
 */
int event_store_add(struct event_store *store, const struct event *event, bool found,
		    const struct batch_draw *draw);

/*
 * Once a step: writes what is pending, and drops what is too old or too much: in small transactions, for about
 * STEP_SECONDS_MAX at most; the rest by later calls. now_seconds: Unix time. Returns 0; or -errno: what could not be
 * written stays pending, and is tried again. Where there is something to tell for the first time, ret_notice is a
 * sentence, else "".
 */
int event_store_step(struct event_store *store, double now_seconds, struct error *ret_notice);

struct event_store_stats {
	uint64_t events; /* stored and pending */
	uint64_t bytes; /* of the file and its log */
	uint64_t pending_bytes;
	uint64_t
		lost; /* for want of room in memory, as on disk there is none, since it was opened */
	double oldest_seconds; /* Unix time of the oldest slot on disk; NAN: there is none */
	int failing; /* why the last write has failed: -errno; 0: it has not */
};

void event_store_stats(struct event_store *store, struct event_store_stats *ret);

/* Which events. */
struct event_span {
	double since, until; /* Unix seconds, in [since, until); NAN: no end */
	int64_t after; /* ids above it; 0: all */
	const char *service; /* NULL: of all */
	const char *bad_for; /* bad for this SLO; NULL: all */
	const char *eligible_for; /* likewise */
	bool bad_only;
	bool oldest_first;
};

/*
 * Texts live until it returns; within one call of event_store_each() equal texts of one batch are one pointer.
 * 0: go on; else the walk ends and returns that.
 */
typedef int event_visit(void *context, const struct event *event);

/*
 * Visits stored and pending events alike, in the order of their time (of equal ones, of their ids). Of ids only this
 * is sure: an event that is added later has a greater one, over restarts, too. So what has come since is asked for by
 * the greatest id that was seen, whatever the order. 100,000 events take some 0.1 s.
 *
 * The visitor must not call the store. Returns 0, what the visitor has returned, -ENOMEM, or another -errno when the
 * disk cannot be read: what is pending has been visited then all the same. Batches that make no sense are left out.
 */
int event_store_each(struct event_store *store, const struct event_span *span, event_visit *visit,
		     void *context);

#endif
