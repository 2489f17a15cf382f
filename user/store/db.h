/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the store share: the connection, its statements, and files beside the database.
 * Private to the room store.
 */
#ifndef SLIPROBE_STORE_DB_H
#define SLIPROBE_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "slo/slo.h"
#include "store/sql.h"
#include "store/store.h"

enum { STORE_WAL_HEADER_BYTES = 32 };

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[STORE_STATEMENT_COUNT];
	char *dir;
	char *path;
	char *wal_path;
	int lock_fd;
	/* of the files that are open, to see whether they still are those at their paths */
	dev_t device;
	ino_t inode;
	ino_t wal_inode;
	off_t least_bytes; /* the database file, since the last checkpoint */
	/* the WAL as of the last commit: it only grows as long as it has this header */
	unsigned char wal_header[STORE_WAL_HEADER_BYTES];
	off_t wal_bytes;
	bool wal_torn; /* it was cut short: what is committed may not be readable */
	bool in_transaction;
	int failed; /* the first error in this transaction: nothing more is put until it ends */
	bool damaged; /* SQLite said so: the next opening is to look closely */
	int64_t last_series; /* the newest series' id */
	size_t n_puts; /* buckets since the last pruning */
	double housekept_seconds; /* when rarely done pruning was last done */
};

/* ---- one statement ---- */

struct store_arg {
	enum {
		STORE_ARG_INT,
		STORE_ARG_REAL,
		STORE_ARG_TEXT,
	} type;
	union {
		int64_t integer;
		double real;
		const char *text; /* NULL: "" */
	};
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
/* For the last two parameters of the functions below. */
#define STORE_ARGS(...)                                                                            \
	(const struct store_arg[]){__VA_ARGS__},                                                   \
		sizeof((const struct store_arg[]){__VA_ARGS__}) / sizeof(struct store_arg)

/* -errno for a code of SQLite's. */
int store_errno(sqlite3 *db, int code);

/* Runs what returns no rows. Does nothing and returns the first error in a failed transaction. */
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

/* A transaction if there is none yet; *ret_own says whether there was none. */
int store_enter(struct store *store, bool *ret_own);
int store_leave(struct store *store, bool own, int r);

/* All of one SLO's buckets, oldest first. */
int store_each_bucket_of(struct store *store, int64_t slo, enum store_history which,
			 enum slo_tier tier, slo_bucket_fn fn, void *context);

/* ---- the database as a whole ---- */

/*
 * Opens and checks the database at store->path, or makes it. Returns -EUCLEAN when it is damaged,
 * with what was found in ret_found; -ENOTSUP, with a sentence there. The connection is to be closed
 * by store_disconnect() in any case.
 */
int store_connect(struct store *store, struct error *ret_found);
/* To be read only. Returns -ENOENT if it has no tables. */
int store_connect_to_read(struct store *store);
void store_disconnect(struct store *store);

/* ---- files ---- */

/*
 * Looks at the files before SQLite does. Returns -EUCLEAN when they cannot be a database, with what
 * was found; -ENOTSUP, with a sentence, when they are one that is not to be touched.
 */
int store_look(const char *path, const char *wal_path, struct error *ret_found);
/* Makes nothing. */
int store_look_to_read(const char *path, const char *wal_path, struct error *ret_found);

/* True if the WAL was cut short since store_note_wal(), as far as it can be seen yet. */
bool store_wal_torn(const struct store *store);
void store_note_wal(struct store *store);

struct store_identity {
	uint32_t application_id;
	uint32_t version;
	bool has_tables;
};

/* 0, or -ENOTSUP and a sentence. */
int store_judge(const struct store_identity *identity, struct error *ret_found);

/* Renames the database and what belongs to it; ret_name: the new name, without its directory. */
int store_set_aside(const char *dir, char ret_name[static 64]);

#endif
