/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that the agent is asked to look at, since they may speak TLS: once for each port that one listens on, or
 * is spoken to on, and again for another agent (tls_epoch).
 */
#ifndef SLIPROBE_HOOK_TLS_WANTED_BPF_H
#define SLIPROBE_HOOK_TLS_WANTED_BPF_H

#include "abi.h"
#include "abi/tls.h"
#include "judge/sample.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/inode.bpf.h"
#include "protocol/tls_conns.bpf.h"

__u32 tls_epoch; /* set by the agent: another one knows nothing yet */
__u64 tls_wanted_lost; /* records that found no room */
__u64 tls_wanted_due_ns;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, TLS_WANTED_RING_BYTES);
} tls_wanted SEC(".maps");

/* Written by the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, TLS_KNOWN_MAX);
	__type(key, __u32);
	__type(value, struct tls_known);
} tls_known SEC(".maps");

struct tls_asked_key {
	__u32 tgid;
	__u16 port;
	__u16 why; /* enum tls_wanted_why */
};

/* What the agent was asked, lately. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, TLS_KNOWN_MAX);
	__type(key, struct tls_asked_key);
	__type(value, struct tls_known);
} tls_asked SEC(".maps");

static __always_inline __u64 tls_start_ns(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return task->group_leader->start_time;
}

/* What the current process speaks TLS with is probed, as the agent says. */
static __always_inline bool tls_is_probed(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	const struct tls_known *known = bpf_map_lookup_elem(&tls_known, &tgid);

	return known && known->probed && known->start_ns == tls_start_ns();
}

static __always_inline bool tls_wanted_tell(const struct tls_asked_key *key, __u64 start_ns)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tls_wanted *wanted;

	if (!sample_pace(&tls_wanted_due_ns, bpf_ktime_get_ns(), TLS_WANTED_PER_SECOND))
		return false;
	wanted = bpf_ringbuf_reserve(&tls_wanted, sizeof(*wanted), 0);
	if (!wanted) {
		__sync_fetch_and_add(&tls_wanted_lost, 1);
		return false;
	}
	__builtin_memset(wanted, 0, sizeof(*wanted));
	wanted->start_ns = start_ns;
	wanted->tgid = key->tgid;
	wanted->why = key->why;
	wanted->port = key->port;
	inode_id(BPF_CORE_READ(task, mm, exe_file, f_path.dentry, d_inode), &wanted->exe);
	bpf_ringbuf_submit(wanted, BPF_RB_FORCE_WAKEUP);
	return true;
}

/* The current process listens on the port, or is spoken to on it. Not inlined: its stack is not its callers'. */
static __noinline int tls_want(__u32 port, __u32 why)
{
	struct tls_asked_key key = {
		.tgid = bpf_get_current_pid_tgid() >> 32, .port = port, .why = why};
	struct tls_known now = {.start_ns = tls_start_ns(), .epoch = tls_epoch};
	const struct tls_known *asked = bpf_map_lookup_elem(&tls_asked, &key);

	if (asked && asked->start_ns == now.start_ns && asked->epoch == now.epoch)
		return 0;
	if (why == TLS_WANTED_SPEAKS) {
		const struct tls_known *known = bpf_map_lookup_elem(&tls_known, &key.tgid);

		if (known && known->start_ns == now.start_ns && known->epoch == now.epoch &&
		    known->probed)
			return 0;
	}
	if (tls_wanted_tell(&key, now.start_ns))
		bpf_map_update_elem(&tls_asked, &key, &now, BPF_ANY);
	return 0;
}

#endif
