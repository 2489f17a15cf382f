/* SPDX-License-Identifier: GPL-2.0-only */
/* What the last change of a TCP connection's state tells of the peer: with TLS, and without. */
#ifndef SLIPROBE_HOOK_TCP_RESET_BPF_H
#define SLIPROBE_HOOK_TCP_RESET_BPF_H

#include "exchange/exchange.bpf.h"
#include "hook/conns.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/conn.bpf.h"

/*
 * The peer has reset the connection. If it had closed its side before, it went then: the reset is its
 * answer to bytes that it no longer took. Where it has acknowledged all bytes, it was there until now.
 */
static __always_inline void tcp_peer_reset(struct exchanges *open, const struct tcp_sock *tp)
{
	if (!open->gone_ns || (tp && tp->snd_una == tp->write_seq))
		open->gone_ns = bpf_ktime_get_ns();
}

/* The connection is closed. `conn` and `closed_from` are of what is inside of it. */
static __always_inline void tcp_note_closed(struct conn *conn, __u8 *closed_from,
					    const struct tcp_sock *tp, int old_state, bool reset)
{
	if (old_state == TCP_ESTABLISHED || old_state == TCP_CLOSE_WAIT)
		*closed_from = old_state;
	conn->peer_gone = reset && *closed_from == TCP_CLOSE_WAIT;
	if (reset)
		tcp_peer_reset(&conn->open, tp);
}

/* The reset has come in the middle of a send, whose bytes the hook on sending is still to see. */
static __always_inline bool tcp_reset_meets_send(const struct tcp_conn *tcp,
						 const struct tcp_sock *tp, int old_state)
{
	return tcp->peer_reset && old_state != TCP_LAST_ACK && tp &&
	       tp->write_seq != tcp->write_seq;
}

#endif
