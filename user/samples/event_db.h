/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packed batches on disk: <dir>/samples.db, SQLite in WAL mode with synchronous=NORMAL (a loss of power costs what was
 * written since the last checkpoint, at most 1 MiB).
 *
 * File, log and its index together stay below max_bytes: the file below max_bytes - EVENT_DB_LOG_BYTES, which SQLite
 * itself is told (max_page_count); the log is put into the file when it is larger than 1 MiB, and as long as that is
 * not possible, as somebody reads, nothing is written; a transaction has at most EVENT_DB_ROWS rows, and 1 MiB.
 */
#ifndef SLIPROBE_SAMPLES_EVENT_DB_H
#define SLIPROBE_SAMPLES_EVENT_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
	EVENT_DB_LOG_BYTES = 8 << 20,
	EVENT_DB_ROWS = 256,
	EVENT_DB_PUT_BYTES = 1 << 20,
};

struct event_db;

/* Compressed with zlib. */
struct event_db_batch {
	int64_t id; /* of the first event; of no other batch */
	int64_t last_id;
	int64_t slot;
	const char *service;
	uint32_t events;
	uint32_t raw; /* bytes when uncompressed */
	const void *bytes;
	size_t n;
};

/*
 * Opens or makes the database. What is damaged, or no file of ours, is renamed to samples.db.damaged, in the place of
 * one that is there, and another is begun. Returns 0, or -errno; ret_notice: a sentence, "": nothing to say.
 */
int event_db_open(const char *dir, uint64_t max_bytes, struct event_db **ret,
		  struct error *ret_notice);
void event_db_close(struct event_db *db);

void event_db_set_max(struct event_db *db, uint64_t max_bytes);

/* Whether it is to be closed and opened again: SQLite met damage, or its files are not at their places any more. */
bool event_db_is_gone(struct event_db *db);

/*
 * In one transaction, in this order, as many of the n as fit into one: *ret_n. Those that are there already count as
 * put. Returns 0; -ENOSPC: the disk, or the bound; -EBUSY: the log cannot be emptied; or another -errno.
 */
int event_db_put(struct event_db *db, const struct event_db_batch *batches, size_t n,
		 size_t *ret_n);

/*
 * Drops at most EVENT_DB_ROWS batches: those of slots before `before`, the oldest first. *ret_n: how many.
 */
int event_db_drop_old(struct event_db *db, int64_t before, size_t *ret_n);

/* Whether the file has no room for so many bytes more. */
bool event_db_is_full(struct event_db *db, uint64_t more);

/*
 * Drops at most EVENT_DB_ROWS batches of the service that takes most, the oldest first, until it takes no more than
 * the second, or `bytes` have gone. *ret_n: how many.
 */
int event_db_drop_largest(struct event_db *db, uint64_t bytes, size_t *ret_n);

/* Gives some free pages back to the file system, if there are many, or the file is larger than it may be. */
int event_db_shrink(struct event_db *db);

uint64_t event_db_bytes(const struct event_db *db); /* of file and log */
uint64_t event_db_events(const struct event_db *db);
/* The oldest slot, -1: there is none, or it cannot be read. */
int64_t event_db_oldest(struct event_db *db);

/* ---- reading ---- */

struct event_db_range {
	int64_t first, last; /* slots */
	int64_t after; /* batches with greater ids */
	const char *service; /* NULL: of all */
	bool backwards;
};

struct event_db_rows;

/* NULL with *ret_r: -errno. */
struct event_db_rows *event_db_rows(struct event_db *db, const struct event_db_range *range,
				    int *ret_r);
/* 1: a batch, whose texts and bytes live until the next call; 0: no more; -errno. */
int event_db_next(struct event_db_rows *rows, struct event_db_batch *ret);
/* NULL is fine. */
void event_db_rows_end(struct event_db_rows *rows);

#endif
