/* SPDX-License-Identifier: GPL-2.0-only */
/* A database that is damaged is set aside, and the operator is told. */
#include "tests/unit/store/files_fixture.h"

#include <time.h>

/* Makes it look as after a crash: never closed. */
static void leave_open(void)
{
	sql("INSERT INTO value VALUES ('open', 'yes')");
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
