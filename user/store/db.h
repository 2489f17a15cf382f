/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the parts of the store, and private to this room: the connection, its statements, the
 * files beside the database.
 */
#ifndef SLIPROBE_STORE_DB_H
#define SLIPROBE_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "slo/history.h"
#include "slo/slo.h"
#include "store/sql.h"
#include "store/sqlite.h"
#include "store/store.h"

enum { STORE_WAL_HEADER_BYTES = 32 };

/* Ids of traffic's keys: those of the caller, and those on disk. 0: not known. */
struct store_ids {
	uint32_t *on_disk; /* by the caller's id */
	size_t n_on_disk;
	uint32_t *callers; /* by the id on disk */
	size_t n_callers;
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[STORE_STATEMENT_COUNT];
	char *dir;
	char *name; /* of the database, for people */
	char *place; /* where the directory is reached: base/place */
	char *path; /* there */
	char *wal_path;
	int lock_fd;
	int dir_fd; /* locked, too; -1: it cannot be opened */
	/* of the open files, to be compared with those at their paths */
	dev_t device;
	ino_t inode;
	ino_t wal_inode;
	off_t least_bytes; /* the database file, since the last checkpoint */
	/* the WAL as of the last commit: it only grows as long as it has this header */
	unsigned char wal_header[STORE_WAL_HEADER_BYTES];
	off_t wal_bytes;
	bool wal_torn; /* the WAL was cut short: commits may not be readable */
	bool in_transaction;
	int failed; /* the first error in this transaction: nothing more is put until it ends */
	bool was_open; /* it has not been closed cleanly */
	bool tampered; /* files of another were beside the database: it is looked at closely */
	bool damaged; /* SQLite met damage: the next opening looks closely */
	int64_t last_series; /* the newest series' id */
	size_t n_puts; /* buckets since the last pruning */
	double housekept_seconds; /* the last time of the pruning that is done rarely */
	struct store_ids traffic_ids;
};

/* ---- one statement ---- */

struct store_arg {
	enum {
		STORE_ARG_INT,
		STORE_ARG_REAL,
		STORE_ARG_TEXT,
		STORE_ARG_BLOB,
	} type;
	union {
		int64_t integer;
		double real;
		const char *text; /* NULL: "" */
		const void *blob;
	};
	size_t size; /* of the blob */
};

#define STORE_INT(value)                                                                           \
	{                                                                                          \
		.type = STORE_ARG_INT, .integer = (int64_t)(value)                                 \
	}
#define STORE_REAL(value)                                                                          \
	{                                                                                          \
		.type = STORE_ARG_REAL, .real = (value)                                            \
	}
#define STORE_TEXT(value)                                                                          \
	{                                                                                          \
		.type = STORE_ARG_TEXT, .text = (value)                                            \
	}
#define STORE_BLOB(bytes, n_bytes)                                                                 \
	{                                                                                          \
		.type = STORE_ARG_BLOB, .blob = (bytes), .size = (n_bytes)                         \
	}
/* For the last two parameters of the functions below. */
#define STORE_ARGS(...)                                                                            \
	(const struct store_arg[]){__VA_ARGS__},                                                   \
		sizeof((const struct store_arg[]){__VA_ARGS__}) / sizeof(struct store_arg)

/* Runs a statement without rows. In a failed transaction it only returns the first error. */
int store_run(struct store *store, enum store_statement statement, const struct store_arg *args,
	      size_t n_args);

/*
 * Rows, whose columns are those of store->statements[statement]:
 *   r = store_start(...);
 *   while (store_more(store, statement, &r))
 *           r = take(row);
 * ends with r 0 after the last row, or with the first other value: of take(), or -errno.
 */
int store_start(struct store *store, enum store_statement statement, const struct store_arg *args,
		size_t n_args);
bool store_more(struct store *store, enum store_statement statement, int *r);
void store_end(struct store *store, enum store_statement statement);

/* The first row: 1, and store_end() when it has been read; or 0 (there is none) or -errno. */
int store_first(struct store *store, enum store_statement statement, const struct store_arg *args,
		size_t n_args);

/* Never NULL. */
const char *store_text(sqlite3_stmt *row, int column);

static inline enum store_statement store_tier_statement(enum store_statement of_10s,
							enum slo_tier tier)
{
	return of_10s + STORE_TIER_STRIDE * tier;
}

/* Begins a transaction unless there is one. *ret_own: whether it did. */
int store_enter(struct store *store, bool *ret_own);
int store_leave(struct store *store, bool own, int r);

/* Calls back for all buckets of one SLO, oldest first. */
int store_each_bucket_of(struct store *store, int64_t slo, enum store_history which,
			 enum slo_tier tier, slo_bucket_fn fn, void *context);

/* ---- the database as a whole ---- */

/*
 * Opens and checks the database at store->path, or makes it. Returns -EUCLEAN if it is damaged,
 * -ENOTSUP if it is not to be touched, each with the finding. After any return, store_disconnect()
 * closes the connection.
 */
int store_connect(struct store *store, struct error *ret_found);
/* Opens the database to be read only. Returns -ENOENT if it has no tables. */
int store_connect_to_read(struct store *store);
void store_disconnect(struct store *store);

/* ---- files ---- */

/*
 * Looks at the files before SQLite does, and makes the database's. Returns -EUCLEAN if they cannot
 * be a database, -ENOTSUP if they are one that is not to be touched, each with the finding.
 */
int store_look(const char *path, const char *wal_path, struct error *ret_found);
/* Looks, but makes no file. */
int store_look_to_read(const char *path, const char *wal_path, struct error *ret_found);

/*
 * Sets aside what stands in the place of -wal, -shm or -journal and is no file of ours: SQLite would wait for a
 * FIFO, and write to who knows what by a link. Returns 1 if there was any: ret_found says what ("-wal is a FIFO"),
 * ret_name as what it is kept; 0; or -errno.
 */
int store_clear_aliens(struct store *store, struct error *ret_found, char ret_name[static 64]);
/* Whether there are any. */
bool store_has_aliens(const struct store *store);

/* Whether the WAL was seen to be cut short since store_note_wal(). */
bool store_wal_torn(const struct store *store);
void store_note_wal(struct store *store);

struct store_identity {
	uint32_t application_id;
	uint32_t version;
	bool has_tables;
};

/* Whether the store may use such a database: 0, or -ENOTSUP with the finding. */
int store_judge(const struct store_identity *identity, struct error *ret_found);

/* Renames the database and the files beside it. ret_name: the new name, without the directory. */
int store_set_aside(const char *dir, char ret_name[static 64]);

#endif
