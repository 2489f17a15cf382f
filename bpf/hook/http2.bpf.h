/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads and writes of connections of HTTP/2. The programs go on where those on sockets end (TCP_FRAMES): frames, header
 * compression and streams need a stack and a verifier's patience of their own, and cost HTTP/1.x nothing.
 */
#ifndef SLIPROBE_HOOK_HTTP2_BPF_H
#define SLIPROBE_HOOK_HTTP2_BPF_H

#include "abi.h"
#include "hook/conns.bpf.h"
#include "hook/scratch.bpf.h"
#include "hook/sock.bpf.h"
#include "hook/syscall.bpf.h"
#include "hook/tcp.bpf.h"
#include "hook/tcp_time.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "protocol/foreign.bpf.h"
#include "protocol/http2.bpf.h"
#include "protocol/http2_take.bpf.h"
#include "stream/frames.bpf.h"

/* The programs that go on with what was sent, with pages that were, and with what was received. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} http2_sent SEC(".maps"), http2_sent_pages SEC(".maps"), http2_received SEC(".maps");

enum {
	HTTP2_JOINS_MAX =
		64, /* operations of a side that was lost in which frames are looked for in vain */
};

/* The connection's first operation, behind the beginning of its preface. NULL: there is no room for it, it is blind. */
static __noinline struct http2_followed *http2_begin(struct conn *conn)
{
	struct http2_followed *followed;

	if (!conn)
		return NULL;
	followed = http2_create(conn->open.origin.id);
	if (!followed)
		return NULL;
	if (conn->state.h2.late) {
		http2_join(&followed->h2.side[HTTP2_REQUESTS]);
		http2_lose(&followed->h2.side[HTTP2_RESPONSES]);
	} else if (conn->state.h2.upgraded) {
		http2_init(&followed->h2, 0);
	} else {
		http2_init(&followed->h2, HTTP2_PREFACE_KNOWN);
		/* its SETTINGS have gone by */
		if (conn->state.h2.speaks)
			http2_join_early(&followed->h2.side[HTTP2_RESPONSES]);
	}
	return followed;
}

/*
 * A side was lost, or never known: where an operation begins with frames, it goes on there. Where none does in many of
 * them, the connection is given up. Not inlined: its stack is not its callers'.
 */
static __noinline int http2_join_again(struct flow *flow, struct http2_followed *followed,
				       struct io *io, __u32 side)
{
	struct http2 *p = &followed->h2.side[side & 1];
	struct conn *conn = flow->conn;
	__u64 n;

	if (!io->left || (!io->segment_left && !io_next_segment(io)))
		return 0;
	n = io->segment_left < io->left ? io->segment_left : io->left;
	if (!n || !io_copy(io, n, CHUNK_FIRST))
		return 0;
	if (foreign_is_http2(&io->piece, 0, side & 1, conn->open.origin.shared)) {
		http2_join(p);
		conn->state.h2.joins = 0;
		return 0;
	}
	if (++conn->state.h2.joins < HTTP2_JOINS_MAX)
		return 0;
	if (conn->state.h2.named)
		flow_blind(flow, BLIND_HTTP2);
	exchanges_lose(&conn->open, LOST_UNSEEN_BYTES);
	conn_ignore(conn);
	return 0;
}

/* ---- reads ---- */

static __always_inline void http2_read_bytes(struct flow *flow, struct http2_followed *followed,
					     struct sock *sk, struct scratch *scratch,
					     __u32 received, int flags)
{
	struct frames *frames = &scratch->frames;
	enum source source = syscall_source(&scratch->io, &scratch->call, sk, received);

	if (source != SOURCE_FOUND || (flags & MSG_TRUNC)) {
		if (frames_unseen(flow, followed, received - frames->known, SIDE_REQUEST,
				  WRITER_RECV))
			return;
		stat_error(KERR_NO_BUFFER);
		http2_side_lost(flow, followed, SIDE_REQUEST, LOST_UNREADABLE);
		return;
	}
	if (frames->known)
		io_skip(&scratch->io, frames->known);
	if (http2_is_lost(&followed->h2.side[HTTP2_REQUESTS]))
		http2_join_again(flow, followed, &scratch->io, HTTP2_REQUESTS);
	if (!frames_bytes(flow, followed, &scratch->io, SIDE_REQUEST, WRITER_RECV))
		http2_side_lost(flow, followed, SIDE_REQUEST, LOST_UNREADABLE);
}

static __always_inline int http2_receives(struct sock *sk, int ret, int flags)
{
	struct tcp_conn *tcp = bpf_sk_storage_get(&conns, sk, 0, 0);
	struct scratch *scratch = scratch_of(SLOT_RECV);
	struct tcp_sock *tp = tcp_of_any(sk);
	struct http2_followed *followed;
	struct arrival arrival;
	struct frames *frames;
	struct flow flow = {};

	if (ret <= 0 || !tp || !tcp || !scratch)
		return 0;
	frames = &scratch->frames;
	tcp_begin(&flow, sk, tcp, scratch);
	followed = http2_find(tcp->conn.open.origin.id) ?: http2_begin(&tcp->conn);
	if (!followed) {
		flow_blind(&flow, BLIND_HTTP2);
		conn_ignore(&tcp->conn);
		return 0;
	}
	if (!http2_is_admitted(&flow, followed))
		return 0;
	if (!frames->now_ns) {
		arrival = arrival_of(sk, tp, &scratch->reading, tcp->read_seq, ret);
		frames->now_ns = arrival.read_ns;
		frames->arrived_ns = arrival.arrived_ns;
	}
	flow.now_ns = frames->now_ns;
	flow.arrived_ns = frames->arrived_ns;
	http2_begin_requests(&flow, followed);
	if (frames->gap &&
	    !frames_unseen(&flow, followed, frames->gap, SIDE_REQUEST, WRITER_RECV)) {
		stat_error(KERR_RX_GAP);
		http2_side_lost(&flow, followed, SIDE_REQUEST, LOST_UNSEEN_BYTES);
	}
	http2_read_bytes(&flow, followed, sk, scratch, ret, flags);
	return 0;
}

/* ---- writes ---- */

/* As http2_join_again(): what was written before, and is written now if that begins with no frame, may have been answers. */
static __always_inline void http2_answers_again(struct flow *flow, struct http2_followed *followed,
						struct io *io)
{
	http2_join_again(flow, followed, io, HTTP2_RESPONSES);
	if (http2_is_lost(&followed->h2.side[HTTP2_RESPONSES]))
		exchanges_lose(&flow->conn->open, LOST_UNSEEN_BYTES);
}

static __always_inline void http2_write_bytes(struct flow *flow, struct http2_followed *followed,
					      struct sock *sk, struct scratch *scratch, __u32 sent,
					      const enum sent seen, const enum writer writer)
{
	if (seen == SENT_BYTES &&
	    syscall_source(&scratch->io, &scratch->call, sk, sent) == SOURCE_FOUND) {
		if (scratch->frames.known)
			io_skip(&scratch->io, scratch->frames.known);
		if (http2_is_lost(&followed->h2.side[HTTP2_RESPONSES]))
			http2_answers_again(flow, followed, &scratch->io);
		http2_begin_responses(flow, followed);
		if (!frames_bytes(flow, followed, &scratch->io, SIDE_RESPONSE, writer))
			http2_side_lost(flow, followed, SIDE_RESPONSE, LOST_UNREADABLE);
		return;
	}
	if (frames_unseen(flow, followed, sent, SIDE_RESPONSE, writer))
		return;
	stat_error(KERR_NO_BUFFER);
	http2_side_lost(flow, followed, SIDE_RESPONSE, LOST_UNREADABLE);
}

static __always_inline int http2_sends(struct sock *sk, int ret, const enum sent seen,
				       const enum writer writer)
{
	struct tcp_conn *tcp = bpf_sk_storage_get(&conns, sk, 0, 0);
	struct scratch *scratch = scratch_of(SLOT_SEND);
	struct tcp_sock *tp = tcp_of_any(sk);
	struct http2_followed *followed;
	struct flow flow = {};
	__u64 gap;

	if (ret <= 0 || !tp || !tcp || !scratch)
		return 0;
	followed = http2_find(tcp->conn.open.origin.id) ?: http2_begin(&tcp->conn);
	if (!followed)
		return tcp_settle(sk, tcp, tp->write_seq);
	tcp_begin(&flow, sk, tcp, scratch);
	if (!http2_is_admitted(&flow, followed))
		return tcp_settle(sk, tcp, tp->write_seq);
	/* what has begun like the client's preface was none */
	if (followed->h2.side[HTTP2_REQUESTS].fault == HTTP2_FAULT_PREFACE) {
		conn_ignore(&tcp->conn);
		return tcp_settle(sk, tcp, tp->write_seq);
	}
	gap = scratch->frames.gap;
	if (gap && sock_may_bypass_tcp(sk))
		gap = 0; /* held back, they are sent later; but all bytes come by here */
	flow.peer_unacked = tcp_peer_unacked(sk, tp);
	flow.now_ns = sent_ns(tp, tp->write_seq);
	if (gap && !frames_unseen(&flow, followed, gap, SIDE_RESPONSE, writer)) {
		stat_error(KERR_TX_GAP);
		http2_side_lost(&flow, followed, SIDE_RESPONSE, LOST_UNSEEN_BYTES);
	} else {
		http2_write_bytes(&flow, followed, sk, scratch, ret, seen, writer);
	}
	return tcp_settle(sk, tcp, tp->write_seq);
}

#endif
