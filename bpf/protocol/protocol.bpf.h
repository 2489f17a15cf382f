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
 * protocol_reads_request(), protocol_request_arrives(), protocol_first_refused(), protocol_head().
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
#include "protocol/tls.bpf.h"

/* The connection is zeroed. */
static __always_inline void protocol_init(struct conn *conn, enum role role, __u64 id)
{
	conn->role = role;
	conn->protocol = PROTOCOL_HTTP1;
	exchanges_init(&conn->open, id);
	http1_conn_init(conn);
}

/*
 * What is inside is encrypted: see protocol/tls. By the functions of a protocol the first operation is read; for all
 * others the hook walks the records by itself (hook/tcp_tls).
 */
static __always_inline bool protocol_is_tls(const struct conn *conn)
{
	return tls_built && conn->protocol == PROTOCOL_TLS;
}

/*
 * Frames of HTTP/2: see protocol/http2. By the functions of a protocol the first operation is read, up to where the
 * client's preface shows; the rest of it, and all others, by a program of its own (hook/http2).
 */
static __always_inline bool protocol_is_http2(const struct conn *conn)
{
	return conn->protocol == PROTOCOL_HTTP2;
}

/* What the connection has carried so far was TLS, and nobody has seen it. */
static __always_inline void protocol_joins_tls(struct flow *flow)
{
	flow->conn->protocol = PROTOCOL_TLS;
	tls_take(flow, TLS_SINCE_LATER);
}

/* What the client has begun with, the server answers with something else: see http1_refuse(). */
static __always_inline void protocol_turns_back(struct conn *conn, __u8 flags, __u64 first_read_ns,
						__u64 queue_ns)
{
	conn->protocol = PROTOCOL_HTTP1;
	conn->open.streams = 0;
	__builtin_memset(&conn->state, 0, sizeof(conn->state));
	http1_conn_init(conn);
	http1_refuse(conn, flags, first_read_ns, queue_ns);
}

/* The client has begun with TLS. */
static __always_inline void protocol_is_no_tls(struct conn *conn)
{
	const struct tls_outer *outer = tls_outer_of(conn);

	protocol_turns_back(conn, HTTP1_TLS, outer->first_read_ns, outer->queue_ns);
}

/* The client has begun with HTTP/2. */
static __always_inline void protocol_is_no_http2(struct conn *conn)
{
	const struct http2_brief *brief = &conn->state.h2;

	protocol_turns_back(conn, 0, brief->first_read_ns, brief->queue_ns);
}

/* Bytes that begin like `first`, of which `n` <= 8 are known, can be a frame. */
static __always_inline bool protocol_may_be_frame(__u64 first, __u32 n)
{
	return n < 4 || (__u32)first != ('H' | 'T' << 8 | 'T' << 16 | 'P' << 24);
}

/* Bytes from here on that need not be looked at, whatever they are. */
static __always_inline __u64 protocol_opaque(const struct flow *flow, const enum side side)
{
	switch (flow->conn->protocol) {
	case PROTOCOL_HTTP1:
		return side == SIDE_REQUEST ? http1_request_opaque(flow) :
		       flow->looks	    ? 0 :
					      http1_opaque(&flow->conn->state.h1.response);
	case PROTOCOL_TLS:
		return tls_opaque(flow->conn, side);
	default:
		return ~0ULL;
	}
}

/* Bytes to copy for the next protocol_feed(), at most. */
static __always_inline __u32 protocol_wants(const struct flow *flow, const enum side side)
{
	if (flow->conn->protocol != PROTOCOL_HTTP1)
		return tls_wants(flow->conn, side);
	return flow->in_head ? CHUNK_BYTES : CHUNK_FIRST;
}

/* 0 < n <= protocol_opaque() bytes went by. `writer`: of the response side. */
static __always_inline void protocol_pass(struct flow *flow, const enum side side, __u64 n,
					  const enum writer writer)
{
	if (flow->conn->protocol != PROTOCOL_HTTP1) {
		if (side == SIDE_REQUEST)
			tls_pass(flow, SIDE_REQUEST, n);
		return;
	}
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
		return side == SIDE_REQUEST ? tls_feed(flow, SIDE_REQUEST) : true;
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
	if (flow->conn->protocol != PROTOCOL_HTTP1) {
		if (side == SIDE_REQUEST)
			tls_lost(flow, SIDE_REQUEST);
		return;
	}
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

/* They were read since then, unseen. Returns false if none of them was answered. */
static __always_inline bool protocol_ahead_passed(struct conn *conn)
{
	return conn->protocol == PROTOCOL_HTTP1 && http1_ahead_passed(conn);
}

/* Requests may have been read unseen, and answered: see http1_joins(). */
static __always_inline void protocol_joins(struct conn *conn)
{
	if (conn->protocol == PROTOCOL_HTTP1)
		http1_joins(conn);
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
	return conn->protocol == PROTOCOL_HTTP2 ||
	       (conn->protocol == PROTOCOL_HTTP1 && http1_reads_request(conn));
}

/* A head is being read. */
static __always_inline bool protocol_reads_head(const struct conn *conn)
{
	return conn->protocol == PROTOCOL_HTTP1 && http1_in_head(&conn->state.h1.request);
}

/* The requests' side can no longer be followed. */
static __always_inline bool protocol_is_lost(const struct conn *conn)
{
	return conn->protocol != PROTOCOL_HTTP1 || http1_is_lost(&conn->state.h1.request);
}

/* What the next bytes of the requests' side are of a request's head. */
static __always_inline enum head_place protocol_head(const struct flow *flow)
{
	const struct http1 *request = &flow->conn->state.h1.request;

	if (flow->conn->protocol != PROTOCOL_HTTP1)
		return HEAD_NONE;
	if (http1_at_start(request) || http1_resumes(flow))
		return HEAD_BEGINS;
	return http1_in_head(request) ? HEAD_GOES_ON : HEAD_NONE;
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
	if (conn->protocol == PROTOCOL_HTTP2)
		return conn->state.h2.refused;
	return conn->protocol == PROTOCOL_HTTP1 ? http1_first_refused(conn) : 0;
}

#endif
