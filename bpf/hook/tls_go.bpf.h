/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls of Go's crypto/tls. A goroutine goes on on any thread, and its stack is copied to another place when it grows:
 * so a call is known by its goroutine and by how deep in the stack it is, and a buffer on the stack is found again by
 * that, too.
 *
 * A tls.Conn is of the socket of its descriptor, which its net.Conn has if that is a *net.TCPConn. Of any other, which
 * a program may have wrapped around it, nothing is known. The descriptor's number may be another connection's once it is
 * closed: what was written has gone to the socket that it was at the entry, or the call has failed; what was read may
 * have waited in the tls.Conn, and counts if the socket is the same at the return.
 */
#ifndef SLIPROBE_HOOK_TLS_GO_BPF_H
#define SLIPROBE_HOOK_TLS_GO_BPF_H

#include "abi/tls.h"
#include "hook/tls_abi.bpf.h"
#include "hook/tls_bind.bpf.h"
#include "hook/tls_call.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "protocol/tls_conns.bpf.h"

enum {
	/* One a call that has not returned: each idle connection has a goroutine that reads. */
	TLS_GO_CALLS_MAX = TLS_CONNS_MAX,

	/* of a file's mode: S_IFMT, S_IFSOCK */
	MODE_TYPE = 0170000,
	MODE_SOCKET = 0140000,
};

static __always_inline bool tls_call_is_go(__u32 call)
{
	return call == TLS_CALL_GO_READ || call == TLS_CALL_GO_WRITE;
}

struct tls_go_key {
	__u64 g; /* address of its runtime.g */
	__u32 tgid;
	__u32 depth; /* bytes of stack above the entry */
};

struct tls_go_call {
	struct tls_entered
		entered; /* a buffer on the stack: bytes below its upper end; `sp` is not used */
	__u64 sock; /* address of its socket; `nested` is its cookie */
	__u8 on_stack; /* the buffer is */
	__u8 pad[7];
};

/* Memory is taken as calls are made: a host without Go pays nothing. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TLS_GO_CALLS_MAX);
	__type(key, struct tls_go_key);
	__type(value, struct tls_go_call);
} tls_go_calls SEC(".maps");

/* Of a connection that is not there any more, the call will not return, or does not matter. */
static long tls_go_reap(struct bpf_map *map, struct tls_go_key *key, struct tls_go_call *call,
			void *unused)
{
	if (!tls_find(call->entered.nested))
		bpf_map_delete_elem(&tls_go_calls, key);
	return 0;
}

/* Calls do not return when a process ends: what they leave behind goes when there is no other room. */
static __noinline int tls_go_keep(const struct tls_go_key *key, const struct tls_go_call *call)
{
	if (!key || !call || !bpf_map_update_elem(&tls_go_calls, key, call, BPF_ANY))
		return 0;
	bpf_for_each_map_elem(&tls_go_calls, tls_go_reap, NULL, 0);
	if (bpf_map_update_elem(&tls_go_calls, key, call, BPF_ANY))
		stat_error(KERR_CONN_ALLOC);
	return 0;
}

/* What a runtime.g begins with; behind it is the limit that each function compares its stack pointer with. */
struct tls_go_stack {
	__u64 lower, upper;
};

static __always_inline bool tls_go_is_on(const struct tls_go_stack *stack, __u64 address)
{
	return address >= stack->lower && address < stack->upper;
}

/* The goroutine, and where its stack is. Returns false if it is not on a stack of its own. */
static __always_inline bool tls_go_place(__u64 g, __u64 sp, struct tls_go_key *key,
					 struct tls_go_stack *stack)
{
	if (bpf_probe_read_user(stack, sizeof(*stack), (void *)g) || !tls_go_is_on(stack, sp))
		return false;
	key->g = g;
	key->tgid = bpf_get_current_pid_tgid() >> 32;
	key->depth = stack->upper - sp;
	return true;
}

/* The socket that the current process has under that number; NULL: it is none. */
static __always_inline struct sock *tls_go_sock(__u32 fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct socket *socket;
	struct file *file = NULL;
	struct file **files;

	if (fd >= BPF_CORE_READ(task, files, fdt, max_fds))
		return NULL;
	files = BPF_CORE_READ(task, files, fdt, fd);
	bpf_probe_read_kernel(&file, sizeof(file), &files[fd]);
	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & MODE_TYPE) != MODE_SOCKET)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	return socket ? BPF_CORE_READ(socket, sk) : NULL;
}

/* The socket of the tls.Conn; NULL: its net.Conn is no *net.TCPConn, or it is closed. Not inlined for its stack. */
static __noinline __u64 tls_go_bind(const struct tls_profile *profile, __u64 object)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct {
		__u64 itab, data;
	} conn;
	__u64 type = 0, netfd = 0;
	__u32 fd = ~0U;

	if (!profile ||
	    bpf_probe_read_user(&conn, sizeof(conn), (void *)(object + profile->go.conn_at)) ||
	    bpf_probe_read_user(&type, sizeof(type), (void *)(conn.itab + sizeof(__u64))))
		return 0;
	if (type != BPF_CORE_READ(task, mm, start_code) + profile->go.tcp_type)
		return 0;
	if (bpf_probe_read_user(&netfd, sizeof(netfd),
				(void *)(conn.data + profile->go.netfd_at)) ||
	    bpf_probe_read_user(&fd, sizeof(fd), (void *)(netfd + profile->go.sysfd_at)))
		return 0;
	return (__u64)tls_go_sock(fd);
}

static __always_inline __u64 tls_go_cookie(__u64 sock)
{
	struct sock *sk = (struct sock *)sock;

	return BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
}

/* What is sent while a goroutine is inside of Write is part of that, on whatever thread. */
static __always_inline void tls_go_writes(__u64 cookie, bool writing)
{
	struct tls_conn *tls = cookie ? tls_find(cookie) : NULL;

	if (tls)
		tls->writing = writing;
}

/* No operation tells which call it is part of: what was asked before this one was is not its own. */
static __always_inline bool tls_go_is_behind(__u64 cookie)
{
	const struct tls_conn *tls = cookie ? tls_find(cookie) : NULL;

	return tls && tls->unclaimed && !tls->read_told;
}

static __always_inline int tls_go_entry(struct pt_regs *regs, __u64 cookie)
{
	__u32 profile_at = tls_cookie_profile(cookie);
	struct tls_profile *profile = bpf_map_lookup_elem(&tls_profiles, &profile_at);
	struct tls_go_call call = {
		.entered.object = GO_ARG0(regs),
		.entered.buffer = GO_ARG1(regs),
		.entered.size = GO_ARG2(regs),
		.entered.profile = profile_at,
		.entered.call = tls_cookie_call(cookie),
	};
	struct tls_go_stack stack = {};
	struct tls_go_key key = {};

	if (!profile || !tls_go_place(GO_G(regs), REGS_SP(regs), &key, &stack))
		return 0;
	call.sock = tls_go_bind(profile, call.entered.object);
	if (!call.sock)
		return 0;
	call.on_stack = tls_go_is_on(&stack, call.entered.buffer);
	if (call.on_stack)
		call.entered.buffer = stack.upper - call.entered.buffer;
	call.entered.nested = tls_go_cookie(call.sock);
	if (tls_call_writes(call.entered.call))
		tls_go_writes(call.entered.nested, true);
	else
		call.entered.behind = tls_go_is_behind(call.entered.nested);
	tls_go_keep(&key, &call);
	return 0;
}

/* The call that ends at a return site. It is to be given back by tls_go_forget(). */
static __always_inline void tls_go_exit(struct pt_regs *regs, __u64 cookie, struct tls_go_key *key,
					struct tls_ended *ret)
{
	__u32 profile_at = tls_cookie_profile(cookie);
	struct tls_profile *profile = bpf_map_lookup_elem(&tls_profiles, &profile_at);
	__s64 n = GO_RESULT(regs);
	struct tls_go_stack stack = {};
	struct tls_go_call *call;
	__u64 its;

	if (!profile || !tls_go_place(GO_G(regs), REGS_SP(regs), key, &stack))
		return;
	call = bpf_map_lookup_elem(&tls_go_calls, key);
	if (!call || call->entered.profile != profile_at ||
	    call->entered.call != tls_cookie_call(cookie))
		return;
	ret->call = &call->entered;
	its = call->entered.nested ?: tls_go_cookie(call->sock);
	call->entered.nested = its;
	if (tls_call_writes(call->entered.call))
		tls_go_writes(its, false);
	else if (n <= 0 || tls_go_bind(profile, call->entered.object) != call->sock)
		return;
	ret->cookie = its;
	if (n <= 0 || n > call->entered.size)
		return;
	if (call->on_stack)
		call->entered.buffer = stack.upper - call->entered.buffer;
	ret->n = n;
}

static __always_inline void tls_go_forget(const struct tls_go_key *key)
{
	bpf_map_delete_elem(&tls_go_calls, key);
}

_Static_assert(sizeof(struct tls_go_key) == 16, "tls_go_key has no holes");
_Static_assert(sizeof(struct tls_go_call) == 72, "tls_go_call has no holes");

#endif
