/* SPDX-License-Identifier: GPL-2.0-only */
/* A disk that fails, and files that are damaged or gone, cost samples, counted, and nothing else. */
#include "tests/unit/samples/event_store_fixture.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "samples/pending.h"
#include "tests/unit/fixtures/killed.h"

enum { KILLS = 30 };

static bool is_there(const char *name)
{
	char path[128];
	struct stat status;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return !lstat(path, &status);
}

/* A database of 100 slots, closed. */
static void make_database(void)
{
	struct event_store *store = open_good();

	for (int64_t slot = 0; slot < 100; slot++) {
		add_slot(store, "shop", slot, 100 * (uint64_t)slot, 100);
		step_good(store, slot);
	}
	event_store_close(store);
}

static void spoil(off_t at, size_t len)
{
	char bytes[4096];
	int fd = open(database, O_WRONLY);

	memset(bytes, 0x5a, sizeof(bytes));
	assert_true(fd >= 0);
	for (; len; len -= len < sizeof(bytes) ? len : sizeof(bytes), at += sizeof(bytes))
		assert_true(pwrite(fd, bytes, len < sizeof(bytes) ? len : sizeof(bytes), at) > 0);
	close(fd);
}

TEST(test_a_damaged_database_is_set_aside)
{
	struct event_store *store;

	make_database();
	spoil(0, 4096);
	store = open_any();
	assert_non_null(strstr(notice.text, "was set aside as samples.db.damaged"));
	assert_true(is_there("samples.db.damaged"));
	add_slot(store, "shop", 0, 0, 10);
	step_good(store, 0);
	assert_int_equal(count_all(store), 10);
	event_store_close(store);
	store = open_good();
	assert_int_equal(count_all(store), 10);
	event_store_close(store);
}

TEST(test_damage_that_is_met_later_is_set_aside_then)
{
	struct event_store *store;
	size_t steps = 0;

	make_database();
	spoil(4096 * 3, 4096 * 40);
	store = open_any();
	do {
		add_slot(store, "shop", 200, 10 * steps, 10);
		event_store_step(store, at_slot(200), &notice);
		count_service(store, "cart");
		event_store_each(store, &all_events, count_event, &(struct count){});
	} while (!is_there("samples.db.damaged") && ++steps < 10);
	assert_true(is_there("samples.db.damaged"));
	assert_int_equal(event_store_step(store, at_slot(200), &notice), 0);
	assert_true(count_all(store) >= 10);
	event_store_close(store);
}

TEST(test_what_is_no_database_is_set_aside)
{
	static const char *const what[] = {"text", "fifo", "link", "directory"};

	for (size_t i = 0; i < 4; i++) {
		struct event_store *store;

		unlink(database);
		if (i == 0)
			spoil(0, (size_t)(close(open(database, O_WRONLY | O_CREAT, 0640)) + 9999));
		else if (i == 1)
			assert_int_equal(mkfifo(database, 0640), 0);
		else if (i == 2)
			assert_int_equal(symlink("/etc/passwd", database), 0);
		else
			assert_int_equal(mkdir(database, 0750), 0);
		store = open_any();
		print_message("%s: %s\n", what[i], notice.text);
		assert_non_null(strstr(notice.text, "was set aside"));
		add_slot(store, "shop", 0, 0, 10);
		step_good(store, 0);
		event_store_close(store);
	}
}

TEST(test_another_log_is_not_followed)
{
	struct event_store *store;
	char wal[128];

	make_database();
	snprintf(wal, sizeof(wal), "%s-wal", database);
	assert_int_equal(symlink("/etc/passwd", wal), 0);
	store = open_any();
	assert_non_null(strstr(notice.text, "samples.db-wal is a symbolic link"));
	event_store_close(store);
}

TEST(test_files_that_go_are_made_again)
{
	struct event_store *store = open_good();

	add_slot(store, "shop", 0, 0, 10);
	step_good(store, 0);
	unlink(database);
	add_slot(store, "shop", 1, 0, 10);
	assert_int_equal(event_store_step(store, at_slot(1), &notice), 0);
	assert_true(is_there("samples.db"));
	assert_int_equal(count_all(store), 10);
	event_store_close(store);
	store = open_good();
	assert_int_equal(count_all(store), 10);
	event_store_close(store);
}

TEST(test_without_a_directory_events_are_in_memory)
{
	struct event_store *store;

	assert_int_equal(rmdir(dir), 0);
	store = open_any();
	assert_non_null(strstr(notice.text, "samples are kept in memory"));
	add_slot(store, "shop", 0, 0, 10);
	assert_true(event_store_step(store, at_slot(0), &notice) < 0);
	assert_int_equal(count_all(store), 10);
	assert_true(stats_of(store).failing < 0);
	event_store_close(store);
	assert_int_equal(mkdir(dir, 0750), 0);
}

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Of writes that fail: what waits is bounded, found, told once, and written when there is room again. */
static void fail_and_recover(struct event_store *store, int expected, void (*heal)(void))
{
	size_t told = 0, added = 0;
	int64_t slot;
	int r = 0;

	for (slot = 100; slot < 160; slot++) {
		for (uint64_t n = 0; n < 4000; n++)
			add_event(store, added++, n % 4 ? "shop" : "cart",
				  T0_NS + slot * SLOT_NS + (int64_t)n * 1000);
		r = event_store_step(store, at_slot(slot), &notice);
		told += *notice.text != 0;
	}
	assert_int_equal(r, expected);
	assert_true(told >= 1 && told < 10);
	assert_true(stats_of(store).failing == r);
	assert_true(stats_of(store).lost > 0);
	assert_true(stats_of(store).pending_bytes <= 2 * (PENDING_SERVICE_BYTES + 8192));
	assert_true(count_service(store, "cart") > 1000);
	heal();
	while (event_store_step(store, at_slot(slot), &notice) || stats_of(store).pending_bytes)
		;
	assert_int_equal(stats_of(store).failing, 0);
	assert_int_equal(stats_of(store).lost + count_all(store), added);
	assert_int_equal(stats_of(store).events, count_all(store));
}

static void lift_limit(void)
{
	limit_files(RLIM_INFINITY);
}

TEST(test_writes_that_fail_cost_samples_that_are_counted)
{
	struct event_store *store;

	signal(SIGXFSZ, SIG_IGN);
	store = open_good();
	limit_files(1 << 20);
	fail_and_recover(store, -EIO, lift_limit);
	event_store_close(store);
}

static void enlarge(void)
{
	assert_int_equal(mount("tmpfs", dir, "tmpfs", MS_REMOUNT, "size=256m"), 0);
}

TEST(test_a_full_disk_costs_samples_that_are_counted)
{
	struct event_store *store;

	if (mount("tmpfs", dir, "tmpfs", 0, "size=2m")) {
		print_message("no tmpfs can be mounted: %s\n", strerror(errno));
		skip();
	}
	store = open_good();
	fail_and_recover(store, -ENOSPC, enlarge);
	event_store_close(store);
	assert_int_equal(umount(dir), 0);
}

/* Tells, of each slot of 50 that is on disk, its number. */
static void write_slots(int fd)
{
	struct event_store *store;
	int64_t n;

	if (event_store_open(dir, &limits, &store, &notice) || *notice.text)
		_exit(1);
	for (n = (int64_t)count_all(store) / 50;; n++) {
		add_slot(store, "shop", n, 50 * (uint64_t)n, 50);
		if (event_store_step(store, at_slot(n), &notice))
			_exit(2);
		if (write(fd, &n, sizeof(n)) != sizeof(n))
			_exit(3);
	}
}

TEST(test_a_killed_process_leaves_whole_steps)
{
	for (int i = 0; i < KILLS; i++) {
		const int64_t told = killed_while(write_slots, i * 7 % 20, -1);
		struct event_store *store = open_good();
		const size_t n = count_all(store);

		assert_int_equal(n % 50, 0);
		/* one may have been written, and not told any more */
		assert_true((int64_t)n / 50 == told + 1 || (int64_t)n / 50 == told + 2);
		event_store_close(store);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(test_a_damaged_database_is_set_aside),
		WITH_SETUP(test_damage_that_is_met_later_is_set_aside_then),
		WITH_SETUP(test_what_is_no_database_is_set_aside),
		WITH_SETUP(test_another_log_is_not_followed),
		WITH_SETUP(test_files_that_go_are_made_again),
		WITH_SETUP(test_without_a_directory_events_are_in_memory),
		WITH_SETUP(test_writes_that_fail_cost_samples_that_are_counted),
		WITH_SETUP(test_a_full_disk_costs_samples_that_are_counted),
		WITH_SETUP(test_a_killed_process_leaves_whole_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
