/* SPDX-License-Identifier: GPL-2.0-only */
/* Histograms of a series: octaves of buckets, made as they are needed. */
#ifndef SLIPROBE_JUDGE_HIST_BPF_H
#define SLIPROBE_JUDGE_HIST_BPF_H

#include "abi.h"
#include "judge/series.bpf.h"
#include "judge/table.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "who/quota.bpf.h"

__u32 hist_last; /* highest id given out */
__u32 hist_found; /* groups of found services */
__u32 hist_groups; /* ids there are, 0 included; set before loading */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SERIES_IDS);
	__type(key, __u32);
	__type(value, struct hist_ids);
} hist_ids SEC(".maps");

TWIN_TABLES(hist, HIST_GROUPS_MAX / BLOCK, struct hist_block);

/*
 * The buckets of both times, the second one in bits 8 to 15. A function of its own, verified once: the
 * verifier looks at each bucket there is.
 */
__noinline __u32 hist_buckets(__u64 total_ns, __u64 queue_ns)
{
	return hist_bucket(total_ns) | hist_bucket(queue_ns) << 8;
}

/* Ids to be given out again. The agent sizes it by hist_groups. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, HIST_GROUPS_MIN);
	__uint(value_size, sizeof(__u32));
} spare_groups SEC(".maps");

/* True if there is a group for a found service: all of these leave half of the groups to configured ones. */
static __always_inline bool hist_room_of_found(__u32 service, const struct service_books *books)
{
	__u32 most = hist_groups / 2, found = hist_found, left = found < most ? most - found : 0;
	struct endpoint_owners *owners_of = owners_of_service(service);

	if (!left || !owners_of || books->groups >= GROUPS_OF_FOUND)
		return false;
	for (int i = 0; i < OWNERS_OF_ENDPOINT; i++) {
		struct owner_key key = owners_of->keys[i];
		struct owner *owner = owner_known(&key);

		if (owner && (owner->groups >= GROUPS_OF_OWNER || owner->groups > left / 2))
			return false;
	}
	return true;
}

/* Charges one more group to the service, and to the owners of a found one. */
static __always_inline void hist_charge(__u32 service, struct service_books *books)
{
	struct endpoint_owners *owners_of;

	__sync_fetch_and_add(&books->groups, 1);
	if (service < SERVICE_FOUND)
		return;
	__sync_fetch_and_add(&hist_found, 1);
	owners_of = owners_of_service(service);
	for (int i = 0; owners_of && i < OWNERS_OF_ENDPOINT; i++) {
		struct owner_key key = owners_of->keys[i];
		struct owner *owner = owner_known(&key);

		if (owner)
			__sync_fetch_and_add(&owner->groups, 1);
	}
}

static __always_inline __u32 hist_take_id(void)
{
	__u32 id;

	if (!bpf_map_pop_elem(&spare_groups, &id))
		return id;
	if (hist_last >= hist_groups - 1)
		return 0;
	id = __sync_fetch_and_add(&hist_last, 1) + 1;
	return id < hist_groups ? id : 0;
}

/* A group for the series, at *id. Returns its id; 0: there is no room. */
__noinline __u32 hist_make(__u32 *id, __u32 series)
{
	struct series_key *key = bpf_map_lookup_elem(&series_keys, &series);
	struct service_books *books;
	__u32 made, service;

	if (!id || !key)
		return 0;
	service = key->service;
	books = bpf_map_lookup_elem(&service_books, &service);
	if (!books || (service >= SERVICE_FOUND && !hist_room_of_found(service, books)))
		return 0;
	made = hist_take_id();
	if (!made)
		return 0;
	if (__sync_val_compare_and_swap(id, 0, made))
		bpf_map_push_elem(&spare_groups, &made, 0); /* another processor was at it, too */
	else
		hist_charge(service, books);
	return *id;
}

static __always_inline void hist_count(struct hist_ids *ids, enum hist_kind kind, __u32 bucket,
				       __u32 series, const enum writer writer)
{
	__u32 octave = bucket >> HIST_SCALE;
	struct hist_value *value;
	__u32 id;

	barrier_var(octave); /* the verifier must see the check on the index itself */
	if (octave >= HIST_OCTAVES)
		return;
	id = ids->ids[kind][octave];
	if (!id)
		id = hist_make(&ids->ids[kind][octave], series);
	value = id ? table_value(hist, id, writer) : NULL;
	if (value)
		counter_add(&value->n[bucket & (HIST_PER_OCTAVE - 1)], 1, writer);
	else
		stat_error(KERR_HIST_FULL);
}

#endif
