/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Endpoints (namespace, port, process, user): what a connection is listed under, and their ids. The agent finds
 * endpoints that have gone and are not met by any connection; their ids become spare, and are given out again
 * before new ones.
 */
#ifndef SLIPROBE_WHO_ENDPOINT_BPF_H
#define SLIPROBE_WHO_ENDPOINT_BPF_H

#include "abi.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "who/quota.bpf.h"
#include "who/work.bpf.h"

__u32 endpoint_last; /* highest id given out */
__u32 endpoint_number; /* how many were given out, spare ones each time */
__u32 endpoint_overflow; /* some endpoint found no id: it counts under id 0 */

/* A ring: those from spare_taken up to spare_put, each modulo ENDPOINTS_MAX. There are always fewer. */
__u32 spare_ids[ENDPOINTS_MAX];
__u32 spare_taken; /* set by compare-and-swap */
__u32 spare_put; /* set by endpoint_spare() alone */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ENDPOINTS_MAX);
	__type(key, struct endpoint_key);
	__type(value, struct endpoint);
} endpoints SEC(".maps");

/* One entry of zeroes, to make new ones from: too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct endpoint);
} endpoint_blank SEC(".maps");

enum {
	SPARE_TRIES = 8, /* others may take a spare id at the same time */
};

static __always_inline bool endpoint_ids_left(void)
{
	return spare_taken != spare_put || endpoint_last < ENDPOINTS_MAX - 1;
}

/* An id that nobody has; 0: there is none. */
static __always_inline __u32 endpoint_take_id(void)
{
	__u32 id;

	for (int i = 0; i < SPARE_TRIES; i++) {
		__u32 taken = spare_taken;

		if (taken == spare_put)
			break;
		id = spare_ids[taken & (ENDPOINTS_MAX - 1)];
		if (__sync_val_compare_and_swap(&spare_taken, taken, taken + 1) == taken)
			return id;
	}
	if (endpoint_last >= ENDPOINTS_MAX - 1)
		return 0;
	id = __sync_fetch_and_add(&endpoint_last, 1) + 1;
	return id < ENDPOINTS_MAX ? id : 0;
}

/* Nobody has the id any more. The agent alone has this called, so never twice at once. */
static __always_inline void endpoint_spare(__u32 id)
{
	spare_ids[spare_put & (ENDPOINTS_MAX - 1)] = id;
	store_release(&spare_put, spare_put + 1);
}

/* Gives the endpoint an id, which is charged to its owners. Returns false if there is none. */
static __always_inline bool endpoint_name(struct endpoint *endpoint,
					  const struct endpoint_owners *owners_of)
{
	__u32 taken = endpoint_take_id();
	struct endpoint_owners *charged = bpf_map_lookup_elem(&endpoint_owners, &taken);
	__u64 id = taken;

	if (!id || !charged)
		return false;
	*charged = *owners_of;
	/* if two processors get here at once, one's id is found by the agent, with no endpoint */
	__sync_val_compare_and_swap(&endpoint->given, 0,
				    id | (__u64)(__sync_fetch_and_add(&endpoint_number, 1) + 1)
						    << 32);
	return true;
}

/*
 * An endpoint of the current connection has no id, as an owner has too many, or all have: see quota_take(). One of
 * a configured service is counted all the same.
 */
static __noinline int endpoint_fold(struct who_work *work, __u32 configured, __u32 refused)
{
	struct owner_key by = {.kind = OWNER_ALL};

	barrier_var(refused);
	if (refused > OWNERS_OF_ENDPOINT)
		stat_error(KERR_ENDPOINT_FULL);
	else if (refused)
		by = work->charged.keys[refused - 1];
	quota_fold(&by, work);
	if (configured == SERVICE_NONE)
		endpoint_overflow = 1;
	return 0;
}

/* The entry of an endpoint that is not listed, or is about to be. Returns the number of the owner that has too many. */
static __noinline __u32 endpoint_make(struct who_work *work, __u32 configured)
{
	struct endpoint_key key = work->endpoint_key;
	struct endpoint *endpoint, *blank;
	__u32 refused, only = 0;

	quota_owners(work, configured);
	refused = quota_take(&work->charged);
	if (refused)
		return refused;
	endpoint = bpf_map_lookup_elem(&endpoints, &key);
	blank = bpf_map_lookup_elem(&endpoint_blank, &only);
	if (!endpoint && blank && endpoint_ids_left()) {
		bpf_map_update_elem(&endpoints, &key, blank, BPF_NOEXIST);
		endpoint = bpf_map_lookup_elem(&endpoints, &key);
	}
	if (endpoint && endpoint_name(endpoint, &work->charged))
		return 0;
	quota_give_all(&work->charged, NULL);
	return OWNERS_OF_ENDPOINT + 1;
}

/* The entry of work->endpoint_key, made if need be; NULL: it gets no id. configured: its service, if it has one. */
static __always_inline struct endpoint *endpoint_find(struct who_work *work, __u32 configured)
{
	struct endpoint_key key = work->endpoint_key;
	struct endpoint *endpoint = bpf_map_lookup_elem(&endpoints, &key);
	__u32 refused;

	if (endpoint && endpoint->id)
		return endpoint;
	refused = endpoint_make(work, configured);
	if (refused) {
		endpoint_fold(work, configured, refused);
		return NULL;
	}
	endpoint = bpf_map_lookup_elem(&endpoints, &key);
	return endpoint && endpoint->id ? endpoint : NULL;
}

#endif
