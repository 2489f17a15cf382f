/* SPDX-License-Identifier: GPL-2.0-only */
/* What services were asked, in the store: packed cells, whose keys are rows of their own. */
#include "store/db.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "slo/time_limit.h"

const int64_t store_traffic_keep_seconds[STORE_TRAFFIC_TIERS] = {
	[STORE_TRAFFIC_STEP] = 90 * 60,
	[STORE_TRAFFIC_1MIN] = 26 * 3600,
	[STORE_TRAFFIC_1H] = 35 * 86400,
};

static int64_t to_us(double seconds)
{
	double limit = TIME_LIMIT_SECONDS;

	return (int64_t)llround(fmax(fmin(seconds, limit), -limit) * 1e6);
}

static double to_seconds(int64_t us)
{
	return (double)us / 1e6;
}

void store_forget_traffic_keys(struct store *store)
{
	free(store->traffic_ids.on_disk);
	free(store->traffic_ids.callers);
	store->traffic_ids = (struct store_ids){};
}

static bool make_room(uint32_t **ids, size_t *n, uint32_t id)
{
	size_t room = (size_t)id + 1 + id / 2;
	uint32_t *grown;

	if (id < *n)
		return true;
	grown = reallocarray(*ids, room, sizeof(**ids));
	if (!grown)
		return false;
	memset(grown + *n, 0, (room - *n) * sizeof(*grown));
	*ids = grown;
	*n = room;
	return true;
}

/* ---- putting ---- */

static int find_key(struct store *store, const struct store_traffic_key *key, double t_seconds,
		    uint32_t *ret)
{
	const struct store_arg args[] = {
		STORE_TEXT(key->service), STORE_INT(key->role),	 STORE_TEXT(key->route),
		STORE_TEXT(key->method),  STORE_REAL(t_seconds),
	};
	int r = store_first(store, STORE_FIND_TRAFFIC_KEY, args, 4);
	int64_t id;

	if (r < 0)
		return r;
	if (r) {
		id = sqlite3_column_int64(store->statements[STORE_FIND_TRAFFIC_KEY], 0);
		store_end(store, STORE_FIND_TRAFFIC_KEY);
		r = store_run(store, STORE_SEEN_TRAFFIC_KEY,
			      STORE_ARGS(STORE_INT(id), STORE_REAL(t_seconds)));
	} else {
		r = store_run(store, STORE_NEW_TRAFFIC_KEY, args, 5);
		id = sqlite3_last_insert_rowid(store->db);
	}
	if (!r && (id <= 0 || id > UINT32_MAX))
		r = -EUCLEAN;
	if (!r)
		*ret = (uint32_t)id;
	return r;
}

static int id_on_disk(struct store *store, uint32_t key, const struct store_traffic_key *keys,
		      double t_seconds, uint32_t *ret)
{
	struct store_ids *ids = &store->traffic_ids;
	int r = 0;

	if (!make_room(&ids->on_disk, &ids->n_on_disk, key))
		return -ENOMEM;
	if (!ids->on_disk[key])
		r = find_key(store, &keys[key], t_seconds, &ids->on_disk[key]);
	if (!r)
		*ret = ids->on_disk[key];
	return r;
}

/* The cells with the disk's keys, settled. */
static int translate(struct store *store, const struct store_traffic_span *span,
		     const struct store_traffic_key *keys, struct cells *ret)
{
	uint32_t key = 0, on_disk = 0;
	int r = 0;

	for (size_t i = 0; !r && i < span->cells.n; i++) {
		const struct cell *cell = &span->cells.list[i];

		if (!i || cell->key != key)
			r = id_on_disk(store, cell->key, keys, span->to_seconds, &on_disk);
		key = cell->key;
		r = r ?: cells_add(ret, on_disk, cell->code, cell->n);
	}
	if (!r)
		cells_settle(ret);
	return r;
}

static void cells_clear_at(struct cells *cells)
{
	cells_clear(cells);
}

static int put(struct store *store, enum store_traffic tier, const struct store_traffic_span *span,
	       const struct store_traffic_key *keys)
{
	_cleanup_(cells_clear_at) struct cells cells = {};
	_cleanup_free_ unsigned char *bytes = NULL;
	size_t n = 0;
	int r = translate(store, span, keys, &cells);

	r = r ?: cells_pack(&cells, &bytes, &n);
	/* an empty blob must not become a null */
	return r     ?:
		       store_run(store, STORE_PUT_TRAFFIC,
				 STORE_ARGS(STORE_INT(tier), STORE_INT(to_us(span->to_seconds)),
					    STORE_INT(to_us(span->from_seconds)),
					    STORE_BLOB(n ? bytes : (const void *)"", n)));
}

static int enter_put(struct store *store, enum store_traffic tier,
		     const struct store_traffic_span *span, const struct store_traffic_key *keys,
		     bool replace)
{
	bool own;
	int r = store_enter(store, &own);

	if (r)
		return r;
	if (replace)
		r = store_run(store, STORE_DROP_TRAFFIC, STORE_ARGS(STORE_INT(tier)));
	r = r ?: put(store, tier, span, keys);
	if (r) /* keys that were made go with the transaction */
		store_forget_traffic_keys(store);
	return store_leave(store, own, r);
}

int store_put_traffic(struct store *store, enum store_traffic tier,
		      const struct store_traffic_span *span, const struct store_traffic_key *keys)
{
	if ((unsigned int)tier >= STORE_TRAFFIC_TIERS)
		return -EINVAL;
	/* once an hour all keys are looked for, and marked as seen */
	if (tier == STORE_TRAFFIC_1H)
		store_forget_traffic_keys(store);
	return enter_put(store, tier, span, keys, false);
}

int store_put_traffic_counters(struct store *store, const struct store_traffic_span *span,
			       const struct store_traffic_key *keys)
{
	return enter_put(store, STORE_TRAFFIC_COUNTERS, span, keys, true);
}

/* ---- reading ---- */

/* A key that has been dropped counts as one without texts. */
static int read_key(struct store *store, uint32_t id, const struct store_traffic_reader *reader,
		    uint32_t *ret)
{
	sqlite3_stmt *row = store->statements[STORE_GET_TRAFFIC_KEY];
	struct store_traffic_key key = {"", "", "", 0};
	int r = store_first(store, STORE_GET_TRAFFIC_KEY, STORE_ARGS(STORE_INT(id)));
	bool taken;

	if (r < 0)
		return r;
	if (r)
		key = (struct store_traffic_key){store_text(row, 0), store_text(row, 2),
						 store_text(row, 3),
						 (uint8_t)sqlite3_column_int(row, 1)};
	taken = reader->key(reader->context, &key, ret);
	store_end(store, STORE_GET_TRAFFIC_KEY);
	return taken ? 0 : -ENOMEM;
}

static int id_of_caller(struct store *store, uint32_t on_disk,
			const struct store_traffic_reader *reader, uint32_t *ret)
{
	struct store_ids *ids = &store->traffic_ids;
	int r;

	/* a damaged id must not take all memory */
	if (on_disk > INT32_MAX || !make_room(&ids->callers, &ids->n_callers, on_disk))
		return on_disk > INT32_MAX ? -EUCLEAN : -ENOMEM;
	if (ids->callers[on_disk]) {
		*ret = ids->callers[on_disk] - 1;
		return 0;
	}
	r = read_key(store, on_disk, reader, ret);
	/* the reader may have given its ids anew */
	if (!r && make_room(&ids->callers, &ids->n_callers, on_disk))
		ids->callers[on_disk] = *ret + 1;
	return r;
}

/* A row whose cells cannot be read is passed over: the database is sound, or SQLite says so. */
static int take_row(struct store *store, const struct store_traffic_reader *reader,
		    sqlite3_stmt *row)
{
	struct store_traffic_span span = {
		.from_seconds = to_seconds(sqlite3_column_int64(row, 0)),
		.to_seconds = to_seconds(sqlite3_column_int64(row, 1)),
	};
	uint32_t on_disk = 0, key = 0;
	int r = cells_unpack(sqlite3_column_blob(row, 2), (size_t)sqlite3_column_bytes(row, 2),
			     &span.cells);

	for (size_t i = 0; !r && i < span.cells.n; i++) {
		struct cell *cell = &span.cells.list[i];

		if (!i || cell->key != on_disk) {
			on_disk = cell->key;
			r = id_of_caller(store, on_disk, reader, &key);
		}
		cell->key = key;
	}
	if (!r) {
		cells_settle(&span.cells);
		r = reader->span(reader->context, &span);
	}
	cells_clear(&span.cells);
	return r == -EUCLEAN ? 0 : r;
}

int store_each_traffic(struct store *store, enum store_traffic tier, double from_seconds,
		       double until_seconds, const struct store_traffic_reader *reader)
{
	sqlite3_stmt *row = store->statements[STORE_EACH_TRAFFIC];
	int r = store_start(store, STORE_EACH_TRAFFIC,
			    STORE_ARGS(STORE_INT(tier), STORE_INT(to_us(from_seconds)),
				       STORE_INT(to_us(until_seconds))));

	while (store_more(store, STORE_EACH_TRAFFIC, &r))
		r = take_row(store, reader, row);
	return r;
}

/* The time that a statement was started for; `none` if it has no row or a null. */
static int first_time(struct store *store, enum store_statement statement, int r, double none,
		      double *ret_seconds)
{
	sqlite3_stmt *row = store->statements[statement];
	double seconds = none;

	if (store_more(store, statement, &r)) {
		if (sqlite3_column_type(row, 0) != SQLITE_NULL)
			seconds = to_seconds(sqlite3_column_int64(row, 0));
		store_end(store, statement);
	}
	if (!r)
		*ret_seconds = seconds;
	return r;
}

int store_next_traffic(struct store *store, enum store_traffic tier, double after_seconds,
		       double *ret_seconds)
{
	int r = store_start(store, STORE_NEXT_TRAFFIC,
			    STORE_ARGS(STORE_INT(tier), STORE_INT(to_us(after_seconds))));

	return first_time(store, STORE_NEXT_TRAFFIC, r, INFINITY, ret_seconds);
}

int store_last_traffic(struct store *store, enum store_traffic tier, double *ret_seconds)
{
	int r = store_start(store, STORE_LAST_TRAFFIC, STORE_ARGS(STORE_INT(tier)));

	return first_time(store, STORE_LAST_TRAFFIC, r, -INFINITY, ret_seconds);
}
