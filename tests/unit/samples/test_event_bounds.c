/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory and disk are bounded, whatever comes; what is too old or too much goes, fairly. */
#include "tests/unit/samples/event_store_fixture.h"

#include <sqlite3.h>

#include "samples/pending.h"

static uint64_t bytes_on_disk(void)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	uint64_t bytes = 0;

	for (size_t i = 0; i < 4; i++) {
		char path[128];
		struct stat status;

		snprintf(path, sizeof(path), "%s%s", database, suffixes[i]);
		if (!stat(path, &status))
			bytes += (uint64_t)status.st_size;
	}
	return bytes;
}

TEST(test_what_is_too_old_goes)
{
	struct event_store *store;

	limits.keep_seconds = 100;
	store = open_good();
	for (int64_t slot = 0; slot < 30; slot++) {
		add_slot(store, "shop", slot, 0, 5);
		step_good(store, slot);
		/* 100 s are ten slots */
		assert_true(count_all(store) <= 5 * 10);
	}
	assert_int_equal(count_all(store), 5 * 10);
	assert_int_equal(stats_of(store).events, 5 * 10);
	assert_true(stats_of(store).oldest_seconds == at_slot(19));
	event_store_close(store);
}

TEST(test_the_files_never_grow_beyond_their_bound)
{
	struct event_store *store;
	uint64_t most = 0;

	limits.keep_bytes = 16 * MIB;
	store = open_good();
	for (int64_t slot = 0; slot < 100; slot++) {
		add_slot(store, "shop", slot, 3000 * (uint64_t)slot, 2500);
		add_slot(store, "cart", slot, 3000 * (uint64_t)slot + 2500, 100);
		step_good(store, slot);
		if (bytes_on_disk() > most)
			most = bytes_on_disk();
		assert_true(most <= limits.keep_bytes);
	}
	print_message("at most %.1f MiB of %.0f\n", (double)most / MIB, 16.0);
	/* it is used, too */
	assert_true(most > limits.keep_bytes * 4 / 10);
	assert_int_equal(stats_of(store).lost, 0);
	/* the small one loses nothing to the large one */
	assert_int_equal(count_service(store, "cart"), 100 * 100);
	assert_true(count_service(store, "shop") < 100 * 2500);
	assert_int_equal(count_all(store),
			 count_service(store, "shop") + count_service(store, "cart"));
	assert_int_equal(stats_of(store).events, count_all(store));
	event_store_close(store);
}

TEST(test_a_smaller_bound_is_reached_in_steps)
{
	struct event_store *store;
	size_t steps = 0;

	limits.keep_bytes = 64 * MIB;
	store = open_good();
	for (int64_t slot = 0; slot < 70; slot++) {
		add_slot(store, "shop", slot, 3000 * (uint64_t)slot, 3000);
		step_good(store, slot);
	}
	assert_true(bytes_on_disk() > 20 * MIB);
	limits.keep_bytes = 16 * MIB;
	event_store_set_limits(store, &limits);
	while (bytes_on_disk() > limits.keep_bytes && steps < 200) {
		add_slot(store, "shop", 70, 10 * steps, 10);
		step_good(store, 70);
		steps++;
	}
	print_message("in %zu steps\n", steps);
	assert_true(bytes_on_disk() <= limits.keep_bytes);
	assert_true(count_all(store) > 1000);
	event_store_close(store);
}

/* Somebody reads all the time: the log cannot be emptied, and nothing is written beyond the bound. */
TEST(test_a_reader_that_stays_does_not_let_the_log_grow)
{
	struct event_store *store;
	sqlite3 *db;
	int r = 0;

	limits.keep_bytes = 16 * MIB;
	store = open_good();
	add_slot(store, "shop", 0, 0, 100);
	step_good(store, 0);
	assert_int_equal(sqlite3_open(database, &db), 0);
	assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM batch", NULL, NULL, NULL),
			 0);
	for (int64_t slot = 1; slot < 60; slot++) {
		add_slot(store, "shop", slot, 3000 * (uint64_t)slot, 1000);
		r = event_store_step(store, at_slot(slot), &notice);
		assert_true(bytes_on_disk() <= limits.keep_bytes);
	}
	assert_int_equal(r, -EBUSY);
	/* what waits is found all the same */
	assert_true(count_all(store) > 10000);
	sqlite3_close(db);
	assert_int_equal(event_store_step(store, at_slot(60), &notice), 0);
	assert_non_null(strstr(notice.text, "can be written again"));
	event_store_close(store);
}

static int add_found(struct event_store *store, uint64_t n, const char *service)
{
	struct made made;

	make_event(n, service, T0_NS + (int64_t)(n % 1000) * 1000000, &made);
	return event_store_add(store, &made.event, true, &(struct batch_draw){1, 0});
}

TEST(test_memory_is_bounded_and_one_service_does_not_take_all)
{
	struct event_store *store = open_good();
	size_t refused = 0;

	for (uint64_t n = 0; n < 60000; n++)
		refused += add_event(store, n, "noisy", T0_NS + (int64_t)n * 100000) != 0;
	assert_true(refused > 0);
	assert_true(stats_of(store).pending_bytes <= PENDING_SERVICE_BYTES + 8192);
	assert_int_equal(stats_of(store).lost, refused);
	for (uint64_t n = 0; n < 100; n++)
		assert_int_equal(add_event(store, n, "shop", T0_NS), 0);
	assert_int_equal(count_service(store, "shop"), 100);
	event_store_close(store);
}

TEST(test_found_services_leave_room_for_configured_ones)
{
	struct event_store *store = open_good();
	size_t refused = 0;

	for (uint64_t n = 0; n < 200000; n++) {
		char name[32];

		snprintf(name, sizeof(name), "found-%llu", (unsigned long long)(n % 200));
		refused += add_found(store, n, name) != 0;
	}
	assert_true(refused > 0);
	assert_true(stats_of(store).pending_bytes <= PENDING_FOUND_BYTES + 8192);
	for (uint64_t n = 0; n < 1000; n++)
		assert_int_equal(add_event(store, n, "shop", T0_NS), 0);
	event_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(test_what_is_too_old_goes),
		WITH_SETUP(test_the_files_never_grow_beyond_their_bound),
		WITH_SETUP(test_a_smaller_bound_is_reached_in_steps),
		WITH_SETUP(test_a_reader_that_stays_does_not_let_the_log_grow),
		WITH_SETUP(test_memory_is_bounded_and_one_service_does_not_take_all),
		WITH_SETUP(test_found_services_leave_room_for_configured_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
