/* SPDX-License-Identifier: GPL-2.0-only */
/* Endpoints' ids: which are given out, which connections have them, and giving them back. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/private.h"

bool probe_endpoints_overflow(const struct probe *probe)
{
	return probe->skel->bss->endpoint_overflow;
}

__u32 probe_endpoints_given(const struct probe *probe)
{
	__u32 last = probe->skel->bss->endpoint_last;

	return last < ENDPOINTS_MAX ? last : ENDPOINTS_MAX - 1;
}

__u32 probe_endpoints_spare(const struct probe *probe, bool ret[ENDPOINTS_MAX])
{
	const typeof(*probe->skel->bss) *bss = probe->skel->bss;
	__u32 from = __atomic_load_n(&bss->spare_taken, __ATOMIC_ACQUIRE), to = bss->spare_put;

	memset(ret, 0, ENDPOINTS_MAX * sizeof(*ret));
	for (__u32 i = from; i != to; i++)
		ret[bss->spare_ids[i % ENDPOINTS_MAX] % ENDPOINTS_MAX] = true;
	return to - from;
}

bool probe_endpoint_met(const struct probe *probe, __u32 id)
{
	return probe->skel->bss->endpoints_met[id] == probe->skel->bss->sweep_number;
}

int probe_drop_endpoint(struct probe *probe, const struct endpoint_key *key)
{
	int r = bpf_map_delete_elem(bpf_map__fd(probe->skel->maps.endpoints), key);

	return r == -ENOENT ? 0 : r;
}

/* Keys of one map, to be deleted. */
struct keys {
	char *bytes;
	size_t n;
	size_t room;
	size_t size; /* of one */
};

static int keys_add(struct keys *keys, const void *key)
{
	if (keys->n == keys->room) {
		size_t room = keys->room * 2 ?: 64;
		char *grown = realloc(keys->bytes, room * keys->size);

		if (!grown)
			return -ENOMEM;
		keys->bytes = grown;
		keys->room = room;
	}
	memcpy(keys->bytes + keys->n++ * keys->size, key, keys->size);
	return 0;
}

/* Deletes them, and frees the list. */
static int keys_delete(struct keys *keys, struct bpf_map *map)
{
	int r = 0;

	for (size_t i = 0; i < keys->n && (!r || r == -ENOENT); i++)
		r = bpf_map_delete_elem(bpf_map__fd(map), keys->bytes + i * keys->size);
	free(keys->bytes);
	return r == -ENOENT ? 0 : r;
}

/* ---- decisions on processes ---- */

struct unlearn {
	const bool *ids;
	bool found[ENDPOINTS_MAX];
	struct keys keys;
};

static int unlearn_identity(void *context, const struct identity_key *key,
			    const struct identity *identity)
{
	struct unlearn *unlearn = context;
	__u32 id = identity->service - (__u32)SERVICE_FOUND;

	if (id >= ENDPOINTS_MAX || !unlearn->ids[id])
		return 0;
	unlearn->found[id] = true;
	return keys_add(&unlearn->keys, key);
}

int probe_unlearn(struct probe *probe, const bool ids[ENDPOINTS_MAX], bool ret_found[ENDPOINTS_MAX])
{
	struct unlearn unlearn = {.ids = ids, .keys.size = sizeof(struct identity_key)};
	int r = probe_each_identity(probe, unlearn_identity, &unlearn);
	int deleted = keys_delete(&unlearn.keys, probe->skel->maps.identities);

	for (__u32 id = 0; id < ENDPOINTS_MAX; id++)
		ret_found[id] = ret_found[id] || unlearn.found[id];
	return r ?: deleted;
}

/* ---- forgetting ---- */

struct forget {
	const bool *ids;
	struct keys keys;
};

static int forget_threshold(void *context, const struct threshold_key *key, __u64 count)
{
	struct forget *forget = context;
	__u32 id = key->series.service - (__u32)SERVICE_FOUND;

	(void)count;
	return id < ENDPOINTS_MAX && forget->ids[id] ? keys_add(&forget->keys, key) : 0;
}

/* Deletes the keys that were found, if all were. */
static int forget_keys(struct forget *forget, struct bpf_map *map, int found)
{
	int deleted = keys_delete(&forget->keys, map);

	return found ?: deleted;
}

int probe_forget(struct probe *probe, const bool ids[ENDPOINTS_MAX])
{
	struct forget thresholds = {ids, {.size = sizeof(struct threshold_key)}};
	struct probe_swept unused;
	int r = forget_keys(&thresholds, probe->skel->maps.thresholds,
			    probe_each_threshold(probe, forget_threshold, &thresholds));

	__atomic_fetch_sub(&probe->skel->bss->thresholds_found, thresholds.keys.n,
			   __ATOMIC_RELAXED);
	if (r)
		return r;
	for (__u32 id = 1; id < ENDPOINTS_MAX; id++) {
		if (ids[id])
			probe->skel->bss->forget_due[id / 64] |= 1ULL << (id % 64);
	}
	probe->skel->bss->forget_cpus = probe->n_cpus;
	/* done when a sweep has met the last connection */
	return probe_sweep(probe, PROBE_NEVER_NS, &unused, NULL);
}

__u64 probe_forgotten(const struct probe *probe)
{
	return probe->skel->bss->forgotten_requests;
}
