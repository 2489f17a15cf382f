/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose connection it is: the policy of the configured service that the listening process matches,
 * decided in the kernel so that the very first request is already judged by the right rules; and the
 * endpoint (namespace, port, process) it is listed under.
 */
#ifndef SLIPROBE_IDENTITY_BPF_H
#define SLIPROBE_IDENTITY_BPF_H

struct exe_walk {
	struct scratch *scratch;
	struct dentry *dentry;
	struct mount *mount;
};

/* Puts one component in front of the path, or goes through one mount point. */
static long exe_step(__u32 i, struct exe_walk *walk)
{
	struct scratch *scratch = walk->scratch;
	struct mount *mount = walk->mount;
	struct dentry *dentry = walk->dentry;
	const unsigned char *name;
	__u32 len, pos;

	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		struct mount *parent = BPF_CORE_READ(mount, mnt_parent);

		if (parent == mount)
			return 1;
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->mount = parent;
		return 0;
	}
	len = BPF_CORE_READ(dentry, d_name.len);
	name = BPF_CORE_READ(dentry, d_name.name);
	pos = scratch->exe_pos;
	if (len > EXE_BYTES - 1 || len + 1 > pos)
		return 1;
	pos -= len + 1;
	scratch->exe_pos = pos;
	barrier_var(pos);
	if (pos >= EXE_ROOM)
		return 1;
	scratch->exe[pos] = '/';
	barrier_var(len);
	len &= EXE_BYTES - 1;
	bpf_probe_read_kernel(&scratch->exe[pos + 1], len, name);
	walk->dentry = BPF_CORE_READ(dentry, d_parent);
	return 0;
}

/* Leaves the path of the current process's executable in scratch->exe, from exe_pos on. */
__noinline int exe_path(struct scratch *scratch)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct exe_walk walk = {.scratch = scratch};
	struct vfsmount *mnt;
	struct file *file;

	if (!scratch)
		return 0;
	scratch->exe_pos = EXE_ROOM - 1;
	scratch->exe[EXE_ROOM - 1] = 0;
	file = BPF_CORE_READ(task, mm, exe_file);
	if (!file)
		return 0;
	mnt = BPF_CORE_READ(file, f_path.mnt);
	walk.dentry = BPF_CORE_READ(file, f_path.dentry);
	walk.mount = (struct mount *)((char *)mnt - bpf_core_field_offset(struct mount, mnt));
	bpf_loop(128, exe_step, &walk, 0);
	return 0;
}

static long exe_match_step(__u32 i, struct exe_walk *walk)
{
	struct scratch *scratch = walk->scratch;
	__u32 pos = scratch->exe_pos + i;

	if (pos >= EXE_ROOM || !scratch->exe[pos])
		return 1;
	scratch->dfa = dfa_next(scratch->dfa, scratch->exe[pos]);
	return 0;
}

static __always_inline __u32 accepted_value(__u32 state, __u32 otherwise)
{
	struct accept *accept = dfa_accept(state);

	return accept ? accept->value : otherwise;
}

static __always_inline void endpoint_key_of(struct sock *sk, struct endpoint_key *ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *leader = task->group_leader;

	__builtin_memset(ret, 0, sizeof(*ret));
	ret->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	ret->port = sk->__sk_common.skc_num;
	BPF_CORE_READ_STR_INTO(&ret->process, leader, comm);
}

struct first_service {
	struct service_set *port;
	struct service_set *process;
	struct service_set *exe;
	__u32 number;
};

static long first_service_step(__u32 i, struct first_service *first)
{
	__u64 word;

	if (i >= SERVICE_SET_WORDS)
		return 1;
	word = first->port->words[i] & first->process->words[i] & first->exe->words[i];
	if (!word)
		return 0;
	first->number = i * 64;
	for (int shift = 32; shift; shift /= 2) {
		if (!(word & ((1ULL << shift) - 1))) {
			word >>= shift;
			first->number += shift;
		}
	}
	return 1;
}

/* The number of the first configured service that the current process and the port match, or ~0. */
__noinline __u32 service_match(struct scratch *scratch, __u32 generation)
{
	__u32 slot = generation % LIVE_SLOTS;
	struct live *now = bpf_map_lookup_elem(&live, &slot);
	struct service_port_key port_key = {.generation = generation};
	struct first_service first = {.number = ~0U};
	__u32 port, process, exe, state;
	__u32 *found;

	if (!now || !scratch || !now->n_services)
		return ~0U;
	port_key.port = scratch->endpoint_key.port;
	found = bpf_map_lookup_elem(&service_ports, &port_key);
	port = found ? *found : now->any_port;

	state = now->process_start;
	for (int i = 0; i < COMM_BYTES; i++) {
		__u8 c = scratch->endpoint_key.process[i];

		if (!c)
			break;
		state = dfa_next(state, c);
	}
	process = accepted_value(state, now->any_process);

	scratch->dfa = now->exe_start;
	if (scratch->dfa != DFA_DEAD) {
		struct exe_walk walk = {.scratch = scratch};

		exe_path(scratch);
		bpf_loop(EXE_ROOM, exe_match_step, &walk, 0);
	}
	exe = accepted_value(scratch->dfa, now->any_exe);

	first.port = bpf_map_lookup_elem(&service_sets, &port);
	first.process = bpf_map_lookup_elem(&service_sets, &process);
	first.exe = bpf_map_lookup_elem(&service_sets, &exe);
	if (!first.port || !first.process || !first.exe)
		return ~0U;
	bpf_loop(SERVICE_SET_WORDS, first_service_step, &first, 0);
	return first.number;
}

/*
 * Keys go through the stack: Linux 6.1 takes no pointer into a global function's argument as a map
 * key.
 */
static __always_inline struct identity_key identity_key_of(const struct scratch *scratch,
							   __u32 generation)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *leader = task->group_leader;
	struct identity_key key = {
		.start_ns = BPF_CORE_READ(leader, start_time),
		.tgid = task->tgid,
		.exec_id = task->self_exec_id,
		.netns = scratch->endpoint_key.netns,
		.port = scratch->endpoint_key.port,
		.generation = generation,
	};

	return key;
}

/*
 * Gives the connection the policy its next requests are judged by; scratch->endpoint_key is that of
 * its socket. An endpoint is made only by a whole request: see endpoint_register().
 */
__noinline int identity_resolve(struct conn *conn, struct scratch *scratch)
{
	if (!conn || !scratch)
		return 0;

	__u32 generation = live_generation;
	struct identity_key key = identity_key_of(scratch, generation);
	struct identity *known = bpf_map_lookup_elem(&identities, &key);
	struct identity decided = {};

	if (known) {
		decided = *known;
	} else {
		__u32 number = service_match(scratch, generation);
		__u32 slot = generation % LIVE_SLOTS;
		struct live *now = bpf_map_lookup_elem(&live, &slot);

		if (now)
			decided.policy = number < SERVICE_SET_WORDS * 64 ? now->policies[number]
									 : now->found_policy;
	}
	conn->policy = decided.policy;
	conn->service = decided.service;
	conn->generation = generation;
	return 0;
}

/* The endpoint's entry, made if need be; NULL: the table is full. */
static __always_inline struct endpoint *endpoint_find(const struct endpoint_key *key)
{
	struct endpoint *endpoint = bpf_map_lookup_elem(&endpoints, key);
	__u32 zero = 0;

	if (!endpoint) {
		struct endpoint *blank = bpf_map_lookup_elem(&endpoint_blank, &zero);

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

/*
 * Lists the endpoint (scratch->endpoint_key), remembers the decision for the process, and names the
 * connection's service.
 */
__noinline int endpoint_register(struct conn *conn, struct scratch *scratch)
{
	if (!conn || !scratch)
		return 0;

	struct endpoint_key endpoint_key = scratch->endpoint_key;
	struct identity_key identity_key = identity_key_of(scratch, conn->generation);
	struct endpoint *endpoint = endpoint_find(&endpoint_key);
	struct identity decided = {};
	struct policy *policy;
	__u32 id = 0, index;

	if (endpoint)
		id = endpoint->id;
	else
		stat_error(KERR_ENDPOINT_FULL);
	index = conn->policy;
	policy = bpf_map_lookup_elem(&policies, &index);
	decided.policy = conn->policy;
	decided.service = SERVICE_FOUND + id;
	if (policy && policy->service != SERVICE_NONE)
		decided.service = policy->service;
	if (endpoint) {
		__u32 pos;

		exe_path(scratch);
		pos = scratch->exe_pos;
		if (pos < EXE_ROOM)
			bpf_probe_read_kernel_str(endpoint->exe, sizeof(endpoint->exe),
						  &scratch->exe[pos]);
		endpoint->tgid = identity_key.tgid;
		endpoint->service = decided.service;
	}
	if (bpf_map_update_elem(&identities, &identity_key, &decided, BPF_ANY))
		stat_error(KERR_ENDPOINT_FULL);
	conn->service = decided.service;
	return 0;
}

/* Notes that connections of this listener (scratch->endpoint_key) cannot be measured, and why. */
__noinline int unmeasured_note(struct scratch *scratch, __u32 reason)
{
	if (!scratch)
		return 0;

	struct unmeasured_key key = {.endpoint = scratch->endpoint_key, .reason = reason};
	__u64 *count = bpf_map_lookup_elem(&unmeasured, &key);

	if (!count) {
		__u64 zero = 0;

		bpf_map_update_elem(&unmeasured, &key, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&unmeasured, &key);
	}
	if (count)
		counter_add(count, 1);
	else
		stat_error(KERR_BLIND_FULL);
	return 0;
}

#endif
