/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store without memory: each allocation, ours or SQLite's, fails once.
 */
#include "tests/unit/store/store_fixture.h"

#include <sqlite3.h>

#include "tests/unit/fixtures/malloc_fail.h"

static sqlite3_mem_methods real;

static void *failing_malloc(int size)
{
	return ++n_allocations == fail_at ? NULL : real.xMalloc(size);
}

static void *failing_realloc(void *old, int size)
{
	return ++n_allocations == fail_at ? NULL : real.xRealloc(old, size);
}

static int install(void **state)
{
	sqlite3_mem_methods failing;

	(void)state;
	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real))
		return -1;
	if (!access("/dev/shm", W_OK))
		setenv("TMPDIR", "/dev/shm", 0); /* thousands of commits, and none matters */
	failing = real;
	failing.xMalloc = failing_malloc;
	failing.xRealloc = failing_realloc;
	return sqlite3_config(SQLITE_CONFIG_MALLOC, &failing);
}

static int step(struct store *store, uint64_t n)
{
	struct store_slo slo = {.name = "a"};
	struct store_series series = {.service = "s", .requests = n};
	struct coverage coverage = {};
	char *value = NULL;
	int r = store_begin(store);

	if (!r)
		r = store_put_slo(store, &slo);
	if (!r)
		r = store_put_bucket(store, slo.id, STORE_EVENTS, SLO_TIER_1H, 3600,
				     (struct slo_events){1, 1});
	if (!r)
		r = store_put_series(store, 10, &series, 1);
	if (!r)
		r = store_put_coverage(store, &(struct coverage_span){1, 2});
	if (!r)
		r = store_put_value(store, "kernel", "a");
	if (!r)
		r = store_commit(store);
	store_rollback(store);
	if (!r)
		r = store_get_value(store, "kernel", &value);
	if (!r)
		r = store_load_coverage(store, &coverage);
	if (!r)
		r = store_prune(store, 1e9, 1e6);
	free(value);
	coverage_clear(&coverage);
	return r;
}

static int open_and_step(uint64_t n)
{
	struct store *store = NULL;
	int r = store_open(state_dir, &store, &notice);

	if (!r)
		r = step(store, n);
	store_close(store);
	return r;
}

/* Each allocation in turn; returns how many there were. */
static unsigned long walk(void (*prepare)(void))
{
	for (unsigned long i = 1;; i += 1 + i / 40) {
		int r;

		prepare();
		n_allocations = 0;
		fail_at = i;
		r = open_and_step(i);
		fail_at = 0;
		if (n_allocations < i) {
			assert_int_equal(r, 0);
			return i;
		}
		assert_true(!r || r == -ENOMEM || r == -EIO);
		assert_null(strstr(notice.text, "damaged"));
	}
}

static void start_new(void)
{
	nftw(state_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void leave_as_it_is(void)
{
}

static void leave_not_closed(void)
{
	struct store *store = open_store();
	sqlite3 *db;

	store_close(store);
	assert_int_equal(sqlite3_open(database, &db), 0);
	assert_int_equal(
		sqlite3_exec(db, "INSERT INTO value VALUES ('open', 'yes')", NULL, NULL, NULL), 0);
	sqlite3_close(db);
}

TEST(test_a_new_database)
{
	assert_true(walk(start_new) > 500);
}

TEST(test_an_old_one)
{
	assert_int_equal(open_and_step(1), 0);
	assert_true(walk(leave_as_it_is) > 300);
}

/* More than SQLite has memory for from the start. */
static void fill(void)
{
	static char long_text[200000];
	struct store *store = open_good();

	memset(long_text, 'x', sizeof(long_text) - 1);
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_put_value(store, "long", long_text), 0);
	for (int64_t end = 3600; end < 5000 * 3600LL; end += 3600)
		assert_int_equal(store_put_bucket(store, 9, STORE_EVENTS, SLO_TIER_1H, end,
						  (struct slo_events){1, 1}),
				 0);
	assert_int_equal(store_commit(store), 0);
	store_close(store);
}

TEST(test_one_that_is_checked)
{
	fill();
	assert_true(walk(leave_not_closed) > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_a_new_database),
		STORE_TEST(test_an_old_one),
		STORE_TEST(test_one_that_is_checked),
	};

	return cmocka_run_group_tests(tests, install, NULL);
}
