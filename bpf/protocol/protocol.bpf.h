/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seam between the bytes of a connection and the protocol they are of. To the stream, a protocol is
 * four functions:
 *
 *	protocol_opaque   how many of the next bytes it need not see
 *	protocol_pass     that many went by, or fewer
 *	protocol_feed     it sees bytes
 *	protocol_lost     bytes went by that it would have had to see
 *
 * To those who look at a connection from outside, it says what is under way: protocol_unfinished(),
 * protocol_reads_request(), protocol_request_arrives(), protocol_first_refused().
 *
 * `side` is a constant of each caller. The first protocol is inlined; another one goes into functions of
 * its own, each verified by itself.
 */
#ifndef SLIPROBE_PROTOCOL_PROTOCOL_BPF_H
#define SLIPROBE_PROTOCOL_PROTOCOL_BPF_H

#include "exchange/exchange.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/http1.bpf.h"
#include "protocol/http1_ahead.bpf.h"

/* The connection is zeroed. */
static __always_inline void protocol_init(struct conn *conn, enum role role, __u64 id)
{
	conn->role = role;
	conn->protocol = PROTOCOL_HTTP1;
	exchanges_init(&conn->open, id);
	http1_conn_init(conn);
}

/* Bytes from here on that need not be looked at, whatever they are. */
static __always_inline __u64 protocol_opaque(const struct flow *flow, const enum side side)
{
	switch (flow->conn->protocol) {
	case PROTOCOL_HTTP1:
		return side == SIDE_REQUEST ? http1_request_opaque(flow) :
		       flow->looks	    ? 0 :
					      http1_opaque(&flow->conn->state.h1.response);
	default:
		return ~0ULL;
	}
}

/* 0 < n <= protocol_opaque() bytes went by. `writer`: of the response side. */
static __always_inline void protocol_pass(struct flow *flow, const enum side side, __u64 n,
					  const enum writer writer)
{
	if (flow->conn->protocol != PROTOCOL_HTTP1)
		return;
	if (side == SIDE_REQUEST)
		http1_request_pass(flow, n);
	else
		http1_response_pass(flow, n, writer);
}

/*
 * Consumes at least one byte of flow->piece, which has one, and acts upon what that completes. Returns true if
 * the rest of the operation is of no interest. The response side counts as WRITER_SEND.
 */
static __always_inline bool protocol_feed(struct flow *flow, const enum side side)
{
	if (flow->conn->protocol != PROTOCOL_HTTP1)
		return true;
	return side == SIDE_REQUEST ? http1_request_feed(flow) : http1_response_feed(flow);
}

/* What is sent next need not be seen, but if it can be, it has to be looked at: sets flow->looks. */
static __always_inline bool protocol_doubts(const struct flow *flow)
{
	return flow->conn->protocol == PROTOCOL_HTTP1 && http1_doubts(flow);
}

/* Bytes that are not opaque went by unseen. Exchanges lost by that count under `reason`. */
static __always_inline void protocol_lost(struct flow *flow, const enum side side,
					  enum lost_reason reason)
{
	if (flow->conn->protocol != PROTOCOL_HTTP1)
		return;
	if (side == SIDE_REQUEST)
		http1_request_lost(flow);
	else
		http1_response_lost(flow, reason);
}

/* What is sent next begins an answer, and no request was read whole that it could be one to. */
static __always_inline bool protocol_answers_early(const struct conn *conn)
{
	return conn->protocol == PROTOCOL_HTTP1 && http1_answers_early(conn);
}

/* In that case: flow->piece has bytes that the peer has sent, and the process has not read. */
static __always_inline void protocol_ahead(struct flow *flow)
{
	if (flow->conn->protocol == PROTOCOL_HTTP1)
		http1_ahead(flow);
}

/* In that case: there are such bytes, but nobody can see them. */
static __always_inline void protocol_ahead_unseen(struct flow *flow)
{
	if (flow->conn->protocol == PROTOCOL_HTTP1)
		http1_ahead_unseen(flow);
}

/* True if bytes that begin like `first`, of which `n` <= 8 are known, can be an answer. */
static __always_inline bool protocol_may_answer(const struct conn *conn, __u64 first, __u32 n)
{
	return conn->protocol == PROTOCOL_HTTP1 && http1_may_answer(first, n);
}

/* The answer that is being sent: *ret is zeroed. */
static __always_inline void protocol_unfinished(const struct conn *conn, struct unfinished *ret)
{
	if (conn->protocol == PROTOCOL_HTTP1)
		http1_unfinished(conn, ret);
}

/* A request is being read: the connection's policy will judge it. */
static __always_inline bool protocol_reads_request(const struct conn *conn)
{
	return conn->protocol == PROTOCOL_HTTP1 && http1_reads_request(conn);
}

/*
 * More bytes of the newest request are still to come, behind `unread` ones that the process has not read yet.
 * `tail`: the last eight of these, the last one highest; 0 for those that are not known.
 */
static __always_inline bool protocol_request_arrives(const struct conn *conn, __u64 unread,
						     __u64 tail)
{
	return conn->protocol == PROTOCOL_HTTP1 && http1_request_arrives(conn, unread, tail);
}

/* Number of the first request that came behind the announced end of the connection; 0: none is announced. */
static __always_inline __u32 protocol_first_refused(const struct conn *conn)
{
	return conn->protocol == PROTOCOL_HTTP1 ? http1_first_refused(conn) : 0;
}

#endif
