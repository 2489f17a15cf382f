/* SPDX-License-Identifier: GPL-2.0-only */
/* A database that another one owns or understands is left as it is, and the operator is told. */
#include "tests/unit/store/files_fixture.h"

#include <sys/file.h>

static void assert_refused(int expected, const char *why)
{
	struct store *store = NULL;
	char sentence[512];

	assert_int_equal(store_open(state_dir, &store, &notice), expected);
	assert_null(store);
	snprintf(sentence, sizeof(sentence), "%s %s", database, why);
	assert_string_equal(notice.text, sentence);
}

#define LEFT                                                                                       \
	" and was left as it is: counting goes on, but no history is kept (move the file "         \
	"away to begin a new one)"

TEST(test_a_newer_version_is_left_untouched)
{
	struct bytes before;
	char name[64];

	make_database();
	sql("PRAGMA user_version = 2");
	before = read_file(database);
	assert_refused(-ENOTSUP,
		       "was written by a newer sliprobe (schema version 2, this one knows "
		       "up to 1)" LEFT);
	assert_same(database, before);
	assert_int_equal(count_aside(name), 0);
	snprintf(name, sizeof(name), "%.50s-wal", database);
	assert_int_equal(access(name, F_OK), -1);
	free(before.data);
}

TEST(test_a_newer_version_in_the_wal_is_left_untouched)
{
	struct store *store;
	struct bytes file, wal;
	char wal_path[128];

	make_database();
	store = open_good();
	assert_int_equal(sqlite3_exec(store->db, "PRAGMA user_version = 3", NULL, NULL, NULL), 0);
	copy_open_files(store);
	snprintf(wal_path, sizeof(wal_path), "%s-wal", database);
	file = read_file(database);
	wal = read_file(wal_path);
	assert_refused(-ENOTSUP,
		       "was written by a newer sliprobe (schema version 3, this one knows "
		       "up to 1)" LEFT);
	assert_same(database, file);
	assert_same(wal_path, wal);
	free(file.data);
	free(wal.data);
}

TEST(test_another_applications_database_is_left_untouched)
{
	struct bytes before;

	assert_int_equal(mkdir(state_dir, 0750), 0);
	sql("PRAGMA application_id = 4660; CREATE TABLE theirs(x)");
	before = read_file(database);
	assert_refused(-ENOTSUP, "is the database of another application (id 0x1234, not "
				 "sliprobe's 0x536c6950)" LEFT);
	assert_same(database, before);
	free(before.data);
}

TEST(test_a_database_without_tables_is_taken)
{
	struct store *store;

	assert_int_equal(mkdir(state_dir, 0750), 0);
	sql("PRAGMA auto_vacuum = NONE; CREATE TABLE gone(x); DROP TABLE gone");
	store = open_good();
	assert_int_equal(store_put_value(store, "a", "1"), 0);
	store_close(store);
	store = open_good();
	assert_value(store, "a", "1");
	store_close(store);
}

TEST(test_the_second_of_two_is_told_who_has_it)
{
	struct store *first = open_good(), *second = NULL;
	char expected[512];

	assert_int_equal(store_open(state_dir, &second, &notice), -EBUSY);
	assert_null(second);
	snprintf(
		expected, sizeof(expected),
		"%s is in use by process %d: one state directory serves one agent: stop that one, or "
		"give this one another (--state-dir, agent.state_dir)",
		state_dir, getpid());
	assert_string_equal(notice.text, expected);
	assert_int_equal(store_put_value(first, "a", "1"), 0);
	store_close(first);
	store_close(open_good());
}

TEST(test_a_lock_without_an_owner_is_told)
{
	char path[128], expected[512];
	struct store *store = NULL;
	int fd;

	assert_int_equal(mkdir(state_dir, 0750), 0);
	snprintf(path, sizeof(path), "%s/lock", state_dir);
	fd = open(path, O_RDWR | O_CREAT, 0640);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(store_open(state_dir, &store, &notice), -EBUSY);
	snprintf(expected, sizeof(expected),
		 "%s is locked by another process: one state directory serves one agent: give this "
		 "one another (--state-dir, agent.state_dir)",
		 state_dir);
	assert_string_equal(notice.text, expected);
	close(fd);
}

/* Not as if another agent had it: that would be given up for good. */
TEST(test_opening_while_an_operator_writes_is_to_be_tried_again)
{
	struct store *store;
	sqlite3 *db;

	make_database();
	assert_int_equal(sqlite3_open(database, &db), 0);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), 0);
	assert_int_equal(store_open(state_dir, &store, &notice), -EAGAIN);
	assert_non_null(strstr(notice.text, database));
	assert_non_null(strstr(notice.text, "database is locked"));
	sqlite3_close(db);
	store = open_good();
	assert_value(store, "kept", "yes");
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_a_newer_version_is_left_untouched),
		STORE_TEST(test_a_newer_version_in_the_wal_is_left_untouched),
		STORE_TEST(test_another_applications_database_is_left_untouched),
		STORE_TEST(test_a_database_without_tables_is_taken),
		STORE_TEST(test_the_second_of_two_is_told_who_has_it),
		STORE_TEST(test_a_lock_without_an_owner_is_told),
		STORE_TEST(test_opening_while_an_operator_writes_is_to_be_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
