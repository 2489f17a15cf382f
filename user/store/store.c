/* SPDX-License-Identifier: GPL-2.0-only */
/* Transactions, and the data without a history: values, coverage, texts. */
#include "store/db.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

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
	store_forget_traffic_keys(store); /* those made in it are gone */
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
		store->failed = r; /* a part is put, the rest is not */
	if (!own)
		return r;
	if (!r)
		return store_commit(store);
	store_rollback(store);
	return r;
}

bool store_was_open(const struct store *store)
{
	return store->was_open;
}

bool store_damaged(const struct store *store)
{
	return store->damaged;
}

int store_put_value(struct store *store, const char *name, const char *value)
{
	return store_run(store, STORE_PUT_VALUE, STORE_ARGS(STORE_TEXT(name), STORE_TEXT(value)));
}

int store_get_value(struct store *store, const char *name, char **ret)
{
	_cleanup_free_ char *value = NULL;
	int r = store_first(store, STORE_GET_VALUE, STORE_ARGS(STORE_TEXT(name)));

	if (r <= 0)
		return r ?: -ENOENT;
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

	while (store_more(store, STORE_LOAD_COVERAGE, &r)) {
		sqlite3_stmt *row = store->statements[STORE_LOAD_COVERAGE];

		r = coverage_add(&coverage, sqlite3_column_double(row, 0),
				 sqlite3_column_double(row, 1));
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

	while (store_more(store, STORE_EACH_TEXT, &r)) {
		sqlite3_stmt *row = store->statements[STORE_EACH_TEXT];

		r = fn(context, store_text(row, 0), store_text(row, 1));
	}
	return r;
}
