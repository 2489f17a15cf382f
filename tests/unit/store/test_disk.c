/* SPDX-License-Identifier: GPL-2.0-only */
/* A disk that is full, and files that may not be written or are only read. */
#include "tests/unit/store/steps_fixture.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Skips if this test may not mount. */
static void mount_disk(const char *options)
{
	if (mount("tmpfs", base_dir, "tmpfs", 0, options) < 0) {
		print_message("skipped: a tmpfs cannot be mounted: %s\n", strerror(errno));
		skip();
	}
}

static void unmount_disk(void)
{
	assert_int_equal(umount2(base_dir, MNT_DETACH), 0);
}

/* Until nothing more fits; returns the file. */
static int fill_disk(const char *path)
{
	char block[4096] = {};
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	return fd;
}

TEST(test_a_full_disk_loses_nothing_that_was_committed)
{
	struct store *store;
	char path[96];
	int fd, r = 0;
	int64_t n = 0;

	mount_disk("size=4m");
	store = open_good();
	for (int i = 0; i < 10; i++)
		assert_int_equal(put_step(store, ++n), 0);
	snprintf(path, sizeof(path), "%s/filler", base_dir);
	fd = fill_disk(path);
	while (!(r = put_step(store, n + 1)))
		n++;
	assert_int_equal(r, -ENOSPC);
	for (int i = 0; i < 5; i++)
		assert_int_equal(put_step(store, n + 1), -ENOSPC);
	store_prune(store, 10, 1e6);
	assert_int_equal(last_step(store), n);
	assert_false(store_vanished(store));
	assert_int_equal(ftruncate(fd, 0), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(put_step(store, ++n), 0);
	assert_int_equal(last_step(store), n);
	store_close(store);
	store = open_good();
	assert_int_equal(last_step(store), n);
	store_close(store);
	close(fd);
	unmount_disk();
}

TEST(test_opening_on_a_full_disk_is_told)
{
	struct store *store = NULL;
	char path[96], expected[512];
	int fd;

	mount_disk("size=1m");
	store = open_good();
	assert_int_equal(put_step(store, 1), 0);
	store_close(store);
	snprintf(path, sizeof(path), "%s/filler", base_dir);
	fd = fill_disk(path);
	store = NULL;
	assert_int_equal(store_open(state_dir, &store, &notice), -ENOSPC);
	snprintf(expected, sizeof(expected),
		 "%s: no space left on its disk: counting goes on, but no history is kept",
		 database);
	assert_string_equal(notice.text, expected);
	assert_int_equal(ftruncate(fd, 0), 0);
	store = open_good();
	assert_int_equal(last_step(store), 1);
	store_close(store);
	close(fd);
	unmount_disk();
}

TEST(test_a_database_at_its_limit_is_full)
{
	struct store *store = open_good();
	int64_t n = 0;
	int r;

	assert_int_equal(sqlite3_exec(store->db, "PRAGMA max_page_count = 30", NULL, NULL, NULL),
			 0);
	while (!(r = put_step(store, n + 1)))
		n++;
	assert_int_equal(r, -ENOSPC);
	assert_int_equal(put_step(store, n + 1), -ENOSPC);
	assert_int_equal(last_step(store), n);
	assert_int_equal(sqlite3_exec(store->db, "PRAGMA max_page_count = 1000", NULL, NULL, NULL),
			 0);
	assert_int_equal(put_step(store, n + 1), 0);
	assert_int_equal(last_step(store), n + 1);
	store_close(store);
}

static void assert_refused(int expected, const char *path, const char *why)
{
	struct store *store = NULL;
	char sentence[512];

	assert_int_equal(store_open(state_dir, &store, &notice), expected);
	assert_null(store);
	snprintf(sentence, sizeof(sentence),
		 "%s cannot be written%s: counting goes on, but no history is kept", path, why);
	assert_string_equal(notice.text, sentence);
}

TEST(test_a_read_only_disk_is_told)
{
	mount_disk("size=1m");
	store_close(open_good());
	assert_int_equal(mount(NULL, base_dir, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_refused(-EROFS, state_dir, " to (Read-only file system)");
	unmount_disk();
}

/* Two steps, of an agent that was stopped, or killed: then the WAL is left behind. */
static void leave_two_steps(bool killed)
{
	struct store *store;
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		if (store_open(state_dir, &store, &notice) || put_step(store, 1) ||
		    put_step(store, 2))
			_exit(1);
		if (!killed)
			store_close(store);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void assert_read(void)
{
	struct store *store = NULL;

	assert_int_equal(store_open_to_read(state_dir, &store), 0);
	assert_int_equal(last_step(store), 2);
	assert_int_not_equal(put_step(store, 3), 0);
	store_rollback(store);
	assert_int_equal(last_step(store), 2);
	store_close(store);
}

static void assert_unreadable(int expected)
{
	struct store *store = NULL;

	assert_int_equal(store_open_to_read(state_dir, &store), expected);
	assert_null(store);
}

/* Also after an attempt to write. */
static void read_full_disk(bool killed)
{
	struct store *store = NULL;
	char path[96];

	mount_disk("size=1m");
	leave_two_steps(killed);
	snprintf(path, sizeof(path), "%s/filler", base_dir);
	close(fill_disk(path));
	assert_read();
	if (!killed) { /* what was left behind may have room for some more */
		assert_int_equal(store_open(state_dir, &store, &notice), -ENOSPC);
		assert_read();
	}
	assert_int_equal(unlink(path), 0);
	store = open_good();
	assert_int_equal(last_step(store), 2);
	store_close(store);
	unmount_disk();
}

TEST(test_a_full_disk_is_read_after_a_stop)
{
	read_full_disk(false);
}

TEST(test_a_full_disk_is_read_after_a_kill)
{
	read_full_disk(true);
}

static void read_read_only_disk(bool killed)
{
	mount_disk("size=1m");
	leave_two_steps(killed);
	assert_int_equal(mount(NULL, base_dir, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_read();
	unmount_disk();
}

TEST(test_a_read_only_disk_is_read_after_a_stop)
{
	read_read_only_disk(false);
}

TEST(test_a_read_only_disk_is_read_after_a_kill)
{
	read_read_only_disk(true);
}

TEST(test_a_path_with_what_a_uri_gives_meaning_to_is_read)
{
	mount_disk("size=1m");
	snprintf(state_dir, sizeof(state_dir), "%s/a?b#c%%41", base_dir);
	leave_two_steps(false);
	assert_int_equal(mount(NULL, base_dir, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_read();
	unmount_disk();
}

TEST(test_what_another_agent_has_is_not_read)
{
	struct store *store = open_good();

	assert_unreadable(-EBUSY);
	store_close(store);
}

TEST(test_reading_makes_nothing)
{
	assert_unreadable(-ENOENT);
	assert_int_equal(access(state_dir, F_OK), -1);
}

TEST(test_a_database_that_is_being_written_is_read)
{
	sqlite3 *db;

	leave_two_steps(true);
	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE; DELETE FROM text", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_read();
	assert_int_equal(sqlite3_exec(db,
				      "ROLLBACK; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_unreadable(-EAGAIN);
	sqlite3_close(db);
	assert_read();
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {};

	assert_int_equal(syscall(SYS_capset, &header, none), 0);
}

/* In a process without capabilities, so that the user root is stopped by modes. */
static void without_capabilities(void (*test)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		alarm(30);
		drop_capabilities();
		test();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void check_read_only_directory(void)
{
	assert_refused(-EACCES, state_dir, " to (Permission denied)");
}

static void check_read_only_file(void)
{
	assert_refused(-EACCES, database, " (Permission denied)");
}

static void check_works(void)
{
	struct store *store = open_good();

	assert_int_equal(put_step(store, 1), 0);
	assert_int_equal(last_step(store), 1);
	store_close(store);
}

TEST(test_it_needs_no_capabilities)
{
	without_capabilities(check_works);
}

TEST(test_a_directory_that_may_not_be_written_is_told)
{
	char lock[96];

	store_close(open_good());
	snprintf(lock, sizeof(lock), "%s/lock", state_dir);
	assert_int_equal(unlink(lock), 0);
	assert_int_equal(chmod(state_dir, 0550), 0);
	without_capabilities(check_read_only_directory);
}

TEST(test_a_directory_with_a_lock_that_may_not_be_written_is_told)
{
	store_close(open_good());
	assert_int_equal(chmod(state_dir, 0550), 0);
	without_capabilities(check_read_only_file);
}

TEST(test_a_file_that_may_not_be_written_is_told)
{
	store_close(open_good());
	assert_int_equal(chmod(database, 0440), 0);
	without_capabilities(check_read_only_file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_a_full_disk_loses_nothing_that_was_committed),
		STORE_TEST(test_opening_on_a_full_disk_is_told),
		STORE_TEST(test_a_database_at_its_limit_is_full),
		STORE_TEST(test_a_read_only_disk_is_told),
		STORE_TEST(test_a_full_disk_is_read_after_a_stop),
		STORE_TEST(test_a_full_disk_is_read_after_a_kill),
		STORE_TEST(test_a_read_only_disk_is_read_after_a_stop),
		STORE_TEST(test_a_read_only_disk_is_read_after_a_kill),
		STORE_TEST(test_a_path_with_what_a_uri_gives_meaning_to_is_read),
		STORE_TEST(test_what_another_agent_has_is_not_read),
		STORE_TEST(test_reading_makes_nothing),
		STORE_TEST(test_a_database_that_is_being_written_is_read),
		STORE_TEST(test_it_needs_no_capabilities),
		STORE_TEST(test_a_directory_that_may_not_be_written_is_told),
		STORE_TEST(test_a_directory_with_a_lock_that_may_not_be_written_is_told),
		STORE_TEST(test_a_file_that_may_not_be_written_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
