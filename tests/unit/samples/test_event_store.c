/* SPDX-License-Identifier: GPL-2.0-only */
/* Events are kept and found again, on disk and in memory alike. */
#include "tests/unit/samples/event_store_fixture.h"

#include <time.h>

struct compare {
	uint64_t n;
	const char *service;
	bool backwards;
	uint64_t of;
	int64_t last_id;
};

static int compare_event(void *context, const struct event *event)
{
	struct compare *compare = context;
	const uint64_t n = compare->backwards ? compare->of - 1 - compare->n : compare->n;
	struct made made;

	make_event(n, compare->service, T0_NS + (int64_t)n * 1000000000, &made);
	assert_events(event, &made.event);
	assert_true(event->weight == 1);
	assert_true(event->id > 0);
	if (compare->last_id)
		assert_true((event->id < compare->last_id) == compare->backwards);
	compare->last_id = event->id;
	compare->n++;
	return 0;
}

static void assert_all(struct event_store *store, uint64_t n)
{
	struct event_span span = all_events;

	for (int backwards = 0; backwards < 2; backwards++) {
		struct compare compare = {.service = "shop", .backwards = backwards, .of = n};

		span.oldest_first = !backwards;
		assert_int_equal(event_store_each(store, &span, compare_event, &compare), 0);
		assert_int_equal(compare.n, n);
	}
}

TEST(test_events_come_back_in_the_order_of_time)
{
	struct event_store *store = open_good();

	for (uint64_t n = 0; n < 60; n++) {
		assert_int_equal(add_event(store, n, "shop", T0_NS + (int64_t)n * 1000000000), 0);
		/* a slot is split over steps, and some of it is in memory alone */
		if (n % 7 == 6 && n < 50)
			step_good(store, 1);
	}
	assert_all(store, 60);
	event_store_close(store);
	store = open_good();
	assert_all(store, 60);
	assert_int_equal(stats_of(store).events, 60);
	event_store_close(store);
}

TEST(test_late_events_stand_where_they_belong)
{
	struct event_store *store = open_good();
	struct event_span span = all_events;
	struct compare compare = {.service = "shop"};

	/* in pairs of slots, the newer one first */
	for (int64_t n = 0; n < 40; n++) {
		const int64_t late = (n / 10 ^ 1) * 10 + n % 10;

		assert_int_equal(
			add_event(store, (uint64_t)late, "shop", T0_NS + late * 1000000000), 0);
	}
	step_good(store, 4);
	span.oldest_first = true;
	/* ids are in the order of arrival */
	for (int64_t at = 0; at < 40; at += 10) {
		span.since = (double)(T0_NS / 1000000000 + at);
		span.until = span.since + 10;
		compare = (struct compare){.n = (uint64_t)at, .service = "shop"};
		assert_int_equal(event_store_each(store, &span, compare_event, &compare), 0);
		assert_int_equal(compare.n, at + 10);
	}
	event_store_close(store);
}

TEST(test_a_span_is_held_to_the_nanosecond)
{
	struct event_store *store = open_good();
	struct event_span span = {.since = (double)T0_NS * 1e-9, .until = NAN};

	for (int64_t n = 0; n < 30; n++)
		assert_int_equal(add_event(store, (uint64_t)n, "shop", T0_NS + n * 1000000000), 0);
	for (int written = 0; written < 2; written++) {
		span.until = NAN;
		assert_int_equal(count_span(store, &span), 30);
		span.until = span.since;
		assert_int_equal(count_span(store, &span), 0);
		span.until = span.since + 1;
		assert_int_equal(count_span(store, &span), 1);
		span.until = span.since + 15;
		assert_int_equal(count_span(store, &span), 15);
		span.until = span.since + 1e6;
		assert_int_equal(count_span(store, &span), 30);
		step_good(store, 3);
	}
	event_store_close(store);
}

TEST(test_what_has_come_since_is_found_by_the_greatest_id)
{
	struct event_store *store = open_good();
	struct event_span span = all_events;
	struct count count = {};

	for (int64_t slot = 0; slot < 20; slot++) {
		/* every other one comes late */
		add_slot(store, slot % 3 ? "shop" : "cart", slot ^ 1, 10, 7);
		count.n = 0;
		span.after = count.greatest_id;
		assert_int_equal(event_store_each(store, &span, count_event, &count), 0);
		assert_int_equal(count.n, 7);
		if (slot % 2)
			step_good(store, slot);
		if (slot == 10) {
			event_store_close(store);
			store = open_good();
		}
	}
	span.after = count.greatest_id;
	assert_int_equal(count_span(store, &span), 0);
	event_store_close(store);
}

TEST(test_events_are_found_by_service_and_slo)
{
	struct event_store *store = open_good();
	struct event_span span = all_events;

	for (int written = 0; written < 2; written++) {
		add_slot(store, "shop", written, 0, 50);
		add_slot(store, "cart", written, 0, 30);
		step_good(store, 1);
	}
	add_slot(store, "shop", 2, 0, 50);
	add_slot(store, "cart", 2, 0, 30);
	assert_int_equal(count_service(store, "shop"), 150);
	assert_int_equal(count_service(store, "cart"), 90);
	assert_int_equal(count_service(store, "none"), 0);
	span.bad_for = "checkout";
	assert_int_equal(count_span(store, &span), 24);
	span.service = "cart";
	assert_int_equal(count_span(store, &span), 9);
	span.bad_for = "other";
	assert_int_equal(count_span(store, &span), 0);
	span.bad_for = NULL;
	span.bad_only = true;
	assert_int_equal(count_span(store, &span), 9);
	span.bad_only = false;
	span.eligible_for = "fast"; /* three of four: 22 of 30 */
	assert_int_equal(count_span(store, &span), 66);
	event_store_close(store);
}

TEST(test_a_service_without_a_name_is_kept)
{
	struct event_store *store = open_good();

	add_slot(store, NULL, 0, 0, 3);
	step_good(store, 0);
	add_slot(store, NULL, 0, 0, 3);
	assert_int_equal(count_all(store), 6);
	event_store_close(store);
}

TEST(test_weights_add_up_to_what_was_counted)
{
	struct event_store *store = open_good();
	uint64_t counted = 0;
	struct count count = {};
	struct made made;

	random_seed(3);
	for (uint64_t n = 0; n < 1000; n++) {
		const uint32_t stands_for = 1 + (uint32_t)(n * 7919 % 100);

		make_event(n, n % 3 ? "shop" : "cart", T0_NS + (int64_t)n * 100000000, &made);
		assert_int_equal(event_store_add(store, &made.event, false,
						 &(struct batch_draw){stands_for, (uint32_t)n % 2}),
				 0);
		counted += stands_for;
		if (n % 300 == 299)
			step_good(store, 1);
	}
	assert_int_equal(event_store_each(store, &all_events, count_event, &count), 0);
	assert_int_equal(llround(count.weight), counted);
	event_store_close(store);
}

static int stop_at_10(void *context, const struct event *event)
{
	size_t *n = context;

	(void)event;
	return ++*n == 10 ? 7 : 0;
}

TEST(test_a_visitor_may_stop)
{
	struct event_store *store = open_good();
	size_t n = 0;

	add_slot(store, "shop", 0, 0, 20);
	step_good(store, 0);
	add_slot(store, "shop", 1, 0, 5);
	assert_int_equal(event_store_each(store, &all_events, stop_at_10, &n), 7);
	assert_int_equal(n, 10);
	event_store_close(store);
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* How long it takes is shown, not tested: AddressSanitizer makes it several times as long. */
TEST(test_100000_events_are_kept_and_read)
{
	struct event_store *store = open_good();
	struct count count = {};
	double begun = seconds_now();

	for (int64_t slot = 0; slot < 250; slot++) {
		add_slot(store, "shop", slot, 400 * (uint64_t)slot, 300);
		add_slot(store, "cart", slot, 400 * (uint64_t)slot + 300, 100);
		step_good(store, slot);
	}
	print_message("written in %.3f s: %.1f bytes an event\n", seconds_now() - begun,
		      (double)stats_of(store).bytes / 100000);
	begun = seconds_now();
	assert_int_equal(event_store_each(store, &all_events, count_event, &count), 0);
	print_message("read in %.3f s\n", seconds_now() - begun);
	assert_int_equal(count.n, 100000);
	event_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(test_events_come_back_in_the_order_of_time),
		WITH_SETUP(test_late_events_stand_where_they_belong),
		WITH_SETUP(test_a_span_is_held_to_the_nanosecond),
		WITH_SETUP(test_what_has_come_since_is_found_by_the_greatest_id),
		WITH_SETUP(test_events_are_found_by_service_and_slo),
		WITH_SETUP(test_a_service_without_a_name_is_kept),
		WITH_SETUP(test_weights_add_up_to_what_was_counted),
		WITH_SETUP(test_a_visitor_may_stop),
		WITH_SETUP(test_100000_events_are_kept_and_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
