/* SPDX-License-Identifier: GPL-2.0-only */
/* How a TCP connection ends, and with it the exchanges that are open on it. */
#ifndef SLIPROBE_HOOK_TCP_CLOSE_BPF_H
#define SLIPROBE_HOOK_TCP_CLOSE_BPF_H

#include "abi.h"
#include "exchange/exchange.bpf.h"
#include "hook/conns.bpf.h"
#include "hook/excerpt.bpf.h"
#include "hook/sock.bpf.h"
#include "hook/tcp_reset.bpf.h"
#include "hook/tcp_tls_close.bpf.h"
#include "hook/tls_wanted.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/http2_conns.bpf.h"
#include "protocol/protocol.bpf.h"

/*
 * The socket is closed: what is still open will never be answered. `gone`: nor can anything be sent on it
 * any more. Not inlined: its stack is not its callers'.
 */
__noinline int tcp_closed(struct tcp_conn *tcp, __u32 gone)
{
	if (!tcp)
		return 0;

	bool peer_first = tcp->peer_reset || tcp->closed_from == TCP_CLOSE_WAIT;
	struct ending how = {
		.outcome = peer_first ? OUTCOME_CLIENT_ABORT : OUTCOME_SERVER_ABORT,
		.waiting = tcp->peer_reset ? OUTCOME_CLIENT_ABORT : OUTCOME_COMPLETE,
		.gone = gone,
		.refused = protocol_first_refused(&tcp->conn),
	};

	exchanges_end(&tcp->conn.open, &how);
	return 0;
}

/* Nothing can be sent on it any more. */
static __always_inline void tcp_ended(struct tcp_conn *tcp)
{
	struct tls_conn *tls;

	if (!protocol_is_tls(&tcp->conn)) {
		tcp_closed(tcp, false);
		return;
	}
	tls = tls_of(&tcp->conn);
	if (tls)
		tls_close(tls, TLS_CLOSED);
}

/*
 * A side is closed in order. An answer whose end is that of the connection is whole by that. It gets
 * the outcome `waiting`, as do answers whose verdict waited for the peer.
 */
static __always_inline void tcp_closed_in_order(struct tcp_conn *tcp, enum outcome outcome,
						enum outcome waiting)
{
	struct ending how = {
		.outcome = outcome,
		.waiting = waiting,
		.refused = protocol_first_refused(&tcp->conn),
	};

	protocol_unfinished(&tcp->conn, &how.last);
	exchanges_end(&tcp->conn.open, &how);
}

static __always_inline int tcp_state_closed(struct sock *sk, struct tcp_conn *tcp, int old_state)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

	tcp_note_closed(&tcp->conn, &tcp->closed_from, tp, old_state, tcp->peer_reset);
	if (!exchanges_any(&tcp->conn.open))
		return 0;
	if (tcp_reset_meets_send(tcp, tp, old_state))
		return 0;
	if (old_state == TCP_LAST_ACK)
		tcp_closed_in_order(tcp, OUTCOME_CLIENT_ABORT,
				    tcp->peer_reset ? OUTCOME_CLIENT_ABORT : OUTCOME_COMPLETE);
	else
		tcp_closed(tcp, false);
	return 0;
}

/*
 * A change of TCP state, before it takes place. Runs in any context, also in the middle of a send on
 * the same socket: the peer gets the last byte and closes before the hook on sending has seen it. So an
 * open exchange is ended here only if the bytes written are the bytes seen; else the hook on sending, or
 * at last the socket's destruction, ends it.
 */
static __always_inline int tcp_state(struct sock *sk, int old_state, int new_state)
{
	struct tcp_conn *tcp;

	if (new_state != TCP_FIN_WAIT1 && new_state != TCP_CLOSE_WAIT &&
	    new_state != TCP_LAST_ACK && new_state != TCP_CLOSE) {
		if (new_state == TCP_LISTEN && tls_built && tls_on)
			tls_want(sk->__sk_common.skc_num, TLS_WANTED_LISTENS);
		return 0;
	}
	tcp = bpf_sk_storage_get(&conns, sk, 0, 0);
	if (!tcp)
		return 0;
	if (new_state == TCP_CLOSE && sock_was_reset(sk))
		tcp->peer_reset = old_state == TCP_ESTABLISHED || old_state == TCP_CLOSE_WAIT ?
					  RESET_OPEN :
					  RESET_ENDING;
	if (protocol_is_tls(&tcp->conn))
		return tcp_tls_state(sk, tcp, old_state, new_state);
	/* in both cases a request may have arrived, and be read later */
	if (new_state == TCP_CLOSE_WAIT)
		tcp->conn.open.gone_ns = bpf_ktime_get_ns();
	if (new_state == TCP_CLOSE)
		return tcp_state_closed(sk, tcp, old_state);
	if (new_state == TCP_CLOSE_WAIT || !exchanges_any(&tcp->conn.open))
		return 0;
	if (new_state == TCP_FIN_WAIT1) /* we close first */
		tcp_closed_in_order(tcp, OUTCOME_SERVER_ABORT, OUTCOME_COMPLETE);
	else /* the peer closed its side first; whether it is still there shows at TCP_CLOSE */
		tcp->closed_from = TCP_CLOSE_WAIT;
	return 0;
}

/* No process can reach the socket any more, and there are open exchanges. */
static __always_inline void tcp_destroyed_open(struct sock *sk, struct tcp_conn *tcp)
{
	struct tcp_sock *tp;

	/* the kernel skips the hook on states in a soft interrupt that has interrupted it */
	if (!tcp->closed_from && !tcp->peer_reset) {
		tcp->peer_reset = sock_was_reset(sk) ? RESET_OPEN : RESET_NONE;
		tp = tcp_of(sk);
		if (tcp->peer_reset && tp && !tcp->conn.open.gone_ns)
			tcp->conn.open.gone_ns = tp->tcp_mstamp * 1000; /* no segment came since */
	}
	tcp_closed(tcp, true);
}

/* No process can reach the socket any more: nothing is in flight on it after this. */
static __always_inline int tcp_destroyed(struct sock *sk)
{
	struct tcp_conn *tcp = bpf_sk_storage_get(&conns, sk, 0, 0);

	if (!tcp)
		return 0;
	if (protocol_is_tls(&tcp->conn))
		return tcp_tls_destroyed(sk, tcp);
	if (exchanges_any(&tcp->conn.open))
		tcp_destroyed_open(sk, tcp);
	if (protocol_is_http2(&tcp->conn))
		http2_free(tcp->conn.open.origin.id);
	if (tcp->conn.open.origin.excerpt)
		excerpt_drop(sk, &tcp->conn.open.origin);
	return 0;
}

#endif
