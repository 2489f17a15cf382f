/* SPDX-License-Identifier: GPL-2.0-only */
/* The map of latencies of slictl top. */
#include <math.h>

#include "tests/unit/fixtures/test.h"
#include "ctl/top_heat.h"

static struct top_heat heat;

static void read_text(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	top_heat_read(&heat, json);
	json_decref(json);
}

TEST(a_column_for_each_row_and_a_row_for_four_buckets)
{
	read_text("{\"rows\": [{\"latency_buckets\": [[100, 5], [103, 2], [104, 9]]},"
		  " {\"latency_buckets\": null}, {\"latency_buckets\": [[217, 1]]}]}");
	assert_int_equal(heat.n, 3);
	assert_int_equal(heat.low, 25);
	assert_int_equal(heat.high, 54);
	assert_int_equal(heat.cells[0][25], 7);
	assert_int_equal(heat.cells[0][26], 9);
	assert_int_equal(heat.cells[2][54], 1);
	assert_int_equal(heat.most, 9);
}

TEST(a_single_request_is_seen_beside_many)
{
	read_text("{\"rows\": [{\"latency_buckets\": [[100, 1], [104, 1000000]]}]}");
	assert_int_equal(top_heat_level(&heat, 0, 25, 8), 1);
	assert_int_equal(top_heat_level(&heat, 0, 26, 8), 8);
	assert_int_equal(top_heat_level(&heat, 0, 27, 8), 0);
	assert_int_equal(top_heat_level(&heat, 1, 26, 8), 0);
	assert_int_equal(top_heat_level(&heat, 0, -1, 8), 0);
	assert_int_equal(top_heat_level(&heat, 0, 55, 8), 0);
}

/* Bucket 160 ends at 1 s: include/hist.h. */
TEST(a_row_ends_where_its_last_bucket_does)
{
	assert_true(fabs(top_heat_end(39) - pow(2, -0.125)) < 1e-12);
	assert_true(fabs(top_heat_end(40) - pow(2, 0.375)) < 1e-12);
}

TEST(nonsense_counts_nothing)
{
	static const char *const nonsense[] = {
		"{}",
		"{\"rows\": 3}",
		"{\"rows\": [1, null, {\"latency_buckets\": 7}]}",
		"{\"rows\": [{\"latency_buckets\": [[-1, 5], [218, 5], [1e9, 5], [7, -5], 3, [], [\"x\"]]}]}",
	};

	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		read_text(nonsense[i]);
		assert_true(heat.low > heat.high);
		assert_int_equal(heat.most, 0);
	}
}

TEST(there_is_no_column_before_counting_began)
{
	read_text("{\"rows\": [{\"covered_seconds\": 0.0, \"latency_buckets\": []},"
		  " {\"covered_seconds\": 12.5, \"latency_buckets\": [[100, 5]]},"
		  " {\"covered_seconds\": 0, \"latency_buckets\": []}]}");
	assert_int_equal(heat.n, 2);
	assert_int_equal(heat.cells[0][25], 5);
}

TEST(the_newest_columns_are_kept)
{
	json_t *rows = json_array(), *history = json_pack("{s:o}", "rows", rows);

	for (int i = 0; i < TOP_HEAT_COLUMNS + 10; i++)
		json_array_append_new(rows,
				      json_pack("{s:[[i, i]]}", "latency_buckets", 100, i + 1));
	top_heat_read(&heat, history);
	json_decref(history);
	assert_int_equal(heat.n, TOP_HEAT_COLUMNS);
	assert_int_equal(heat.cells[0][25], 11);
	assert_int_equal(heat.most, TOP_HEAT_COLUMNS + 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_column_for_each_row_and_a_row_for_four_buckets),
		cmocka_unit_test(a_single_request_is_seen_beside_many),
		cmocka_unit_test(a_row_ends_where_its_last_bucket_does),
		cmocka_unit_test(nonsense_counts_nothing),
		cmocka_unit_test(there_is_no_column_before_counting_began),
		cmocka_unit_test(the_newest_columns_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
