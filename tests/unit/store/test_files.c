/* SPDX-License-Identifier: GPL-2.0-only */
/* What the store does with files that are not as it left them, and what it tells the operator. */
#include "store_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

#include "store/db.h"

/* A database with enough in it to have inner pages, closed. */
static void make_database(void)
{
	struct store *store = open_good();

	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_put_value(store, "kept", "yes"), 0);
	for (int64_t end = 10; end <= 20000; end += 10)
		assert_int_equal(store_put_bucket(store, 1, STORE_EVENTS, SLO_TIER_10S, end,
						  (struct slo_events){1, 1}),
				 0);
	assert_int_equal(store_commit(store), 0);
	store_close(store);
}

static void sql(const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(database, &db), 0);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), 0);
	sqlite3_close(db);
}

/* What a crash leaves: the copy was never closed. */
static void leave_open(void)
{
	sql("INSERT INTO value VALUES ('open', 'yes')");
}

static void write_at(const char *path, off_t offset, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0640);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, offset), len);
	close(fd);
}

struct bytes {
	size_t len;
	char *data;
};

static struct bytes read_file(const char *path)
{
	struct bytes bytes = {};
	struct stat status;
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &status), 0);
	bytes.len = (size_t)status.st_size;
	bytes.data = malloc(bytes.len + 1);
	assert_int_equal(fread(bytes.data, 1, bytes.len, file), bytes.len);
	fclose(file);
	return bytes;
}

static void assert_same(const char *path, struct bytes expected)
{
	struct bytes now = read_file(path);

	assert_int_equal(now.len, expected.len);
	assert_memory_equal(now.data, expected.data, now.len);
	free(now.data);
}

/* Names that were set aside, without the database's companions. */
static size_t count_aside(char ret_newest[static 64])
{
	DIR *dir = opendir(state_dir);
	struct dirent *entry;
	size_t n = 0;

	*ret_newest = '\0';
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "sliprobe.db.damaged-", 20) != 0 ||
		    strchr(entry->d_name + 20, '-'))
			continue;
		n++;
		if (!*ret_newest ||
		    strtoll(entry->d_name + 20, NULL, 10) > strtoll(ret_newest + 20, NULL, 10))
			snprintf(ret_newest, 64, "%.63s", entry->d_name);
	}
	closedir(dir);
	return n;
}

/* The database that is there is set aside, for that reason, and a new one works. */
static void assert_set_aside(const char *reason)
{
	struct store *store = open_store();
	char name[64], expected[512];

	assert_int_equal(count_aside(name), 1);
	snprintf(expected, sizeof(expected),
		 "%s is damaged (%s) and was set aside as %s: history before now is gone; counting "
		 "goes on in a new one",
		 database, reason, name);
	assert_string_equal(notice.text, expected);
	assert_value(store, "kept", NULL);
	assert_int_equal(store_put_value(store, "kept", "again"), 0);
	store_close(store);
	store = open_good();
	assert_value(store, "kept", "again");
	store_close(store);
}

TEST(test_a_zeroed_header_is_set_aside)
{
	make_database();
	write_at(database, 0, (char[100]){}, 100);
	assert_set_aside("file is not a database");
}

TEST(test_a_truncated_database_is_set_aside)
{
	make_database();
	assert_int_equal(truncate(database, 3 * 4096 + 17), 0);
	assert_set_aside("database disk image is malformed");
}

TEST(test_a_piece_of_a_page_is_set_aside)
{
	make_database();
	assert_int_equal(truncate(database, 50), 0);
	assert_set_aside("database disk image is malformed");
}

TEST(test_a_text_file_is_set_aside)
{
	make_database();
	assert_int_equal(truncate(database, 0), 0);
	write_at(database, 0, "some notes\n", 11);
	assert_set_aside("file is not a database");
}

TEST(test_a_directory_is_set_aside)
{
	assert_int_equal(mkdir(state_dir, 0750), 0);
	assert_int_equal(mkdir(database, 0750), 0);
	assert_set_aside("is a directory, not a database");
}

TEST(test_an_empty_file_is_new)
{
	struct store *store;
	char name[64];

	assert_int_equal(mkdir(state_dir, 0750), 0);
	write_at(database, 0, "", 0);
	store = open_good();
	assert_int_equal(store_put_value(store, "a", "1"), 0);
	store_close(store);
	assert_int_equal(count_aside(name), 0);
}

/* The newest pages are buckets'. */
static void spoil_a_page(void)
{
	struct stat status;
	char garbage[2000];

	memset(garbage, 0xa5, sizeof(garbage));
	assert_int_equal(stat(database, &status), 0);
	write_at(database, status.st_size - 2 * 4096, garbage, sizeof(garbage));
}

static int nothing(void *context, enum slo_tier tier, int64_t end_seconds, struct slo_events events)
{
	(void)context, (void)tier, (void)end_seconds, (void)events;
	return 0;
}

TEST(test_garbage_is_found_after_a_crash)
{
	struct store *store;
	char name[64];

	make_database();
	leave_open();
	spoil_a_page();
	store = open_store();
	assert_int_equal(count_aside(name), 1);
	assert_non_null(strstr(notice.text, "is damaged (*** in database main ***"));
	assert_non_null(strstr(notice.text, name));
	store_close(store);
}

TEST(test_a_crash_alone_damages_nothing)
{
	struct store *store;

	make_database();
	leave_open();
	store = open_good();
	assert_value(store, "kept", "yes");
	store_close(store);
}

TEST(test_garbage_is_reported_when_met_and_set_aside_then)
{
	struct store *store;
	char name[64];

	make_database();
	spoil_a_page();
	store = open_good(); /* it was closed cleanly: no time is spent on looking */
	assert_false(store_damaged(store));
	assert_int_equal(store_each_bucket_of(store, 1, STORE_EVENTS, SLO_TIER_10S, nothing, NULL),
			 -EUCLEAN);
	assert_true(store_damaged(store));
	store_close(store);
	store = open_store();
	assert_int_equal(count_aside(name), 1);
	store_close(store);
	make_database();
	spoil_a_page();
	store = open_good();
	assert_int_equal(store_prune(store, 1e9, 1e6), -EUCLEAN);
	assert_true(store_damaged(store));
	store_close(store);
}

TEST(test_a_table_that_is_missing_is_damage)
{
	make_database();
	sql("DROP TABLE alert");
	assert_set_aside("no such table: alert");
}

/* The files as they are while the store is open, with a WAL. */
static void copy_open_files(struct store *store)
{
	char path[128], wal_path[128];
	struct bytes file = read_file(database), wal;

	snprintf(wal_path, sizeof(wal_path), "%s-wal", database);
	wal = read_file(wal_path);
	assert_true(wal.len > 4096);
	store_close(store);
	snprintf(path, sizeof(path), "%s", database);
	unlink(path);
	write_at(path, 0, file.data, file.len);
	write_at(wal_path, 0, wal.data, wal.len);
	free(file.data);
	free(wal.data);
}

static void leave_wal(void)
{
	struct store *store = open_good();

	assert_int_equal(store_put_value(store, "kept", "in the WAL"), 0);
	copy_open_files(store);
}

TEST(test_a_wal_is_read_after_a_crash)
{
	struct store *store;

	leave_wal();
	store = open_good();
	assert_value(store, "kept", "in the WAL");
	store_close(store);
}

TEST(test_a_garbage_wal_is_set_aside)
{
	char path[160], name[64];

	make_database();
	leave_wal();
	snprintf(path, sizeof(path), "%s-wal", database);
	write_at(path, 0, "garbage garbage garbage garbage ", 32);
	assert_set_aside("has a write-ahead log that is damaged");
	assert_int_equal(count_aside(name), 1);
	snprintf(path, sizeof(path), "%s/%.63s-wal", state_dir, name);
	assert_int_equal(access(path, F_OK), 0);
}

TEST(test_one_wrong_bit_in_the_wals_header_is_seen)
{
	char path[160];
	struct bytes wal;

	make_database();
	leave_wal();
	snprintf(path, sizeof(path), "%s-wal", database);
	wal = read_file(path);
	wal.data[17] ^= 4; /* the salt */
	write_at(path, 0, wal.data, 32);
	free(wal.data);
	assert_set_aside("has a write-ahead log that is damaged");
}

TEST(test_the_three_newest_are_kept)
{
	char name[64], path[192];
	long long now = (long long)time(NULL);

	assert_int_equal(mkdir(state_dir, 0750), 0);
	for (int i = 1; i <= 5; i++) {
		snprintf(path, sizeof(path), "%s.damaged-%d", database, 1000 * i);
		write_at(path, 0, "x", 1);
		snprintf(path, sizeof(path), "%s.damaged-%d-wal", database, 1000 * i);
		write_at(path, 0, "x", 1);
	}
	snprintf(path, sizeof(path), "%s.damaged-by-hand", database);
	write_at(path, 0, "x", 1);
	write_at(database, 0, "some notes\n", 11);
	store_close(open_store());
	assert_int_equal(count_aside(name), 3);
	assert_true(strtoll(name + 20, NULL, 10) >= now);
	assert_int_equal(access(path, F_OK), 0);
	for (int i = 1; i <= 5; i++) {
		snprintf(path, sizeof(path), "%s.damaged-%d-wal", database, 1000 * i);
		assert_int_equal(access(path, F_OK), i >= 4 ? 0 : -1);
	}
	/* twice within a second */
	write_at(database, 0, "some notes some notes", 21);
	store_close(open_store());
	assert_int_equal(count_aside(name), 3);
	assert_true(strtoll(name + 20, NULL, 10) > now);
}

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
	snprintf(expected, sizeof(expected),
		 "%s is in use by process %d: counting goes on, but no history is kept", state_dir,
		 getpid());
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
		 "%s cannot be locked (Device or resource busy): counting goes on, but no history "
		 "is kept",
		 state_dir);
	assert_string_equal(notice.text, expected);
	close(fd);
}

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
		STORE_TEST(test_a_zeroed_header_is_set_aside),
		STORE_TEST(test_a_truncated_database_is_set_aside),
		STORE_TEST(test_a_piece_of_a_page_is_set_aside),
		STORE_TEST(test_a_text_file_is_set_aside),
		STORE_TEST(test_a_directory_is_set_aside),
		STORE_TEST(test_an_empty_file_is_new),
		STORE_TEST(test_garbage_is_found_after_a_crash),
		STORE_TEST(test_a_crash_alone_damages_nothing),
		STORE_TEST(test_garbage_is_reported_when_met_and_set_aside_then),
		STORE_TEST(test_a_table_that_is_missing_is_damage),
		STORE_TEST(test_a_wal_is_read_after_a_crash),
		STORE_TEST(test_a_garbage_wal_is_set_aside),
		STORE_TEST(test_one_wrong_bit_in_the_wals_header_is_seen),
		STORE_TEST(test_the_three_newest_are_kept),
		STORE_TEST(test_a_newer_version_is_left_untouched),
		STORE_TEST(test_a_newer_version_in_the_wal_is_left_untouched),
		STORE_TEST(test_another_applications_database_is_left_untouched),
		STORE_TEST(test_a_database_without_tables_is_taken),
		STORE_TEST(test_the_second_of_two_is_told_who_has_it),
		STORE_TEST(test_a_lock_without_an_owner_is_told),
		STORE_TEST(test_vanished_when_the_file_is_deleted_or_replaced),
		STORE_TEST(test_vanished_when_the_file_is_too_short),
		STORE_TEST(test_vanished_when_the_wal_is_deleted),
		STORE_TEST(test_vanished_when_the_wal_is_cut_short),
		STORE_TEST(test_vanished_when_the_wal_was_emptied),
		STORE_TEST(test_opening_while_an_operator_writes_is_to_be_tried_again),
		STORE_TEST(test_an_operator_may_empty_the_wal),
		STORE_TEST(test_size_counts_the_wal),
		STORE_TEST(test_an_operator_may_read_meanwhile),
		STORE_TEST(test_an_operator_who_writes_is_waited_for_briefly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
