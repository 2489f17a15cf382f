/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/event_db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "samples/event_db_private.h"
#include "samples/event_files.h"
#include "store/sqlite.h"

enum {
	APPLICATION_ID = 0x536c6953, /* "SliS" */
	SCHEMA_VERSION = 1,
	PAGE_BYTES = 4096,
	BUSY_MS = 100, /* an operator may be reading */
	CACHE_KIB = 2048,
};

#define SCHEMA                                                                                     \
	"CREATE TABLE service(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"                 \
	"CREATE TABLE batch(id INTEGER PRIMARY KEY, slot INTEGER NOT NULL,"                        \
	" service INTEGER NOT NULL, last_id INTEGER NOT NULL, events INTEGER NOT NULL,"            \
	" raw INTEGER NOT NULL, size INTEGER NOT NULL, bytes BLOB NOT NULL);"                      \
	"CREATE INDEX batch_slot ON batch(slot, service, last_id);"                                \
	"CREATE INDEX batch_service ON batch(service, slot, size, events);"

int event_db_errno(struct event_db *db, int code)
{
	const int r = store_errno(db->db, code);

	if (r == -EUCLEAN || (code & 0xff) == SQLITE_ERROR) /* a missing table, too */
		db->damaged = true;
	return (code & 0xff) == SQLITE_ERROR ? -EUCLEAN : r;
}

int event_db_exec(struct event_db *db, const char *sql)
{
	const int code = sqlite3_exec(db->db, sql, NULL, NULL, NULL);

	return code ? event_db_errno(db, code) : 0;
}

int event_db_step(struct event_db *db, sqlite3_stmt *statement)
{
	const int code = sqlite3_step(statement);

	if (code == SQLITE_ROW)
		return 1;
	sqlite3_reset(statement);
	return code == SQLITE_DONE ? 0 : event_db_errno(db, code);
}

int event_db_number(struct event_db *db, const char *sql, int64_t *ret)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(db->db, sql, -1, &statement, NULL);
	int r = code ? event_db_errno(db, code) : event_db_step(db, statement);

	if (r == 1)
		*ret = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return r < 0 ? r : 0;
}

/* ---- opening ---- */

static int begin_schema(struct event_db *db)
{
	char sql[128];
	int r;

	snprintf(sql, sizeof(sql),
		 "PRAGMA page_size = %d; PRAGMA auto_vacuum = INCREMENTAL; VACUUM", PAGE_BYTES);
	r = event_db_exec(db, sql);
	r = r ?: event_db_exec(db, "PRAGMA journal_mode = WAL");
	r = r ?: event_db_exec(db, "BEGIN IMMEDIATE;" SCHEMA);
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		 APPLICATION_ID, SCHEMA_VERSION);
	return r ?: event_db_exec(db, sql);
}

/* A newer agent's samples are not read: they are set aside as if they were damaged. */
static int check_identity(struct event_db *db, struct error *ret_found)
{
	int64_t id = 0, version = 0, tables = 0;
	int r = event_db_number(db, "SELECT count(*) FROM sqlite_schema", &tables);

	r = r ?: event_db_number(db, "PRAGMA application_id", &id);
	r = r ?: event_db_number(db, "PRAGMA user_version", &version);
	if (r)
		return r;
	if (!tables)
		return begin_schema(db);
	if (id != APPLICATION_ID || version != SCHEMA_VERSION)
		return error_set(ret_found, -EUCLEAN, "not samples of this version of sliprobe");
	return event_db_number(db, "SELECT 1 FROM batch, service WHERE 0", &tables);
}

static int configure(struct event_db *db)
{
	char sql[256];
	int r;

	snprintf(sql, sizeof(sql),
		 "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
		 "PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = OFF;"
		 "PRAGMA cache_size = -%d",
		 CACHE_KIB);
	r = event_db_exec(db, sql);
	return r ?: event_db_number(db, "SELECT coalesce(sum(events), 0) FROM batch", &db->events);
}

static int prepare(struct event_db *db)
{
	static const char *const sql[EVENT_DB_STATEMENTS] = {
		[EVENT_DB_PUT] = "INSERT OR IGNORE INTO batch VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
				 " length(?7), ?7)",
		[EVENT_DB_SERVICE] = "SELECT id FROM service WHERE name = ?1",
		[EVENT_DB_ADD_SERVICE] = "INSERT INTO service(name) VALUES (?1)",
		[EVENT_DB_OLD] = "SELECT id, events, size FROM batch WHERE slot < ?1"
				 " ORDER BY slot LIMIT ?2",
		[EVENT_DB_LARGEST] = "SELECT service, sum(size) FROM batch GROUP BY service"
				     " ORDER BY 2 DESC LIMIT 2",
		[EVENT_DB_OF_SERVICE] = "SELECT id, events, size FROM batch WHERE service = ?1"
					" ORDER BY slot LIMIT ?2",
		[EVENT_DB_DROP] = "DELETE FROM batch WHERE id = ?1",
		[EVENT_DB_DROP_SERVICES] =
			"DELETE FROM service WHERE NOT EXISTS"
			" (SELECT 1 FROM batch WHERE batch.service = service.id)",
		[EVENT_DB_OLDEST] = "SELECT min(slot) FROM batch",
	};

	for (size_t i = 0; i < EVENT_DB_STATEMENTS; i++) {
		const int code = sqlite3_prepare_v3(db->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
						    &db->statements[i], NULL);

		if (code)
			return event_db_errno(db, code);
	}
	return 0;
}

static int connect_to(struct event_db *db, struct error *ret_found)
{
	const char *vfs = store_vfs();
	int code, r;

	if (!vfs)
		return -ENOMEM;
	code = sqlite3_open_v2(db->path, &db->db,
			       SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
			       vfs);
	if (code)
		return db->db ? event_db_errno(db, code) : -ENOMEM;
	sqlite3_busy_timeout(db->db, BUSY_MS);
	sqlite3_db_config(db->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	r = event_db_exec(db, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY");
	r = r ?: check_identity(db, ret_found);
	r = r ?: configure(db);
	r = r ?: prepare(db);
	if (r && !*ret_found->text)
		error_set(ret_found, 0, "%.200s", sqlite3_errmsg(db->db));
	return r;
}

static void disconnect(struct event_db *db)
{
	/* a log must not be copied into another file than the one that it was written for */
	if (db->db && event_db_is_gone(db))
		sqlite3_db_config(db->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	for (size_t i = 0; i < EVENT_DB_STATEMENTS; i++) {
		sqlite3_finalize(db->statements[i]);
		db->statements[i] = NULL;
	}
	sqlite3_close(db->db);
	db->db = NULL;
}

void event_db_close(struct event_db *db)
{
	if (!db)
		return;
	disconnect(db);
	free(db->path);
	free(db->wal_path);
	free(db);
}

static void event_db_close_at(struct event_db **db)
{
	event_db_close(*db);
}

static int look_and_connect(struct event_db *db, const char *dir, struct error *ret_found)
{
	const int r = event_files_look(dir, ret_found);

	return r ?: connect_to(db, ret_found);
}

static int open_files(struct event_db *db, const char *dir, struct error *ret_notice)
{
	struct error found = {}, again = {};
	struct stat status;
	int r = look_and_connect(db, dir, &found);

	if (r == -EUCLEAN) {
		db->damaged = true;
		disconnect(db);
		db->damaged = false;
		r = event_files_set_aside(dir);
		r = r ?: look_and_connect(db, dir, &again);
		if (!r)
			error_set(
				ret_notice, 0,
				"samples.db is damaged (%.200s) and was set aside as " EVENT_FILES_ASIDE
				": samples before now are gone",
				found.text);
		found = again;
	}
	if (!r && stat(db->path, &status))
		r = -errno;
	if (r)
		return error_set(ret_notice, r,
				 "samples.db cannot be used (%s%s%.200s): samples are kept in "
				 "memory as far as they fit",
				 strerror(-r), *found.text ? "; " : "", found.text);
	db->device = status.st_dev;
	db->inode = status.st_ino;
	return 0;
}

int event_db_open(const char *dir, uint64_t max_bytes, struct event_db **ret,
		  struct error *ret_notice)
{
	_cleanup_(event_db_close_at) struct event_db *db = calloc(1, sizeof(*db));
	int r;

	*ret_notice = (struct error){};
	if (!db)
		return -ENOMEM;
	if (asprintf(&db->path, "%s/" EVENT_FILES_NAME, dir) < 0) {
		db->path = NULL;
		return -ENOMEM;
	}
	if (asprintf(&db->wal_path, "%s-wal", db->path) < 0) {
		db->wal_path = NULL;
		return -ENOMEM;
	}
	r = open_files(db, dir, ret_notice);
	if (r)
		return r;
	event_db_set_max(db, max_bytes);
	*ret = TAKE_PTR(db);
	return 0;
}

void event_db_set_max(struct event_db *db, uint64_t max_bytes)
{
	char sql[64];

	db->max_pages = (int64_t)((max_bytes - EVENT_DB_LOG_BYTES) / PAGE_BYTES);
	snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %lld", (long long)db->max_pages);
	event_db_exec(db, sql);
}

bool event_db_is_gone(struct event_db *db)
{
	struct stat status;

	return db->damaged || stat(db->path, &status) || status.st_dev != db->device ||
	       status.st_ino != db->inode;
}

uint64_t event_db_bytes(const struct event_db *db)
{
	struct stat status;
	uint64_t bytes = 0;

	if (!stat(db->path, &status))
		bytes += (uint64_t)status.st_size;
	if (!stat(db->wal_path, &status))
		bytes += (uint64_t)status.st_size;
	return bytes;
}

uint64_t event_db_events(const struct event_db *db)
{
	return db->events > 0 ? (uint64_t)db->events : 0;
}
