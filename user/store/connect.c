/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes a connection to a database that can be trusted, and ends it. */
#include "store/db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

/* The name of a value that exists while the database is open, and until it is closed cleanly. */
#define OPEN_MARK "open"

/* The name of a way to files that leaves names as they are. */
#define VERBATIM "sliprobe"

enum {
	BUSY_MS = 100, /* an operator may be reading */
};

/* One value of the first row; "" if there is none. */
struct answer {
	char text[256];
};

static int take_answer(void *context, int n_columns, char **values, char **names)
{
	struct answer *answer = context;

	(void)names;
	if (!*answer->text && n_columns && values[0])
		snprintf(answer->text, sizeof(answer->text), "%s", values[0]);
	return 0;
}

static int ask(struct store *store, const char *sql, struct answer *ret)
{
	struct answer answer = {};
	int code = sqlite3_exec(store->db, sql, take_answer, &answer, NULL);

	if (code)
		return code;
	*ret = answer;
	return SQLITE_OK;
}

/* Returns -errno with SQLite's message. A missing table or column is damage, too. */
static int explain(struct store *store, int code, struct error *ret_found)
{
	int r = store_errno(store->db, code);

	if ((code & 0xff) == SQLITE_ERROR)
		r = -EUCLEAN;
	if (r == -EUCLEAN)
		store->damaged = true;
	return r ? error_set(ret_found, r, "%s", sqlite3_errmsg(store->db)) : 0;
}

/* store_look() has seen the header of the file; the WAL may have a newer one. */
static int check_identity(struct store *store, bool *ret_has_tables, struct error *ret_found)
{
	struct store_identity identity;
	struct answer id = {}, version = {}, tables = {};
	int code = ask(store, "PRAGMA application_id", &id), r;

	if (!code)
		code = ask(store, "PRAGMA user_version", &version);
	if (!code)
		code = ask(store, "SELECT count(*) FROM sqlite_schema", &tables);
	if (code)
		return explain(store, code, ret_found);
	identity = (struct store_identity){
		.application_id = (uint32_t)strtol(id.text, NULL, 10),
		.version = (uint32_t)strtol(version.text, NULL, 10),
		.has_tables = strcmp(tables.text, "0") != 0,
	};
	r = store_judge(&identity, ret_found);
	if (r)
		return r;
	if (identity.has_tables && identity.version != STORE_VERSION)
		return error_set(ret_found, -EUCLEAN, "schema version %u", identity.version);
	*ret_has_tables = identity.has_tables;
	return 0;
}

/*
 * quick_check reports a failure to read as text, too. That is no damage, and must not cost the
 * history.
 */
static int check_text(struct store *store, const char *text, struct error *ret_found)
{
	const char *code = strstr(text, "error code=");
	int r = 0;

	if (code)
		r = store_errno(store->db, (int)strtol(code + strlen("error code="), NULL, 10));
	else if (strstr(text, "failed to get page"))
		r = -EIO;
	return error_set(ret_found, r ?: -EUCLEAN, "%.200s", text);
}

static int check_pages(struct store *store, struct error *ret_found)
{
	struct answer open = {}, check = {};
	int code = ask(store, "SELECT value FROM value WHERE name = '" OPEN_MARK "'", &open);

	store->was_open = *open.text;
	if (!code && (*open.text || store->tampered))
		code = ask(store, "PRAGMA quick_check(1)", &check);
	if (code)
		return explain(store, code, ret_found);
	if (!(*open.text || store->tampered) || !strcmp(check.text, "ok"))
		return 0;
	return check_text(store, check.text, ret_found);
}

/* auto_vacuum can only be chosen in an empty database. */
static int make_schema(struct store *store, struct error *ret_found)
{
	char sql[96];
	int code = sqlite3_exec(store->db, "PRAGMA auto_vacuum = INCREMENTAL; VACUUM", NULL, NULL,
				NULL);

	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		 STORE_APPLICATION_ID, STORE_VERSION);
	if (!code)
		code = sqlite3_exec(store->db,
				    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
				    "BEGIN IMMEDIATE;" STORE_SCHEMA,
				    NULL, NULL, NULL);
	if (!code)
		code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
	return explain(store, code, ret_found);
}

static int configure(struct store *store, struct error *ret_found)
{
	struct answer mode = {};
	int code = ask(store, "PRAGMA journal_mode = WAL", &mode);

	/* store_prune() makes the checkpoints; deleted rows are no secret */
	if (!code)
		code = sqlite3_exec(store->db,
				    "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
				    "PRAGMA secure_delete = OFF; PRAGMA cache_size = -4096",
				    NULL, NULL, NULL);
	if (code)
		return explain(store, code, ret_found);
	if (strcmp(mode.text, "wal") != 0)
		return error_set(ret_found, -EIO, "this file system cannot share memory for a WAL");
	return 0;
}

static int add_tables(struct store *store, struct error *ret_found)
{
	int code = sqlite3_exec(store->db, STORE_ADDED_TABLES, NULL, NULL, NULL);

	return explain(store, code, ret_found);
}

/* Of a database that is only read, tables that were added may be missing. */
static bool may_be_missing(enum store_statement statement)
{
	return (statement >= STORE_PUT_REASONS && statement <= STORE_DROP_REASONS_KERNEL) ||
	       (statement >= STORE_PUT_TRAFFIC && statement <= STORE_OLD_TRAFFIC_KEYS);
}

static int prepare(struct store *store, bool to_read, struct error *ret_found)
{
	static const char *const sql[STORE_STATEMENT_COUNT] = {
#define X(name, text) [STORE_##name] = (text),
		STORE_STATEMENTS(X)
#undef X
	};

	for (size_t i = 0; i < STORE_STATEMENT_COUNT; i++) {
		int code = sqlite3_prepare_v3(store->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
					      &store->statements[i], NULL);

		if (code && !((code & 0xff) == SQLITE_ERROR && to_read && may_be_missing(i)))
			return explain(store, code, ret_found);
	}
	return 0;
}

/* Also finds out whether the database can be written. */
static int mark_open(struct store *store, struct error *ret_found)
{
	struct stat status;
	int r = store_put_value(store, OPEN_MARK, "yes");

	r = r ?: store_first(store, STORE_LAST_SERIES, NULL, 0);
	if (r < 0)
		return error_set(ret_found, r, "%s", sqlite3_errmsg(store->db));
	store->last_series = sqlite3_column_int64(store->statements[STORE_LAST_SERIES], 0);
	store_end(store, STORE_LAST_SERIES);
	if (stat(store->wal_path, &status) < 0)
		return -errno;
	store->wal_inode = status.st_ino;
	if (stat(store->path, &status) < 0)
		return -errno;
	store->device = status.st_dev;
	store->inode = status.st_ino;
	store->least_bytes = status.st_size;
	store_note_wal(store);
	return 0;
}

static void set_flag(struct store *store, int flag, int value)
{
	sqlite3_db_config(store->db, flag, value, NULL);
}

/*
 * SQLite follows symbolic links itself, to the names that they have: those may lie where this process may
 * not look, and the links of /proc/self/fd lead past that (base/place).
 */
static int full_pathname(sqlite3_vfs *vfs, const char *name, int room, char *ret)
{
	const sqlite3_vfs *const usual = sqlite3_vfs_find(NULL);

	if (strncmp(name, "/proc/self/fd/", strlen("/proc/self/fd/")) != 0)
		return usual->xFullPathname((sqlite3_vfs *)usual, name, room, ret);
	(void)vfs;
	return snprintf(ret, (size_t)room, "%s", name) < room ? SQLITE_OK : SQLITE_CANTOPEN;
}

/* SQLite's usual way to files, but for their full names. */
const char *store_vfs(void)
{
	static sqlite3_vfs verbatim;
	const sqlite3_vfs *usual;

	if (verbatim.zName)
		return VERBATIM;
	sqlite3_initialize();
	usual = sqlite3_vfs_find(NULL);
	if (!usual)
		return NULL;
	verbatim = *usual;
	verbatim.pNext = NULL;
	verbatim.zName = VERBATIM;
	verbatim.xFullPathname = full_pathname;
	return sqlite3_vfs_register(&verbatim, 0) ? NULL : VERBATIM;
}

/* name: the path, or a URI. */
static int open_connection(struct store *store, const char *name, int flags,
			   struct error *ret_found)
{
	int code;

	if (!store_vfs())
		return -ENOMEM;
	code = sqlite3_open_v2(name, &store->db,
			       flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, VERBATIM);
	if (code)
		return store->db ? explain(store, code, ret_found) : -ENOMEM;
	/* until it is known to be ours, the database stays as it is */
	set_flag(store, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1);
	set_flag(store, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0);
	code = sqlite3_exec(store->db, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY",
			    NULL, NULL, NULL);
	sqlite3_busy_timeout(store->db, BUSY_MS);
	return explain(store, code, ret_found);
}

int store_connect(struct store *store, struct error *ret_found)
{
	bool has_tables = false;
	int r = open_connection(store, store->path, SQLITE_OPEN_READWRITE, ret_found);

	r = r ?: check_identity(store, &has_tables, ret_found);
	if (!r)
		r = has_tables ? check_pages(store, ret_found) : make_schema(store, ret_found);
	r = r ?: configure(store, ret_found);
	r = r ?: add_tables(store, ret_found);
	r = r ?: prepare(store, false, ret_found);
	r = r ?: mark_open(store, ret_found);
	if (!r)
		set_flag(store, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0);
	return r;
}

static int connect_to_read(struct store *store, const char *name, int flags)
{
	struct error found;
	bool has_tables = false;
	int r = open_connection(store, name, flags, &found);

	r = r ?: check_identity(store, &has_tables, &found);
	if (!r && !has_tables)
		return -ENOENT;
	r = r ?: check_pages(store, &found);
	return r ?: prepare(store, true, &found);
}

/* ret has room for the path three times. */
static void put_immutable_uri(char *ret, const char *path)
{
	ret = stpcpy(ret, "file:");
	for (; *path; path++)
		ret += sprintf(ret, *path == '/' ? "%c" : "%%%02x", (unsigned char)*path);
	stpcpy(ret, "?immutable=1");
}

/*
 * SQLite reads a database with a WAL only if it can make or find the -shm file beside it
 * (https://www.sqlite.org/wal.html#readonly). If the WAL is empty, the one file has everything and
 * is read as immutable.
 */
int store_connect_to_read(struct store *store)
{
	_cleanup_free_ char *uri = malloc(3 * strlen(store->path) + sizeof("file:?immutable=1"));
	struct stat wal;
	int r = connect_to_read(store, store->path, SQLITE_OPEN_READONLY);

	if (!r || r == -EBUSY || (!stat(store->wal_path, &wal) && wal.st_size))
		return r;
	store_disconnect(store);
	if (!uri)
		return -ENOMEM;
	put_immutable_uri(uri, store->path);
	return connect_to_read(store, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

/* A WAL must not be copied into another file than the one it was written for. */
static void close_cleanly(struct store *store)
{
	if (!store->inode) /* it was never opened to the end; the flag is set */
		return;
	store_rollback(store);
	if (store->damaged || store_vanished(store))
		set_flag(store, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1);
	else
		store_run(store, STORE_DROP_VALUE, STORE_ARGS(STORE_TEXT(OPEN_MARK)));
}

void store_disconnect(struct store *store)
{
	if (!store->db)
		return;
	close_cleanly(store);
	for (size_t i = 0; i < STORE_STATEMENT_COUNT; i++) {
		sqlite3_finalize(store->statements[i]);
		store->statements[i] = NULL;
	}
	sqlite3_close(store->db);
	store_forget_traffic_keys(store);
	store->db = NULL;
	store->inode = 0;
	store->damaged = store->wal_torn = false;
}
