/* SPDX-License-Identifier: GPL-2.0-only */
/* How a TCP connection ends, and with it the requests that are open on it. */
#ifndef SLIPROBE_HOOK_TCP_CLOSE_BPF_H
#define SLIPROBE_HOOK_TCP_CLOSE_BPF_H

#include "abi.h"
#include "kernel/conn.bpf.h"
#include "exchange/exchange.bpf.h"
#include "hook/conns.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"

/* The socket is closed: what is still open will never be answered. */
static __always_inline void conn_closed(struct sock *sk, struct conn *conn, bool gone)
{
	bool peer_first = conn->peer_reset || conn->old_state == TCP_CLOSE_WAIT;
	struct ending how = {
		.outcome = peer_first ? OUTCOME_CLIENT_ABORT : OUTCOME_SERVER_ABORT,
		.answered = conn->peer_reset ? OUTCOME_CLIENT_ABORT : OUTCOME_COMPLETE,
		.gone = gone,
		.lost = -1,
	};

	requests_end(conn, &how);
}

/*
 * A change of TCP state, before it takes place. Runs in any context, also in the middle of a send on
 * the same socket: the peer gets the last byte and closes before the send hook has seen it. So an
 * open request is ended here only if the bytes written are the bytes seen; else the send hook, or at
 * last the socket's destruction, ends it.
 */
static __always_inline int conn_state(struct sock *sk, int old_state, int new_state)
{
	struct ending how = {.lost = -1};
	struct tcp_sock *tp;
	struct conn *conn;
	int error;

	if (new_state != TCP_FIN_WAIT1 && new_state != TCP_LAST_ACK && new_state != TCP_CLOSE)
		return 0;
	conn = bpf_sk_storage_get(&conns, sk, 0, 0);
	if (!conn || conn->head == conn->done)
		return 0;
	if (new_state == TCP_FIN_WAIT1) {
		/* we close first */
		how.outcome = OUTCOME_SERVER_ABORT;
		how.answered = OUTCOME_COMPLETE;
		how.at_close = 1 + OUTCOME_COMPLETE;
		requests_end(conn, &how);
		return 0;
	}
	if (new_state == TCP_LAST_ACK) {
		/* the peer closed its side first; whether it is still there shows at TCP_CLOSE */
		conn->old_state = TCP_CLOSE_WAIT;
		return 0;
	}
	error = sk->sk_err;
	if (old_state == TCP_ESTABLISHED || old_state == TCP_CLOSE_WAIT)
		conn->old_state = old_state;
	conn->peer_reset = error != 0 && error != ECONNABORTED;
	tp = bpf_skc_to_tcp_sock(sk);
	if (conn->peer_reset && old_state != TCP_LAST_ACK && tp && tp->write_seq != conn->tx_seq)
		return 0;
	if (old_state == TCP_LAST_ACK) {
		how.outcome = OUTCOME_CLIENT_ABORT;
		how.answered = conn->peer_reset ? OUTCOME_CLIENT_ABORT : OUTCOME_COMPLETE;
		how.at_close = 1 + how.answered;
		requests_end(conn, &how);
		return 0;
	}
	conn_closed(sk, conn, false);
	return 0;
}

/* No process can reach the socket any more: nothing is in flight on it after this. */
static __always_inline int conn_destroyed(struct sock *sk)
{
	struct conn *conn = bpf_sk_storage_get(&conns, sk, 0, 0);

	if (!conn || conn->head == conn->done)
		return 0;
	/* the kernel skips the state hook in a soft interrupt that has interrupted it */
	if (!conn->old_state && !conn->peer_reset)
		conn->peer_reset = sk->sk_err != 0 && sk->sk_err != ECONNABORTED;
	conn_closed(sk, conn, true);
	return 0;
}

#endif
