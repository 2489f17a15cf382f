/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Quotas (abi/quota): what each owner has of the tables. An endpoint is charged to its owners when it gets its id,
 * and they get it back when the id is spare (hook/forget); what is made for its service later is charged to the same.
 *
 * Beside its quota an owner gets no more than half of what is free, so that the first ones to reach theirs leave
 * some for the others.
 */
#ifndef SLIPROBE_WHO_QUOTA_BPF_H
#define SLIPROBE_WHO_QUOTA_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "who/owner.bpf.h"
#include "who/work.bpf.h"

enum {
	ROOT_CGROUP = 1, /* its id in the cgroup v2 hierarchy */
};

__u32 endpoints_found; /* ids of found services, spare ones not */
__u64 folded_connections[OWNER_KIND_COUNT]; /* to endpoints without an id, by whose quota is met */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, OWNERS_MAX);
	__type(key, struct owner_key);
	__type(value, struct owner);
} owners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ENDPOINTS_MAX);
	__type(key, __u32);
	__type(value, struct endpoint_owners);
} endpoint_owners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FOLDS_MAX);
	__type(key, struct owner_key);
	__type(value, struct fold);
} folds SEC(".maps");

/* Endpoints that are counted in `folds`, each once. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FOLDED_MAX);
	__type(key, struct endpoint_key);
	__type(value, struct owner_key);
} folded SEC(".maps");

/* ---- owners ---- */

static __always_inline bool quota_is_host_netns(__u32 netns)
{
	return netns == host.netns[0] || netns == host.netns[1];
}

/*
 * The user that the process is charged to. In a network namespace that the host's root has made, as for a pod, it is
 * not the user's number that tells one from another: many containers have the same.
 */
static __always_inline void quota_user(const struct who_owner *owner, bool host_netns,
				       struct owner_key *ret)
{
	if (owner->roots_user_ns) {
		ret->kind = OWNER_USER_NS;
		ret->id = owner->outer_user_ns;
	} else if (owner->foreign_user_ns || (owner->uid && (host_netns || !owner->roots_netns))) {
		ret->kind = OWNER_USER;
		ret->id = owner->quota_uid;
	}
}

/*
 * Finds to whom an endpoint is charged: of a configured service to that alone; the host's root is charged nothing. It
 * is left in work->charged.
 */
static __always_inline void quota_owners(struct who_work *work, __u32 configured)
{
	const struct who_owner *owner = &work->owner;
	struct endpoint_owners *ret = &work->charged;
	__u32 netns = work->endpoint_key.netns;
	bool host_netns = quota_is_host_netns(netns);

	__builtin_memset(ret, 0, sizeof(*ret));
	if (configured != SERVICE_NONE) {
		ret->keys[0].kind = OWNER_SERVICE;
		ret->keys[0].id = configured;
		return;
	}
	ret->found = 1;
	quota_user(owner, host_netns, &ret->keys[0]);
	if (owner->cgroup > ROOT_CGROUP &&
	    (owner->uid || owner->foreign_user_ns || owner->foreign_mnt_ns || !host_netns)) {
		ret->keys[1].kind = OWNER_CGROUP;
		ret->keys[1].id = owner->cgroup;
	}
	if (!host_netns) {
		ret->keys[2].kind = OWNER_NETNS;
		ret->keys[2].id = netns;
	}
}

static __always_inline __u32 quota_of_kind(__u32 kind)
{
	return kind == OWNER_USER    ? ENDPOINTS_OF_USER :
	       kind == OWNER_SERVICE ? ENDPOINTS_OF_SERVICE :
				       ENDPOINTS_OF_GROUP;
}

static __always_inline __u32 quota_found_left(void)
{
	__u32 found = endpoints_found;

	return found < ENDPOINTS_FOUND_MAX ? ENDPOINTS_FOUND_MAX - found : 0;
}

/* The owner's entry; NULL: it has nothing, or is none. */
static __always_inline struct owner *owner_known(const struct owner_key *key)
{
	return key->kind == OWNER_ALL ? NULL : bpf_map_lookup_elem(&owners, key);
}

/* The owner's entry, made if need be; NULL: there is no room, or it is none. */
static __always_inline struct owner *owner_find(const struct owner_key *key)
{
	struct owner *owner = owner_known(key);
	struct owner none = {};

	if (owner || key->kind == OWNER_ALL)
		return owner;
	bpf_map_update_elem(&owners, key, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&owners, key);
}

/* ---- endpoints ---- */

/* True if the owner has made so many in an hour that it gets no more in it. */
static __always_inline bool quota_is_made(struct owner *owner, __u32 kind)
{
	__u32 now_s = bpf_ktime_get_ns() / NS_OF_SECOND;

	if (now_s - owner->hour_s >= HOUR_S) {
		owner->hour_s = now_s;
		owner->made = 0;
	}
	return kind != OWNER_SERVICE && owner->made >= MADE_TIMES * quota_of_kind(kind);
}

/* Charges one more endpoint to the owner. Returns false if that is too many. */
static __always_inline bool quota_charge(const struct owner_key *by)
{
	struct owner_key key = *by; /* Linux 6.1 takes keys from the stack alone */
	struct owner *owner = owner_find(&key);
	__u32 n;

	if (!owner)
		return key.kind == OWNER_ALL;
	if (quota_is_made(owner, key.kind))
		return false;
	n = __sync_fetch_and_add(&owner->endpoints, 1);
	if (n < quota_of_kind(key.kind) &&
	    (key.kind == OWNER_SERVICE || n <= quota_found_left() / 2)) {
		__sync_fetch_and_add(&owner->made, 1);
		return true;
	}
	__sync_fetch_and_add(&owner->endpoints, -1);
	return false;
}

static __always_inline void quota_discharge(const struct owner_key *by)
{
	struct owner_key key = *by;
	struct owner *owner = owner_known(&key);

	if (owner)
		__sync_fetch_and_add(&owner->endpoints, -1);
}

/*
 * Charges one more endpoint to all of its owners. Returns 0, or the number of the first that has too many, from 1
 * on; OWNERS_OF_ENDPOINT + 1: all found ones together are too many. Then nobody is charged.
 */
static __always_inline __u32 quota_take(const struct endpoint_owners *owners_of)
{
	__u32 refused = 0;

	if (owners_of->found && __sync_fetch_and_add(&endpoints_found, 1) >= ENDPOINTS_FOUND_MAX)
		refused = OWNERS_OF_ENDPOINT + 1;
	for (__u32 i = 0; !refused && i < OWNERS_OF_ENDPOINT; i++) {
		if (!quota_charge(&owners_of->keys[i]))
			refused = i + 1;
	}
	if (!refused)
		return 0;
	for (__u32 i = 0; i < OWNERS_OF_ENDPOINT; i++) {
		if (refused <= OWNERS_OF_ENDPOINT && i + 1 < refused)
			quota_discharge(&owners_of->keys[i]);
	}
	if (owners_of->found)
		__sync_fetch_and_add(&endpoints_found, -1);
	return refused;
}

/* Gives back what quota_take() took, and all that was made for the service since. */
static __always_inline void quota_give_all(const struct endpoint_owners *owners_of,
					   const struct service_books *books)
{
	for (__u32 i = 0; i < OWNERS_OF_ENDPOINT; i++) {
		struct owner_key key = owners_of->keys[i];
		struct owner *owner = owner_known(&key);

		if (!owner)
			continue;
		if (books) {
			__sync_fetch_and_add(&owner->series, -books->series);
			__sync_fetch_and_add(&owner->groups, -books->groups);
		}
		__sync_fetch_and_add(&owner->endpoints, -1);
	}
	if (owners_of->found)
		__sync_fetch_and_add(&endpoints_found, -1);
}

/* ---- what is beyond ---- */

/* A connection of the endpoint counts under id 0, as `key` has too many. */
static __noinline int quota_fold(const struct owner_key *key, const struct who_work *work)
{
	struct endpoint_key endpoint = work->endpoint_key;
	struct owner_key by = *key;
	struct fold *fold = bpf_map_lookup_elem(&folds, &by);
	__u64 now_ns = bpf_ktime_get_ns();

	if (by.kind < OWNER_KIND_COUNT)
		__sync_fetch_and_add(&folded_connections[by.kind], 1);
	if (!fold) {
		struct fold first = {.since_ns = now_ns};

		bpf_map_update_elem(&folds, &by, &first, BPF_NOEXIST);
		fold = bpf_map_lookup_elem(&folds, &by);
	}
	if (!fold) {
		by = (struct owner_key){};
		fold = bpf_map_lookup_elem(&folds, &by);
	}
	if (!fold)
		return 0;
	if (!bpf_map_update_elem(&folded, &endpoint, &by, BPF_NOEXIST))
		__sync_fetch_and_add(&fold->endpoints, 1);
	__sync_fetch_and_add(&fold->connections, 1);
	fold->last_ns = now_ns;
	fold->tgid = bpf_get_current_pid_tgid() >> 32;
	return 0;
}

/* ---- what is made for a found service ---- */

static __always_inline struct endpoint_owners *owners_of_service(__u32 service)
{
	__u32 id = service - SERVICE_FOUND;

	return bpf_map_lookup_elem(&endpoint_owners, &id);
}

#endif
