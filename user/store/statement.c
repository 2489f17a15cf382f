/* SPDX-License-Identifier: GPL-2.0-only */
/* One statement: bound, stepped from row to row, its errors as -errno. */
#include "store/db.h"

#include <errno.h>

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
		/* the file can be written, but no WAL can be made beside it */
		return code == SQLITE_READONLY_DIRECTORY || code == SQLITE_READONLY_CANTINIT ?
			       -EACCES :
			       -EROFS;
	case SQLITE_CANTOPEN:
		r = system_errno(db);
		return r ?: -EACCES;
	case SQLITE_IOERR:
		if (code == SQLITE_IOERR_NOMEM)
			return -ENOMEM;
		r = system_errno(db);
		return r ?: -EIO;
	default:
		return -EIO;
	}
}

/*
 * SQLite may have given up the whole transaction by itself. Later puts would be committed without
 * the earlier ones, so the transaction counts as failed from now on.
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
	case STORE_ARG_BLOB:
		return sqlite3_bind_blob64(statement, i, arg->blob, arg->size, SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

int store_start(struct store *store, enum store_statement statement, const struct store_arg *args,
		size_t n_args)
{
	if (!store->statements[statement])
		return -ENOENT;
	for (size_t i = 0; i < n_args; i++) {
		int code = bind(store->statements[statement], (int)i + 1, &args[i]);

		if (code) {
			store_end(store, statement);
			return note(store, code);
		}
	}
	return 0;
}

static int next(struct store *store, enum store_statement statement)
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

int store_first(struct store *store, enum store_statement statement, const struct store_arg *args,
		size_t n_args)
{
	int r = store_start(store, statement, args, n_args);

	return r ?: next(store, statement);
}

bool store_more(struct store *store, enum store_statement statement, int *r)
{
	if (*r) {
		store_end(store, statement);
		return false;
	}
	*r = next(store, statement);
	if (*r != 1)
		return false;
	*r = 0;
	return true;
}

void store_end(struct store *store, enum store_statement statement)
{
	if (!store->statements[statement])
		return;
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
	while (store_more(store, statement, &r))
		;
	return r;
}

const char *store_text(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text ? text : "";
}
