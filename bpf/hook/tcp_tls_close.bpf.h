/* SPDX-License-Identifier: GPL-2.0-only */
/* How a TCP connection that speaks TLS ends: as one without (tcp_close) does, for the exchanges inside. */
#ifndef SLIPROBE_HOOK_TCP_TLS_CLOSE_BPF_H
#define SLIPROBE_HOOK_TCP_TLS_CLOSE_BPF_H

#include "abi.h"
#include "hook/conns.bpf.h"
#include "hook/sock.bpf.h"
#include "hook/tcp_reset.bpf.h"
#include "hook/tls_blind.bpf.h"
#include "hook/tls_close.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/tls.bpf.h"
#include "who/work.bpf.h"

/* For a program that may interrupt those on reading and on writing. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TLS_END_SLOTS);
	__type(key, __u32);
	__type(value, struct who_work);
} tls_end_work SEC(".maps");

/* The connection ends: it may have to be counted as blind, which the process that it was of can name. */
static __noinline int tls_look_last(struct tcp_conn *tcp, struct tls_conn *tls, __u32 slot)
{
	struct who_work *who = bpf_map_lookup_elem(&tls_end_work, &slot);

	if (!tcp || !tls || !who || tls->tgid != bpf_get_current_pid_tgid() >> 32)
		return 0;
	who_begin(who, tls->netns, tls->port);
	tls_look(tcp, tls, who, true);
	return 0;
}

/* As tcp_state(): new_state is one of the four. */
static __noinline int tcp_tls_state(struct sock *sk, struct tcp_conn *tcp, int old_state,
				    int new_state)
{
	const struct tcp_sock *tp;
	struct tls_conn *tls;

	if (!sk || !tcp)
		return 0;
	tls = tls_of(&tcp->conn);
	if (!tls)
		return 0;
	if (new_state == TCP_CLOSE_WAIT) {
		tls->conn.open.gone_ns = bpf_ktime_get_ns();
		return 0;
	}
	tp = bpf_skc_to_tcp_sock(sk);
	if (new_state == TCP_CLOSE) {
		tls->peer_reset = tcp->peer_reset;
		tcp_note_closed(&tls->conn, &tls->closed_from, tp, old_state, tls->peer_reset);
	} else if (new_state == TCP_LAST_ACK) {
		tls->closed_from = TCP_CLOSE_WAIT;
	}
	tls_hidden_in_kernel(tcp);
	if (tls->untold && tls_caller_exits())
		tls->untold = 0;
	tls_look_last(tcp, tls, TLS_END_STATE);
	if (new_state == TCP_FIN_WAIT1)
		tls_close(tls, TLS_CLOSED_FIRST);
	else if (new_state == TCP_CLOSE && !tcp_reset_meets_send(tcp, tp, old_state))
		tls_close(tls, old_state == TCP_LAST_ACK ? TLS_CLOSED_LAST : TLS_CLOSED);
	return 0;
}

/* As tcp_destroyed(). */
static __noinline int tcp_tls_destroyed(struct sock *sk, struct tcp_conn *tcp)
{
	struct tls_conn *tls;
	__u64 cookie;

	if (!sk || !tcp)
		return 0;
	tls = tls_of(&tcp->conn);
	if (!tls)
		return 0;
	tls_look_last(tcp, tls, TLS_END_DESTROYED);
	/* the kernel skips the hook on states in a soft interrupt that has interrupted it */
	if (!tls->closed_from && !tls->peer_reset && sock_was_reset(sk)) {
		tls->peer_reset = 1;
		if (!tls->conn.open.gone_ns)
			tls->conn.open.gone_ns = bpf_ktime_get_ns();
	}
	if (!tls->closed)
		tls->closed = TLS_CLOSED;
	if (tls->untold && !tls_caller_exits()) {
		cookie = tls_await(tls);
		tls = cookie ? tls_find(cookie) : NULL;
	}
	if (tls)
		tls_destroyed(tls);
	return 0;
}

#endif
