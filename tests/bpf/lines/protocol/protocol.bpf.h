/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Takes the place of bpf/protocol/protocol.bpf.h: the same seam, and behind it a protocol of lines.
 *
 *	?G\n			a request, G(ET) or P(OST)
 *	=NUMBER STATUS BYTES\n	the answer to the connection's request of that number, in any order, and as
 *				many bytes behind it, which nobody looks at; behind BYTES there may be the time of
 *				its first byte, in us
 *
 * Anything else is not of this protocol.
 */
#ifndef SLIPROBE_PROTOCOL_PROTOCOL_BPF_H
#define SLIPROBE_PROTOCOL_PROTOCOL_BPF_H

#include "abi.h"
#include "exchange/exchange.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "protocol/chunk.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/flow.bpf.h"
#include "who/identity.bpf.h"

static __always_inline void protocol_init(struct conn *conn, enum role role, __u64 id)
{
	conn->role = role;
	conn->protocol = PROTOCOL_LINES;
	exchanges_init(&conn->open, id);
}

static __always_inline struct line *line_of(const struct flow *flow, const enum side side)
{
	struct lines_conn *lines = &flow->conn->state.lines;

	return side == SIDE_REQUEST ? &lines->request : &lines->response;
}

static __always_inline bool protocol_is_tls(const struct conn *conn)
{
	return false;
}

static __always_inline void protocol_joins_tls(struct flow *flow)
{
	(void)flow;
}

static __always_inline void protocol_is_no_tls(struct conn *conn)
{
}

static __always_inline bool protocol_is_http2(const struct conn *conn)
{
	return false;
}

static __always_inline void protocol_is_no_http2(struct conn *conn)
{
}

static __always_inline bool protocol_may_be_frame(__u64 first, __u32 n)
{
	return false;
}

static __always_inline __u32 protocol_wants(const struct flow *flow, const enum side side)
{
	return CHUNK_FIRST;
}

static __always_inline __u64 protocol_opaque(const struct flow *flow, const enum side side)
{
	return line_of(flow, side)->opaque;
}

static __always_inline void protocol_pass(struct flow *flow, const enum side side, __u64 n,
					  const enum writer writer)
{
	line_of(flow, side)->opaque -= n;
}

static __always_inline void protocol_lost(struct flow *flow, const enum side side,
					  enum lost_reason reason)
{
	exchanges_lose(&flow->conn->open, reason);
	conn_ignore(flow->conn);
}

__noinline int lines_open(struct conn *conn)
{
	struct opening opening = {};

	if (!conn)
		return 0;
	opening.first_read_ns = conn->state.lines.first_read_ns;
	opening.queue_ns = conn->state.lines.queue_ns;
	opening.generation = conn->served.generation;
	opening.policy = conn->served.policy;
	opening.service = conn->served.service;
	opening.role = conn->role;
	opening.method =
		conn->state.lines.request.second == 'G' ? HTTP_METHOD_GET : HTTP_METHOD_POST;
	conn->mode = CONN_HTTP;
	exchange_open(&conn->open, &opening, WRITER_RECV);
	return 0;
}

__noinline int lines_answer(struct conn *conn, __u64 now_ns, __u32 wait)
{
	struct verdict verdict = {.outcome = OUTCOME_COMPLETE};
	struct exchange *exchange;
	struct line *line;

	if (!conn)
		return 0;
	line = &conn->state.lines.response;
	verdict.status = line->fields[1];
	verdict.body_bytes = line->fields[2];
	verdict.first_byte_us = line->fields[3];
	exchange = exchange_find(&conn->open, line->fields[0]);
	exchange_answer(&conn->open, line->fields[0], exchange, &verdict, now_ns, wait,
			WRITER_SEND);
	return 0;
}

static __always_inline void line_end(struct flow *flow, struct line *line, const enum side side)
{
	struct conn *conn = flow->conn;

	if (side == SIDE_RESPONSE) {
		lines_answer(conn, flow->now_ns, flow->peer_unacked);
		line->opaque = line->fields[2];
	} else {
		if (conn_needs_who(conn, flow->generation)) {
			identity_resolve(&conn->served, flow->who, flow->generation);
			endpoint_register(&conn->served, flow->who);
		}
		lines_open(conn);
	}
	line->n = 0;
	line->first = 0;
	line->second = 0;
	__builtin_memset(line->fields, 0, sizeof(line->fields));
}

/* A byte at a time. */
static __always_inline bool protocol_feed(struct flow *flow, const enum side side)
{
	struct line *line = line_of(flow, side);
	struct piece *piece = flow->piece;
	__u8 byte = HTTP1_AT(&piece->chunk, piece->pos);

	piece->pos++;
	if (line->opaque) {
		line->opaque--;
	} else if (!line->first) {
		if (byte != (side == SIDE_REQUEST ? '?' : '=')) {
			protocol_lost(flow, side, LOST_BAD_RESPONSE);
			return true;
		}
		line->first = byte;
		if (side == SIDE_REQUEST) {
			flow->conn->state.lines.first_read_ns = flow->now_ns;
			flow->conn->state.lines.queue_ns = flow->now_ns - flow->arrived_ns;
		}
	} else if (byte == '\n') {
		line_end(flow, line, side);
	} else if (side == SIDE_REQUEST) {
		line->second = byte;
	} else if (byte == ' ') {
		line->n++;
	} else {
		__u32 *field = &line->fields[line->n & (LINE_FIELDS - 1)];

		*field = *field * 10 + (byte - '0');
	}
	return false;
}

static __always_inline void protocol_unfinished(const struct conn *conn, struct unfinished *ret)
{
	if (conn->state.lines.response.first)
		ret->number = conn->state.lines.response.fields[0];
}

static __always_inline bool protocol_reads_request(const struct conn *conn)
{
	return conn->state.lines.request.first;
}

static __always_inline bool protocol_reads_head(const struct conn *conn)
{
	return conn->state.lines.request.first;
}

static __always_inline bool protocol_is_lost(const struct conn *conn)
{
	return conn->mode == CONN_IGNORED;
}

static __always_inline enum head_place protocol_head(const struct flow *flow)
{
	return flow->conn->state.lines.request.first ? HEAD_GOES_ON : HEAD_BEGINS;
}

static __always_inline bool protocol_request_arrives(const struct conn *conn, __u64 unread,
						     __u64 tail)
{
	return false; /* requests have no body */
}

static __always_inline __u32 protocol_first_refused(const struct conn *conn)
{
	return 0;
}

static __always_inline bool protocol_doubts(const struct flow *flow)
{
	return false;
}

/* An answer to what was not read is none of this protocol's. */
static __always_inline bool protocol_answers_early(const struct conn *conn)
{
	return false;
}

static __always_inline bool protocol_may_answer(const struct conn *conn, __u64 first, __u32 n)
{
	return false;
}

static __always_inline void protocol_ahead(struct flow *flow)
{
}

static __always_inline void protocol_ahead_unseen(struct flow *flow)
{
}

static __always_inline bool protocol_ahead_passed(struct conn *conn)
{
	return false;
}

static __always_inline void protocol_joins(struct conn *conn)
{
}

#endif
