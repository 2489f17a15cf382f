/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading the kernel's counters and tables. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/private.h"

enum {
	EACH_BATCH = 512, /* entries, at first */
	EACH_BATCH_MAX = 1 << 20,
	BATCH_BYTES = 1 << 20, /* of values, if one entry does not take more */
};

/* Sums `words` 64-bit counters over all CPUs, in place: the sum takes the first one's room. */
static void sum_cpus(const struct probe *probe, __u64 *values, size_t words)
{
	for (int cpu = 1; cpu < probe->n_cpus; cpu++) {
		for (size_t w = 0; w < words; w++)
			values[w] += values[cpu * words + w];
	}
}

int probe_read_stats(struct probe *probe, __u64 ret[STAT_COUNT])
{
	_cleanup_free_ __u64 *values = calloc(probe->n_cpus, sizeof(*values));

	if (!values)
		return -ENOMEM;
	/* backwards: a request is seen before it is lost or ended, so the difference is never < 0 */
	for (int i = STAT_COUNT - 1; i >= 0; i--) {
		__u32 stat = i;
		int r = bpf_map_lookup_elem(bpf_map__fd(probe->skel->maps.stats), &stat, values);

		if (r)
			return r;
		sum_cpus(probe, values, 1);
		ret[i] = values[0];
	}
	ret[STAT_SEEN] += ret[STAT_SEEN_RECV];
	ret[STAT_ENDED] += ret[STAT_ENDED_SEND];
	return 0;
}

__u64 probe_lost(const __u64 stats[STAT_COUNT])
{
	__u64 lost = 0;

	for (int i = 0; i < LOST_REASON_COUNT; i++)
		lost += stats[STAT_LOST + i];
	return lost;
}

int probe_at_rest(struct probe *probe, bool *ret)
{
	__u64 stats[STAT_COUNT];
	int r = probe_read_stats(probe, stats);

	if (r)
		return r;
	/*
	 * At the moment between the two reads, at least as many had ended or were lost as was read
	 * before, and at most as many had been seen as was read after.
	 */
	*ret = stats[STAT_SEEN] == stats[STAT_ENDED] + probe_lost(stats);
	return 0;
}

int probe_read_counts(struct probe *probe, __u32 slot, struct slo_counts *ret)
{
	_cleanup_free_ __u64 *good = calloc(probe->n_cpus, sizeof(*good));
	struct sliprobe_bpf *skel = probe->skel;
	int r;

	if (!good)
		return -ENOMEM;
	r = bpf_map_lookup_elem(bpf_map__fd(skel->maps.slo_good), &slot, good);
	r = r ?: bpf_map_lookup_elem(bpf_map__fd(skel->maps.slo_counts), &slot, ret);
	if (r)
		return r;
	sum_cpus(probe, good, 1);
	ret->good += good[0];
	return 0;
}

/* Keys and values of a hash map, as many as one read gives. */
struct batch {
	void *keys;
	void *values;
	__u32 room;
};

static void batch_clear(struct batch *batch)
{
	free(batch->keys);
	free(batch->values);
}

static int batch_grow(struct batch *batch, __u32 room, size_t key_size, size_t value_size)
{
	void *keys = realloc(batch->keys, room * key_size), *values;

	if (!keys)
		return -ENOMEM;
	batch->keys = keys;
	values = realloc(batch->values, room * value_size);
	if (!values)
		return -ENOMEM;
	batch->values = values;
	batch->room = room;
	return 0;
}

int probe_each(struct probe *probe, struct bpf_map *map,
	       int (*fn)(void *context, const void *key, const void *value), void *context)
{
	bool per_cpu = bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_HASH;
	size_t key_size = bpf_map__key_size(map), words = bpf_map__value_size(map) / sizeof(__u64);
	size_t value_size = bpf_map__value_size(map) * (per_cpu ? probe->n_cpus : 1);
	_cleanup_(batch_clear) struct batch batch = {};
	int r = batch_grow(&batch, EACH_BATCH, key_size, value_size);
	__u64 token, *from = NULL;

	while (!r) {
		__u32 count = batch.room;
		int stop = 0;

		r = bpf_map_lookup_batch(bpf_map__fd(map), from, &token, batch.keys, batch.values,
					 &count, NULL);
		if (r == -ENOSPC && batch.room < EACH_BATCH_MAX) {
			/* a bucket is longer than the batch */
			r = batch_grow(&batch, batch.room * 2, key_size, value_size);
			continue;
		}
		if (r && r != -ENOENT)
			return r;
		from = &token;
		for (__u32 i = 0; !stop && i < count; i++) {
			__u64 *value = (__u64 *)((char *)batch.values + i * value_size);

			if (per_cpu)
				sum_cpus(probe, value, words);
			stop = fn(context, (const char *)batch.keys + i * key_size, value);
		}
		if (stop)
			return stop;
	}
	return r == -ENOENT ? 0 : r;
}

/* A caller's function with the types of one map, called by probe_each(). */
struct typed {
	void *fn;
	void *context;
};

/* clang-format off */
#define EACH(name, map, key_type, value_type, value_expression)                                    \
	static int name##_entry(void *context, const void *key, const void *value_at)             \
	{                                                                                          \
		const struct typed *typed = context;                                               \
		const value_type *value = value_at;                                                \
                                                                                                   \
		return ((probe_##name##_fn)typed->fn)(typed->context, (const key_type *)key,       \
						      value_expression);                           \
	}                                                                                          \
                                                                                                   \
	int probe_each_##name(struct probe *probe, probe_##name##_fn fn, void *context)           \
	{                                                                                          \
		struct typed typed = { (void *)fn, context };                                      \
                                                                                                   \
		return probe_each(probe, probe->skel->maps.map, name##_entry, &typed);             \
	}

EACH(threshold, thresholds, struct threshold_key, __u64, *value)
EACH(endpoint, endpoints, struct endpoint_key, struct endpoint, value)
EACH(unmeasured, unmeasured, struct unmeasured_key, struct blind, value)
EACH(owner, owners, struct owner_key, struct owner, value)
EACH(fold, folds, struct owner_key, struct fold, value)
EACH(folded, folded, struct endpoint_key, struct owner_key, value)
EACH(identity, identities, struct identity_key, struct identity, value)
/* clang-format on */

/* ---- tables by id ---- */

int probe_read_array(struct probe *probe, struct bpf_map *map, __u32 n, void **ret)
{
	bool per_cpu = bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_ARRAY;
	size_t size = bpf_map__value_size(map);
	size_t stride = size * (per_cpu ? probe->n_cpus : 1);
	__u32 at_once = BATCH_BYTES / stride ?: 1;
	_cleanup_free_ __u32 *keys = calloc(at_once, sizeof(*keys));
	_cleanup_free_ char *batch = calloc(at_once, stride), *values = malloc((n ?: 1) * size);
	__u32 token, done = 0, count;

	if (!keys || !batch || !values)
		return -ENOMEM;
	while (done < n) {
		int r;

		count = n - done < at_once ? n - done : at_once;
		r = bpf_map_lookup_batch(bpf_map__fd(map), done ? &token : NULL, &token, keys,
					 batch, &count, NULL);
		if (r && r != -ENOENT)
			return r;
		for (__u32 i = 0; i < count; i++) {
			if (per_cpu)
				sum_cpus(probe, (__u64 *)(batch + i * stride),
					 size / sizeof(__u64));
			memcpy(values + (done + i) * size, batch + i * stride, size);
		}
		done += count;
		if (!count)
			return -EIO; /* cannot be: an array has all of its entries */
	}
	*ret = values;
	values = NULL;
	return 0;
}

/*
 * Reads a table of blocks of counters and its twin, the shared one: *ret has their sums, for n ids at
 * least.
 */
static int read_table(struct probe *probe, struct bpf_map *own, struct bpf_map *shared, __u32 n,
		      void **ret)
{
	_cleanup_free_ void *own_at = NULL, *shared_at = NULL;
	__u32 blocks = (n + BLOCK - 1) / BLOCK;
	size_t words = blocks * (bpf_map__value_size(own) / sizeof(__u64));
	int r = probe_read_array(probe, own, blocks, &own_at);

	r = r ?: probe_read_array(probe, shared, blocks, &shared_at);
	if (r)
		return r;
	for (size_t w = 0; w < words; w++)
		((__u64 *)own_at)[w] += ((__u64 *)shared_at)[w];
	*ret = own_at;
	own_at = NULL;
	return 0;
}

/* The number of ids given out so far, 0 included; `last`: the highest. */
static __u32 n_ids(__u32 last, __u32 max)
{
	return last < max ? last + 1 : max;
}

int probe_each_series(struct probe *probe, probe_series_fn fn, void *context)
{
	struct sliprobe_bpf *skel = probe->skel;
	_cleanup_free_ void *keys_at = NULL, *values_at = NULL;
	__u32 n = n_ids(skel->bss->series_last, SERIES_IDS);
	int r = read_table(probe, skel->maps.series, skel->maps.series_shared, n, &values_at);

	r = r ?: probe_read_array(probe, skel->maps.series_keys, n, &keys_at);
	for (__u32 id = 1; !r && id < n; id++) {
		const struct series_value *value = (struct series_value *)values_at + id;

		if (value->requests) /* else its id was never used */
			r = fn(context, id, (struct series_key *)keys_at + id, value);
	}
	return r;
}

int probe_each_hist(struct probe *probe, probe_hist_fn fn, void *context)
{
	struct sliprobe_bpf *skel = probe->skel;
	_cleanup_free_ void *ids_at = NULL, *values_at = NULL;
	__u32 n = n_ids(skel->bss->series_last, SERIES_IDS), n_groups;
	int r = probe_read_array(probe, skel->maps.hist_ids, n, &ids_at);

	/* read after the ids of groups, so that no id is beyond it */
	n_groups = n_ids(skel->bss->hist_last, skel->bss->hist_groups);
	r = r ?: read_table(probe, skel->maps.hist, skel->maps.hist_shared, n_groups, &values_at);
	for (__u32 id = 1; !r && id < n; id++) {
		const struct hist_ids *ids = (struct hist_ids *)ids_at + id;

		for (int i = 0; !r && i < HIST_KINDS * HIST_OCTAVES; i++) {
			__u32 group = ids->ids[i / HIST_OCTAVES][i % HIST_OCTAVES];

			if (group && group < n_groups)
				r = fn(context, id, i / HIST_OCTAVES, i % HIST_OCTAVES,
				       (struct hist_value *)values_at + group);
		}
	}
	return r;
}

bool probe_find_endpoint(struct probe *probe, const struct endpoint_key *key, struct endpoint *ret)
{
	return !bpf_map_lookup_elem(bpf_map__fd(probe->skel->maps.endpoints), key, ret);
}

static __u32 *blind_place(const struct probe *probe, const struct blind *blind)
{
	return &probe->skel->bss->blind_of[(blind->place - 1) % BLIND_OWNERS];
}

bool probe_blind_is_pressed(const struct probe *probe, const struct blind *blind)
{
	return blind->place && *blind_place(probe, blind) >= BLIND_OF_OWNER / 2;
}

void probe_forget_unmeasured(struct probe *probe, const struct unmeasured_key *key,
			     const struct blind *blind)
{
	if (bpf_map_delete_elem(bpf_map__fd(probe->skel->maps.unmeasured), key) || !blind->found)
		return;
	__atomic_fetch_sub(&probe->skel->bss->blind_found, 1, __ATOMIC_RELAXED);
	if (blind->place)
		__atomic_fetch_sub(blind_place(probe, blind), 1, __ATOMIC_RELAXED);
}

int probe_read_books(struct probe *probe, __u32 service, struct service_books *ret)
{
	return bpf_map_lookup_elem(bpf_map__fd(probe->skel->maps.service_books), &service, ret);
}
