/* SPDX-License-Identifier: GPL-2.0-only */
/* Batches come and go, in small transactions. */
#include "samples/event_db.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "samples/event_db_private.h"

enum {
	LOG_CHECKPOINT_BYTES = 1 << 20,
	DROPS_A_LOOK = 64, /* at services without a batch */
	FREE_PAGES_KEPT = 2048, /* they are soon in use again */
	SHRINK_PAGES = 128, /* at once: each is moved, and what points to it is written */
};

static bool log_is_large(const struct event_db *db)
{
	struct stat status;

	return !stat(db->wal_path, &status) && status.st_size > LOG_CHECKPOINT_BYTES;
}

/* Returns 0, -EBUSY while somebody reads what is in the log, or another -errno. */
static int checkpoint(struct event_db *db)
{
	int code;

	if (!log_is_large(db))
		return 0;
	code = sqlite3_wal_checkpoint_v2(db->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return code ? event_db_errno(db, code) : 0;
}

/* With a log that is small enough for it. */
static int begin(struct event_db *db)
{
	const int r = checkpoint(db);

	return r ?: event_db_exec(db, "BEGIN IMMEDIATE");
}

static int end(struct event_db *db, int r)
{
	r = r ?: event_db_exec(db, "COMMIT");
	if (!r)
		return checkpoint(db) == -EUCLEAN ? -EUCLEAN : 0;
	/* SQLite may have given it up by itself */
	if (!sqlite3_get_autocommit(db->db))
		sqlite3_exec(db->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

/* ---- put ---- */

static int run(struct event_db *db, sqlite3_stmt *statement)
{
	const int r = event_db_step(db, statement);

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return r < 0 ? r : 0;
}

static int find_service(struct event_db *db, const char *name, int64_t *ret)
{
	sqlite3_stmt *const find = db->statements[EVENT_DB_SERVICE];
	sqlite3_stmt *const add = db->statements[EVENT_DB_ADD_SERVICE];
	int r;

	sqlite3_bind_text(find, 1, name, -1, SQLITE_STATIC);
	r = event_db_step(db, find);
	if (r == 1)
		*ret = sqlite3_column_int64(find, 0);
	sqlite3_reset(find);
	sqlite3_clear_bindings(find);
	if (r)
		return r < 0 ? r : 0;
	sqlite3_bind_text(add, 1, name, -1, SQLITE_STATIC);
	r = run(db, add);
	if (!r)
		*ret = sqlite3_last_insert_rowid(db->db);
	return r;
}

static int put_one(struct event_db *db, const struct event_db_batch *batch, int64_t *events)
{
	sqlite3_stmt *const put = db->statements[EVENT_DB_PUT];
	int64_t service = 0;
	int r = find_service(db, batch->service, &service);

	if (r)
		return r;
	sqlite3_bind_int64(put, 1, batch->id);
	sqlite3_bind_int64(put, 2, batch->slot);
	sqlite3_bind_int64(put, 3, service);
	sqlite3_bind_int64(put, 4, batch->last_id);
	sqlite3_bind_int64(put, 5, batch->events);
	sqlite3_bind_int64(put, 6, batch->raw);
	sqlite3_bind_blob64(put, 7, batch->bytes, batch->n, SQLITE_STATIC);
	r = run(db, put);
	if (!r && sqlite3_changes(db->db))
		*events += batch->events;
	return r;
}

int event_db_put(struct event_db *db, const struct event_db_batch *batches, size_t n, size_t *ret_n)
{
	size_t bytes = 0, done = 0;
	int64_t events = 0;
	int r = begin(db);

	if (r)
		return r;
	while (!r && done < n && done < EVENT_DB_ROWS &&
	       (!done || bytes + batches[done].n <= EVENT_DB_PUT_BYTES)) {
		r = put_one(db, &batches[done], &events);
		bytes += batches[done++].n;
	}
	r = end(db, r);
	if (r)
		return r;
	db->events += events;
	*ret_n = done;
	return 0;
}

/* ---- drop ---- */

struct drop {
	int64_t ids[EVENT_DB_ROWS];
	size_t n;
	int64_t events;
	uint64_t bytes;
};

/* Rows of id, events, size, up to so many bytes. */
static int choose(struct event_db *db, enum event_db_statement which, int64_t key, uint64_t bytes,
		  struct drop *ret)
{
	sqlite3_stmt *const rows = db->statements[which];
	int r;

	sqlite3_bind_int64(rows, 1, key);
	sqlite3_bind_int64(rows, 2, EVENT_DB_ROWS);
	while ((r = event_db_step(db, rows)) == 1 && ret->n < EVENT_DB_ROWS && ret->bytes < bytes) {
		ret->ids[ret->n++] = sqlite3_column_int64(rows, 0);
		ret->events += sqlite3_column_int64(rows, 1);
		ret->bytes += (uint64_t)sqlite3_column_int64(rows, 2);
	}
	sqlite3_reset(rows);
	return r < 0 ? r : 0;
}

static int drop(struct event_db *db, const struct drop *drop)
{
	int r = 0;

	for (size_t i = 0; i < drop->n && !r; i++) {
		sqlite3_bind_int64(db->statements[EVENT_DB_DROP], 1, drop->ids[i]);
		r = run(db, db->statements[EVENT_DB_DROP]);
	}
	/* it looks at all of them */
	if (!r && drop->n && !(db->n_drops++ % DROPS_A_LOOK))
		r = run(db, db->statements[EVENT_DB_DROP_SERVICES]);
	return r;
}

static int end_drop(struct event_db *db, int r, const struct drop *chosen, size_t *ret_n)
{
	r = end(db, r);
	if (r)
		return r;
	db->events -= chosen->events;
	*ret_n = chosen->n;
	return 0;
}

int event_db_drop_old(struct event_db *db, int64_t before, size_t *ret_n)
{
	struct drop chosen = {};
	int r = choose(db, EVENT_DB_OLD, before, UINT64_MAX, &chosen);

	if (!r && !chosen.n) {
		*ret_n = 0;
		return 0;
	}
	r = r ?: begin(db);
	if (r)
		return r;
	return end_drop(db, drop(db, &chosen), &chosen, ret_n);
}

/* The service that takes most, and how much more than the next one. */
static int find_largest(struct event_db *db, int64_t *ret_service, uint64_t *ret_more)
{
	sqlite3_stmt *const rows = db->statements[EVENT_DB_LARGEST];
	int r = event_db_step(db, rows);
	int64_t bytes;

	if (r != 1)
		return r ?: -ENOENT;
	*ret_service = sqlite3_column_int64(rows, 0);
	bytes = sqlite3_column_int64(rows, 1);
	r = event_db_step(db, rows);
	if (r == 1)
		bytes -= sqlite3_column_int64(rows, 1);
	sqlite3_reset(rows);
	*ret_more = bytes > 0 ? (uint64_t)bytes : 0;
	return r < 0 ? r : 0;
}

int event_db_drop_largest(struct event_db *db, uint64_t bytes, size_t *ret_n)
{
	struct drop chosen = {};
	uint64_t more;
	int64_t service;
	int r = find_largest(db, &service, &more);

	if (r == -ENOENT) {
		*ret_n = 0;
		return 0;
	}
	/* one of its batches at least: of services that take the same each loses one in turn */
	r = r	  ?:
		    choose(db, EVENT_DB_OF_SERVICE, service, (more < bytes ? more : bytes) ?: 1,
			   &chosen);
	r = r ?: begin(db);
	if (r)
		return r;
	return end_drop(db, drop(db, &chosen), &chosen, ret_n);
}

/* ---- pages ---- */

/* Pages in use, and free ones. */
static int count_pages(struct event_db *db, int64_t *ret_used, int64_t *ret_free)
{
	int64_t all = 0, free_ones = 0;
	int r = event_db_number(db, "PRAGMA page_count", &all);

	r = r ?: event_db_number(db, "PRAGMA freelist_count", &free_ones);
	if (r)
		return r;
	*ret_used = all - free_ones;
	*ret_free = free_ones;
	return 0;
}

bool event_db_is_full(struct event_db *db, uint64_t more)
{
	int64_t used, free_ones;

	if (count_pages(db, &used, &free_ones))
		return false;
	return used + (int64_t)(more / 4096) > db->max_pages;
}

int event_db_shrink(struct event_db *db)
{
	char sql[64];
	int64_t used, free_ones;
	int r = count_pages(db, &used, &free_ones);

	if (r || !free_ones || (free_ones <= FREE_PAGES_KEPT && used + free_ones <= db->max_pages))
		return r;
	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)", SHRINK_PAGES);
	r = checkpoint(db);
	r = r ?: event_db_exec(db, sql);
	return r ?: checkpoint(db);
}

int64_t event_db_oldest(struct event_db *db)
{
	sqlite3_stmt *const statement = db->statements[EVENT_DB_OLDEST];
	int64_t slot = -1;

	if (event_db_step(db, statement) == 1 &&
	    sqlite3_column_type(statement, 0) == SQLITE_INTEGER)
		slot = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return slot;
}
