/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests of each series in the store. */
#include "tests/unit/store/store_fixture.h"

#include <math.h>
#include <sqlite3.h>

#include "store/db.h"

#define HOUR 3600

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

/* The kernel's counter goes back to 0 after this step: what it has then is growth, however much. */
TEST(test_a_counter_that_ends_begins_at_0)
{
	struct store *store = open_good();
	struct store_series series = checkout(100);

	assert_int_equal(store_put_series(store, T0 + 10, &series, 1), 0);
	series.requests = 107;
	series.ends = true;
	assert_int_equal(store_put_series(store, T0 + 20, &series, 1), 0);
	series.requests = 150;
	series.ends = false;
	assert_int_equal(store_put_series(store, T0 + 30, &series, 1), 0);
	assert_buckets(store, SLO_TIER_10S,
		       "10 shop /checkout GET complete 200 1=100\n"
		       "20 shop /checkout GET complete 200 1=7\n"
		       "30 shop /checkout GET complete 200 1=150\n");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_growth_is_added_to_all_tiers),
		STORE_TEST(test_each_of_its_parts_makes_a_series),
		STORE_TEST(test_only_what_changed_is_written),
		STORE_TEST(test_a_new_kernel_instance_begins_at_0),
		STORE_TEST(test_a_counter_that_ends_begins_at_0),
		STORE_TEST(test_after_a_rollback_it_was_never_called),
		STORE_TEST(test_set_counters_are_no_step),
		STORE_TEST(test_the_busiest_are_kept_by_name),
		STORE_TEST(test_a_name_of_before_does_not_make_it_one_of_the_busiest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
