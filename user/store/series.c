/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests of each series in the store. Only this part adds to a value. */
#include "store/db.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "slo/time_limit.h"

enum {
	OTHERS = 0, /* the id of all series that are not kept by name */
	US_PER_SECOND = 1000000,
};

struct growth {
	int64_t id;
	uint64_t requests;
};

/* Sets the counter of a series, and returns its growth. A counter that fell has begun anew. */
static int put_counter(struct store *store, double t_seconds, const struct store_series *series,
		       struct growth *ret)
{
	uint64_t kept = series->ends ? 0 : series->requests;
	struct store_arg args[] = {
		STORE_TEXT(series->service),
		STORE_INT(series->role),
		STORE_TEXT(series->route),
		STORE_TEXT(series->method),
		STORE_TEXT(series->outcome),
		STORE_INT(series->status),
		STORE_INT(kept),
		STORE_REAL(t_seconds),
		STORE_INT(store->last_series),
	};
	struct growth growth = {.requests = series->requests};
	uint64_t before = 0;
	int r = store_first(store, STORE_FIND_SERIES, args, 6);

	if (r < 0)
		return r;
	if (r) {
		growth.id = sqlite3_column_int64(store->statements[STORE_FIND_SERIES], 0);
		before = (uint64_t)sqlite3_column_int64(store->statements[STORE_FIND_SERIES], 1);
		store_end(store, STORE_FIND_SERIES);
	}
	if (growth.requests >= before)
		growth.requests -= before;
	r = 0;
	if (growth.id && kept != before) {
		r = store_run(store, STORE_SET_SERIES, args, 8);
	} else if (!growth.id && growth.requests) {
		args[8].integer = growth.id = ++store->last_series;
		r = store_run(store, STORE_NEW_SERIES, args, 9);
	}
	if (!r)
		*ret = growth;
	return r;
}

/* The end of the bucket that t_seconds falls in, by whole microseconds, as in slo/history. */
static int64_t bucket_end(double t_seconds, enum slo_tier tier)
{
	int64_t width_us = slo_tier_width_seconds[tier] * US_PER_SECOND;
	int64_t t_us = (int64_t)llround(t_seconds * US_PER_SECOND);

	return (t_us / width_us + (t_us % width_us > 0)) * slo_tier_width_seconds[tier];
}

/* Counts the series that have a name in this bucket. */
static int count_named(struct store *store, enum slo_tier tier, int64_t end_seconds, size_t *ret)
{
	enum store_statement statement = store_tier_statement(STORE_COUNT_SERIES_10S, tier);
	int r = store_first(store, statement, STORE_ARGS(STORE_INT(end_seconds)));

	if (r <= 0)
		return r;
	*ret = (size_t)sqlite3_column_int64(store->statements[statement], 0);
	store_end(store, statement);
	return 0;
}

/* grown: the busiest first. */
static int put_tier(struct store *store, enum slo_tier tier, int64_t end_seconds,
		    const struct growth *grown, size_t n)
{
	enum store_statement grow = store_tier_statement(STORE_GROW_SERIES_10S, tier);
	enum store_statement add = store_tier_statement(STORE_ADD_SERIES_10S, tier);
	uint64_t others = 0;
	size_t named = 0;
	int r = count_named(store, tier, end_seconds, &named);

	for (size_t i = 0; i < n && !r; i++) {
		const struct store_arg args[] = {STORE_INT(end_seconds), STORE_INT(grown[i].id),
						 STORE_INT(grown[i].requests)};

		if (i >= STORE_SERIES_A_STEP) {
			others += grown[i].requests;
			continue;
		}
		r = store_run(store, grow, args, 3);
		if (r || sqlite3_changes(store->db))
			continue;
		if (named++ < STORE_SERIES_A_STEP)
			r = store_run(store, add, args, 3);
		else
			others += grown[i].requests;
	}
	if (!r && others)
		r = store_run(store, add,
			      STORE_ARGS(STORE_INT(end_seconds), STORE_INT(OTHERS),
					 STORE_INT(others)));
	return r;
}

static int compare_growth(const void *left, const void *right)
{
	const struct growth *a = left, *b = right;

	if (a->requests != b->requests)
		return a->requests < b->requests ? 1 : -1;
	return (a->id > b->id) - (a->id < b->id);
}

static int put_series(struct store *store, double t_seconds, const struct store_series *series,
		      size_t n, bool add)
{
	_cleanup_free_ struct growth *grown = calloc(n ? n : 1, sizeof(*grown));
	size_t n_grown = 0;
	int r = grown ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && !r; i++) {
		struct growth growth;

		r = put_counter(store, t_seconds, &series[i], &growth);
		if (!r && growth.requests)
			grown[n_grown++] = growth;
	}
	if (r || !n_grown || !add)
		return r;
	qsort(grown, n_grown, sizeof(*grown), compare_growth);
	for (enum slo_tier tier = 0; tier < SLO_TIERS && !r; tier++)
		r = put_tier(store, tier, bucket_end(t_seconds, tier), grown, n_grown);
	return r;
}

static int enter_series(struct store *store, double t_seconds, const struct store_series *series,
			size_t n, bool add)
{
	bool own;
	int r;

	if (!time_valid(t_seconds))
		return -EINVAL;
	r = store_enter(store, &own);
	if (r)
		return r;
	return store_leave(store, own, put_series(store, t_seconds, series, n, add));
}

int store_put_series(struct store *store, double t_seconds, const struct store_series *series,
		     size_t n)
{
	return enter_series(store, t_seconds, series, n, true);
}

int store_set_series(struct store *store, double t_seconds, const struct store_series *series,
		     size_t n)
{
	return enter_series(store, t_seconds, series, n, false);
}

/* The rows of a statement that was started. Returns `r` or what ends the rows. */
static int each_row(struct store *store, enum store_statement statement, int r,
		    int (*fn)(void *context, int64_t end_seconds,
			      const struct store_series *series),
		    void *context)
{
	while (store_more(store, statement, &r)) {
		sqlite3_stmt *row = store->statements[statement];
		struct store_series series = {
			.service = store_text(row, 2),
			.route = store_text(row, 3),
			.method = store_text(row, 4),
			.outcome = store_text(row, 5),
			.status = (uint16_t)sqlite3_column_int(row, 6),
			.role = (uint8_t)sqlite3_column_int(row, 7),
			.requests = (uint64_t)sqlite3_column_int64(row, 1),
		};

		r = fn(context, sqlite3_column_int64(row, 0), &series);
	}
	return r;
}

int store_each_series_bucket(struct store *store, enum slo_tier tier, int64_t from_seconds,
			     int (*fn)(void *context, int64_t end_seconds,
				       const struct store_series *series),
			     void *context)
{
	enum store_statement statement;
	int r;

	if ((unsigned int)tier >= SLO_TIERS)
		return -EINVAL;
	statement = store_tier_statement(STORE_EACH_SERIES_10S, tier);
	r = store_start(store, statement, STORE_ARGS(STORE_INT(from_seconds)));
	return each_row(store, statement, r, fn, context);
}

int store_each_series_bucket_of(struct store *store, enum slo_tier tier, const char *service,
				int64_t from_seconds, int64_t until_seconds,
				int (*fn)(void *context, int64_t end_seconds,
					  const struct store_series *series),
				void *context)
{
	enum store_statement statement;
	int r;

	if ((unsigned int)tier >= SLO_TIERS)
		return -EINVAL;
	statement = store_tier_statement(STORE_SERVICE_SERIES_10S, tier);
	r = store_start(store, statement,
			STORE_ARGS(STORE_INT(from_seconds), STORE_INT(until_seconds),
				   STORE_TEXT(service)));
	return each_row(store, statement, r, fn, context);
}

int store_first_series(struct store *store, double *ret_seconds)
{
	sqlite3_stmt *row = store->statements[STORE_FIRST_SERIES];
	double first = INFINITY;
	int r = store_first(store, STORE_FIRST_SERIES, NULL, 0);

	if (r < 0)
		return r;
	if (r && sqlite3_column_type(row, 0) != SQLITE_NULL)
		first = (double)(sqlite3_column_int64(row, 0) -
				 slo_tier_width_seconds[SLO_TIER_1H]);
	if (r)
		store_end(store, STORE_FIRST_SERIES);
	*ret_seconds = first;
	return 0;
}
