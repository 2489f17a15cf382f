/* SPDX-License-Identifier: GPL-2.0-only */
#include "collect.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* A growing array of fixed-size entries. */
struct list {
	char *bytes;
	size_t n;
	size_t room;
};

static void *list_add(struct list *list, size_t size)
{
	if (list->n == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		char *grown = realloc(list->bytes, room * size);

		if (!grown)
			return NULL;
		list->bytes = grown;
		list->room = room;
	}
	return list->bytes + list->n++ * size;
}

struct hist_entry {
	struct series_key key;
	enum hist_kind kind;
	__u32 octave;
	struct hist_value value;
};

struct split_entry {
	struct split_key key;
	__u64 count;
};

struct reading {
	struct list hist;
	struct list splits;
	struct list series;
	const struct names *routes;
	__u64 requests;
};

static int take_hist(void *context, const struct series_key *key, enum hist_kind kind, __u32 octave,
		     const struct hist_value *value)
{
	struct hist_entry *entry = list_add(&((struct reading *)context)->hist, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	*entry = (struct hist_entry){*key, kind, octave, *value};
	return 0;
}

static int take_split(void *context, const struct split_key *key, __u64 count)
{
	struct split_entry *entry = list_add(&((struct reading *)context)->splits, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	*entry = (struct split_entry){*key, count};
	return 0;
}

static int take_series(void *context, const struct series_key *key,
		       const struct series_value *value)
{
	struct reading *reading = context;
	struct snapshot_series *series = calloc(1, sizeof(*series));
	struct collected *collected;

	if (!series)
		return -ENOMEM;
	collected = list_add(&reading->series, sizeof(*collected));
	if (!collected) {
		free(series);
		return -ENOMEM;
	}
	series->route = names_name(reading->routes, key->route) ?: "_other";
	series->method = key->method < HTTP_METHOD_COUNT ? key->method : HTTP_METHOD_OTHER;
	series->outcome = key->role_outcome & 15;
	series->status = key->status;
	series->requests = value->requests;
	series->total_sum_ns = value->total_sum_ns;
	series->queue_sum_ns = value->queue_sum_ns;
	*collected = (struct collected){*key, series};
	reading->requests += value->requests;
	return 0;
}

static int key_cmp(const void *a, const void *b)
{
	return memcmp(&((const struct collected *)a)->key, &((const struct collected *)b)->key,
		      sizeof(struct series_key));
}

static int order_cmp(const void *a_at, const void *b_at)
{
	const struct collected *a = a_at, *b = b_at;
	int by_route;

	if (a->key.service != b->key.service)
		return a->key.service < b->key.service ? -1 : 1;
	by_route = strcmp(a->series->route, b->series->route);
	if (by_route)
		return by_route;
	if (a->series->method != b->series->method)
		return a->series->method < b->series->method ? -1 : 1;
	if (a->series->outcome != b->series->outcome)
		return a->series->outcome < b->series->outcome ? -1 : 1;
	return (int)a->series->status - (int)b->series->status;
}

static struct snapshot_series *find(const struct reading *reading, const struct series_key *key)
{
	const struct collected wanted = {.key = *key};
	struct collected *found =
		bsearch(&wanted, reading->series.bytes, reading->series.n, sizeof(wanted), key_cmp);

	return found ? found->series : NULL;
}

static void put_hist(const struct reading *reading, const struct hist_entry *entry)
{
	struct snapshot_series *series = find(reading, &entry->key);

	for (size_t i = 0; series && i < HIST_PER_OCTAVE; i++) {
		size_t bucket = (size_t)entry->octave * HIST_PER_OCTAVE + i;

		if (bucket < HIST_BUCKETS)
			(entry->kind == HIST_TOTAL ? series->total : series->queue)[bucket] +=
				entry->value.n[i];
	}
}

static int threshold_cmp(const void *a, const void *b)
{
	uint64_t left = ((const struct snapshot_threshold *)a)->threshold_ns;
	uint64_t right = ((const struct snapshot_threshold *)b)->threshold_ns;

	return left < right ? -1 : left > right;
}

/* Below the threshold: the buckets below the one it splits, and its part of that. */
static int put_split(const struct reading *reading, const struct split_entry *entry)
{
	struct snapshot_series *series = find(reading, &entry->key.series);
	struct snapshot_threshold *grown, *threshold;
	size_t bucket = hist_bucket(entry->key.threshold_ns);

	if (!series)
		return 0;
	grown = realloc(series->thresholds, (series->n_thresholds + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	series->thresholds = grown;
	threshold = &grown[series->n_thresholds++];
	threshold->threshold_ns = entry->key.threshold_ns;
	threshold->count = entry->count;
	for (size_t i = 0; i < bucket; i++)
		threshold->count += series->total[i];
	qsort(grown, series->n_thresholds, sizeof(*grown), threshold_cmp);
	return 0;
}

static int put_all(struct reading *reading)
{
	int r = 0;

	qsort(reading->series.bytes, reading->series.n, sizeof(struct collected), key_cmp);
	for (size_t i = 0; i < reading->hist.n; i++)
		put_hist(reading, (struct hist_entry *)reading->hist.bytes + i);
	for (size_t i = 0; !r && i < reading->splits.n; i++)
		r = put_split(reading, (struct split_entry *)reading->splits.bytes + i);
	return r;
}

void collection_clear(struct collection *collection)
{
	for (size_t i = 0; i < collection->n; i++) {
		if (!collection->list[i].series)
			continue;
		free(collection->list[i].series->thresholds);
		free(collection->list[i].series);
	}
	free(collection->list);
	*collection = (struct collection){};
}

int collection_read(struct probe *probe, const struct names *routes, struct collection *ret)
{
	struct reading reading = {.routes = routes};
	struct collection collection;
	int r;

	r = probe_each_split(probe, take_split, &reading);
	r = r ?: probe_each_hist(probe, take_hist, &reading);
	r = r ?: probe_each_series(probe, take_series, &reading);
	r = r ?: put_all(&reading);
	free(reading.hist.bytes);
	free(reading.splits.bytes);
	collection = (struct collection){(struct collected *)reading.series.bytes, reading.series.n,
					 reading.requests};
	if (r) {
		collection_clear(&collection);
		return r;
	}
	qsort(collection.list, collection.n, sizeof(*collection.list), order_cmp);
	*ret = collection;
	return 0;
}
