/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/collect.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/route_name.h"
#include "base/cleanup.h"

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

/* A histogram: the octaves from the first-th on. */
struct hist_run {
	__u32 id; /* of the series */
	enum hist_kind kind;
	size_t first;
	size_t n;
};

struct threshold_entry {
	struct threshold_key key;
	__u64 count;
};

struct reading {
	struct list octaves;
	struct list hists; /* runs of these */
	struct hist_run *hist; /* the last one */
	struct list thresholds;
	struct list series;
	const struct ids *routes;
	__u64 requests;
};

static int take_hist(void *context, __u32 id, enum hist_kind kind, __u32 octave,
		     const struct hist_value *value)
{
	struct reading *reading = context;
	struct snapshot_octave *added = list_add(&reading->octaves, sizeof(*added));
	struct hist_run *run = reading->hist;

	if (!added)
		return -ENOMEM;
	added->octave = octave;
	memcpy(added->n, value->n, sizeof(added->n));
	if (!run || run->id != id || run->kind != kind) {
		reading->hist = run = list_add(&reading->hists, sizeof(*run));
		if (!run)
			return -ENOMEM;
		*run = (struct hist_run){id, kind, reading->octaves.n - 1, 0};
	}
	run->n++;
	return 0;
}

static int take_threshold(void *context, const struct threshold_key *key, __u64 count)
{
	struct threshold_entry *entry =
		list_add(&((struct reading *)context)->thresholds, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	*entry = (struct threshold_entry){*key, count};
	return 0;
}

static int take_series(void *context, __u32 id, const struct series_key *key,
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
	series->route = route_name(reading->routes, key->route);
	series->method = key->method < HTTP_METHOD_COUNT ? key->method : HTTP_METHOD_OTHER;
	series->outcome = series_outcome(key);
	series->status = key->status;
	series->requests = value->requests;
	series->total_sum_ns = value->total_sum_ns;
	series->queue_sum_ns = value->queue_sum_ns;
	*collected = (struct collected){id, *key, series};
	reading->requests += value->requests;
	return 0;
}

static __u64 key_bits(const struct series_key *key)
{
	__u64 bits;

	memcpy(&bits, key, sizeof(bits));
	return bits;
}

static int key_cmp(const void *a, const void *b)
{
	__u64 left = key_bits(&((const struct collected *)a)->key);
	__u64 right = key_bits(&((const struct collected *)b)->key);

	return left < right ? -1 : left > right;
}

static int order_cmp(const void *a_at, const void *b_at)
{
	const struct collected *a = a_at, *b = b_at;
	int by_route;

	if (a->key.service != b->key.service)
		return a->key.service < b->key.service ? -1 : 1;
	by_route = a->key.route == b->key.route ? 0 : strcmp(a->series->route, b->series->route);
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

/* Both are in the order of ids. */
static void put_hists(const struct reading *reading)
{
	const struct snapshot_octave *octaves = (struct snapshot_octave *)reading->octaves.bytes;
	const struct hist_run *run = (struct hist_run *)reading->hists.bytes;
	const struct hist_run *end = run + reading->hists.n;
	const struct collected *collected = (struct collected *)reading->series.bytes;

	for (size_t i = 0; i < reading->series.n; i++) {
		struct snapshot_series *series = collected[i].series;

		while (run != end && run->id < collected[i].id)
			run++;
		for (; run != end && run->id == collected[i].id; run++)
			*(run->kind == HIST_TOTAL ? &series->total : &series->queue) =
				(struct snapshot_hist){octaves + run->first, run->n};
	}
}

static int threshold_cmp(const void *a, const void *b)
{
	uint64_t left = ((const struct snapshot_threshold *)a)->threshold_ns;
	uint64_t right = ((const struct snapshot_threshold *)b)->threshold_ns;

	return left < right ? -1 : left > right;
}

/* Requests within the threshold: the buckets below the one it lies in, and its count in that one. */
static int put_threshold(const struct reading *reading, const struct threshold_entry *entry)
{
	struct snapshot_series *series = find(reading, &entry->key.series);
	struct snapshot_threshold *grown;
	unsigned int bucket = hist_bucket(entry->key.threshold_ns);

	if (!series)
		return 0;
	grown = realloc(series->thresholds, (series->n_thresholds + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	series->thresholds = grown;
	grown[series->n_thresholds++] = (struct snapshot_threshold){
		.threshold_ns = entry->key.threshold_ns,
		.count = entry->count + snapshot_hist_below(&series->total, bucket),
	};
	return 0;
}

static int put_all(struct reading *reading)
{
	int r = 0;

	put_hists(reading);
	if (reading->thresholds.n && reading->series.n)
		qsort(reading->series.bytes, reading->series.n, sizeof(struct collected), key_cmp);
	for (size_t i = 0; !r && i < reading->thresholds.n; i++)
		r = put_threshold(reading, (struct threshold_entry *)reading->thresholds.bytes + i);
	for (size_t i = 0; i < reading->series.n; i++) {
		struct snapshot_series *series =
			((struct collected *)reading->series.bytes)[i].series;

		if (series->n_thresholds > 1)
			qsort(series->thresholds, series->n_thresholds, sizeof(*series->thresholds),
			      threshold_cmp);
	}
	return r;
}

size_t collection_find(const struct collection *collection, __u32 service)
{
	size_t low = 0, high = collection->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (collection->list[middle].key.service < service)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
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
	free(collection->octaves);
	*collection = (struct collection){};
}

int collection_read(struct probe *probe, const struct ids *routes, bool details,
		    struct collection *ret)
{
	struct reading reading = {.routes = routes};
	struct collection collection;
	int r = 0;

	if (details) {
		r = probe_each_threshold(probe, take_threshold, &reading);
		r = r ?: probe_each_hist(probe, take_hist, &reading);
	}
	r = r ?: probe_each_series(probe, take_series, &reading);
	r = r ?: put_all(&reading);
	free(reading.hists.bytes);
	free(reading.thresholds.bytes);
	collection = (struct collection){
		.list = (struct collected *)reading.series.bytes,
		.n = reading.series.n,
		.octaves = (struct snapshot_octave *)reading.octaves.bytes,
		.requests = reading.requests,
	};
	if (r) {
		collection_clear(&collection);
		return r;
	}
	if (collection.n)
		qsort(collection.list, collection.n, sizeof(*collection.list), order_cmp);
	*ret = collection;
	return 0;
}
