/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that somebody deletes, replaces, cuts short or reads while the store has them open. */
#include "tests/unit/store/files_fixture.h"

TEST(test_vanished_when_the_file_is_deleted_or_replaced)
{
	struct store *store;
	char other[128];

	make_database();
	store = open_good();
	assert_false(store_vanished(store));
	assert_int_equal(store_put_value(store, "a", "1"), 0);
	assert_false(store_vanished(store));
	unlink(database);
	assert_true(store_vanished(store));
	store_close(store);
	store = open_good();
	assert_value(store, "kept", NULL);
	snprintf(other, sizeof(other), "%s/other", state_dir);
	assert_int_equal(rename(database, other), 0);
	assert_true(store_vanished(store));
	write_at(database, 0, (char[100000]){}, 100000);
	assert_true(store_vanished(store));
	store_close(store);
}

TEST(test_vanished_when_the_file_is_too_short)
{
	struct store *store;
	struct bytes empty = {.data = (char[]){""}};

	make_database();
	store = open_good();
	assert_int_equal(store_put_value(store, "a", "1"), 0);
	assert_int_equal(truncate(database, 0), 0);
	assert_true(store_vanished(store));
	store_close(store);
	assert_same(database, empty); /* the WAL's pages are not put into it */
	store = open_good();
	assert_value(store, "kept", NULL);
	store_close(store);
}

TEST(test_vanished_when_the_wal_is_deleted)
{
	struct store *store = open_good();
	char path[128];

	snprintf(path, sizeof(path), "%s-wal", database);
	assert_int_equal(store_put_value(store, "a", "1"), 0);
	assert_int_equal(unlink(path), 0);
	assert_true(store_vanished(store));
	write_at(path, 0, "", 0);
	assert_true(store_vanished(store));
	store_close(store);
}

static void commit_value(struct store *store, const char *value)
{
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_put_value(store, "a", value), 0);
	assert_int_equal(store_commit(store), 0);
}

static off_t wal_path(char ret[static 128])
{
	struct stat status;

	snprintf(ret, 128, "%s-wal", database);
	assert_int_equal(stat(ret, &status), 0);
	return status.st_size;
}

TEST(test_vanished_when_the_wal_is_cut_short)
{
	struct store *store;
	char path[128];

	make_database();
	store = open_good();
	commit_value(store, "1");
	assert_int_equal(truncate(path, wal_path(path) - 1), 0);
	assert_true(store_vanished(store));
	commit_value(store, "2"); /* behind a hole */
	assert_true(store_vanished(store));
	store_close(store);
	store = open_good();
	assert_false(store_vanished(store));
	assert_value(store, "kept", "yes"); /* the hole was not put into it */
	store_close(store);
}

TEST(test_vanished_when_the_wal_was_emptied)
{
	struct store *store;
	char path[128];

	make_database();
	store = open_good();
	commit_value(store, "1");
	wal_path(path);
	assert_int_equal(truncate(path, 0), 0);
	commit_value(store, "2");
	assert_true(store_vanished(store));
	store_close(store);
	store = open_good();
	assert_false(store_vanished(store));
	assert_value(store, "kept", "yes");
	store_close(store);
}

TEST(test_an_operator_may_empty_the_wal)
{
	static const char *const ways[] = {"PRAGMA wal_checkpoint(TRUNCATE)",
					   "PRAGMA wal_checkpoint(RESTART)"};
	struct store *store = open_good();
	sqlite3 *db;

	for (size_t i = 0; i < 4; i++) {
		commit_value(store, "1");
		assert_int_equal(sqlite3_open(database, &db), 0);
		assert_int_equal(sqlite3_exec(db, ways[i % 2], NULL, NULL, NULL), 0);
		sqlite3_close(db);
		assert_false(store_vanished(store));
		commit_value(store, "2");
		assert_false(store_vanished(store));
	}
	store_close(store);
	store = open_good();
	assert_value(store, "a", "2");
	store_close(store);
}

TEST(test_size_counts_the_wal)
{
	struct store *store;
	struct stat file, wal;
	char path[128];

	make_database();
	store = open_good();
	assert_int_equal(store_put_value(store, "a", "1"), 0);
	snprintf(path, sizeof(path), "%s-wal", database);
	assert_int_equal(stat(database, &file), 0);
	assert_int_equal(stat(path, &wal), 0);
	assert_true(wal.st_size > 0);
	assert_int_equal(store_bytes(store), file.st_size + wal.st_size);
	store_close(store);
}

TEST(test_an_operator_may_read_meanwhile)
{
	struct store *store;
	sqlite3 *db;

	make_database();
	store = open_good();
	assert_int_equal(sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL), 0);
	assert_int_equal(
		sqlite3_exec(db, "BEGIN; SELECT count(*) FROM bucket_10s", NULL, NULL, NULL), 0);
	assert_int_equal(store_put_value(store, "a", "1"), 0);
	assert_int_equal(store_prune(store, 1e6, 1e6), 0);
	sqlite3_close(db);
	assert_int_equal(store_put_value(store, "a", "2"), 0);
	assert_value(store, "a", "2");
	store_close(store);
}

TEST(test_an_operator_who_writes_is_waited_for_briefly)
{
	struct store *store;
	sqlite3 *db;

	make_database();
	store = open_good();
	assert_int_equal(sqlite3_open(database, &db), 0);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), 0);
	assert_int_equal(store_begin(store), -EBUSY);
	assert_int_equal(store_put_value(store, "a", "1"), -EBUSY);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), 0);
	sqlite3_close(db);
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_put_value(store, "a", "1"), 0);
	assert_int_equal(store_commit(store), 0);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_vanished_when_the_file_is_deleted_or_replaced),
		STORE_TEST(test_vanished_when_the_file_is_too_short),
		STORE_TEST(test_vanished_when_the_wal_is_deleted),
		STORE_TEST(test_vanished_when_the_wal_is_cut_short),
		STORE_TEST(test_vanished_when_the_wal_was_emptied),
		STORE_TEST(test_an_operator_may_empty_the_wal),
		STORE_TEST(test_size_counts_the_wal),
		STORE_TEST(test_an_operator_may_read_meanwhile),
		STORE_TEST(test_an_operator_who_writes_is_waited_for_briefly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
