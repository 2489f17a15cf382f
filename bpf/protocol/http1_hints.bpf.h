/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP/1.x, where responses end whose heads can be read in more than one way. What the two ends do then tells:
 *
 *	An answer that lasts until the close, by its head, is over where a request was read behind it and what
 *	is sent next begins like a response. So is one whose body should follow, when that is sent instead.
 *	What follows an answer without a body, and begins no response, was its body all the same.
 *	A body that is not in chunks, as one of two ways to read its head said, is read the other way.
 *
 * Bytes behind an answer that has been counted are its `leftover`: they are passed until a response begins.
 */
#ifndef SLIPROBE_PROTOCOL_HTTP1_HINTS_BPF_H
#define SLIPROBE_PROTOCOL_HTTP1_HINTS_BPF_H

#include "exchange/exchange.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/chunk.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/http1_answer.bpf.h"
#include "protocol/http1_request.bpf.h"

/* needs what dfa.bpf.h and chunk.bpf.h define */
#include "http1/feed.h"

/* True if the first `n` bytes of a response may be these, the first lowest. */
static __always_inline bool http1_may_answer(__u64 first, __u32 n)
{
	const __u64 version = HTTP1_WORD8('H', 'T', 'T', 'P', '/', '1', '.', 0);

	n = n < 7 ? n : 7;
	return !n || (first ^ version) << ((64 - 8 * n) & 63) == 0;
}

static __always_inline bool http1_may_answer_at(const struct piece *piece, __u32 pos)
{
	return http1_may_answer(HTTP1_LOAD64(&piece->chunk, pos, piece->len), piece->len - pos);
}

/* A request is open behind the one that is being answered. */
static __always_inline bool http1_owes_more(const struct conn *conn)
{
	return !http1_owes_nothing(conn) &&
	       exchange_after(conn->state.h1.answering) != conn->open.next;
}

/* There is a request that the next response can answer, behind a leftover. */
static __always_inline bool http1_owes_behind(const struct conn *conn)
{
	return !http1_owes_nothing(conn) || http1_answerable_early(conn);
}

/* What is sent next goes on with a body, by the head, but may begin a response: it has to be looked at. */
static __always_inline bool http1_doubts(const struct flow *flow)
{
	const struct conn *conn = flow->conn;
	const struct http1 *response = &conn->state.h1.response;

	if (http1_until_close(response))
		return conn->state.h1.leftover ? http1_owes_behind(conn) :
						 http1_owes_more(conn) && !http1_closes(response);
	return flow->turn && !response->body && response->state == HTTP1_BODY &&
	       http1_owes_more(conn);
}

/* Bytes that begin no response may come before the answer to exchange `number`. */
static __always_inline void http1_expect_leftover(struct http1_conn *h1, __u32 number)
{
	h1->beyond = number;
	h1->doubted = 0;
}

/* What is sent from here on belongs to an answer that was counted. */
static __always_inline void http1_begin_leftover(struct conn *conn)
{
	http1_reset(&conn->state.h1.response);
	conn->state.h1.response.state = HTTP1_BODY_CLOSE;
	conn->state.h1.leftover = 1;
}

/* The next byte begins a response, it seems. If it does not, it is a leftover, too. */
static __always_inline void http1_end_leftover(struct conn *conn)
{
	http1_reset(&conn->state.h1.response);
	conn->state.h1.leftover = 0;
	http1_expect_leftover(&conn->state.h1, conn->state.h1.answering);
}

/* The answer being sent was whole when its last bytes were sent. */
static __always_inline void http1_end_doubt(struct conn *conn)
{
	struct http1_conn *h1 = &conn->state.h1;
	__u8 doubted = http1_until_close(&h1->response);

	http1_answer_send(conn, http1_sent_ns(&h1->response), false);
	http1_end_leftover(conn);
	h1->doubted = doubted;
}

static long http1_look_step(__u32 i, struct flow *flow)
{
	struct piece *piece = flow->piece;
	__u32 pos = piece->pos;

	if (pos >= piece->len || http1_may_answer_at(piece, pos))
		return 1;
	piece->pos = pos + 1;
	return 0;
}

/* Looks for the beginning of a response: at the beginning of the operation, or anywhere in a leftover. */
static __noinline int http1_look(struct flow *flow)
{
	struct conn *conn = flow->conn;
	struct http1 *response = &conn->state.h1.response;
	struct piece *piece = flow->piece;

	if (conn->state.h1.leftover) {
		bpf_loop(CHUNK_BYTES, http1_look_step, flow, 0);
		if (piece->pos >= piece->len)
			return false;
		http1_end_leftover(conn);
	} else if (http1_may_answer_at(piece, piece->pos) &&
		   (http1_until_close(response) || response->left != piece->len - piece->pos)) {
		http1_end_doubt(conn);
	}
	flow->looks = 0;
	return false;
}

/* A body that was not in chunks. Returns false if its head has no other reading. */
static __always_inline bool http1_unchunk(struct flow *flow)
{
	struct conn *conn = flow->conn;
	struct http1 *response = &conn->state.h1.response;
	__u8 lost_in = http1_lost_in(response);
	bool first = lost_in == HTTP1_CHUNK_SIZE && !response->body;
	__u64 passed = response->left; /* if `first` */
	__u64 length = http1_other_length(response);

	if (first && passed == 1 && flow->turn && http1_owes_more(conn) &&
	    http1_may_answer_at(flow->piece, flow->piece->pos - 1)) {
		flow->piece->pos--;
		http1_end_doubt(conn);
		return true;
	}
	if (first && length && passed <= length) {
		response->state = HTTP1_BODY;
		response->body = passed;
		response->left = length - passed;
		if (!response->left)
			http1_answer_send(conn, flow->now_ns, flow->peer_unacked);
		return true;
	}
	if (!length && !(response->connection & (HTTP1_OLD | HTTP1_CHUNKED_ONCE)))
		return false;
	response->state = HTTP1_BODY_CLOSE;
	return true;
}

/* The bytes of a response are none, as its head was read. Returns true if there is another reading. */
static __noinline int http1_reread(struct flow *flow)
{
	struct conn *conn = flow->conn;
	struct http1_conn *h1 = &conn->state.h1;
	__u8 lost_in = http1_lost_in(&h1->response);

	if (lost_in >= HTTP1_CHUNK_SIZE)
		return lost_in < HTTP1_BAD && http1_unchunk(flow);
	/* in a response's beginning */
	if (h1->beyond != h1->answering && (!http1_owes_nothing(conn) || conn->open.next == 1))
		return false;
	if (h1->beyond == h1->answering && h1->doubted)
		h1->refused = h1->answering; /* it has lasted until the close after all */
	http1_begin_leftover(conn);
	flow->looks = http1_owes_behind(conn);
	if (flow->piece->pos)
		flow->piece->pos--;
	return true;
}

#endif
