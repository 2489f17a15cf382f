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
#include "who/owner.bpf.h"
#include "who/process.bpf.h"
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
	struct identity_key key = {
		.start_ns = BPF_CORE_READ(task, group_leader, start_time),
		.cgroup = work->owner.cgroup,
		.uid = work->owner.uid,
		.mnt_ns = work->owner.mnt_ns,
		.tgid = task->tgid,
		.exec_id = task->self_exec_id,
		.netns = work->endpoint_key.netns,
		.port = work->endpoint_key.port,
		.generation = generation,
	};

	return key;
}

/* Which configured service it would be of in another namespace. */
static __always_inline void near_note(struct served *served, const struct who_work *work,
				      const struct live *now)
{
	struct policy *policy;
	__u32 number = work->near;

	barrier_var(number);
	if (number >= SERVICE_SET_WORDS * 64)
		return;
	policy = policy_find(now->policies[number]);
	served->near = policy ? policy->service : SERVICE_NONE;
	served->near_lacks = work->near_lacks;
}

/*
 * Decides by whose policy the connection's next requests are judged; work->endpoint_key names it.
 * Makes no endpoint: endpoint_register() does, once a request's head is complete or is answered.
 */
__noinline int identity_resolve(struct served *served, struct who_work *work, __u32 generation)
{
	if (!served || !work)
		return 0;
	owner_read(work);

	struct identity_key key = identity_key_of(work, generation);
	struct identity *known = bpf_map_lookup_elem(&identities, &key);
	struct identity decided = {};

	served->near = SERVICE_NONE;
	if (known) {
		decided = *known;
		if (decided.told != process_epoch) /* endpoint_register() tells of it */
			decided.service = SERVICE_NONE;
	} else {
		__u32 number = service_match(work, generation);
		__u32 slot = generation % LIVE_SLOTS;
		struct live *now = bpf_map_lookup_elem(&live, &slot);

		if (now && number == NO_SERVICE)
			near_note(served, work, now);
		if (now)
			decided.policy = number < SERVICE_SET_WORDS * 64 ? now->policies[number] :
									   now->found_policy;
	}
	served->policy = decided.policy;
	served->service = decided.service;
	served->version = decided.version;
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
	owner_read(work);

	struct policy *policy = policy_find(served->policy);
	__u32 configured = policy ? policy->service : SERVICE_NONE;
	struct endpoint *endpoint = endpoint_find(work, configured);
	struct identity_key identity_key = identity_key_of(work, served->generation);
	struct identity decided = {.policy = served->policy, .service = configured};

	if (configured == SERVICE_NONE)
		decided.service = SERVICE_FOUND + (endpoint ? endpoint->id : 0);
	if (endpoint) {
		endpoint->near = served->near;
		endpoint->near_lacks = served->near_lacks;
		exe_path(work);
		exe_show(work, endpoint->exe);
		endpoint->tgid = identity_key.tgid;
		endpoint->owner = work->owner;
		endpoint->service = decided.service;
	}
	served->service = decided.service;
	decided.told = process_epoch;
	if (!process_register(served, work))
		decided.told--; /* again at the next connection */
	decided.version = served->version;
	/* without an id it is not remembered: one may be spare at the next connection */
	if (endpoint && bpf_map_update_elem(&identities, &identity_key, &decided, BPF_ANY))
		stat_error(KERR_IDENTITY_FULL);
	return 0;
}

#endif
