/* SPDX-License-Identifier: GPL-2.0-only */
/* The series that are made of the kernel's tables, which are given here. */
#include <errno.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "tests/unit/fixtures/malloc_fail.h"
#include "agent/collect.h"

/* ---- the tables ---- */

static const struct {
	__u32 id;
	struct series_key key;
	struct series_value value;
} table_series[] = {
	/* service 2 is met first; its routes are numbered against their order by name */
	{1, {.service = 2, .route = 1, .status = 200}, {100, 1000, 10}},
	{2, {.service = 1, .route = 2, .status = 503}, {1, 1, 1}},
	{4, {.service = 2, .route = 2, .status = 200, .method = HTTP_METHOD_POST}, {7, 7, 7}},
	{5, {.service = 2, .route = 2, .role_outcome = OUTCOME_UNANSWERED}, {3, 0, 0}},
	{6, {.service = 2, .route = 2, .status = 404}, {2, 2, 2}},
	{9, {.service = 2, .route = 99, .status = 200}, {5, 5, 5}},
};

static const struct {
	__u32 id;
	enum hist_kind kind;
	__u32 octave;
	struct hist_value value;
} table_hist[] = {
	{1, HIST_TOTAL, 3, {{1, 2, 3, 4, 5, 6, 7, 8}}},
	{1, HIST_TOTAL, 4, {{9, 0, 0, 0, 0, 0, 0, 10}}},
	{1, HIST_QUEUE, 4, {{11}}},
	/* whose series is not to be seen yet */
	{3, HIST_TOTAL, 4, {{12}}},
	{4, HIST_QUEUE, 0, {{13}}},
	{9, HIST_TOTAL, HIST_OCTAVES - 1, {{14, 15}}},
	{12, HIST_TOTAL, 0, {{16}}},
};

/* Both thresholds of series 1 split bucket 29, which is above 10,789 ns and up to 11,766 ns. */
static const struct {
	struct threshold_key key;
	__u64 count;
} table_splits[] = {
	{{{.service = 2, .route = 1, .status = 200}, 11500}, 4},
	{{{.service = 9, .route = 1, .status = 200}, 11500}, 5},
	{{{.service = 2, .route = 1, .status = 200}, 11000}, 2},
};

#define EACH(table) for (size_t i = 0; i < sizeof(table) / sizeof((table)[0]) && !r; i++)

int probe_each_series(struct probe *probe, probe_series_fn fn, void *context)
{
	int r = 0;

	(void)probe;
	EACH(table_series)
	r = fn(context, table_series[i].id, &table_series[i].key, &table_series[i].value);
	return r;
}

int probe_each_hist(struct probe *probe, probe_hist_fn fn, void *context)
{
	int r = 0;

	(void)probe;
	EACH(table_hist)
	r = fn(context, table_hist[i].id, table_hist[i].kind, table_hist[i].octave,
	       &table_hist[i].value);
	return r;
}

int probe_each_threshold(struct probe *probe, probe_threshold_fn fn, void *context)
{
	int r = 0;

	(void)probe;
	EACH(table_splits)
	r = fn(context, &table_splits[i].key, table_splits[i].count);
	return r;
}

/* ---- tests ---- */

static struct ids *make_ids(void)
{
	struct ids *ids;

	assert_int_equal(ids_new(10, &ids), 0);
	assert_int_equal(ids_number(ids, "/zoo"), 1);
	assert_int_equal(ids_number(ids, "/a/*"), 2);
	return ids;
}

/* The one at `i` is that of the kernel's `id`. */
static const struct snapshot_series *series_at(const struct collection *collection, size_t i,
					       __u32 id)
{
	assert_int_equal(collection->list[i].id, id);
	return collection->list[i].series;
}

TEST(series_are_in_the_order_they_are_shown_in)
{
	struct ids *ids = make_ids();
	struct collection collection;

	assert_int_equal(collection_read(NULL, ids, true, &collection), 0);
	assert_int_equal(collection.n, 6);
	assert_int_equal(collection.requests, 118);
	assert_string_equal(series_at(&collection, 0, 2)->route, "/a/*");
	assert_int_equal(series_at(&collection, 0, 2)->status, 503);
	assert_int_equal(series_at(&collection, 1, 6)->status, 404);
	assert_int_equal(series_at(&collection, 2, 5)->outcome, OUTCOME_UNANSWERED);
	assert_int_equal(series_at(&collection, 3, 4)->method, HTTP_METHOD_POST);
	assert_string_equal(series_at(&collection, 4, 1)->route, "/zoo");
	assert_int_equal(series_at(&collection, 4, 1)->requests, 100);
	assert_int_equal(series_at(&collection, 4, 1)->total_sum_ns, 1000);
	assert_int_equal(series_at(&collection, 4, 1)->queue_sum_ns, 10);
	assert_string_equal(series_at(&collection, 5, 9)->route, "_other");
	assert_int_equal(collection_find(&collection, 0), 0);
	assert_int_equal(collection_find(&collection, 1), 0);
	assert_int_equal(collection_find(&collection, 2), 1);
	assert_int_equal(collection_find(&collection, 3), 6);
	collection_clear(&collection);
	ids_free(ids);
}

/* All that is in `buckets` is `n` in those from `first` on, as given. */
static void assert_hist(const struct snapshot_hist *hist, size_t first, size_t n,
			const uint64_t *expected)
{
	uint64_t buckets[HIST_BUCKETS + 1] = {[HIST_BUCKETS] = 42};

	snapshot_hist_add(hist, buckets);
	for (size_t i = 0; i < HIST_BUCKETS; i++)
		assert_int_equal(buckets[i], i >= first && i < first + n ? expected[i - first] : 0);
	assert_int_equal(buckets[HIST_BUCKETS], 42);
}

TEST(histograms_are_those_of_their_series)
{
	static const uint64_t of_first[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0, 10};
	struct ids *ids = make_ids();
	struct collection collection;

	assert_int_equal(collection_read(NULL, ids, true, &collection), 0);
	assert_hist(&series_at(&collection, 0, 2)->total, 0, 0, NULL);
	assert_hist(&series_at(&collection, 3, 4)->total, 0, 0, NULL);
	assert_hist(&series_at(&collection, 3, 4)->queue, 0, 1, (const uint64_t[]){13});
	assert_hist(&series_at(&collection, 4, 1)->total, 24, 16, of_first);
	assert_hist(&series_at(&collection, 4, 1)->queue, 32, 1, (const uint64_t[]){11});
	/* the last octave is not whole */
	assert_hist(&series_at(&collection, 5, 9)->total, 216, 2, (const uint64_t[]){14, 15});
	collection_clear(&collection);
	ids_free(ids);
}

TEST(sums_are_what_is_below)
{
	struct ids *ids = make_ids();
	const struct snapshot_hist *hist;
	struct collection collection;

	assert_int_equal(collection_read(NULL, ids, true, &collection), 0);
	hist = &series_at(&collection, 4, 1)->total;
	assert_int_equal(snapshot_hist_below(hist, 0), 0);
	assert_int_equal(snapshot_hist_below(hist, 24), 0);
	assert_int_equal(snapshot_hist_below(hist, 25), 1);
	assert_int_equal(snapshot_hist_below(hist, 32), 36);
	assert_int_equal(snapshot_hist_below(hist, 33), 45);
	assert_int_equal(snapshot_hist_below(hist, HIST_BUCKETS), 55);
	collection_clear(&collection);
	ids_free(ids);
}

TEST(thresholds_add_their_part_of_the_bucket_they_split)
{
	struct ids *ids = make_ids();
	const struct snapshot_series *series;
	struct collection collection;

	assert_int_equal(collection_read(NULL, ids, true, &collection), 0);
	series = series_at(&collection, 4, 1);
	assert_int_equal(series->n_thresholds, 2);
	assert_int_equal(series->thresholds[0].threshold_ns, 11000);
	assert_int_equal(series->thresholds[0].count, 1 + 2 + 3 + 4 + 5 + 2);
	assert_int_equal(series->thresholds[1].threshold_ns, 11500);
	assert_int_equal(series->thresholds[1].count, 1 + 2 + 3 + 4 + 5 + 4);
	assert_int_equal(series_at(&collection, 0, 2)->n_thresholds, 0);
	collection_clear(&collection);
	ids_free(ids);
}

TEST(details_may_be_left_out)
{
	struct ids *ids = make_ids();
	struct collection collection;

	assert_int_equal(collection_read(NULL, ids, false, &collection), 0);
	assert_int_equal(collection.n, 6);
	assert_int_equal(collection.requests, 118);
	assert_int_equal(series_at(&collection, 4, 1)->requests, 100);
	assert_int_equal(series_at(&collection, 4, 1)->total.n_octaves, 0);
	assert_int_equal(series_at(&collection, 4, 1)->n_thresholds, 0);
	assert_null(collection.octaves);
	collection_clear(&collection);
	ids_free(ids);
}

TEST(every_allocation_may_fail)
{
	struct ids *ids = make_ids();
	struct collection collection = {.n = 42};
	int r;

	for (unsigned long i = 1;; i++) {
		fail_at = i;
		n_allocations = 0;
		r = collection_read(NULL, ids, true, &collection);
		fail_at = 0;
		if (!r)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_int_equal(collection.n, 42);
		assert_true(i < 100);
	}
	assert_true(n_allocations > 6);
	assert_int_equal(collection.n, 6);
	collection_clear(&collection);
	ids_free(ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(series_are_in_the_order_they_are_shown_in),
		cmocka_unit_test(histograms_are_those_of_their_series),
		cmocka_unit_test(sums_are_what_is_below),
		cmocka_unit_test(thresholds_add_their_part_of_the_bucket_they_split),
		cmocka_unit_test(details_may_be_left_out),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
