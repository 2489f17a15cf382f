/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a series' key to its id, its index in the tables of counters. An id never changes its series. The
 * cache of ids, `series_recent`, may be stale: the key found there is compared, so it needs no lock.
 */
#ifndef SLIPROBE_JUDGE_SERIES_BPF_H
#define SLIPROBE_JUDGE_SERIES_BPF_H

#include "abi.h"
#include "judge/table.bpf.h"
#include "kernel/helpers.bpf.h"

enum {
	SERIES_RECENT = 1024,
};

__u32 series_last; /* last id given out */

/* A series' id, given out once; 0: about to be. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SERIES_MAX);
	__type(key, struct series_key);
	__type(value, __u32);
} series_ids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SERIES_IDS);
	__type(key, __u32);
	__type(value, struct series_key);
} series_keys SEC(".maps");

/* The cache, by a hash of the key: spares looking in `series_ids` for those counted a moment ago. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SERIES_RECENT);
	__type(key, __u32);
	__type(value, __u32);
} series_recent SEC(".maps");

TWIN_TABLES(series, SERIES_IDS / BLOCK, struct series_block);

/* Put together in a register: a processor waits for a word that has just been stored in parts. */
static __always_inline __u64 series_key_bits(const struct series_key *key)
{
	return key->service | (__u64)key->route << 16 | (__u64)key->status << 32 |
	       (__u64)key->method << 48 | (__u64)key->role_outcome << 56;
}

/*
 * The id of a series that may be new; 0: the table is full. Two processors that make one series at once
 * take an id each: one of the ids stays unused.
 */
static __noinline __u32 series_make(__u64 bits)
{
	__u32 none = 0, id;
	__u32 *known = bpf_map_lookup_elem(&series_ids, &bits);
	__u64 *key;

	if (!known) {
		bpf_map_update_elem(&series_ids, &bits, &none, BPF_NOEXIST);
		known = bpf_map_lookup_elem(&series_ids, &bits);
		if (!known)
			return 0;
	}
	if (!*known && series_last < SERIES_IDS - 1) {
		id = __sync_fetch_and_add(&series_last, 1) + 1;
		key = bpf_map_lookup_elem(&series_keys, &id);
		if (!key)
			return 0;
		*key = bits;
		/* whoever reads the id finds its key */
		__sync_val_compare_and_swap(known, 0, id);
	}
	return *known;
}

static __always_inline __u32 series_find(const struct series_key *key)
{
	__u64 bits = series_key_bits(key);
	/* the golden ratio's bits spread what differs in few places (Knuth, 6.4) */
	__u32 slot = bits * 0x9e3779b97f4a7c15ULL >> 54;
	__u32 *recent = bpf_map_lookup_elem(&series_recent, &slot);
	__u64 *known;
	__u32 id;

	_Static_assert(SERIES_RECENT == 1 << (64 - 54), "a slot is the hash's upper bits");
	if (!recent)
		return 0;
	id = *recent;
	known = bpf_map_lookup_elem(&series_keys, &id);
	if (known && *known == bits)
		return id;
	id = series_make(bits);
	if (id)
		*recent = id;
	return id;
}

#endif
