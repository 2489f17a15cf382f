/* SPDX-License-Identifier: GPL-2.0-only */
/* HTTP/1.x on a connection, both sides of it: its beginning, and questions from outside. */
#ifndef SLIPROBE_PROTOCOL_HTTP1_BPF_H
#define SLIPROBE_PROTOCOL_HTTP1_BPF_H

#include "exchange/exchange.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/http1_request.bpf.h"
#include "protocol/http1_response.bpf.h"

static __always_inline void http1_conn_init(struct conn *conn)
{
	struct http1_conn *h1 = &conn->state.h1;

	h1->response.flags = HTTP1_RESPONSE;
	h1->answering = 1;
	h1->joins_left = JOINS_MAX;
}

/* Requests may have been read unseen, and answered. A connection of which one was counted goes on as it is. */
static __always_inline void http1_joins(struct conn *conn)
{
	if (conn->open.next == 1)
		http1_looks_again(conn);
}

/*
 * The connection, as it begins, has sent what begins another protocol (`flags`: HTTP1_TLS, if it is that): to this server,
 * that is a request that cannot be read.
 */
static __always_inline void http1_refuse(struct conn *conn, __u8 flags, __u64 first_read_ns,
					 __u64 queue_ns)
{
	struct http1_conn *h1 = &conn->state.h1;

	h1->request.flags = flags;
	h1->request.state = HTTP1_BAD;
	h1->first_read_ns = first_read_ns;
	h1->queue_ns = queue_ns;
}

static __always_inline void http1_unfinished(const struct conn *conn, struct unfinished *ret)
{
	const struct http1_conn *h1 = &conn->state.h1;

	if (!http1_has_begun(&h1->response) || h1->leftover)
		return;
	ret->number = h1->answering;
	if (!http1_until_close(&h1->response))
		return;
	ret->by_close = BY_CLOSE_WHOLE;
	ret->status = h1->response.status;
	ret->body_bytes = h1->response.body;
}

static __always_inline bool http1_reads_request(const struct conn *conn)
{
	return !http1_at_start(&conn->state.h1.request);
}

static __always_inline __u32 http1_first_refused(const struct conn *conn)
{
	const struct http1_conn *h1 = &conn->state.h1;

	/* an answer that lasts until the close leaves no room for another one */
	if (http1_until_close(&h1->response) && !h1->leftover)
		return exchange_after(h1->answering);
	/* its answer has begun */
	if (h1->refused == h1->answering && http1_has_begun(&h1->response) && !h1->leftover)
		return 0;
	return h1->refused;
}

static __always_inline bool http1_request_arrives(const struct conn *conn, __u64 unread, __u64 tail)
{
	const struct http1 *request = &conn->state.h1.request;

	return http1_in_body(request) && !http1_body_is_there(request, unread, tail);
}

#endif
