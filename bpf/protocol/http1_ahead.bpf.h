/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP/1.x, answers to what was not read: a server that is overloaded, or refuses a connection, may answer while
 * the request waits in the socket's buffer. One request is taken from there for each such answer; the next
 * reads of the process then skip its bytes.
 */
#ifndef SLIPROBE_PROTOCOL_HTTP1_AHEAD_BPF_H
#define SLIPROBE_PROTOCOL_HTTP1_AHEAD_BPF_H

#include "exchange/exchange.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/http1_answer.bpf.h"
#include "protocol/http1_hints.bpf.h"
#include "protocol/http1_request.bpf.h"

/* needs what dfa.bpf.h and chunk.bpf.h define */
#include "http1/feed.h"

/* What is sent next begins an answer, and no request was read whole that it could be one to. */
static __always_inline bool http1_answers_early(const struct conn *conn)
{
	const struct http1_conn *h1 = &conn->state.h1;

	return http1_owes_nothing(conn) && (http1_at_start(&h1->response) || h1->leftover);
}

static __always_inline void http1_ahead_begin(struct flow *flow)
{
	struct http1_conn *h1 = &flow->conn->state.h1;

	if (!http1_at_start(&h1->request))
		return;
	h1->first_read_ns = flow->now_ns;
	h1->queue_ns = flow->now_ns - flow->arrived_ns;
	h1->request.flags &= ~HTTP1_READY;
}

static __always_inline void http1_ahead_head(struct flow *flow)
{
	struct http1_conn *h1 = &flow->conn->state.h1;

	http1_register(flow);
	if (!h1->answered_early)
		http1_open_shared(flow->conn);
	if (http1_closes(&h1->request) && !h1->refused)
		h1->refused = flow->conn->open.next;
	http1_request_whole(flow);
	if (http1_body_begin(&h1->request, 0) == HTTP1_EV_END)
		http1_request_end(h1);
}

/* One step up to the first request's head, or to where the bytes are none. */
static long http1_ahead_step(__u32 i, struct flow *flow)
{
	struct http1 *request = &flow->conn->state.h1.request;
	struct piece *piece = flow->piece;
	__u32 pos = piece->pos;
	__u32 event;

	if (pos >= piece->len)
		return 1;
	if (http1_at_start(request)) {
		piece->pos = pos + 1;
		event = http1_result_event(http1_start(request, HTTP1_AT(&piece->chunk, pos)));
	} else {
		event = http1_walk(request, &piece->chunk, &piece->pos, piece->len);
	}
	switch (event) {
	case HTTP1_EV_NONE:
		return 0;
	case HTTP1_EV_METHOD:
		http1_request_method(flow);
		return 0;
	case HTTP1_EV_HEAD:
		http1_ahead_head(flow);
		return 1;
	case HTTP1_EV_END:
		return http1_request_proxied(flow);
	default:
		/* none that reads them has said what they are */
		request->flags &= ~(HTTP1_TLS | HTTP1_PREFACE);
		piece->pos = piece->len;
		return 1;
	}
}

/* flow->piece has bytes that wait unread. Consumes one request of them, at most, or the rest of one. */
static __always_inline void http1_ahead(struct flow *flow)
{
	if (http1_is_lost(&flow->conn->state.h1.request) ||
	    http1_opaque(&flow->conn->state.h1.request))
		return;
	http1_ahead_begin(flow);
	bpf_loop(CHUNK_BYTES, http1_ahead_step, flow, 0);
}

/* Bytes wait unread that cannot be seen: the answer is one to a request in them, of which nothing is known. */
static __always_inline void http1_ahead_unseen(struct flow *flow)
{
	struct http1_conn *h1 = &flow->conn->state.h1;

	if (http1_answerable_early(flow->conn))
		return;
	http1_ahead_begin(flow);
	http1_forget(&h1->request);
	http1_register(flow);
	http1_open_shared(flow->conn);
	h1->answered_early++;
}

/* They have been read since then, and nobody has seen it. Returns false if none was answered. */
static __always_inline bool http1_ahead_passed(struct conn *conn)
{
	struct http1_conn *h1 = &conn->state.h1;

	if (!h1->answered_early)
		return false;
	h1->answered_early = 0;
	http1_reset(&h1->request);
	return true;
}

#endif
