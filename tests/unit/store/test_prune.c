/* SPDX-License-Identifier: GPL-2.0-only */
/* The ageing of all that the store keeps. */
#include "tests/unit/store/store_fixture.h"

#include <sqlite3.h>

#include "store/db.h"

#define HOUR 3600
#define DAY 86400

static int64_t count_rows(struct store *store, const char *table)
{
	char sql[64];
	sqlite3_stmt *statement;
	int64_t n;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
	assert_int_equal(sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL), 0);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	n = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return n;
}

static void put_row(struct store *store, enum slo_tier tier, int64_t end_seconds)
{
	assert_int_equal(store_put_bucket(store, 1, STORE_EVENTS, tier, end_seconds,
					  (struct slo_events){1, 0}),
			 0);
}

TEST(test_each_tier_keeps_its_time)
{
	const int64_t now = T0 + 200LL * DAY, keep_hours = 121LL * DAY;
	const int64_t keep[SLO_TIERS] = {6 * HOUR, 8 * DAY, keep_hours}, width[] = {10, 60, HOUR};
	const char *tables[] = {"bucket_10s", "bucket_1min", "bucket_1h"};
	struct store *store = open_good();

	for (enum slo_tier tier = 0; tier < SLO_TIERS; tier++) {
		put_row(store, tier, now - keep[tier]);
		put_row(store, tier, now - keep[tier] - width[tier]);
		put_row(store, tier, now - keep[tier] - 3 * width[tier]);
		put_row(store, tier, now - keep[tier] - 1000 * width[tier]);
	}
	assert_int_equal(store_prune(store, (double)now, (double)keep_hours), 0);
	for (enum slo_tier tier = 0; tier < SLO_TIERS; tier++)
		assert_int_equal(count_rows(store, tables[tier]), 2);
	store_close(store);
}

TEST(test_series_age_like_the_others)
{
	struct store *store = open_good();
	struct store_series series = {.service = "shop", .route = "/checkout", .requests = 1};
	struct store_series other = {.service = "shop", .route = "/other", .requests = 1};
	const double day9 = T0 + 9.0 * DAY, day200 = T0 + 200.0 * DAY;

	assert_int_equal(store_put_series(store, T0, &series, 1), 0);
	assert_int_equal(store_prune(store, day9, 121.0 * DAY), 0);
	assert_int_equal(count_rows(store, "series_10s"), 0);
	assert_int_equal(count_rows(store, "series_1min"), 0);
	assert_int_equal(count_rows(store, "series_1h"), 1);
	assert_int_equal(store_prune(store, day200, 121.0 * DAY), 0);
	assert_int_equal(count_rows(store, "series_1h"), 0);
	/* its counter is what the kernel still has */
	assert_int_equal(count_rows(store, "series"), 1);
	assert_int_equal(store_put_series(store, day200, &series, 1), 0);
	assert_int_equal(count_rows(store, "series_10s"), 0);
	/* until the kernel has begun anew */
	assert_int_equal(store_reset_counters(store), 0);
	assert_int_equal(store_put_series(store, day200, &other, 1), 0);
	assert_int_equal(store_prune(store, day200 + HOUR, 121.0 * DAY), 0);
	assert_int_equal(count_rows(store, "series"), 1);
	store_close(store);
}

TEST(test_pruning_is_done_in_pieces)
{
	struct store *store = open_good();
	int64_t before;

	assert_int_equal(store_begin(store), 0);
	for (int64_t end = 10; end <= 300000; end += 10)
		put_row(store, SLO_TIER_10S, T0 + end);
	assert_int_equal(store_commit(store), 0);
	store->n_puts = 0;
	before = count_rows(store, "bucket_10s");
	assert_int_equal(before, 30000);
	assert_int_equal(store_prune(store, T0 + 1e6, 121.0 * DAY), 0);
	assert_int_equal(count_rows(store, "bucket_10s"), before - 4096);
	for (int64_t end = 0; end < 100; end++) /* what is put is made up for */
		put_row(store, SLO_TIER_10S, T0 + 1000000 - 10 * end);
	assert_int_equal(store_prune(store, T0 + 1e6, 121.0 * DAY), 0);
	assert_int_equal(count_rows(store, "bucket_10s"), before - 4096 - 4096 - 200 + 100);
	store_close(store);
}

static int count_slo(void *context, const struct store_slo *slo)
{
	size_t *n = context;

	assert_string_not_equal(slo->name, "gone");
	++*n;
	return 0;
}

TEST(test_slos_of_long_ago_are_dropped)
{
	struct store *store = open_good();
	const double now = T0 + 200.0 * DAY;
	struct store_slo gone = {.name = "gone", .last_seconds = now - 122 * DAY};
	struct store_slo recent = {.name = "recent", .last_seconds = now - 120 * DAY};
	struct store_slo busy = {.name = "busy", .last_seconds = now - 123 * DAY};
	size_t n = 0;

	assert_int_equal(store_put_slo(store, &gone), 0);
	assert_int_equal(store_put_slo(store, &recent), 0);
	assert_int_equal(store_put_slo(store, &busy), 0);
	assert_int_equal(store_put_bucket(store, busy.id, STORE_SLICES, SLO_TIER_1H,
					  T0 + 190LL * DAY, (struct slo_events){1, 1}),
			 0);
	assert_int_equal(store_prune(store, now, 121.0 * DAY), 0);
	assert_int_equal(store_each_slo(store, count_slo, &n), 0);
	assert_int_equal(n, 2);
	store_close(store);
}

TEST(test_changes_and_coverage_age)
{
	struct store *store = open_good();
	struct store_change change = {.t_seconds = T0};

	assert_int_equal(store_add_change(store, &change), 0);
	assert_int_equal(store_add_change(store, &change), 0);
	change.t_seconds = T0 + 90.0 * DAY;
	assert_int_equal(store_add_change(store, &change), 0);
	assert_int_equal(store_put_coverage(store, &(struct coverage_span){T0, T0 + DAY}), 0);
	assert_int_equal(
		store_put_coverage(store, &(struct coverage_span){T0 + 2.0 * DAY, T0 + 99.0 * DAY}),
		0);
	assert_int_equal(store_prune(store, T0 + 200.0 * DAY, 121.0 * DAY), 0);
	assert_int_equal(count_rows(store, "change"), 1);
	assert_int_equal(count_rows(store, "coverage"), 1);
	assert_int_equal(store_begin(store), 0);
	for (int i = 0; i < COVERAGE_SPANS_MAX + 10; i++)
		assert_int_equal(store_put_coverage(store, &(struct coverage_span){i + 1e10, 2e10}),
				 0);
	assert_int_equal(store_prune(store, T0 + 200.0 * DAY, 121.0 * DAY), -EINVAL);
	assert_int_equal(store_commit(store), 0);
	assert_int_equal(store_prune(store, T0 + 201.0 * DAY, 121.0 * DAY), 0);
	assert_int_equal(count_rows(store, "coverage"), COVERAGE_SPANS_MAX);
	store_close(store);
}

TEST(test_the_file_shrinks_and_the_wal_stays_small)
{
	struct store *store = open_good();
	struct stat file, wal;
	char wal_path[128];
	double now = T0;

	snprintf(wal_path, sizeof(wal_path), "%s-wal", database);
	for (int64_t step = 0; step < 100; step++) {
		assert_int_equal(store_begin(store), 0);
		for (int64_t i = 0; i < 3000; i++)
			put_row(store, SLO_TIER_10S, T0 + 10 * (3000 * step + i));
		assert_int_equal(store_commit(store), 0);
		assert_int_equal(store_prune(store, T0, DAY), 0);
		assert_int_equal(stat(wal_path, &wal), 0);
		assert_true(wal.st_size <= 4 << 20);
	}
	assert_int_equal(stat(database, &file), 0);
	assert_true(file.st_size > 1 << 20);
	assert_false(store_vanished(store));
	now += 1e8;
	for (int i = 0; i < 200; i++)
		assert_int_equal(store_prune(store, now, DAY), 0);
	assert_int_equal(count_rows(store, "bucket_10s"), 0);
	store_close(store);
	store = open_good();
	/* 256 free pages, and what a new database has */
	assert_true(store_bytes(store) < (1 << 20) + (1 << 18));
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_each_tier_keeps_its_time),
		STORE_TEST(test_series_age_like_the_others),
		STORE_TEST(test_pruning_is_done_in_pieces),
		STORE_TEST(test_slos_of_long_ago_are_dropped),
		STORE_TEST(test_changes_and_coverage_age),
		STORE_TEST(test_the_file_shrinks_and_the_wal_stays_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
