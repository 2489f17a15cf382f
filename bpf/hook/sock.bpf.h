/* SPDX-License-Identifier: GPL-2.0-only */
/* The socket that a hook is given, before anything is known of its connection. */
#ifndef SLIPROBE_HOOK_SOCK_BPF_H
#define SLIPROBE_HOOK_SOCK_BPF_H

#include "kernel/cast.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"

enum {
	IGNORED_SLOTS = 1024, /* a power of two */
};

/*
 * A lossy set of the sockets found to be of no interest: slot = cookie % IGNORED_SLOTS, content = ~cookie,
 * 0 = empty. Spares looking up their state. The kernel never uses a cookie again, nor is one ~0.
 */
__u64 ignored[IGNORED_SLOTS];

/* The socket, which is known to be one of TCP. */
static __always_inline struct tcp_sock *tcp_of(struct sock *sk)
{
	if (can_cast)
		return bpf_rdonly_cast(sk, bpf_core_type_id_kernel(struct tcp_sock));
	return bpf_skc_to_tcp_sock(sk);
}

/* The socket; NULL if it is none of TCP. */
static __always_inline struct tcp_sock *tcp_of_any(struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	if ((family != AF_INET && family != AF_INET6) || sk->sk_type != SOCK_STREAM ||
	    sk->sk_protocol != IPPROTO_TCP)
		return NULL;
	return tcp_of(sk);
}

/*
 * True for a socket that connect() has opened. One from accept() is a copy of its listener, and has its
 * backlog. With a backlog of 0, the peer's acknowledgements tell: of a SYN that was sent first, too.
 */
static __always_inline bool sock_was_dialled(struct sock *sk, struct tcp_sock *tp)
{
	__u64 sent = tp->bytes_sent - tp->bytes_retrans; /* without SYN and FIN */
	__u32 unacked = tp->snd_nxt - tp->snd_una;

	return !sk->sk_max_ack_backlog && tp->bytes_acked + unacked != sent;
}

/*
 * A BPF program may carry bytes past TCP, from the memory of one socket to another's (sockmap, sk_msg): then the
 * sequence numbers and times of TCP do not move.
 */
static __always_inline bool sock_may_bypass_tcp(struct sock *sk)
{
	return (__u64)sk->sk_user_data & SK_USER_DATA_PSOCK;
}

/* Likewise, of an MPTCP socket: its first subflow is the copy. */
static __always_inline bool mptcp_was_dialled(struct sock *sk)
{
	struct mptcp_sock *mptcp = (struct mptcp_sock *)sk;
	struct sock *first;

	if (!bpf_core_field_exists(mptcp->first))
		return false;
	first = BPF_CORE_READ(mptcp, first);
	return first && !BPF_CORE_READ(first, sk_max_ack_backlog);
}

static __always_inline bool sock_was_reset(struct sock *sk)
{
	int error = sk->sk_err;

	return error != 0 && error != ECONNABORTED;
}

static __always_inline bool sock_is_ignored(struct sock *sk)
{
	__u64 cookie = sk->__sk_common.skc_cookie.counter; /* 0: it has none yet */

	return ignored[cookie & (IGNORED_SLOTS - 1)] == ~cookie;
}

static __always_inline void sock_ignore(__u64 cookie)
{
	ignored[cookie & (IGNORED_SLOTS - 1)] = ~cookie;
}

#endif
