/* SPDX-License-Identifier: GPL-2.0-only */
/* The history as it is stored, restored and looked through. Its sums: see test_slo.c. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "slo/slo.h"
#include "tests/unit/fixtures/malloc_fail.h"

enum { DAY = 86400, HOUR = 3600 };

static struct slo_history *history_new(uint64_t window_seconds)
{
	struct slo_history *history = NULL;

	assert_int_equal(slo_history_new(window_seconds, &history), 0);
	return history;
}

static void add(struct slo_history *history, double t, uint64_t good, uint64_t bad)
{
	assert_int_equal(slo_history_add(history, t, (struct slo_events){good, bad}), 0);
}

static void add_span(struct slo_history *history, double from, double t, uint64_t good,
		     uint64_t bad)
{
	assert_int_equal(slo_history_add_span(history, from, t, (struct slo_events){good, bad}), 0);
}

static void assert_sum(const struct slo_history *history, double now, double span, uint64_t good,
		       uint64_t bad)
{
	struct slo_events sum = slo_history_sum(history, now, span);

	assert_int_equal(sum.good, good);
	assert_int_equal(sum.bad, bad);
}

static uint64_t rng_state;

static uint64_t rng(uint64_t below)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state % below;
}

TEST(short_steps_are_not_spread)
{
	struct slo_history *history = history_new(30 * DAY);

	add_span(history, 1000, 1020, 100, 2);
	assert_sum(history, 1020, 10, 100, 2);
	/* one that overlaps the step before is as long as what is new of it */
	add_span(history, 900, 1040, 40, 0);
	assert_sum(history, 1040, 10, 40, 0);
	add_span(history, 2000, 1050, 7, 0);
	assert_sum(history, 1050, 10, 7, 0);
	slo_history_free(history);
}

TEST(long_steps_are_spread_evenly_to_the_last_event)
{
	struct slo_history *history = history_new(30 * DAY);

	add_span(history, 1000, 1100, 1000, 7);
	/* cumulative: of 7 bad in 10 pieces 0, 1, 2, 2, 3, 4, 4, 5, 6, 7 */
	assert_sum(history, 1100, 10, 100, 1);
	assert_sum(history, 1010, 10, 100, 0);
	assert_sum(history, 1030, 30, 300, 2);
	assert_sum(history, 1040, 40, 400, 2);
	assert_sum(history, 1100, 100, 1000, 7);
	/* a single one falls to the end */
	add_span(history, 1100, 1400, 0, 1);
	assert_sum(history, 1390, 290, 0, 0);
	assert_sum(history, 1400, 10, 0, 1);
	/* 25 s: three pieces */
	add_span(history, 2000, 2025, 30, 0);
	assert_sum(history, 2010, 10, 10, 0);
	assert_sum(history, 2020, 20, 20, 0);
	assert_sum(history, 2030, 30, 30, 0);
	slo_history_free(history);
}

TEST(very_long_steps_are_spread_in_coarser_pieces)
{
	struct slo_history *history = history_new(30 * DAY);

	/* up to 6 h: 10 s */
	add_span(history, 0, 6 * HOUR, 2160, 0);
	assert_sum(history, 6 * HOUR, 10, 1, 0);
	/* longer: minutes */
	add_span(history, DAY, DAY + 7 * HOUR, 420, 0);
	assert_sum(history, DAY + 7 * HOUR, 50, 1, 0);
	assert_sum(history, DAY + 7 * HOUR - 10, 50, 0, 0);
	assert_sum(history, DAY + 7 * HOUR, 7 * HOUR, 420, 0);
	/* longer than 8 d: hours */
	add_span(history, 10 * DAY, 20 * DAY, 240, 24);
	assert_sum(history, 20 * DAY, HOUR, 1, 1);
	assert_sum(history, 20 * DAY, 50, 1, 1);
	assert_sum(history, 20 * DAY - 50, HOUR - 60, 0, 0);
	assert_sum(history, 20 * DAY, 10 * DAY, 240, 24);
	/* far longer than anything is kept: what is kept is even, nothing is lost */
	add_span(history, 20 * DAY, 1e12, 3000000, UINT64_MAX / 2);
	assert_sum(history, 1e12, INFINITY, 3000000 + 2160 + 420 + 240, UINT64_MAX / 2 + 24);
	for (int i = 1; i <= 60; i++) {
		struct slo_events day = slo_history_sum(history, 1e12 - DAY * i, DAY);

		assert_in_range(day.bad, UINT64_MAX / 2 / (1000000000000 / DAY) - 10000000000,
				UINT64_MAX / 2 / (1000000000000 / DAY) + 10000000000);
	}
	slo_history_free(history);
}

TEST(spreading_refuses_what_adding_refuses)
{
	struct slo_history *history = history_new(HOUR);
	const double odd[] = {NAN, INFINITY, -INFINITY, 1e13, -1e13};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		const struct slo_events events = {1, 1};

		assert_int_equal(slo_history_add_span(history, odd[i], 100, events), -EINVAL);
		assert_int_equal(slo_history_add_span(history, 0, odd[i], events), -EINVAL);
	}
	assert_sum(history, 1e12, INFINITY, 0, 0);
	slo_history_free(history);
}

/* Any allocation may fail: then nothing was added, and the next time it is. */
TEST(nothing_is_added_without_memory)
{
	const struct slo_events events = {50ULL << 32, 9};
	bool done = false;

	for (unsigned long fail = 1; !done; fail++) {
		struct slo_history *history = NULL;
		uint64_t added = 0;

		n_allocations = 0;
		fail_at = fail;
		if (slo_history_new(HOUR, &history)) {
			assert_null(history);
			continue;
		}
		added += !slo_history_add(history, 10, events);
		assert_sum(history, 10, INFINITY, added * events.good, added * events.bad);
		done = added && !slo_history_add_span(history, 10, DAY, events);
		added += done;
		fail_at = 0;
		assert_sum(history, DAY, INFINITY, added * events.good, added * events.bad);
		add_span(history, 10, 2 * DAY, events.good, 9);
		added++;
		assert_sum(history, 2 * DAY, INFINITY, added * events.good, added * events.bad);
		slo_history_free(history);
		assert_true(fail < 1000);
	}
	fail_at = 0;
}

TEST(any_step_may_find_no_memory)
{
	for (unsigned long fail = 3; fail < 40; fail++) {
		struct slo_history *history = history_new(HOUR);
		uint64_t added = 0;

		n_allocations = 2;
		fail_at = fail;
		for (int i = 1; i <= 300; i++) {
			added += !slo_history_add(history, 10.0 * i, (struct slo_events){1, 0});
			assert_sum(history, 3000, INFINITY, added, 0);
		}
		assert_int_equal(added, n_allocations >= fail ? 299 : 300);
		fail_at = 0;
		slo_history_free(history);
	}
}

TEST(counts_end_at_64_bits)
{
	struct slo_history *history = history_new(HOUR);
	const uint64_t big = 1ULL << 63;

	for (int i = 1; i <= 10; i++)
		add(history, 10.0 * i, big, UINT64_MAX);
	assert_sum(history, 100, 100, UINT64_MAX, UINT64_MAX);
	assert_sum(history, 100, 80, 0, 0);
	assert_sum(history, 10, 10, big, UINT64_MAX);
	assert_sum(history, 20, 10, big - 1, 0);
	slo_history_free(history);
}

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
	add(history, 5, 1, 0);
	add(history, 10, 2, 1);
	add(history, 15, 0, 0);
	add(history, 60, 4, 0);
	add(history, 61, 8, 0);
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
		add(history, 10.0 * i, (uint64_t)i, 0);
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
		add(history, 10.0 * i, 1, 0);
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

	add(history, 10, 0, 0);
	assert_false(slo_history_last_event(history, &t));
	assert_false(slo_history_first_event(history, &t));
	assert_true(t == 42);
	add(history, 20.5, 0, 1);
	add(history, 31, 1, 0);
	add(history, 200 * DAY, 1, 0);
	add(history, 201 * DAY, 0, 0);
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
	add(history, 10, 1, 0);
	add(history, HOUR, 1, 0);
	add(history, HOUR + 10, 0, 1);
	add(history, 3 * HOUR + 10, 0, 0);
	add(history, 5 * HOUR + 10, 1, 0);
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

static int put_back(void *context, enum slo_tier tier, int64_t end, struct slo_events events)
{
	return slo_history_restore(context, tier, end, events);
}

/* `seconds`: of each tier, how much of it was stored. */
static struct slo_history *copy(const struct slo_history *history, uint64_t window_seconds,
				double last_step)
{
	const int64_t kept[SLO_TIERS] = {6 * HOUR, 8 * DAY, (int64_t)window_seconds + 31 * DAY};
	struct slo_history *restored = history_new(window_seconds);

	for (enum slo_tier tier = 0; tier < SLO_TIERS; tier++)
		assert_int_equal(slo_history_each(history, tier,
						  (int64_t)floor(last_step) - kept[tier], put_back,
						  restored),
				 0);
	assert_int_equal(slo_history_restored(restored, last_step), 0);
	return restored;
}

static void assert_same(const struct slo_history *a, const struct slo_history *b, double now,
			double span)
{
	struct slo_events x = slo_history_sum(a, now, span), y = slo_history_sum(b, now, span);

	if (memcmp(&x, &y, sizeof(x)))
		fail_msg("(%f - %f, %f]: %lu/%lu is not %lu/%lu", now, span, now, y.good, y.bad,
			 x.good, x.bad);
}

static double random_step(double t)
{
	switch (rng(400)) {
	case 0:
		return t + (double)rng(12 * DAY);
	case 1:
		return t + (double)rng(8 * HOUR);
	case 2:
		return t - (double)rng(100);
	case 3:
		return t + (double)rng(10000000) / 1e6;
	default:
		return t + 10;
	}
}

/* The same random steps to both. Returns the time of the last. */
static double random_steps(struct slo_history *a, struct slo_history *b, double t, int n)
{
	for (int i = 0; i < n; i++) {
		double from = t;
		struct slo_events events = {rng(3) ? rng(100) : 0, rng(8) ? 0 : rng(5)};

		if (!rng(2000))
			events.good = (uint64_t)UINT32_MAX + rng(UINT32_MAX);
		if (rng(1000))
			t = random_step(t);
		else
			t += (double)rng(200 * DAY);
		assert_int_equal(slo_history_add_span(a, from, t, events), 0);
		if (b)
			assert_int_equal(slo_history_add_span(b, from, t, events), 0);
		if (t < from)
			t = from;
	}
	return t;
}

TEST(restored_history_goes_on_as_if_never_interrupted)
{
	for (uint64_t seed = 1; seed <= 60; seed++) {
		uint64_t window = HOUR + (seed * 7 % 92) * DAY;
		double reach = (double)(window + 31 * DAY);
		struct slo_history *a = history_new(window), *b;
		double t = seed % 2 ? 1.7e9 : 0;

		rng_state = seed * 0x9e3779b97f4a7c15;
		t = random_steps(a, NULL, t, (int)rng(9000) + 1);
		b = copy(a, window, t);
		for (int round = 0; round < 12; round++) {
			for (int i = 0; i < 150; i++) {
				double now = t - (i % 2 ? 0 : (double)rng(2 * DAY));
				double back = pow(reach, (double)rng(1000) / 1000);

				if (now - back >= t - reach)
					assert_same(a, b, now, back);
			}
			assert_same(a, b, t, 300);
			assert_same(a, b, t, 6 * HOUR);
			assert_same(a, b, t, 8 * DAY);
			assert_same(a, b, t, reach);
			t = random_steps(a, b, t, round % 3 ? (int)rng(800) : 1);
		}
		slo_history_free(a);
		slo_history_free(b);
	}
}

TEST(restored_tiers_end_at_the_same_moment)
{
	struct slo_history *history = history_new(30 * DAY);
	double t = 42;

	/* hours know of more than minutes, minutes of more than the finest: it is long ago */
	assert_int_equal(
		slo_history_restore(history, SLO_TIER_1H, 3 * DAY, (struct slo_events){10, 1}), 0);
	assert_int_equal(
		slo_history_restore(history, SLO_TIER_1H, 9 * DAY, (struct slo_events){12, 2}), 0);
	assert_int_equal(
		slo_history_restore(history, SLO_TIER_1MIN, 8 * DAY, (struct slo_events){5, 0}), 0);
	assert_int_equal(
		slo_history_restore(history, SLO_TIER_1MIN, 9 * DAY, (struct slo_events){7, 2}), 0);
	assert_int_equal(
		slo_history_restore(history, SLO_TIER_10S, 9 * DAY, (struct slo_events){7, 2}), 0);
	assert_int_equal(slo_history_restored(history, 9 * DAY - 3), 0);
	assert_sum(history, 9 * DAY, 10, 7, 2);
	assert_sum(history, 9 * DAY, 6 * HOUR - 3, 7, 2);
	assert_sum(history, 9 * DAY, 7 * HOUR, 7, 2);
	assert_sum(history, 9 * DAY, 2 * DAY, 12, 2);
	assert_sum(history, 9 * DAY, 7 * DAY, 22, 3);
	assert_sum(history, 9 * DAY, INFINITY, 22, 3);
	assert_true(slo_history_last_event(history, &t));
	assert_true(t == 9 * DAY - 3);
	assert_true(slo_history_first_event(history, &t));
	assert_true(t == 3 * DAY);
	/* into the same bucket, and the next */
	add(history, 9 * DAY - 1, 1, 0);
	add(history, 9 * DAY + 10, 1, 0);
	assert_sum(history, 9 * DAY + 10, 20, 9, 2);
	slo_history_free(history);
}

TEST(restoring_refuses_what_is_no_history)
{
	struct slo_history *history = history_new(HOUR);
	const struct slo_events events = {5, 5};

	assert_int_equal(slo_history_restore(history, SLO_TIER_1H, 2 * HOUR, events), 0);
	/* not oldest first */
	assert_int_equal(slo_history_restore(history, SLO_TIER_1H, 2 * HOUR, events), -EINVAL);
	assert_int_equal(slo_history_restore(history, SLO_TIER_1H, HOUR, events), -EINVAL);
	/* no end of a bucket */
	assert_int_equal(slo_history_restore(history, SLO_TIER_1H, 3 * HOUR + 10, events), -EINVAL);
	assert_int_equal(slo_history_restore(history, SLO_TIER_1H, INT64_MAX / HOUR * HOUR, events),
			 -EINVAL);
	assert_int_equal(slo_history_restore(history, SLO_TIER_1H, 3 * HOUR,
					     (struct slo_events){UINT64_MAX, 0}),
			 -EINVAL);
	assert_int_equal(slo_history_restore(history, SLO_TIER_1H, 3 * HOUR,
					     (struct slo_events){0, UINT64_MAX}),
			 -EINVAL);
	assert_int_equal(slo_history_restored(history, NAN), -EINVAL);
	assert_int_equal(slo_history_restored(history, 2e12), -EINVAL);
	assert_int_equal(slo_history_restored(history, 2 * HOUR), 0);
	/* no longer empty */
	assert_int_equal(slo_history_restored(history, 2 * HOUR), -EINVAL);
	assert_int_equal(slo_history_restore(history, SLO_TIER_1H, 4 * HOUR, events), -EINVAL);
	assert_sum(history, 2 * HOUR, INFINITY, 5, 5);
	slo_history_free(history);

	/* a finer tier holds more */
	for (int bad = 0; bad < 2; bad++) {
		history = history_new(HOUR);
		assert_int_equal(slo_history_restore(history, SLO_TIER_1H, 2 * HOUR, events), 0);
		assert_int_equal(slo_history_restore(history, SLO_TIER_1MIN, 2 * HOUR,
						     (struct slo_events){bad ? 5 : 6, bad ? 6 : 5}),
				 0);
		assert_int_equal(slo_history_restored(history, 2 * HOUR), -EINVAL);
		slo_history_free(history);
	}
}

TEST(restored_time_is_not_before_its_last_bucket)
{
	struct slo_history *history = history_new(HOUR);

	for (enum slo_tier tier = 0; tier < SLO_TIERS; tier++)
		assert_int_equal(put_back(history, tier, 2 * HOUR, (struct slo_events){5, 1}), 0);
	assert_int_equal(slo_history_restored(history, 10), 0);
	assert_sum(history, 2 * HOUR, 10, 5, 1);
	assert_sum(history, 2 * HOUR - 10, 10, 0, 0);
	slo_history_free(history);
}

TEST(nothing_may_have_been_stored)
{
	struct slo_history *history = history_new(HOUR);
	double t;

	assert_int_equal(slo_history_restored(history, -1000), 0);
	assert_sum(history, 0, INFINITY, 0, 0);
	assert_false(slo_history_last_event(history, &t));
	add(history, -2000, 1, 0); /* taken as -1000 */
	assert_sum(history, -1000, 10, 1, 0);
	slo_history_free(history);
}

/* More spans than are remembered, in a changing order, a fixed beginning among them. */
TEST(sums_do_not_depend_on_what_was_asked_before)
{
	struct slo_history *asked = history_new(30 * DAY), *fresh;
	double t = 0;

	rng_state = 7;
	for (int round = 0; round < 150; round++) {
		t = random_steps(asked, NULL, t, (int)rng(40));
		fresh = copy(asked, 30 * DAY, t);
		for (int i = 0; i < 60; i++) {
			double span =
				i == 30 ? t - 12345 : (double)((i + round % 2) * i * 800 + 10);

			if (span < 61 * DAY && span > 0)
				assert_same(fresh, asked, t, span);
		}
		slo_history_free(fresh);
	}
	slo_history_free(asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_steps_are_not_spread),
		cmocka_unit_test(long_steps_are_spread_evenly_to_the_last_event),
		cmocka_unit_test(very_long_steps_are_spread_in_coarser_pieces),
		cmocka_unit_test(spreading_refuses_what_adding_refuses),
		cmocka_unit_test(nothing_is_added_without_memory),
		cmocka_unit_test(any_step_may_find_no_memory),
		cmocka_unit_test(counts_end_at_64_bits),
		cmocka_unit_test(each_gives_buckets_with_events_oldest_first),
		cmocka_unit_test(each_may_begin_anywhere),
		cmocka_unit_test(each_stops_when_told),
		cmocka_unit_test(first_and_last_event),
		cmocka_unit_test(busy_hours_are_those_with_events),
		cmocka_unit_test(restored_history_goes_on_as_if_never_interrupted),
		cmocka_unit_test(restored_tiers_end_at_the_same_moment),
		cmocka_unit_test(restoring_refuses_what_is_no_history),
		cmocka_unit_test(restored_time_is_not_before_its_last_bucket),
		cmocka_unit_test(nothing_may_have_been_stored),
		cmocka_unit_test(sums_do_not_depend_on_what_was_asked_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
