/* SPDX-License-Identifier: GPL-2.0-only */
/* Blind connections: those whose requests cannot be seen, by listener and reason. */
#ifndef SLIPROBE_WHO_UNMEASURED_BPF_H
#define SLIPROBE_WHO_UNMEASURED_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "kernel/policy.bpf.h"
#include "kernel/stat.bpf.h"
#include "who/identity.bpf.h"
#include "who/owner.bpf.h"
#include "who/quota.bpf.h"
#include "who/served.bpf.h"
#include "who/work.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, UNMEASURED_MAX);
	__type(key, struct unmeasured_key);
	__type(value, struct blind);
} unmeasured SEC(".maps");

__u32 blind_found; /* rows that are of no configured service; the agent takes off those that it forgets */
__u32 blind_of
	[BLIND_OWNERS]; /* of these, by owner: its hash, so that some may share a place; likewise */

static __always_inline __u32 blind_place_of(const struct owner_key *key)
{
	__u64 hash = (key->id ^ (__u64)key->kind << 56) * 0x9e3779b97f4a7c15ULL;

	return hash >> 32 & (BLIND_OWNERS - 1);
}

/* Charges one more row to the first of its owners. Returns false if that is too many. *ret_place: from 1 on; 0: nobody. */
static __always_inline bool blind_charge(struct who_work *work, __u16 *ret_place)
{
	struct owner_key *owner = NULL;
	__u32 place = 0;

	*ret_place = 0;
	quota_owners(work, SERVICE_NONE);
	for (int i = OWNERS_OF_ENDPOINT - 1; i >= 0; i--) {
		if (work->charged.keys[i].kind != OWNER_ALL)
			owner = &work->charged.keys[i];
	}
	if (blind_found >= BLIND_FOUND_MAX)
		return false;
	if (owner) {
		place = blind_place_of(owner) & (BLIND_OWNERS - 1);
		if (blind_of[place] >= BLIND_OF_OWNER)
			return false;
		__sync_fetch_and_add(&blind_of[place], 1);
		*ret_place = place + 1;
	}
	__sync_fetch_and_add(&blind_found, 1);
	return true;
}

static __always_inline void blind_discharge(__u16 place)
{
	if (place)
		__sync_fetch_and_add(&blind_of[(place - 1) & (BLIND_OWNERS - 1)], -1);
	__sync_fetch_and_add(&blind_found, -1);
}

/* The row of the listener and reason, made if need be. *key becomes that of all others if there is no room for it. */
static __always_inline struct blind *unmeasured_find(struct who_work *work, __u16 service,
						     struct unmeasured_key *key)
{
	struct blind *found = bpf_map_lookup_elem(&unmeasured, key);
	struct blind none = {.found = service == SERVICE_NONE};

	if (found)
		return found;
	if (none.found && !blind_charge(work, &none.place)) {
		__builtin_memset(&key->endpoint, 0, sizeof(key->endpoint));
		none = (struct blind){};
	}
	if (bpf_map_update_elem(&unmeasured, key, &none, BPF_NOEXIST) && none.found)
		blind_discharge(none.place);
	return bpf_map_lookup_elem(&unmeasured, key);
}

/*
 * A connection of the listener work->endpoint_key is blind, for this enum blind_reason: once a connection.
 * `policy` is that of its service.
 */
__noinline int unmeasured_note(struct who_work *work, __u32 reason, __u32 policy)
{
	if (!work)
		return 0;
	owner_read(work);

	struct unmeasured_key key = {.endpoint = work->endpoint_key, .reason = reason};
	struct policy *of = policy_find(policy);
	__u16 service = of ? of->service : SERVICE_NONE;
	struct blind *found = unmeasured_find(work, service, &key);

	if (!found) {
		stat_error(KERR_BLIND_FULL);
		return 0;
	}
	__sync_fetch_and_add(&found->connections, 1);
	found->last_ns = bpf_ktime_get_ns();
	found->tgid = bpf_get_current_pid_tgid() >> 32;
	found->service = service;
	return 0;
}

/* Likewise, and decides whose connection it is. */
static __always_inline void blind_note(struct served *served, struct who_work *work,
				       __u32 generation, enum blind_reason reason)
{
	if (served->generation != generation)
		identity_resolve(served, work, generation);
	unmeasured_note(work, reason, served->policy);
}

#endif
