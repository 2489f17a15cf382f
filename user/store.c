/* SPDX-License-Identifier: GPL-2.0-only */
/* Transactions and statements of the store, and what it keeps by name. */
#include "store.h"

#include <errno.h>
#include <string.h>

#include "store_db.h"
#include "util.h"

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
	int err = 0;

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
		err = system_errno(db);
		return err ? err : -EACCES;
	case SQLITE_IOERR:
		if (code == SQLITE_IOERR_NOMEM)
			return -ENOMEM;
		err = system_errno(db);
		return err ? err : -EIO;
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
	int err = store_errno(store->db, code);

	if (err == -EUCLEAN)
		store->damaged = true;
	if (err && store->in_transaction && !store->failed)
		store->failed = err;
	return err;
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
	int err;

	if (store->in_transaction && store->failed)
		return store->failed;
	err = store_start(store, statement, args, n_args);
	while (!err) {
		err = store_next(store, statement);
		if (err <= 0)
			return err;
		err = 0;
	}
	return err;
}

const char *store_text(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text ? text : "";
}

int store_begin(struct store *store)
{
	int err;

	if (store->in_transaction)
		return -EINVAL;
	err = store_run(store, STORE_BEGIN, NULL, 0);
	if (err)
		return err;
	store->in_transaction = true;
	store->failed = 0;
	return 0;
}

int store_commit(struct store *store)
{
	int err;

	if (!store->in_transaction)
		return -EINVAL;
	store->wal_torn = store->wal_torn || store_wal_torn(store);
	err = store_run(store, STORE_COMMIT, NULL, 0);
	if (err) {
		store_rollback(store);
		return err;
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
	int err = 0;

	if (store->in_transaction) {
		*ret_own = false;
		return store->failed;
	}
	err = store_begin(store);
	if (!err)
		*ret_own = true;
	return err;
}

int store_leave(struct store *store, bool own, int err)
{
	if (err && store->in_transaction && !store->failed)
		store->failed = err; /* part of it is done */
	if (!own)
		return err;
	if (!err)
		return store_commit(store);
	store_rollback(store);
	return err;
}

int store_put_value(struct store *store, const char *name, const char *value)
{
	return store_run(store, STORE_PUT_VALUE, STORE_ARGS(STORE_TEXT(name), STORE_TEXT(value)));
}

int store_get_value(struct store *store, const char *name, char **ret)
{
	_cleanup_free_ char *value = NULL;
	int err = store_start(store, STORE_GET_VALUE, STORE_ARGS(STORE_TEXT(name)));

	if (err)
		return err;
	err = store_next(store, STORE_GET_VALUE);
	if (err <= 0)
		return err ? err : -ENOENT;
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
	int err = store_start(store, STORE_LOAD_COVERAGE, NULL, 0);

	if (err)
		return err;
	while ((err = store_next(store, STORE_LOAD_COVERAGE)) == 1) {
		sqlite3_stmt *row = store->statements[STORE_LOAD_COVERAGE];

		err = coverage_add(&coverage, sqlite3_column_double(row, 0),
				   sqlite3_column_double(row, 1));
		if (err) {
			store_end(store, STORE_LOAD_COVERAGE);
			break;
		}
	}
	if (err)
		return err;
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
	int err = store_start(store, STORE_EACH_TEXT, STORE_ARGS(STORE_TEXT(kind)));

	if (err)
		return err;
	while ((err = store_next(store, STORE_EACH_TEXT)) == 1) {
		sqlite3_stmt *row = store->statements[STORE_EACH_TEXT];

		err = fn(context, store_text(row, 0), store_text(row, 1));
		if (err) {
			store_end(store, STORE_EACH_TEXT);
			break;
		}
	}
	return err;
}
