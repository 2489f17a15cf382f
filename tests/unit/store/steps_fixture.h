/* SPDX-License-Identifier: GPL-2.0-only */
/* Steps of 50 SLOs, a series and a text, numbered from 1, and whether all of one are there. */
#ifndef SLIPROBE_TESTS_STEPS_FIXTURE_H
#define SLIPROBE_TESTS_STEPS_FIXTURE_H

#include "store/db.h"
#include "tests/unit/store/store_fixture.h"

static inline int put_step(struct store *store, int64_t n)
{
	struct slo_events events = {(uint64_t)n, 0};
	struct store_series series = {.service = "s", .requests = (uint64_t)n};
	char text[24];
	int r = store_begin(store);

	snprintf(text, sizeof(text), "%lld", (long long)n);
	if (!r)
		r = store_put_value(store, "first", text);
	for (int64_t i = 1; i <= 50 && !r; i++)
		r = store_put_bucket(store, i, STORE_EVENTS, SLO_TIER_10S, 10 * n, events);
	if (!r)
		r = store_put_series(store, 10.0 * (double)n, &series, 1);
	if (!r)
		r = store_put_text(store, "kind", "last", text);
	if (!r)
		return store_commit(store);
	if (r != -EBUSY)
		store_rollback(store);
	return r;
}

struct found {
	int64_t n_buckets;
	uint64_t n_requests;
	char text[24];
};

static inline int find_bucket(void *context, enum slo_tier tier, int64_t end_seconds,
			      struct slo_events events)
{
	struct found *found = context;

	(void)tier;
	assert_int_equal(end_seconds, 10 * events.good);
	found->n_buckets++;
	return 0;
}

static inline int find_series(void *context, int64_t end_seconds, const struct store_series *series)
{
	struct found *found = context;

	(void)end_seconds;
	found->n_requests += series->requests;
	return 0;
}

static inline int find_text(void *context, const char *key, const char *text)
{
	struct found *found = context;

	(void)key;
	snprintf(found->text, sizeof(found->text), "%s", text);
	return 0;
}

/* That all parts of the steps up to some one are there, and of no other; returns which. */
static inline int64_t last_step(struct store *store)
{
	struct found found = {.text = "0"};
	char *first = NULL;
	int64_t n = 0;

	if (!store_get_value(store, "first", &first))
		n = strtoll(first, NULL, 10);
	free(first);
	for (int64_t slo = 1; slo <= 50; slo += 49) {
		found.n_buckets = 0;
		assert_int_equal(store_each_bucket_of(store, slo, STORE_EVENTS, SLO_TIER_10S,
						      find_bucket, &found),
				 0);
		assert_int_equal(found.n_buckets, n);
	}
	assert_int_equal(store_each_series_bucket(store, SLO_TIER_10S, 0, find_series, &found), 0);
	assert_int_equal(found.n_requests, n);
	assert_int_equal(store_each_text(store, "kind", find_text, &found), 0);
	assert_int_equal(strtoll(found.text, NULL, 10), n);
	return n;
}

#endif
