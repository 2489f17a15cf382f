/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests of each series in the store, and the ageing of all that it keeps. */
#include "store_fixture.h"

#include <math.h>
#include <sqlite3.h>

#include "store/db.h"

#define T0 1800000000 /* a multiple of an hour */
#define HOUR 3600
#define DAY 86400

enum { MANY = 600 };

static struct store_series checkout(uint64_t requests)
{
	return (struct store_series){.service = "shop",
				     .route = "/checkout",
				     .method = "GET",
				     .outcome = "complete",
				     .status = 200,
				     .role = 1,
				     .requests = requests};
}

static int see_bucket(void *context, int64_t end_seconds, const struct store_series *series)
{
	char *text = context;
	size_t len = strlen(text);

	snprintf(text + len, 1024 - len, "%lld %s %s %s %s %u %u=%llu\n",
		 (long long)end_seconds - T0, series->service, series->route, series->method,
		 series->outcome, series->status, series->role,
		 (unsigned long long)series->requests);
	return 0;
}

static void assert_buckets(struct store *store, enum slo_tier tier, const char *expected)
{
	char text[1024] = "";

	assert_int_equal(store_each_series_bucket(store, tier, T0, see_bucket, text), 0);
	assert_string_equal(text, expected);
}

TEST(test_growth_is_added_to_all_tiers)
{
	struct store *store = open_good();
	struct store_series series = checkout(100);

	assert_int_equal(store_put_series(store, T0 + 10, &series, 1), 0);
	series.requests = 107;
	assert_int_equal(store_put_series(store, T0 + 19.5, &series, 1), 0);
	store_close(store);
	store = open_good();
	series.requests = 112;
	assert_int_equal(store_put_series(store, T0 + 60.0000002, &series, 1), 0);
	series.requests = 113;
	assert_int_equal(store_put_series(store, T0 + 61, &series, 1), 0);
	assert_buckets(store, SLO_TIER_10S,
		       "10 shop /checkout GET complete 200 1=100\n"
		       "20 shop /checkout GET complete 200 1=7\n"
		       "60 shop /checkout GET complete 200 1=5\n"
		       "70 shop /checkout GET complete 200 1=1\n");
	assert_buckets(store, SLO_TIER_1MIN,
		       "60 shop /checkout GET complete 200 1=112\n"
		       "120 shop /checkout GET complete 200 1=1\n");
	assert_buckets(store, SLO_TIER_1H, "3600 shop /checkout GET complete 200 1=113\n");
	assert_int_equal(store_put_series(store, NAN, &series, 1), -EINVAL);
	assert_int_equal(store_each_series_bucket(store, SLO_TIERS, 0, see_bucket, NULL), -EINVAL);
	store_close(store);
}

TEST(test_each_of_its_parts_makes_a_series)
{
	struct store *store = open_good();
	struct store_series series[7];

	for (size_t i = 0; i < 7; i++)
		series[i] = checkout(10 - i);
	series[1].service = "cart";
	series[2].route = "/cart";
	series[3].method = "POST";
	series[4].outcome = "client_abort";
	series[5].status = 503;
	series[6].role = 0;
	assert_int_equal(store_put_series(store, T0 + 10, series, 7), 0);
	assert_int_equal(store_put_series(store, T0 + 20, series, 7), 0);
	assert_buckets(store, SLO_TIER_10S,
		       "10 shop /checkout GET complete 200 1=10\n"
		       "10 cart /checkout GET complete 200 1=9\n"
		       "10 shop /cart GET complete 200 1=8\n"
		       "10 shop /checkout POST complete 200 1=7\n"
		       "10 shop /checkout GET client_abort 200 1=6\n"
		       "10 shop /checkout GET complete 503 1=5\n"
		       "10 shop /checkout GET complete 200 0=4\n");
	store_close(store);
}

TEST(test_only_what_changed_is_written)
{
	struct store *store = open_good();
	struct store_series series[2] = {checkout(5), checkout(0)};
	int64_t before;

	series[1].route = "/idle";
	assert_int_equal(store_put_series(store, T0 + 10, series, 2), 0);
	before = sqlite3_total_changes64(store->db);
	assert_int_equal(before, 1 + 1 + 3); /* the mark, the series, its buckets */
	assert_int_equal(store_put_series(store, T0 + 20, series, 2), 0);
	assert_int_equal(sqlite3_total_changes64(store->db), before);
	series[0].requests++;
	assert_int_equal(store_put_series(store, T0 + 30, series, 2), 0);
	assert_int_equal(sqlite3_total_changes64(store->db), before + 4);
	store_close(store);
}

TEST(test_a_new_kernel_instance_begins_at_0)
{
	struct store *store = open_good();
	struct store_series series = checkout(100);

	assert_int_equal(store_put_series(store, T0 + 10, &series, 1), 0);
	assert_int_equal(store_reset_counters(store), 0);
	series.requests = 103;
	assert_int_equal(store_put_series(store, T0 + 20, &series, 1), 0);
	series.requests = 4; /* it fell */
	assert_int_equal(store_put_series(store, T0 + 30, &series, 1), 0);
	assert_buckets(store, SLO_TIER_10S,
		       "10 shop /checkout GET complete 200 1=100\n"
		       "20 shop /checkout GET complete 200 1=103\n"
		       "30 shop /checkout GET complete 200 1=4\n");
	store_close(store);
}

TEST(test_after_a_rollback_it_was_never_called)
{
	struct store *store = open_good();
	struct store_series series = checkout(100);

	assert_int_equal(store_put_series(store, T0 + 10, &series, 1), 0);
	series.requests = 150;
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_put_series(store, T0 + 20, &series, 1), 0);
	store_rollback(store);
	series.requests = 160;
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_put_series(store, T0 + 30, &series, 1), 0);
	assert_int_equal(store_commit(store), 0);
	assert_buckets(store, SLO_TIER_10S,
		       "10 shop /checkout GET complete 200 1=100\n"
		       "30 shop /checkout GET complete 200 1=60\n");
	store_close(store);
}

TEST(test_set_counters_are_no_step)
{
	struct store *store = open_good();
	struct store_series series = checkout(100);

	assert_int_equal(store_set_series(store, T0 + 10, &series, 1), 0);
	series.requests = 107;
	assert_int_equal(store_put_series(store, T0 + 20, &series, 1), 0);
	assert_buckets(store, SLO_TIER_10S, "20 shop /checkout GET complete 200 1=7\n");
	store_close(store);
}

static char routes[MANY][16];
static struct store_series many[MANY];

static void make_many(void)
{
	for (size_t i = 0; i < MANY; i++) {
		snprintf(routes[i], sizeof(routes[i]), "/%zu", i);
		many[i] = checkout(0);
		many[i].route = routes[i];
	}
}

struct tally {
	int64_t end_seconds;
	size_t n;
	uint64_t named;
	uint64_t others;
	bool has_first;
};

static int tally_bucket(void *context, int64_t end_seconds, const struct store_series *series)
{
	struct tally *tally = context;

	if (end_seconds != tally->end_seconds)
		return 0;
	if (!*series->service) {
		assert_string_equal(series->route, "");
		assert_string_equal(series->method, "");
		assert_string_equal(series->outcome, "");
		tally->others += series->requests;
		return 0;
	}
	tally->n++;
	tally->named += series->requests;
	if (!strcmp(series->route, "/0"))
		tally->has_first = true;
	return 0;
}

static struct tally tally(struct store *store, enum slo_tier tier, int64_t end_seconds)
{
	struct tally tally = {.end_seconds = end_seconds};

	assert_int_equal(store_each_series_bucket(store, tier, 0, tally_bucket, &tally), 0);
	return tally;
}

TEST(test_the_busiest_are_kept_by_name)
{
	struct store *store = open_good();
	struct tally seen;

	make_many();
	for (size_t i = 0; i < MANY; i++)
		many[i].requests = i + 1; /* the first is the least busy */
	assert_int_equal(store_put_series(store, T0 + 10, many, MANY), 0);
	seen = tally(store, SLO_TIER_10S, T0 + 10);
	assert_int_equal(seen.n, 512);
	assert_false(seen.has_first);
	assert_int_equal(seen.others, 88 * 89 / 2);
	assert_int_equal(seen.named + seen.others, MANY * (MANY + 1) / 2);

	many[0].requests += 1000; /* now the busiest, and alone */
	assert_int_equal(store_put_series(store, T0 + 20, many, MANY), 0);
	seen = tally(store, SLO_TIER_10S, T0 + 20);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.named, 1000);
	assert_int_equal(seen.others, 0);
	/* the minute has its 512 names */
	seen = tally(store, SLO_TIER_1MIN, T0 + 60);
	assert_int_equal(seen.n, 512);
	assert_int_equal(seen.others, 88 * 89 / 2 + 1000);
	assert_int_equal(seen.named + seen.others, MANY * (MANY + 1) / 2 + 1000);
	seen = tally(store, SLO_TIER_1H, T0 + HOUR);
	assert_int_equal(seen.n, 512);
	assert_int_equal(seen.named + seen.others, MANY * (MANY + 1) / 2 + 1000);
	store_close(store);
}

TEST(test_a_name_of_before_does_not_make_it_one_of_the_busiest)
{
	struct store *store = open_good();
	struct tally seen;

	make_many();
	many[0].requests = 1;
	assert_int_equal(store_put_series(store, T0 + 10, many, MANY), 0);
	for (size_t i = 0; i < MANY; i++)
		many[i].requests += i + 1;
	assert_int_equal(store_put_series(store, T0 + 20, many, MANY), 0);
	seen = tally(store, SLO_TIER_1MIN, T0 + 60);
	assert_int_equal(seen.n, 512);
	assert_true(seen.has_first);
	/* 511 names were free for the 512 busiest, whose last is 89; the others are 1 to 88 */
	assert_int_equal(seen.others, 89 * 90 / 2);
	assert_int_equal(seen.named + seen.others, 1 + MANY * (MANY + 1) / 2);
	store_close(store);
}

/* ---- ageing ---- */

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
	struct store_series series = checkout(1), other = checkout(1);
	const double day9 = T0 + 9.0 * DAY, day200 = T0 + 200.0 * DAY;

	other.route = "/other";
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
		STORE_TEST(test_growth_is_added_to_all_tiers),
		STORE_TEST(test_each_of_its_parts_makes_a_series),
		STORE_TEST(test_only_what_changed_is_written),
		STORE_TEST(test_a_new_kernel_instance_begins_at_0),
		STORE_TEST(test_after_a_rollback_it_was_never_called),
		STORE_TEST(test_set_counters_are_no_step),
		STORE_TEST(test_the_busiest_are_kept_by_name),
		STORE_TEST(test_a_name_of_before_does_not_make_it_one_of_the_busiest),
		STORE_TEST(test_each_tier_keeps_its_time),
		STORE_TEST(test_series_age_like_the_others),
		STORE_TEST(test_pruning_is_done_in_pieces),
		STORE_TEST(test_slos_of_long_ago_are_dropped),
		STORE_TEST(test_changes_and_coverage_age),
		STORE_TEST(test_the_file_shrinks_and_the_wal_stays_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
