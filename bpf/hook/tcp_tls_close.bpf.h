/* SPDX-License-Identifier: GPL-2.0-only */
/* How a TCP connection that speaks TLS ends: as one without (tcp_close) does, for the exchanges inside. */
#ifndef SLIPROBE_HOOK_TCP_TLS_CLOSE_BPF_H
#define SLIPROBE_HOOK_TCP_TLS_CLOSE_BPF_H

#include "abi.h"
#include "hook/conns.bpf.h"
#include "hook/sock.bpf.h"
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

/* The peer's reset: see tcp_peer_reset(). */
static __always_inline void tcp_tls_reset(struct tls_conn *tls, const struct tcp_sock *tp)
{
	if (!tls->conn.open.gone_ns || (tp && tp->snd_una == tp->write_seq))
		tls->conn.open.gone_ns = bpf_ktime_get_ns();
}

/* See tcp_state_closed(). */
static __always_inline void tcp_tls_note_closed(struct sock *sk, struct tls_conn *tls,
						int old_state)
{
	if (old_state == TCP_ESTABLISHED || old_state == TCP_CLOSE_WAIT)
		tls->closed_from = old_state;
	tls->peer_reset = sock_was_reset(sk);
	tls->conn.peer_gone = tls->peer_reset && tls->closed_from == TCP_CLOSE_WAIT;
	if (tls->peer_reset)
		tcp_tls_reset(tls, bpf_skc_to_tcp_sock(sk));
}

/* Likewise. */
static __always_inline int tcp_tls_closed(struct sock *sk, struct tcp_conn *tcp,
					  struct tls_conn *tls, int old_state)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

	if (tls->peer_reset && old_state != TCP_LAST_ACK && tp && tp->write_seq != tcp->write_seq)
		return 0;
	tls_close(tls, old_state == TCP_LAST_ACK ? TLS_CLOSED_LAST : TLS_CLOSED);
	return 0;
}

/* As tcp_state(): new_state is one of the four. */
static __noinline int tcp_tls_state(struct sock *sk, struct tcp_conn *tcp, int old_state,
				    int new_state)
{
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
	if (new_state == TCP_CLOSE)
		tcp_tls_note_closed(sk, tls, old_state);
	else if (new_state == TCP_LAST_ACK)
		tls->closed_from = TCP_CLOSE_WAIT;
	tls_hidden_in_kernel(tcp);
	tls_look_last(tcp, tls, TLS_END_STATE);
	if (new_state == TCP_CLOSE)
		return tcp_tls_closed(sk, tcp, tls, old_state);
	if (new_state == TCP_FIN_WAIT1)
		tls_close(tls, TLS_CLOSED_FIRST);
	return 0;
}

/* As tcp_destroyed(). */
static __noinline int tcp_tls_destroyed(struct sock *sk, struct tcp_conn *tcp)
{
	struct tls_conn *tls;

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
	tls_destroyed(tls);
	return 0;
}

#endif
