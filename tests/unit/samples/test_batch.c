/* SPDX-License-Identifier: GPL-2.0-only */
/* Events packed into a batch, and read from one whatever its bytes are. */
#include "tests/unit/samples/made_events.h"

#include <errno.h>
#include <stdlib.h>

#include "samples/batch.h"

enum { EVENTS = 300 };

static const int64_t first_id = 1800000000000000;

static struct batch *fill(void)
{
	struct batch *batch = batch_new(T0_NS / BATCH_SLOT_NS, first_id);
	struct made made;

	assert_non_null(batch);
	for (uint64_t n = 0; n < EVENTS; n++) {
		make_event(n, "shop", T0_NS + (int64_t)n * 1000000, &made);
		assert_int_equal(batch_add(batch, &made.event, first_id + (int64_t)(2 * n),
					   &(struct batch_draw){made.event.bad ? 3 : 7, 0}),
				 0);
	}
	return batch;
}

static int view_bytes(const uint8_t *bytes, size_t n, struct batch_view **ret)
{
	uint8_t *copy = malloc(n ? n : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, n);
	return batch_view_new(copy, n, T0_NS / BATCH_SLOT_NS, first_id, "shop", ret);
}

TEST(test_events_come_out_as_they_went_in)
{
	struct batch *batch = fill();
	struct batch_entry entries[EVENTS];
	struct batch_view *view;
	struct event event;
	struct made made;
	size_t n;
	uint8_t *bytes = batch_pack(batch, &n);

	assert_non_null(bytes);
	assert_int_equal(batch_events(batch), EVENTS);
	print_message("%zu bytes an event, texts of its own included\n", n / EVENTS);
	assert_int_equal(view_bytes(bytes, n, &view), 0);
	assert_int_equal(batch_view_events(view), EVENTS);
	assert_int_equal(batch_view_entries(view, entries), 0);
	for (uint64_t i = 0; i < EVENTS; i++) {
		make_event(i, "shop", T0_NS + (int64_t)i * 1000000, &made);
		assert_true(entries[i].id == first_id + (int64_t)(2 * i));
		assert_true(entries[i].time_ns == made.event.time_ns);
		memset(&event, 0xa5, sizeof(event));
		assert_int_equal(batch_view_event(&entries[i], &event), 0);
		assert_true(event.id == entries[i].id);
		assert_events(&event, &made.event);
	}
	free(bytes);
	batch_view_free(view);
	batch_free(batch);
}

/* Sums of weights are what was counted of each class, however uneven the samples stand. */
TEST(test_weights_are_counted_by_sampled)
{
	struct batch *batch = batch_new(T0_NS / BATCH_SLOT_NS, first_id);
	static const struct {
		bool bad;
		const char *slo;
		int64_t second;
		uint32_t stands_for;
		double weight;
	} rows[] = {
		{false, NULL, 0, 10, 20},
		{false, NULL, 0, 30, 20},
		{true, "checkout", 0, 1, 1.5},
		{true, NULL, 0, 5, 5},
		{true, "checkout", 0, 2, 1.5},
		{true, "fast", 0, 4, 4},
		/* another second has another rate, and what was sampled densely does not count as the rest */
		{false, NULL, 1, 60, 60},
		{false, NULL, 0, 1, 1},
		{false, NULL, 0, 0, 1},
		{false, NULL, 0, 4000, 4000},
	};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct batch_entry entries[ROWS];
	struct batch_view *view;
	struct made made;
	uint8_t *bytes;
	size_t n;

	for (size_t i = 0; i < ROWS; i++) {
		make_event(1, "shop", T0_NS + rows[i].second * 1000000000, &made);
		made.event.bad = rows[i].bad;
		made.event.bad_for[0] = rows[i].slo;
		made.event.n_bad_for = rows[i].slo != NULL;
		assert_int_equal(batch_add(batch, &made.event, first_id + (int64_t)i,
					   &(struct batch_draw){rows[i].stands_for, (uint32_t)i}),
				 0);
	}
	bytes = batch_pack(batch, &n);
	assert_int_equal(view_bytes(bytes, n, &view), 0);
	assert_int_equal(batch_view_entries(view, entries), 0);
	for (size_t i = 0; i < ROWS; i++) {
		struct event event;

		assert_int_equal(batch_view_event(&entries[i], &event), 0);
		assert_true(event.weight == rows[i].weight);
	}
	free(bytes);
	batch_view_free(view);
	batch_free(batch);
}

TEST(test_a_full_batch_takes_no_more)
{
	struct batch *batch = batch_new(T0_NS / BATCH_SLOT_NS, first_id);
	struct made made;
	uint64_t n = 0;
	size_t bytes;
	uint8_t *packed;
	int r = 0;

	for (; !r; n++) {
		make_event(n, "shop", T0_NS, &made);
		r = batch_add(batch, &made.event, first_id + (int64_t)n,
			      &(struct batch_draw){1, 0});
	}
	assert_int_equal(r, -ENOSPC);
	assert_int_equal(batch_events(batch), n - 1);
	packed = batch_pack(batch, &bytes);
	assert_true(bytes <= BATCH_MAX_BYTES);
	free(packed);
	batch_free(batch);
}

static void read_all(const uint8_t *bytes, size_t n)
{
	struct batch_entry *entries;
	struct batch_view *view;
	struct event event;

	if (view_bytes(bytes, n, &view))
		return;
	entries = calloc(batch_view_events(view) + 1, sizeof(*entries));
	assert_non_null(entries);
	if (!batch_view_entries(view, entries)) {
		for (size_t i = 0; i < batch_view_events(view); i++)
			batch_view_event(&entries[i], &event);
	}
	free(entries);
	batch_view_free(view);
}

TEST(test_any_bytes_are_read_or_refused)
{
	struct batch *batch = fill();
	size_t n;
	uint8_t *bytes = batch_pack(batch, &n);

	for (size_t len = 0; len < n; len += 1 + len / 50)
		read_all(bytes, len);
	random_seed(1);
	for (int i = 0; i < 20000; i++) {
		const size_t at = random_below(i % 2 ? n : 64);
		const uint8_t before = bytes[at];

		bytes[at] = (uint8_t)random_next();
		read_all(bytes, n);
		if (i % 16)
			bytes[at] = before;
	}
	free(bytes);
	batch_free(batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_come_out_as_they_went_in),
		cmocka_unit_test(test_weights_are_counted_by_sampled),
		cmocka_unit_test(test_a_full_batch_takes_no_more),
		cmocka_unit_test(test_any_bytes_are_read_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
