/* SPDX-License-Identifier: GPL-2.0-only */
/* Blind connections: those whose requests cannot be seen, by listener and reason. */
#ifndef SLIPROBE_WHO_UNMEASURED_BPF_H
#define SLIPROBE_WHO_UNMEASURED_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "kernel/policy.bpf.h"
#include "kernel/stat.bpf.h"
#include "who/identity.bpf.h"
#include "who/served.bpf.h"
#include "who/work.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, UNMEASURED_MAX);
	__type(key, struct unmeasured_key);
	__type(value, struct blind);
} unmeasured SEC(".maps");

static __always_inline struct blind *unmeasured_find(const struct unmeasured_key *key)
{
	struct blind *found = bpf_map_lookup_elem(&unmeasured, key);
	struct blind none = {};

	if (found)
		return found;
	bpf_map_update_elem(&unmeasured, key, &none, BPF_NOEXIST);
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

	struct unmeasured_key key = {.endpoint = work->endpoint_key, .reason = reason};
	struct blind *found = unmeasured_find(&key);
	struct policy *of = policy_find(policy);

	if (!found) {
		stat_error(KERR_BLIND_FULL);
		return 0;
	}
	__sync_fetch_and_add(&found->connections, 1);
	found->last_ns = bpf_ktime_get_ns();
	found->tgid = bpf_get_current_pid_tgid() >> 32;
	found->service = of ? of->service : SERVICE_NONE;
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
