/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads and writes of TCP connections that speak TLS. What the socket shows are records: they are walked, for the sake
 * of what libraries' calls tell of what is inside. A connection that has been answered, and of whose inside nothing was
 * told, is blind: that is found out in the process's own context, as whose it is has to be named.
 */
#ifndef SLIPROBE_HOOK_TCP_TLS_BPF_H
#define SLIPROBE_HOOK_TCP_TLS_BPF_H

#include "abi.h"
#include "hook/conns.bpf.h"
#include "hook/scratch.bpf.h"
#include "hook/sock.bpf.h"
#include "hook/syscall.bpf.h"
#include "hook/tcp_time.bpf.h"
#include "hook/tcp_who.bpf.h"
#include "hook/tls_blind.bpf.h"
#include "hook/tls_call.bpf.h"
#include "hook/tls_close.bpf.h"
#include "hook/tls_wanted.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/policy.bpf.h"
#include "protocol/protocol.bpf.h"
#include "protocol/tls.bpf.h"
#include "stream/stream.bpf.h"

/* The connection may be blind. Its stack is not its callers'. */
static __noinline int tcp_tls_look(struct sock *sk, struct tcp_conn *tcp, struct scratch *scratch)
{
	if (!sk || !tcp || !scratch)
		return 0;
	tcp_who(sk, &scratch->who);
	return tls_look(tcp, tls_of(&tcp->conn), &scratch->who, false);
}

/* ---- beginnings ---- */

/* The first operation of a connection that speaks TLS is over: makes what is kept of it. */
static __noinline int tcp_tls_begins(struct sock *sk, struct tcp_conn *tcp, __u64 now_ns,
				     __u64 arrived_ns)
{
	struct tls_conn *tls;

	if (!sk || !tcp)
		return 0;
	tls = tls_create(tcp->conn.open.origin.id);
	if (!tls)
		return 0;
	tls->read_ns = now_ns;
	tls->arrived_ns = arrived_ns;
	tls->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	tls->port = tcp_port(sk);
	protocol_init(&tls->conn, tcp->conn.role, tcp->conn.open.origin.id);
	tls->conn.open.origin.shared = 1;
	tls_made(tls, &tcp->conn);
	tls->unprobed = !tls_is_probed();
	tls_want(tls->port, TLS_WANTED_SPEAKS);
	return 0;
}

/* That operation was a read: it may be part of a call. */
static __noinline int tcp_tls_begins_in(struct tcp_conn *tcp)
{
	struct tls_conn *tls;
	bool nested;

	if (!tcp)
		return 0;
	nested = tls_nested(tcp->conn.open.origin.id) == TLS_NESTED_READ;
	tls = tls_of(&tcp->conn);
	if (tls && !nested && !tls->unclaimed && tls_early_may_ask(tls_outer_seen(&tcp->conn)))
		tls->unclaimed = TLS_UNCLAIMED_RECORD;
	return 0;
}

/* ---- the walk ---- */

/* Bytes went by that nobody could see. Returns false if records can no longer be told apart. */
static __always_inline bool tls_unseen(struct flow *flow, __u64 n, const enum side side)
{
	if (tls_opaque(flow->conn, side) >= n) {
		tls_pass(flow, side, n);
		return true;
	}
	tls_lost(flow, side);
	return false;
}

/* As in stream/stream, for records alone: the chain of calls is shorter. */
static __always_inline bool tls_fill(struct flow *flow, struct io *io, const enum side side)
{
	__u64 opaque, n;

	if (!io->left || (!io->segment_left && !io_next_segment(io)))
		return false;
	n = io->segment_left < io->left ? io->segment_left : io->left;
	if (!n)
		return true; /* an empty segment */
	opaque = tls_opaque(flow->conn, side);
	if (!opaque)
		return io_copy(io, n, tls_wants(flow->conn, side));
	n = n < opaque ? n : opaque;
	io_advance(io, n);
	tls_pass(flow, side, n);
	return true;
}

static __always_inline long tls_step(struct stream_walk *walk, const enum side side)
{
	struct piece *piece = &walk->io->piece;

	if (piece->pos >= piece->len && !tls_fill(walk->flow, walk->io, side))
		return 1;
	if (piece->pos < piece->len)
		tls_feed(walk->flow, side);
	return piece->pos >= piece->len && !walk->io->left;
}

static long tls_step_request(__u32 i, struct stream_walk *walk)
{
	return tls_step(walk, SIDE_REQUEST);
}

static long tls_step_response(__u32 i, struct stream_walk *walk)
{
	return tls_step(walk, SIDE_RESPONSE);
}

/* ---- reads ---- */

/* Bytes of records are in no memory that can be read. */
static __always_inline void tls_read_unseen(struct flow *flow, __u32 received, enum source source)
{
	if (tls_unseen(flow, received, SIDE_REQUEST))
		return;
	if (source == SOURCE_IO_URING || source == SOURCE_COMPAT)
		tls_outer_of(flow->conn)->hidden =
			source == SOURCE_IO_URING ? BLIND_IO_URING : BLIND_COMPAT;
}

static __always_inline void tls_walk_read(struct flow *flow, struct sock *sk,
					  struct scratch *scratch, __u32 received, int flags)
{
	struct stream_walk walk = {.flow = flow, .io = &scratch->io};
	enum source source = syscall_source(&scratch->io, &scratch->call, sk, received);

	if (source != SOURCE_FOUND || (flags & MSG_TRUNC)) {
		tls_read_unseen(flow, received, source);
		return;
	}
	flow->piece = &scratch->io.piece;
	bpf_loop(STREAM_STEPS, tls_step_request, &walk, 0);
	if (scratch->io.left)
		tls_lost(flow, SIDE_REQUEST);
}

/*
 * As tcp_received(), of a connection that is known to speak TLS. `gap`: see tcp_follow_read(). Returns true if it has to
 * be looked at.
 */
static __noinline int tcp_tls_received(struct sock *sk, struct tcp_conn *tcp, __u64 gap,
				       __u32 received, int flags)
{
	struct scratch *scratch = scratch_of(SLOT_RECV);
	struct flow flow = {};
	struct arrival arrival;
	struct tcp_sock *tp;
	__u64 body;

	if (!sk || !tcp || !scratch)
		return 0;
	tp = tcp_of(sk);
	if (!tp)
		return 0;
	flow.conn = &tcp->conn;
	flow.inside = tls_nested(tcp->conn.open.origin.id) == TLS_NESTED_READ;
	if (tp->inet_conn.icsk_ulp_ops)
		tls_hidden_in_kernel(tcp);
	tls_begin(&tcp->conn, SIDE_REQUEST);
	body = gap ? 0 : tls_opaque(&tcp->conn, SIDE_REQUEST);
	if (body >= received && syscall_is_mmsg(&scratch->call))
		body = 0;
	if (body > received) {
		scratch->reading.sock = 0;
		tls_pass(&flow, SIDE_REQUEST, received);
		return 0;
	}
	arrival = arrival_of(sk, tp, &scratch->reading, tcp->read_seq, received);
	flow.now_ns = arrival.read_ns;
	flow.arrived_ns = arrival.arrived_ns;
	if (gap)
		tls_unseen(&flow, gap, SIDE_REQUEST);
	if (body == received)
		tls_pass(&flow, SIDE_REQUEST, received);
	else
		tls_walk_read(&flow, sk, scratch, received, flags);
	return tls_has_to_be_looked_at(&tcp->conn);
}

/* ---- writes ---- */

/* What the server sends first, behind a ClientHello, may be TLS. */
static __noinline int tcp_tls_may_speak(struct sock *sk, struct scratch *scratch, __u32 sent)
{
	__u64 first = 0;
	__u8 type;

	if (!sk || !scratch || syscall_is_mmsg(&scratch->call) ||
	    syscall_source(&scratch->io, &scratch->call, sk, sent) != SOURCE_FOUND ||
	    !io_first(&scratch->io, &first))
		return true;
	type = first;
	return type >= TLS_CHANGE_CIPHER_SPEC && type <= TLS_HEARTBEAT;
}

/* Returns false if the server turns out to speak no TLS: from then on the connection is as it would be without. */
static __always_inline bool tcp_tls_speaks(struct sock *sk, struct tcp_conn *tcp, __u32 sent)
{
	struct tls_outer *outer = tls_outer_of(&tcp->conn);
	struct tls_conn *tls;

	if (outer->speaks)
		return true;
	if (tcp_tls_may_speak(sk, scratch_of(SLOT_SEND), sent)) {
		outer->speaks = 1;
		return true;
	}
	tls = tls_of(&tcp->conn);
	if (tls)
		tls_destroyed(tls);
	protocol_is_no_tls(&tcp->conn);
	return false;
}

static __always_inline bool tls_is_writing(const struct conn *conn)
{
	const struct tls_conn *tls = tls_of(conn);

	return tls && tls->writing;
}

static __always_inline void tls_walk_sent(struct flow *flow, struct sock *sk,
					  struct scratch *scratch, __u32 sent, bool seen)
{
	struct stream_walk walk = {.flow = flow, .io = &scratch->io};

	if (!seen || syscall_source(&scratch->io, &scratch->call, sk, sent) != SOURCE_FOUND) {
		tls_unseen(flow, sent, SIDE_RESPONSE);
		return;
	}
	flow->piece = &scratch->io.piece;
	bpf_loop(STREAM_STEPS, tls_step_response, &walk, 0);
	if (scratch->io.left)
		tls_lost(flow, SIDE_RESPONSE);
}

/* What is left to do when records were sent. */
enum {
	TLS_SENT_LOOK = 1 << 0, /* see tcp_tls_look() */
	TLS_SENT_SETTLE = 1 << 1, /* see tcp_tls_settle() */
};

/* What was sent may be what calls have written before. */
static __noinline int tcp_tls_settle(struct tcp_conn *tcp)
{
	struct tls_conn *tls = tcp ? tls_of(&tcp->conn) : NULL;

	if (!tls || !tls->told)
		return 0;
	return protocol_is_http2(&tls->conn) ? tls_settle_streams(tls) : tls_settle_answers(tls);
}

/* As tcp_sent(). `seen`: the bytes are in the process's memory. Returns what is left to do. */
static __noinline int tcp_tls_sent(struct sock *sk, struct tcp_conn *tcp, __u64 gap, __u32 sent,
				   __u32 seen)
{
	struct scratch *scratch = scratch_of(SLOT_SEND);
	struct flow flow = {};
	struct tcp_sock *tp;
	__u64 body;

	if (!sk || !tcp || !scratch)
		return 0;
	tp = tcp_of(sk);
	if (!tp)
		return 0;
	flow.conn = &tcp->conn;
	flow.now_ns = sent_ns(tp, tp->write_seq);
	flow.peer_unacked =
		sk->__sk_common.skc_state == TCP_CLOSE_WAIT && tp->snd_una != tp->write_seq;
	tls_begin(&tcp->conn, SIDE_RESPONSE);
	if (tls_nested(tcp->conn.open.origin.id) == TLS_NESTED_WRITE || tls_is_writing(&tcp->conn))
		flow.inside =
			tls_is_between(&tcp->conn, SIDE_RESPONSE) ? TLS_INSIDE : TLS_INSIDE_LATE;
	if (gap)
		tls_unseen(&flow, gap, SIDE_RESPONSE);
	body = tls_opaque(&tcp->conn, SIDE_RESPONSE);
	if (body >= sent && !(seen && syscall_is_mmsg(&scratch->call)))
		tls_pass(&flow, SIDE_RESPONSE, sent);
	else
		tls_walk_sent(&flow, sk, scratch, sent, seen);
	tcp->write_seq = tp->write_seq;
	return (tls_has_to_be_looked_at(&tcp->conn) ? TLS_SENT_LOOK : 0) |
	       (flow.inside ? 0 : TLS_SENT_SETTLE);
}

#endif
