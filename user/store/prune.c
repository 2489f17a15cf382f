/* SPDX-License-Identifier: GPL-2.0-only */
/* The store forgets, in small pieces. */
#include "store/db.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>

enum {
	PRUNE_ROWS = 4096, /* and twice the buckets put, so that pruning never falls behind */
	PRUNE_SLOS = 4, /* to look for the buckets of one may take 100 ms */
	HOUSEKEEPING_SECONDS = 3600,
	WAL_BYTES = 4 << 20,
	FREE_PAGES = 256, /* so many may stay free: they are soon in use again */
	EXTRA_BUCKETS =
		2, /* kept beyond the time, so that memory never has buckets that the disk lacks */
	KEEP_10S_SECONDS = 6 * 3600,
	KEEP_1MIN_SECONDS = 8 * 86400,
	TRAFFIC_ROWS = 64, /* of each tier, dropped at once: they are large */
};

static int found_one(void *context, enum slo_tier tier, int64_t end_seconds,
		     struct slo_events events)
{
	(void)context, (void)tier, (void)end_seconds, (void)events;
	return 1;
}

/* 1, 0 or -errno */
static int has_buckets(struct store *store, int64_t slo)
{
	for (enum slo_tier tier = 0; tier < SLO_TIERS; tier++) {
		int found = store_each_bucket_of(store, slo, STORE_EVENTS, tier, found_one, NULL);

		if (!found)
			found = store_each_bucket_of(store, slo, STORE_SLICES, tier, found_one,
						     NULL);
		if (found)
			return found;
	}
	return 0;
}

static int prune_slos(struct store *store, double before_seconds)
{
	int64_t ids[PRUNE_SLOS];
	size_t n = 0;
	int r = store_start(store, STORE_OLD_SLOS,
			    STORE_ARGS(STORE_REAL(before_seconds), STORE_INT(PRUNE_SLOS)));

	while (store_more(store, STORE_OLD_SLOS, &r))
		ids[n++] = sqlite3_column_int64(store->statements[STORE_OLD_SLOS], 0);
	for (size_t i = 0; i < n && !r; i++) {
		r = has_buckets(store, ids[i]);
		if (!r)
			r = store_drop_slo(store, ids[i]);
		else if (r > 0)
			r = 0;
	}
	return r;
}

/* Prunes the tables that can only be looked at as a whole. */
static int keep_house(struct store *store, double before_seconds)
{
	int r = store_run(store, STORE_OLD_COVERAGE, STORE_ARGS(STORE_REAL(before_seconds)));

	if (!r)
		r = store_run(store, STORE_TOO_MANY_COVERAGE,
			      STORE_ARGS(STORE_INT(COVERAGE_SPANS_MAX - 1)));
	r = r ?: store_run(store, STORE_OLD_SERIES, STORE_ARGS(STORE_REAL(before_seconds)));
	r = r ?: store_run(store, STORE_OLD_TRAFFIC_KEYS, STORE_ARGS(STORE_REAL(before_seconds)));
	return r ?: prune_slos(store, before_seconds);
}

/* Drops the oldest due bucket end of each table, then the next of each. */
static int prune_rows(struct store *store, const double before_seconds[SLO_TIERS])
{
	const struct {
		enum store_statement statement;
		double before_seconds;
	} tables[] = {
		{STORE_OLD_BUCKETS_10S, before_seconds[SLO_TIER_10S]},
		{STORE_OLD_SERIES_10S, before_seconds[SLO_TIER_10S]},
		{STORE_OLD_BUCKETS_1MIN, before_seconds[SLO_TIER_1MIN]},
		{STORE_OLD_SERIES_1MIN, before_seconds[SLO_TIER_1MIN]},
		{STORE_OLD_BUCKETS_1H, before_seconds[SLO_TIER_1H]},
		{STORE_OLD_SERIES_1H, before_seconds[SLO_TIER_1H]},
		{STORE_OLD_CHANGES, before_seconds[SLO_TIER_1H]},
	};
	size_t allowed = PRUNE_ROWS + 2 * store->n_puts, n = 0, n_before;

	store->n_puts = 0;
	do {
		n_before = n;
		for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && n < allowed; i++) {
			int r = store_run(store, tables[i].statement,
					  STORE_ARGS(STORE_REAL(tables[i].before_seconds)));

			if (r)
				return r;
			n += (size_t)sqlite3_changes(store->db);
		}
		for (size_t tier = 0; tier < SLO_TIERS && n < allowed; tier++) {
			int r = store_run(store, STORE_OLD_REASONS,
					  STORE_ARGS(STORE_REAL(before_seconds[tier]),
						     STORE_INT(tier)));

			if (r)
				return r;
			n += (size_t)sqlite3_changes(store->db);
		}
	} while (n != n_before && n < allowed);
	return 0;
}

/* Drops what is older than its tier keeps, and of steps those beyond the newest. */
static int prune_traffic(struct store *store, double now_seconds)
{
	int64_t before_us[STORE_TRAFFIC_TIERS];
	int r = 0;

	for (size_t i = 0; i < STORE_TRAFFIC_TIERS; i++)
		before_us[i] = llround((now_seconds - (double)store_traffic_keep_seconds[i]) * 1e6);
	r = store_first(store, STORE_MANY_TRAFFIC,
			STORE_ARGS(STORE_INT(STORE_TRAFFIC_STEP), STORE_INT(STORE_TRAFFIC_STEPS)));
	if (r < 0)
		return r;
	if (r) {
		int64_t many_us = sqlite3_column_int64(store->statements[STORE_MANY_TRAFFIC], 0);

		store_end(store, STORE_MANY_TRAFFIC);
		if (many_us > before_us[STORE_TRAFFIC_STEP])
			before_us[STORE_TRAFFIC_STEP] = many_us;
	}
	r = 0;
	for (size_t i = 0; i < STORE_TRAFFIC_TIERS; i++) {
		for (int n = 0; !r && n < TRAFFIC_ROWS; n++) {
			r = store_run(store, STORE_OLD_TRAFFIC,
				      STORE_ARGS(STORE_INT(i), STORE_INT(before_us[i])));
			if (!r && !sqlite3_changes(store->db))
				break;
		}
	}
	return r;
}

static int prune(struct store *store, double now_seconds, double keep_hours_seconds)
{
	const double keep_seconds[SLO_TIERS] = {KEEP_10S_SECONDS, KEEP_1MIN_SECONDS,
						keep_hours_seconds};
	double before_seconds[SLO_TIERS];
	int r = store_begin(store);

	if (r)
		return r;
	for (size_t i = 0; i < SLO_TIERS; i++)
		before_seconds[i] = now_seconds - keep_seconds[i] -
				    (double)(EXTRA_BUCKETS * slo_tier_width_seconds[i]);
	r = prune_rows(store, before_seconds);
	r = r ?: prune_traffic(store, now_seconds);
	if (!r && !(fabs(now_seconds - store->housekept_seconds) < HOUSEKEEPING_SECONDS)) {
		r = keep_house(store, before_seconds[SLO_TIER_1H]);
		if (!r)
			store->housekept_seconds = now_seconds;
	}
	if (!r)
		return store_commit(store);
	store_rollback(store);
	return r;
}

/* Gives pages that have been free for long back to the file system. */
static int shrink(struct store *store)
{
	int64_t n_free = 0;
	int r = store_first(store, STORE_FREE_PAGES, NULL, 0);

	if (r <= 0)
		return r;
	n_free = sqlite3_column_int64(store->statements[STORE_FREE_PAGES], 0);
	store_end(store, STORE_FREE_PAGES);
	if (n_free <= FREE_PAGES)
		return 0;
	return store_run(store, STORE_SHRINK, NULL, 0);
}

/* A reader may hold the checkpoint up; the next step tries again. */
static int checkpoint(struct store *store)
{
	struct stat status;
	int code, r;

	if (stat(store->wal_path, &status) || status.st_size <= WAL_BYTES)
		return 0;
	code = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	r = store_errno(store->db, code);
	if (r == -EUCLEAN)
		store->damaged = true;
	if (r && r != -EBUSY)
		return r;
	if (!stat(store->path, &status))
		store->least_bytes = status.st_size;
	return 0;
}

int store_prune(struct store *store, double now_seconds, double keep_hours_seconds)
{
	int r;

	if (!isfinite(now_seconds) || !isfinite(keep_hours_seconds))
		return -EINVAL;
	r = prune(store, now_seconds, keep_hours_seconds);
	r = r ?: shrink(store);
	if (r && r != -ENOSPC)
		return r;
	/* a full disk may be full of the WAL */
	return checkpoint(store) ?: r;
}
