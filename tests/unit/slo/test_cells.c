/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "tests/unit/fixtures/malloc_fail.h"
#include "tests/unit/fixtures/random.h"
#include "slo/cells.h"

/* "key:code=n ..." */
static void put(struct cells *cells, const char *text)
{
	unsigned int key, code;
	unsigned long long n;
	int len;

	for (; sscanf(text, "%u:%u=%llu%n", &key, &code, &n, &len) == 3; text += len)
		assert_int_equal(cells_add(cells, key, (uint16_t)code, n), 0);
	cells_settle(cells);
}

static void assert_cells(const struct cells *cells, const char *expected)
{
	char text[512] = "";

	for (size_t i = 0; i < cells->n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u:%u=%llu",
			 i ? " " : "", cells->list[i].key, cells->list[i].code,
			 (unsigned long long)cells->list[i].n);
	assert_string_equal(text, expected);
}

TEST(settled_cells_are_sorted_and_added_up)
{
	struct cells cells = {};

	put(&cells, "7:3=1 2:500=4 7:0=2 2:500=6 2:1=0 2:200=1");
	assert_cells(&cells, "2:200=1 2:500=10 7:0=2 7:3=1");
	cells_clear(&cells);
}

static void assert_growth(const char *before_text, const char *now_text, const char *expected,
			  bool fell)
{
	struct cells before = {}, now = {}, growth;

	put(&before, before_text);
	put(&now, now_text);
	assert_int_equal(cells_growth(&before, &now, &growth), 0);
	assert_cells(&growth, expected);
	assert_int_equal(cells_fell(&before, &now), fell);
	cells_clear(&growth);
	cells_clear(&before);
	cells_clear(&now);
}

TEST(growth_is_the_difference_of_each_counter)
{
	assert_growth("", "1:200=5", "1:200=5", false);
	assert_growth("1:200=5 1:503=1", "1:200=5 1:503=1", "", false);
	assert_growth("1:200=5 3:0=1", "1:200=7 1:404=1 2:9=4 3:0=1 9:1=1",
		      "1:200=2 1:404=1 2:9=4 9:1=1", false);
	assert_growth("", "", "", false);
}

TEST(a_key_whose_counter_fell_began_anew)
{
	assert_growth("1:200=5 1:503=9 2:1=1", "1:200=6 1:503=8 2:1=2", "1:200=6 1:503=8 2:1=1",
		      true);
	assert_growth("1:200=5 1:503=9", "1:200=6", "1:200=6", true);
	assert_growth("1:200=5 2:1=1", "2:1=3", "2:1=2", true); /* it has vanished */
	assert_growth("2:1=1", "", "", true);
}

static void assert_packs(const struct cells *cells, size_t max_bytes)
{
	struct cells back = {};
	unsigned char *bytes;
	size_t n;

	assert_int_equal(cells_pack(cells, &bytes, &n), 0);
	assert_in_range(n, 0, max_bytes);
	assert_int_equal(cells_unpack(bytes, n, &back), 0);
	assert_int_equal(back.n, cells->n);
	for (size_t i = 0; i < back.n; i++)
		assert_memory_equal(&back.list[i], &cells->list[i], sizeof(back.list[i]));
	cells_clear(&back);
	free(bytes);
}

TEST(what_is_packed_is_unpacked)
{
	struct cells cells = {};

	assert_packs(&cells, 0);
	put(&cells, "0:0=1 0:200=300 0:32767=18446744073709551615 5:0=1 4294967295:1=2");
	assert_packs(&cells, 40);
	cells_clear(&cells);
	for (uint32_t key = 0; key < 1000; key++) {
		for (uint16_t code = 200; code < 212; code++)
			cells_add(&cells, key, code, 1 + (key + code) % 100);
	}
	cells_settle(&cells);
	assert_packs(&cells, 1000 * (12 * 2 + 2));
	cells_clear(&cells);
}

TEST(both_statuses_come_back)
{
	struct cells cells = {}, back = {};
	unsigned char *bytes;
	size_t n;

	for (unsigned int http = 0; http < CELL_STATUSES; http++) {
		for (unsigned int outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
			uint16_t code = cell_of_outcome(outcome, http);

			assert_true(cell_is_count(code));
			assert_int_equal(cell_outcome(code), outcome);
			assert_int_equal(cell_status(code), http);
		}
		for (unsigned int grpc = 0; grpc < GRPC_STATUS_COUNT; grpc++) {
			uint16_t status = status_of(http, (enum grpc_status)grpc);
			uint16_t code = cell_of_outcome(OUTCOME_COMPLETE, status);

			assert_true(cell_is_count(code) && code < CELL_CODES);
			assert_int_equal(cell_outcome(code), OUTCOME_COMPLETE);
			assert_int_equal(cell_status(code), status);
			assert_int_equal(cells_add(&cells, http, code, 1 + http), 0);
		}
	}
	for (unsigned int bucket = 0; bucket < HIST_BUCKETS; bucket++)
		assert_false(cell_is_count((uint16_t)(CELL_TOTAL + bucket)) ||
			     cell_is_count((uint16_t)(CELL_QUEUE + bucket)));
	/* what no status can be */
	assert_int_equal(cell_of_outcome(OUTCOME_COMPLETE, 1023), 0);
	assert_int_equal(cell_of_outcome(OUTCOME_COMPLETE, 31 << STATUS_GRPC_SHIFT | 200), 200);
	cells_settle(&cells);
	assert_int_equal(cells_pack(&cells, &bytes, &n), 0);
	assert_int_equal(cells_unpack(bytes, n, &back), 0);
	assert_int_equal(back.n, CELL_STATUSES * GRPC_STATUS_COUNT);
	for (size_t i = 0; i < cells.n; i++) {
		assert_int_equal(back.list[i].code, cells.list[i].code);
		assert_int_equal(back.list[i].n, cells.list[i].n);
	}
	free(bytes);
	cells_clear(&cells);
	cells_clear(&back);
}

TEST(a_code_beyond_all_is_refused)
{
	struct cells cells = {};
	unsigned char *bytes;
	size_t n;

	assert_int_equal(cells_add(&cells, 1, CELL_CODES, 1), 0);
	assert_int_equal(cells_pack(&cells, &bytes, &n), 0);
	cells_clear(&cells);
	assert_int_equal(cells_unpack(bytes, n, &cells), -EUCLEAN);
	cells_clear(&cells);
	free(bytes);
}

TEST(other_bytes_are_refused_or_are_cells)
{
	random_seed(1);

	for (int round = 0; round < 20000; round++) {
		unsigned char bytes[24];
		struct cells cells = {};
		size_t n = random_below(sizeof(bytes) + 1);
		int r;

		for (size_t i = 0; i < n; i++)
			bytes[i] = (unsigned char)random_below(256);
		r = cells_unpack(bytes, n, &cells);
		assert_true(r == 0 || r == -EUCLEAN);
		for (size_t i = 0; i < cells.n; i++)
			assert_true(cells.list[i].code < CELL_CODES);
		cells_clear(&cells);
	}
}

/* As SQLite gives an empty blob. */
TEST(no_bytes_are_no_cells)
{
	struct cells cells = {};

	assert_int_equal(cells_unpack(NULL, 0, &cells), 0);
	assert_int_equal(cells.n, 0);
}

TEST(without_memory_nothing_leaks)
{
	struct cells before = {}, now = {}, growth = {};
	unsigned char *bytes;
	size_t n;

	put(&before, "1:1=1");
	put(&now, "1:1=2 2:2=2");
	n_allocations = 0;
	fail_at = 1;
	assert_int_equal(cells_pack(&now, &bytes, &n), -ENOMEM);
	fail_at = 0;
	assert_int_equal(cells_growth(&before, &now, &growth), 0);
	cells_clear(&growth);
	cells_clear(&before);
	cells_clear(&now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settled_cells_are_sorted_and_added_up),
		cmocka_unit_test(growth_is_the_difference_of_each_counter),
		cmocka_unit_test(a_key_whose_counter_fell_began_anew),
		cmocka_unit_test(what_is_packed_is_unpacked),
		cmocka_unit_test(both_statuses_come_back),
		cmocka_unit_test(a_code_beyond_all_is_refused),
		cmocka_unit_test(other_bytes_are_refused_or_are_cells),
		cmocka_unit_test(no_bytes_are_no_cells),
		cmocka_unit_test(without_memory_nothing_leaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
