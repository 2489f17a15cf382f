/* SPDX-License-Identifier: GPL-2.0-only */
/* Transactions and statements of the store, and what it keeps by name. */
#include "store/store.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/db.h"

static int system_errno(sqlite3 *db)
{
	switch (sqlite3_system_errno(db)) {
	case ENOSPC:
	case EDQUOT:
		return -ENOSPC;
	case EROFS:
		return -EROFS;
	case EACCES:
	case EPERM:
		return -EACCES;
	case ENOMEM:
		return -ENOMEM;
	default:
		return 0;
	}
}

int store_errno(sqlite3 *db, int code)
{
	int r = 0;

	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
		return -EINVAL;
	case SQLITE_READONLY:
		/* the WAL cannot be made beside a file that can be written */
		return code == SQLITE_READONLY_DIRECTORY || code == SQLITE_READONLY_CANTINIT
			       ? -EACCES
			       : -EROFS;
	case SQLITE_CANTOPEN:
		r = system_errno(db);
		return r ? r : -EACCES;
	case SQLITE_IOERR:
		if (code == SQLITE_IOERR_NOMEM)
			return -ENOMEM;
		r = system_errno(db);
		return r ? r : -EIO;
	default:
		return -EIO;
	}
}

/*
 * SQLite may have given up the whole transaction by itself. What is put after that would be
 * committed alone, so the transaction counts as failed from now on.
 */
static int note(struct store *store, int code)
{
	int r = store_errno(store->db, code);

	if (r == -EUCLEAN)
		store->damaged = true;
	if (r && store->in_transaction && !store->failed)
		store->failed = r;
	return r;
}

static int bind(sqlite3_stmt *statement, int i, const struct store_arg *arg)
{
	switch (arg->type) {
	case STORE_ARG_INT:
		return sqlite3_bind_int64(statement, i, arg->integer);
	case STORE_ARG_REAL:
		return sqlite3_bind_double(statement, i, arg->real);
	case STORE_ARG_TEXT:
		return sqlite3_bind_text(statement, i, arg->text ? arg->text : "", -1,
					 SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

int store_start(struct store *store, enum store_statement statement, const struct store_arg *args,
		size_t n_args)
{
	for (size_t i = 0; i < n_args; i++) {
		int code = bind(store->statements[statement], (int)i + 1, &args[i]);

		if (code) {
			store_end(store, statement);
			return note(store, code);
		}
	}
	return 0;
}

int store_next(struct store *store, enum store_statement statement)
{
	int code = sqlite3_step(store->statements[statement]);

	if (code == SQLITE_ROW)
		return 1;
	if (code == SQLITE_DONE)
		code = SQLITE_OK;
	code = note(store, code);
	store_end(store, statement);
	return code;
}

void store_end(struct store *store, enum store_statement statement)
{
	sqlite3_reset(store->statements[statement]);
	sqlite3_clear_bindings(store->statements[statement]);
}

int store_run(struct store *store, enum store_statement statement, const struct store_arg *args,
	      size_t n_args)
{
	int r;

	if (store->in_transaction && store->failed)
		return store->failed;
	r = store_start(store, statement, args, n_args);
	while (!r) {
		r = store_next(store, statement);
		if (r <= 0)
			return r;
		r = 0;
	}
	return r;
}

const char *store_text(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text ? text : "";
}

int store_begin(struct store *store)
{
	int r;

	if (store->in_transaction)
		return -EINVAL;
	r = store_run(store, STORE_BEGIN, NULL, 0);
	if (r)
		return r;
	store->in_transaction = true;
	store->failed = 0;
	return 0;
}

int store_commit(struct store *store)
{
	int r;

	if (!store->in_transaction)
		return -EINVAL;
	store->wal_torn = store->wal_torn || store_wal_torn(store);
	r = store_run(store, STORE_COMMIT, NULL, 0);
	if (r) {
		store_rollback(store);
		return r;
	}
	store->in_transaction = false;
	if (!store->wal_torn && !store_wal_torn(store))
		store_note_wal(store);
	return 0;
}

void store_rollback(struct store *store)
{
	store->in_transaction = false;
	store->failed = 0;
	if (!sqlite3_get_autocommit(store->db))
		store_run(store, STORE_ROLLBACK, NULL, 0);
}

int store_enter(struct store *store, bool *ret_own)
{
	int r = 0;

	if (store->in_transaction) {
		*ret_own = false;
		return store->failed;
	}
	r = store_begin(store);
	if (!r)
		*ret_own = true;
	return r;
}

int store_leave(struct store *store, bool own, int r)
{
	if (r && store->in_transaction && !store->failed)
		store->failed = r; /* part of it is done */
	if (!own)
		return r;
	if (!r)
		return store_commit(store);
	store_rollback(store);
	return r;
}

int store_put_value(struct store *store, const char *name, const char *value)
{
	return store_run(store, STORE_PUT_VALUE, STORE_ARGS(STORE_TEXT(name), STORE_TEXT(value)));
}

int store_get_value(struct store *store, const char *name, char **ret)
{
	_cleanup_free_ char *value = NULL;
	int r = store_start(store, STORE_GET_VALUE, STORE_ARGS(STORE_TEXT(name)));

	if (r)
		return r;
	r = store_next(store, STORE_GET_VALUE);
	if (r <= 0)
		return r ? r : -ENOENT;
	value = strdup(store_text(store->statements[STORE_GET_VALUE], 0));
	store_end(store, STORE_GET_VALUE);
	if (!value)
		return -ENOMEM;
	*ret = TAKE_PTR(value);
	return 0;
}

int store_put_coverage(struct store *store, const struct coverage_span *span)
{
	return store_run(store, STORE_PUT_COVERAGE,
			 STORE_ARGS(STORE_REAL(span->from_seconds), STORE_REAL(span->to_seconds)));
}

int store_load_coverage(struct store *store, struct coverage *ret)
{
	_cleanup_(coverage_clear) struct coverage coverage = {};
	int r = store_start(store, STORE_LOAD_COVERAGE, NULL, 0);

	if (r)
		return r;
	while ((r = store_next(store, STORE_LOAD_COVERAGE)) == 1) {
		sqlite3_stmt *row = store->statements[STORE_LOAD_COVERAGE];

		r = coverage_add(&coverage, sqlite3_column_double(row, 0),
				 sqlite3_column_double(row, 1));
		if (r) {
			store_end(store, STORE_LOAD_COVERAGE);
			break;
		}
	}
	if (r)
		return r;
	*ret = coverage;
	coverage = (struct coverage){};
	return 0;
}

int store_put_text(struct store *store, const char *kind, const char *key, const char *text)
{
	return store_run(store, STORE_PUT_TEXT,
			 STORE_ARGS(STORE_TEXT(kind), STORE_TEXT(key), STORE_TEXT(text)));
}

int store_drop_text(struct store *store, const char *kind, const char *key)
{
	return store_run(store, STORE_DROP_TEXT, STORE_ARGS(STORE_TEXT(kind), STORE_TEXT(key)));
}

int store_each_text(struct store *store, const char *kind,
		    int (*fn)(void *context, const char *key, const char *text), void *context)
{
	int r = store_start(store, STORE_EACH_TEXT, STORE_ARGS(STORE_TEXT(kind)));

	if (r)
		return r;
	while ((r = store_next(store, STORE_EACH_TEXT)) == 1) {
		sqlite3_stmt *row = store->statements[STORE_EACH_TEXT];

		r = fn(context, store_text(row, 0), store_text(row, 1));
		if (r) {
			store_end(store, STORE_EACH_TEXT);
			break;
		}
	}
	return r;
}
