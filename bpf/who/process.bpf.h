/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process that serves a connection: what is known of it, told to the agent once, and the id of the version of its
 * service that it is of. Read in the process's own context, when it is first seen serving, so that nothing outside of
 * the kernel needs the privilege to look into it.
 */
#ifndef SLIPROBE_WHO_PROCESS_BPF_H
#define SLIPROBE_WHO_PROCESS_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "who/build_id.bpf.h"
#include "who/cgroup_path.bpf.h"
#include "who/environment.bpf.h"
#include "who/exe_path.bpf.h"
#include "who/image_page.bpf.h"
#include "who/served.bpf.h"
#include "who/version.bpf.h"
#include "who/work.bpf.h"

/* What the agent is told; it drains this at each step and each question. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, PROCESSES_RING_BYTES);
} processes SEC(".maps");

__u64 processes_lost; /* what found no room there */
/* Another agent knows nothing yet: it makes this another number, and each process is told again. */
__u16 process_epoch;

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SERVING_MAX);
	__type(key, __u32);
	__type(value, struct serving);
} serving_processes SEC(".maps");

/* A cache of `facts`, of a program and all that it has forked: a server may fork for each connection. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, IMAGES_MAX);
	__type(key, struct image_key);
	__type(value, __u64);
} images SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SERVICES_MAX);
	__type(key, __u32);
	__type(value, struct told_pace);
} told_paces SEC(".maps");

/* Hashes of the names of interpreters, without their versions; 0: no more. Set by the agent. */
__u64 interpreters[INTERPRETERS_MAX];

enum {
	ANCESTORS_MAX = 8,
};

static __always_inline struct process_key process_key_of(struct task_struct *task)
{
	struct process_key key = {
		.start_ns = BPF_CORE_READ(task, group_leader, start_time),
		.tgid = BPF_CORE_READ(task, tgid),
		.exec_id = BPF_CORE_READ(task, self_exec_id),
	};

	return key;
}

/* Who it is, and what it was forked from. */
static __always_inline void process_begin(struct process_facts *facts)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *root = task->group_leader;
	__u64 stack = BPF_CORE_READ(task, mm, start_stack);
	struct task_struct *parent = BPF_CORE_READ(task, group_leader, real_parent, group_leader);

	facts->kind = RECORD_PROCESS;
	facts->process = process_key_of(task);
	facts->parent_tgid = BPF_CORE_READ(parent, tgid);
	facts->seen_ns = bpf_ktime_get_ns();
	for (int i = 0; i < ANCESTORS_MAX; i++) {
		if (!parent || parent == root || BPF_CORE_READ(parent, mm, start_stack) != stack)
			break;
		root = parent;
		parent = BPF_CORE_READ(root, real_parent, group_leader);
	}
	facts->root_start_ns = BPF_CORE_READ(root, start_time);
	facts->root_tgid = BPF_CORE_READ(root, tgid);
}

static __always_inline __u64 inode_changed_ns(struct inode *inode)
{
	struct inode___older *older = (void *)inode;
	struct inode___oldest *oldest = (void *)inode;

	if (bpf_core_field_exists(inode->i_mtime_sec))
		return BPF_CORE_READ(inode, i_mtime_sec) * (__u64)NS_OF_SECOND +
		       BPF_CORE_READ(inode, i_mtime_nsec);
	if (bpf_core_field_exists(older->__i_mtime))
		return BPF_CORE_READ(older, __i_mtime.tv_sec) * (__u64)NS_OF_SECOND +
		       BPF_CORE_READ(older, __i_mtime.tv_nsec);
	return BPF_CORE_READ(oldest, i_mtime.tv_sec) * (__u64)NS_OF_SECOND +
	       BPF_CORE_READ(oldest, i_mtime.tv_nsec);
}

static __always_inline void process_file(struct process_facts *facts)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct inode *inode = BPF_CORE_READ(task, mm, exe_file, f_path.dentry, d_inode);

	facts->exe.ino = BPF_CORE_READ(inode, i_ino);
	facts->exe.dev = BPF_CORE_READ(inode, i_sb, s_dev);
	facts->exe.generation = BPF_CORE_READ(inode, i_generation);
	facts->exe.bytes = BPF_CORE_READ(inode, i_size);
	facts->exe.changed_ns = inode_changed_ns(inode);
}

static __always_inline bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

/* By its executable's name, as "python3.11": letters, then a version or nothing. */
static __noinline int process_is_interpreter(struct who_work *work)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process_work *process = &work->process;
	__u64 hash = PROCESS_HASH_BASIS;
	char c = 0;

	if (bpf_probe_read_kernel_str(process->text, 32,
				      BPF_CORE_READ(task, mm, exe_file, f_path.dentry,
						    d_name.name)) <= 0)
		return 0;
	for (int i = 0; i < 32; i++) {
		c = process->text[i];
		if (!is_name_char(c))
			break;
		hash = (hash ^ (__u8)c) * PROCESS_HASH_PRIME;
	}
	if (c && c != '.' && (c < '0' || c > '9'))
		return 0;
	for (int i = 0; i < INTERPRETERS_MAX; i++) {
		if (interpreters[i] && interpreters[i] == hash)
			return 1;
	}
	return 0;
}

static __always_inline __u64 facts_mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

static __always_inline __u64 facts_hash(const struct process_facts *facts)
{
	__u64 hash = PROCESS_HASH_BASIS;

	if (facts->told_by) {
		for (__u32 i = 0; i < TOLD_BYTES / 8; i++)
			hash = facts_mix(hash, ((const __u64 *)facts->told)[i]);
		return hash ?: 1;
	}
	if (facts->interpreter) {
		hash = facts_mix(hash, facts->root_start_ns);
		hash = facts_mix(hash, facts->root_tgid);
	}
	hash = facts_mix(hash, facts->exe.ino);
	hash = facts_mix(hash, facts->exe.dev | (__u64)facts->exe.generation << 32);
	hash = facts_mix(hash, facts->exe.bytes);
	hash = facts_mix(hash, facts->exe.changed_ns);
	return hash ?: 1;
}

static __noinline int process_cwd(struct who_work *work)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process_facts *facts = &work->process.facts;
	struct exe_walk walk = {.work = work};
	struct vfsmount *mnt = BPF_CORE_READ(task, fs, pwd.mnt);

	path_begin(work);
	walk.dentry = BPF_CORE_READ(task, fs, pwd.dentry);
	walk.mount = (struct mount *)((char *)mnt - bpf_core_field_offset(struct mount, mnt));
	bpf_loop(EXE_STEPS, exe_step, &walk, 0);
	exe_show(work, facts->cwd);
	return 0;
}

static __noinline int process_args(struct who_work *work)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process_facts *facts = &work->process.facts;
	__u64 from = BPF_CORE_READ(task, mm, arg_start), to = BPF_CORE_READ(task, mm, arg_end);
	__u64 n = to > from ? to - from : 0;

	if (n > ARGS_BYTES)
		n = ARGS_BYTES;
	barrier_var(n);
	if (n > ARGS_BYTES)
		return 0;
	facts->args_bytes = bpf_probe_read_user(facts->args, n, (void *)from) ? 0 : n;
	return 0;
}

/* Whoever can start processes must not fill the ring: so many of a service a second, and found ones half of it. */
static __always_inline bool process_may_be_told(__u32 service)
{
	struct told_pace *pace = bpf_map_lookup_elem(&told_paces, &service);
	__u32 now_s = bpf_ktime_get_ns() / NS_OF_SECOND;

	if (!pace)
		return false;
	if (service >= SERVICE_FOUND &&
	    bpf_ringbuf_query(&processes, BPF_RB_AVAIL_DATA) > PROCESSES_RING_BYTES / 2)
		return false;
	if (pace->second != now_s) {
		pace->second = now_s;
		pace->n = 0;
	}
	return __sync_fetch_and_add(&pace->n, 1) < PROCESSES_PER_SECOND;
}

/* Tells of the process, and of its end when that comes. Returns false if there is no room. */
static __always_inline bool process_tell(struct who_work *work)
{
	struct process_facts *facts = &work->process.facts;
	__u32 tgid = facts->process.tgid;
	struct serving serving = {
		.start_ns = facts->process.start_ns,
		.exec_id = facts->process.exec_id,
	};

	cgroup_path(work);
	exe_show(work, facts->cgroup);
	process_cwd(work);
	process_args(work);
	/* its end cannot come before: it is the current one */
	if (bpf_ringbuf_output(&processes, facts, sizeof(*facts), 0)) {
		__sync_fetch_and_add(&processes_lost, 1);
		return false;
	}
	bpf_map_update_elem(&serving_processes, &tgid, &serving, BPF_ANY);
	return true;
}

/* What it is, as far as that costs little. Returns false if the version is known by that, and nothing is to be told. */
static __noinline int process_look(struct served *served, struct who_work *work)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process_facts *facts = &work->process.facts;
	struct image_key image = {};
	__u64 *known;

	process_begin(facts);
	facts->service = served->service;
	facts->port = work->endpoint_key.port;
	facts->uid = work->owner.uid;
	facts->foreign_mnt_ns = work->owner.foreign_mnt_ns;
	__builtin_memcpy(facts->comm, work->endpoint_key.process, COMM_BYTES);
	work->process.tell = process_may_be_told(facts->service);
	image.root_start_ns = facts->root_start_ns;
	image.stack = BPF_CORE_READ(task, mm, start_stack);
	work->process.image = image;
	known = bpf_map_lookup_elem(&images, &image);
	if (!known || work->process.tell)
		return true;
	facts->facts = *known;
	served->version = version_known(work);
	return !served->version;
}

/* All that its version is told by has been read. */
static __noinline int process_decide(struct who_work *work)
{
	struct process_facts *facts = &work->process.facts;
	struct image_key image = work->process.image;
	__u64 hash;

	process_file(facts);
	facts->interpreter = process_is_interpreter(work);
	hash = facts_hash(facts);
	facts->facts = hash;
	bpf_map_update_elem(&images, &image, &hash, BPF_ANY);
	return 0;
}

static __always_inline void process_build_id(struct who_work *work)
{
	struct process_work *process = &work->process;

	process->page = 0;
	build_id_read(work);
	if (!process->unread)
		return;
	pages_find((struct kmem_cache *)pages_cache);
	if (!image_page_find(work))
		return;
	build_id_read(work);
	if (!image_page_is_there(process)) {
		process->facts.build_id_kind = BUILD_ID_NONE;
		process->facts.build_id_bytes = 0;
		process->unread = 1;
	}
}

/*
 * The current process serves a connection of `served`, whose service is known: finds its version. Returns false if it
 * is to be looked at again at its next connection. It calls one after the other: the kernel allows few calls inside
 * of each other.
 */
__noinline int process_register(struct served *served, struct who_work *work)
{
	if (!served || !work)
		return false;
	served->version = 0;
	if (served->service == SERVICE_NONE || served->service == SERVICE_FOUND)
		return false;
	if (!process_look(served, work))
		return false;
	env_read(work);
	process_build_id(work);
	process_decide(work);
	exe_path(work);
	exe_show(work, work->process.facts.exe_path);
	served->version = version_find(work);
	work->process.facts.version = served->version;
	/* one that has no build id is not looked at again: one that could not be read is */
	return work->process.tell && process_tell(work) && !work->process.unread;
}

#endif
