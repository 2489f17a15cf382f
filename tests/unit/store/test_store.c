/* SPDX-License-Identifier: GPL-2.0-only */
/* Transactions, and the values, texts and coverage that come back from the store. */
#include "tests/unit/store/store_fixture.h"

#include <math.h>
#include <sqlite3.h>

#include "store/db.h"

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_mode & 07777;
}

TEST(test_open_makes_a_private_directory)
{
	char deep[96], parent[96];
	struct store *store;

	umask(022);
	snprintf(parent, sizeof(parent), "%s/a", base_dir);
	snprintf(deep, sizeof(deep), "%s/a/b", base_dir);
	assert_int_equal(store_open(deep, &store, &notice), 0);
	assert_string_equal(notice.text, "");
	assert_int_equal(mode_of(parent), 0755);
	assert_int_equal(mode_of(deep), 0750);
	snprintf(deep, sizeof(deep), "%s/a/b/sliprobe.db", base_dir);
	assert_int_equal(mode_of(deep), 0640);
	snprintf(deep, sizeof(deep), "%s/a/b/sliprobe.db-wal", base_dir);
	assert_int_equal(mode_of(deep), 0640);
	store_close(store);
}

static void pragma_is(struct store *store, const char *sql, int expected)
{
	sqlite3_stmt *statement;

	assert_int_equal(sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL), 0);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(statement, 0), expected);
	sqlite3_finalize(statement);
}

TEST(test_each_commit_is_synced)
{
	struct store *store = reopen(open_good());

	pragma_is(store, "PRAGMA synchronous", 2);
	pragma_is(store, "PRAGMA auto_vacuum", 2);
	pragma_is(store, "PRAGMA user_version", STORE_VERSION);
	pragma_is(store, "PRAGMA application_id", STORE_APPLICATION_ID);
	pragma_is(store, "PRAGMA wal_autocheckpoint", 0);
	pragma_is(store, "PRAGMA busy_timeout", 100);
	store_close(store);
}

TEST(test_values_are_set_by_name)
{
	struct store *store = open_good();

	assert_value(store, "kernel", NULL);
	assert_int_equal(store_put_value(store, "kernel", "one"), 0);
	assert_int_equal(store_put_value(store, "timeline", ""), 0);
	assert_int_equal(store_put_value(store, "kernel", "two"), 0);
	store = reopen(store);
	assert_value(store, "kernel", "two");
	assert_value(store, "timeline", "");
	store_close(store);
}

TEST(test_a_transaction_is_all_or_nothing)
{
	struct store *store = open_good();

	assert_int_equal(store_commit(store), -EINVAL);
	store_rollback(store);
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_begin(store), -EINVAL);
	assert_int_equal(store_put_value(store, "a", "1"), 0);
	store_rollback(store);
	assert_value(store, "a", NULL);
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_put_value(store, "a", "1"), 0);
	assert_int_equal(store_put_value(store, "b", "1"), 0);
	assert_int_equal(store_commit(store), 0);
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_put_value(store, "a", "2"), 0);
	store = reopen(store); /* never committed */
	assert_value(store, "a", "1");
	assert_value(store, "b", "1");
	store_close(store);
}

TEST(test_after_a_failed_put_nothing_more_is_put)
{
	struct store *store = open_good();
	struct coverage_span impossible = {.from_seconds = NAN, .to_seconds = 1};

	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_put_value(store, "a", "1"), 0);
	assert_int_equal(store_put_coverage(store, &impossible), -EINVAL);
	assert_int_equal(store_put_value(store, "b", "1"), -EINVAL);
	assert_int_equal(store_put_series(store, T0, NULL, 0), -EINVAL);
	assert_int_equal(store_commit(store), -EINVAL);
	assert_value(store, "a", NULL);
	assert_value(store, "b", NULL);
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_put_value(store, "b", "2"), 0);
	assert_int_equal(store_commit(store), 0);
	assert_value(store, "b", "2");
	store_close(store);
}

static int see_text(void *context, const char *key, const char *text)
{
	char *all = context;
	size_t len = strlen(all);

	snprintf(all + len, 256 - len, "%s=%s ", key, text);
	return !strcmp(key, "stop") ? -ECANCELED : 0;
}

TEST(test_texts_are_kept_by_kind_and_key)
{
	struct store *store = open_good();
	char all[256] = "";

	assert_int_equal(store_put_text(store, "silence", "b", "{}"), 0);
	assert_int_equal(store_put_text(store, "silence", "a", "old"), 0);
	assert_int_equal(store_put_text(store, "silence", "a", "new"), 0);
	assert_int_equal(store_put_text(store, "notice", "a", "other"), 0);
	assert_int_equal(store_put_text(store, "notice", "stop", "1"), 0);
	assert_int_equal(store_put_text(store, "notice", "z", "1"), 0);
	assert_int_equal(store_drop_text(store, "silence", "none"), 0);
	store = reopen(store);
	assert_int_equal(store_each_text(store, "silence", see_text, all), 0);
	assert_string_equal(all, "a=new b={} ");
	*all = '\0';
	assert_int_equal(store_each_text(store, "notice", see_text, all), -ECANCELED);
	assert_string_equal(all, "a=other stop=1 ");
	assert_int_equal(store_drop_text(store, "silence", "a"), 0);
	*all = '\0';
	assert_int_equal(store_each_text(store, "silence", see_text, all), 0);
	assert_string_equal(all, "b={} ");
	store_close(store);
}

TEST(test_coverage_comes_back)
{
	struct store *store = open_good();
	struct coverage coverage = {};

	assert_int_equal(store_put_coverage(store, &(struct coverage_span){T0, T0 + 10}), 0);
	assert_int_equal(store_put_coverage(store, &(struct coverage_span){T0 + 50, T0 + 60}), 0);
	assert_int_equal(store_put_coverage(store, &(struct coverage_span){T0, T0 + 20.5}), 0);
	store = reopen(store);
	assert_int_equal(store_load_coverage(store, &coverage), 0);
	assert_int_equal(coverage.n, 2);
	assert_true(coverage.spans[0].from_seconds == T0);
	assert_true(coverage.spans[0].to_seconds == T0 + 20.5);
	assert_true(coverage.spans[1].from_seconds == T0 + 50);
	assert_true(coverage.spans[1].to_seconds == T0 + 60);
	coverage_clear(&coverage);
	assert_int_equal(store_put_coverage(store, &(struct coverage_span){T0 + 70, T0}), 0);
	assert_int_equal(store_load_coverage(store, &coverage), -EINVAL);
	assert_null(coverage.spans);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_open_makes_a_private_directory),
		STORE_TEST(test_each_commit_is_synced),
		STORE_TEST(test_values_are_set_by_name),
		STORE_TEST(test_a_transaction_is_all_or_nothing),
		STORE_TEST(test_after_a_failed_put_nothing_more_is_put),
		STORE_TEST(test_texts_are_kept_by_kind_and_key),
		STORE_TEST(test_coverage_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
