/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose connection it is: the policy of the configured service that the listening process matches,
 * and the endpoint it is listed under.
 */
#ifndef SLIPROBE_WHO_IDENTITY_BPF_H
#define SLIPROBE_WHO_IDENTITY_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "kernel/policy.bpf.h"
#include "kernel/stat.bpf.h"
#include "who/endpoint.bpf.h"
#include "who/exe_path.bpf.h"
#include "who/match.bpf.h"
#include "who/served.bpf.h"
#include "who/work.bpf.h"

/* A cache: what is evicted is decided again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, IDENTITIES_MAX);
	__type(key, struct identity_key);
	__type(value, struct identity);
} identities SEC(".maps");

/*
 * Keys go through the stack: Linux 6.1 takes no pointer into a global function's argument as a map
 * key.
 */
static __always_inline struct identity_key identity_key_of(const struct who_work *work,
							   __u32 generation)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *leader = task->group_leader;
	struct identity_key key = {
		.start_ns = BPF_CORE_READ(leader, start_time),
		.tgid = task->tgid,
		.exec_id = task->self_exec_id,
		.netns = work->endpoint_key.netns,
		.port = work->endpoint_key.port,
		.generation = generation,
	};

	return key;
}

/*
 * Decides by whose policy the connection's next requests are judged; work->endpoint_key names it.
 * Makes no endpoint: endpoint_register() does, once a request's head is complete or is answered.
 */
__noinline int identity_resolve(struct served *served, struct who_work *work, __u32 generation)
{
	if (!served || !work)
		return 0;

	struct identity_key key = identity_key_of(work, generation);
	struct identity *known = bpf_map_lookup_elem(&identities, &key);
	struct identity decided = {};

	if (known) {
		decided = *known;
	} else {
		__u32 number = service_match(work, generation);
		__u32 slot = generation % LIVE_SLOTS;
		struct live *now = bpf_map_lookup_elem(&live, &slot);

		if (now)
			decided.policy = number < SERVICE_SET_WORDS * 64 ? now->policies[number] :
									   now->found_policy;
	}
	served->policy = decided.policy;
	served->service = decided.service;
	served->generation = generation;
	return 0;
}

/*
 * Lists the endpoint (work->endpoint_key), remembers the decision for the process, and names the
 * connection's service.
 */
__noinline int endpoint_register(struct served *served, struct who_work *work)
{
	if (!served || !work)
		return 0;

	struct endpoint_key endpoint_key = work->endpoint_key;
	struct identity_key identity_key = identity_key_of(work, served->generation);
	struct endpoint *endpoint = endpoint_find(&endpoint_key);
	struct identity decided = {};
	struct policy *policy;
	__u32 id = 0;

	if (endpoint) {
		id = endpoint->id;
	} else {
		stat_error(KERR_ENDPOINT_FULL);
		endpoint_overflow = 1;
	}
	policy = policy_find(served->policy);
	decided.policy = served->policy;
	decided.service = SERVICE_FOUND + id;
	if (policy && policy->service != SERVICE_NONE)
		decided.service = policy->service;
	if (endpoint) {
		__u32 pos;

		exe_path(work);
		pos = work->exe_pos;
		if (pos < EXE_ROOM)
			bpf_probe_read_kernel_str(endpoint->exe, sizeof(endpoint->exe),
						  &work->exe[pos]);
		endpoint->tgid = identity_key.tgid;
		endpoint->service = decided.service;
	}
	/* without an id it is not remembered: one may be spare at the next connection */
	if (endpoint && bpf_map_update_elem(&identities, &identity_key, &decided, BPF_ANY))
		stat_error(KERR_IDENTITY_FULL);
	served->service = decided.service;
	return 0;
}

#endif
