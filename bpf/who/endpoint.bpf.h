/* SPDX-License-Identifier: GPL-2.0-only */
/* Endpoints (namespace, port, process): what a connection is listed under. */
#ifndef SLIPROBE_WHO_ENDPOINT_BPF_H
#define SLIPROBE_WHO_ENDPOINT_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"

__u32 endpoint_last; /* last id given out */

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

/* The endpoint of a socket that the current process serves. */
static __always_inline void who_key(__u32 netns, __u16 port, struct endpoint_key *ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *leader = task->group_leader;

	__builtin_memset(ret, 0, sizeof(*ret));
	ret->netns = netns;
	ret->port = port;
	BPF_CORE_READ_STR_INTO(&ret->process, leader, comm);
}

/* The endpoint's entry, made if need be; NULL: the table is full. */
static __always_inline struct endpoint *endpoint_find(const struct endpoint_key *key)
{
	struct endpoint *endpoint = bpf_map_lookup_elem(&endpoints, key);
	__u32 only = 0;

	if (!endpoint) {
		struct endpoint *blank = bpf_map_lookup_elem(&endpoint_blank, &only);

		if (blank)
			bpf_map_update_elem(&endpoints, key, blank, BPF_NOEXIST);
		endpoint = bpf_map_lookup_elem(&endpoints, key);
	}
	if (endpoint && !endpoint->id) {
		/* an id is wasted if two processors get here at once; the table is the limit */
		__u32 id = __sync_fetch_and_add(&endpoint_last, 1) + 1;

		if (id >= ENDPOINTS_MAX)
			return NULL;
		__sync_val_compare_and_swap(&endpoint->id, 0, id);
	}
	return endpoint;
}

#endif
