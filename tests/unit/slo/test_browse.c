/* SPDX-License-Identifier: GPL-2.0-only */
/* Looking through a history. */
#include <math.h>

#include "tests/unit/fixtures/history.h"

enum { DAY = 86400, HOUR = 3600 };

struct list {
	struct {
		int64_t end;
		struct slo_events events;
	} buckets[64];
	size_t n;
	size_t stop_at;
};

static int list_bucket(void *context, enum slo_tier tier, int64_t end, struct slo_events events)
{
	struct list *list = context;

	(void)tier;
	assert_true(list->n < 64);
	list->buckets[list->n].end = end;
	list->buckets[list->n++].events = events;
	return list->n == list->stop_at ? 42 : 0;
}

static void assert_bucket(const struct list *list, size_t i, int64_t end, uint64_t good,
			  uint64_t bad)
{
	assert_int_equal(list->buckets[i].end, end);
	assert_int_equal(list->buckets[i].events.good, good);
	assert_int_equal(list->buckets[i].events.bad, bad);
}

TEST(each_gives_buckets_with_events_oldest_first)
{
	struct slo_history *history = history_new(HOUR);
	struct list list = {0};

	assert_int_equal(slo_history_each(history, SLO_TIER_10S, 0, list_bucket, &list), 0);
	assert_int_equal(list.n, 0);
	history_add(history, 5, 1, 0);
	history_add(history, 10, 2, 1);
	history_add(history, 15, 0, 0);
	history_add(history, 60, 4, 0);
	history_add(history, 61, 8, 0);
	assert_int_equal(slo_history_each(history, SLO_TIER_10S, 0, list_bucket, &list), 0);
	assert_int_equal(list.n, 3);
	assert_bucket(&list, 0, 10, 3, 1);
	assert_bucket(&list, 1, 60, 4, 0);
	assert_bucket(&list, 2, 70, 8, 0); /* not complete yet */
	list = (struct list){0};
	slo_history_each(history, SLO_TIER_10S, 11, list_bucket, &list);
	assert_int_equal(list.n, 2);
	assert_bucket(&list, 0, 60, 4, 0);
	list = (struct list){0};
	slo_history_each(history, SLO_TIER_10S, 70, list_bucket, &list);
	assert_int_equal(list.n, 1);
	slo_history_each(history, SLO_TIER_10S, 71, list_bucket, &list);
	assert_int_equal(list.n, 1);
	list = (struct list){0};
	slo_history_each(history, SLO_TIER_1MIN, INT64_MIN, list_bucket, &list);
	assert_int_equal(list.n, 2);
	assert_bucket(&list, 0, 60, 7, 1);
	assert_bucket(&list, 1, 120, 8, 0);
	list = (struct list){0};
	slo_history_each(history, SLO_TIER_1H, 0, list_bucket, &list);
	assert_int_equal(list.n, 1);
	assert_bucket(&list, 0, HOUR, 15, 1);
	slo_history_free(history);
}

TEST(each_may_begin_anywhere)
{
	struct slo_history *history = history_new(HOUR);

	for (int i = 1; i <= 200; i++) {
		history_add(history, 10.0 * i, (uint64_t)i, 0);
		for (int from = i > 60 ? i - 60 : 1; from <= i; from++) {
			struct list list = {0};

			slo_history_each(history, SLO_TIER_10S, 10 * from, list_bucket, &list);
			assert_int_equal(list.n, i - from + 1);
			assert_bucket(&list, 0, 10 * from, (uint64_t)from, 0);
			assert_bucket(&list, list.n - 1, 10 * i, (uint64_t)i, 0);
		}
	}
	slo_history_free(history);
}

TEST(each_stops_when_told)
{
	struct slo_history *history = history_new(HOUR);

	for (int i = 1; i <= 40; i++)
		history_add(history, 10.0 * i, 1, 0);
	for (size_t stop_at = 1; stop_at <= 40; stop_at++) {
		struct list list = {.stop_at = stop_at};

		assert_int_equal(slo_history_each(history, SLO_TIER_10S, 0, list_bucket, &list),
				 42);
		assert_int_equal(list.n, stop_at);
	}
	slo_history_free(history);
}

TEST(first_and_last_event)
{
	struct slo_history *history = history_new(HOUR);
	double t = 42;

	history_add(history, 10, 0, 0);
	assert_false(slo_history_last_event(history, &t));
	assert_false(slo_history_first_event(history, &t));
	assert_true(t == 42);
	history_add(history, 20.5, 0, 1);
	history_add(history, 31, 1, 0);
	history_add(history, 200 * DAY, 1, 0);
	history_add(history, 201 * DAY, 0, 0);
	assert_true(slo_history_first_event(history, &t));
	assert_true(t == 20.5);
	assert_true(slo_history_last_event(history, &t));
	assert_true(t == 200 * DAY);
	slo_history_free(history);
}

TEST(busy_hours_are_those_with_events)
{
	struct slo_history *history = history_new(HOUR);

	assert_int_equal(slo_history_busy_hours(history, 0, DAY), 0);
	history_add(history, 10, 1, 0);
	history_add(history, HOUR, 1, 0);
	history_add(history, HOUR + 10, 0, 1);
	history_add(history, 3 * HOUR + 10, 0, 0);
	history_add(history, 5 * HOUR + 10, 1, 0);
	assert_int_equal(slo_history_busy_hours(history, 0, DAY), 3); /* end at 1, 2, 6 h */
	assert_int_equal(slo_history_busy_hours(history, -INFINITY, INFINITY), 3);
	assert_int_equal(slo_history_busy_hours(history, HOUR, DAY), 2);
	assert_int_equal(slo_history_busy_hours(history, HOUR - 0.5, DAY), 3);
	assert_int_equal(slo_history_busy_hours(history, 0, 2 * HOUR), 2);
	assert_int_equal(slo_history_busy_hours(history, 0, 2 * HOUR - 0.5), 1);
	assert_int_equal(slo_history_busy_hours(history, 0, 6 * HOUR), 3);
	assert_int_equal(slo_history_busy_hours(history, DAY, 0), 0);
	assert_int_equal(slo_history_busy_hours(history, NAN, DAY), 0);
	assert_int_equal(slo_history_busy_hours(history, 0, NAN), 0);
	slo_history_free(history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_gives_buckets_with_events_oldest_first),
		cmocka_unit_test(each_may_begin_anywhere),
		cmocka_unit_test(each_stops_when_told),
		cmocka_unit_test(first_and_last_event),
		cmocka_unit_test(busy_hours_are_those_with_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
