/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a series' key to its id, its index in the tables of counters. An id changes its series only when nobody counts
 * for it any more (hook/forget). The cache of ids, `series_recent`, may be stale: the key found there is compared, so
 * it needs no lock.
 *
 * A service has so many series and no more (abi/quota): what comes beyond is counted together, by class of status and
 * outcome. Where not even that has room, it is counted together with that of all other services.
 */
#ifndef SLIPROBE_JUDGE_SERIES_BPF_H
#define SLIPROBE_JUDGE_SERIES_BPF_H

#include "abi.h"
#include "judge/table.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "who/quota.bpf.h"

enum {
	SERIES_RECENT = 1024,
};

__u32 series_last; /* highest id given out */
__u32 series_used; /* series that there are */
__u32 series_found; /* those of found services */
__u64 folded_requests; /* that found no series of their own */
__u16 series_most
	[SERVICE_FOUND]; /* how many a configured service may have, set by the agent; 0: SERIES_OF_SERVICE */

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

/* Ids to be given out again. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, SERIES_IDS);
	__uint(value_size, sizeof(__u32));
} spare_series SEC(".maps");

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

/* ---- how many a service may have ---- */

enum series_room {
	ROOM_OWN, /* for one more series */
	ROOM_REST, /* for what is counted together */
	ROOM_NONE,
};

/* Of the owners of a found service, that which leaves it the least. */
static __always_inline enum series_room series_room_of_owners(__u32 service, __u32 left)
{
	struct endpoint_owners *owners_of = owners_of_service(service);
	enum series_room room = ROOM_OWN;

	if (!owners_of)
		return ROOM_NONE;
	for (int i = 0; i < OWNERS_OF_ENDPOINT; i++) {
		struct owner_key key = owners_of->keys[i];
		struct owner *owner = owner_known(&key);

		if (!owner)
			continue;
		if (owner->series >= SERIES_OF_OWNER_AND_RESTS)
			return ROOM_NONE;
		if (owner->series >= SERIES_OF_OWNER || owner->series > left / 2)
			room = ROOM_REST;
	}
	return room;
}

static __always_inline enum series_room series_room_of_found(__u32 service,
							     const struct service_books *books)
{
	__u32 found = series_found, used = series_used, left = SERIES_FOUND_MAX;
	enum series_room room;

	if (used > SERIES_MAX - SERIES_KEPT - SERIES_FOUND_MAX)
		left = used < SERIES_MAX - SERIES_KEPT ? SERIES_MAX - SERIES_KEPT - used : 0;
	else
		left = found < SERIES_FOUND_MAX ? SERIES_FOUND_MAX - found : 0;
	if (found >= SERIES_FOUND_MAX || !left)
		return ROOM_NONE;
	room = series_room_of_owners(service, left);
	if (room == ROOM_OWN && books->series >= SERIES_OF_FOUND)
		room = ROOM_REST;
	return room;
}

static __always_inline enum series_room series_room_of_configured(__u32 service,
								  const struct service_books *books)
{
	__u32 used = series_used, left;

	if (used >= SERIES_MAX - SERIES_KEPT || service >= SERVICE_FOUND)
		return ROOM_NONE;
	if (books->series < SERIES_OF_SERVICE)
		return ROOM_OWN;
	/* the last ones are for services that have few */
	left = SERIES_MAX - SERIES_KEPT - used;
	return books->series < series_most[service] && left > SERIES_SPARE ? ROOM_OWN : ROOM_REST;
}

static __always_inline enum series_room series_room(__u32 service,
						    const struct service_books *books)
{
	return service >= SERVICE_FOUND ? series_room_of_found(service, books) :
					  series_room_of_configured(service, books);
}

/* ---- making one ---- */

static __always_inline __u32 series_take_id(void)
{
	__u32 id;

	if (!bpf_map_pop_elem(&spare_series, &id))
		return id;
	if (series_last >= SERIES_IDS - 1)
		return 0;
	id = __sync_fetch_and_add(&series_last, 1) + 1;
	return id < SERIES_IDS ? id : 0;
}

/* Charges one more series to the service, and to the owners of a found one. */
static __always_inline void series_charge(__u32 service, struct service_books *books)
{
	struct endpoint_owners *owners_of;

	__sync_fetch_and_add(&series_used, 1);
	__sync_fetch_and_add(&books->series, 1);
	if (service < SERVICE_FOUND)
		return;
	__sync_fetch_and_add(&series_found, 1);
	owners_of = owners_of_service(service);
	for (int i = 0; owners_of && i < OWNERS_OF_ENDPOINT; i++) {
		struct owner_key key = owners_of->keys[i];
		struct owner *owner = owner_known(&key);

		if (owner)
			__sync_fetch_and_add(&owner->series, 1);
	}
}

/* The id of a series, made if need be; 0: the table is full. */
static __always_inline __u32 series_make(__u64 bits, struct service_books *books)
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
	if (*known)
		return *known;
	id = series_take_id();
	key = bpf_map_lookup_elem(&series_keys, &id);
	if (!id || !key)
		return 0;
	*key = bits;
	/* whoever reads the id finds its key */
	if (__sync_val_compare_and_swap(known, 0, id)) {
		/* another processor made it at once */
		*key = 0;
		bpf_map_push_elem(&spare_series, &id, 0);
		return *known;
	}
	series_charge(bits & 0xffff, books);
	return id;
}

/* The key of what is counted together with the series: route and method are others, the status its class. */
static __always_inline __u64 series_rest(__u64 bits)
{
	__u64 status = status_rest(bits >> 32 & 0xffff);

	return (bits & 0xff0000000000ffffULL) | (__u64)ROUTE_OTHER << 16 | status << 32 |
	       (__u64)HTTP_METHOD_OTHER << 48;
}

/* Remembers that a request of the service is counted together with others. */
static __always_inline void series_folded(struct service_books *books)
{
	if (!books->folded_since_ns)
		books->folded_since_ns = bpf_ktime_get_ns();
	__sync_fetch_and_add(&books->folded, 1);
	__sync_fetch_and_add(&folded_requests, 1);
}

/* Likewise, of those of all services: under that of all endpoints without an id. */
static __always_inline __u32 series_of_all(__u64 bits)
{
	__u32 service = SERVICE_FOUND;
	struct service_books *books = bpf_map_lookup_elem(&service_books, &service);

	if (!books || series_used >= SERIES_MAX)
		return 0;
	return series_make((bits & ~0xffffULL) | service, books);
}

/* The id of a series that is not in the cache: known, new, or that of what is counted together; 0: no room. */
__noinline __u32 series_find_or_make(__u64 bits)
{
	__u32 service = bits & 0xffff, *known = bpf_map_lookup_elem(&series_ids, &bits);
	struct service_books *books;
	enum series_room room;
	__u32 id;

	if (known && *known)
		return *known;
	books = bpf_map_lookup_elem(&service_books, &service);
	if (!books)
		return 0;
	room = series_room(bits & 0xffff, books);
	if (room != ROOM_OWN) {
		series_folded(books);
		bits = series_rest(bits);
		known = bpf_map_lookup_elem(&series_ids, &bits);
		if (known && *known)
			return *known;
	}
	id = room == ROOM_NONE ? 0 : series_make(bits, books);
	return id ?: series_of_all(series_rest(bits));
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
	id = series_find_or_make(bits);
	if (id)
		*recent = id;
	return id;
}

#endif
