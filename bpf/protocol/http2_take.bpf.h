/* SPDX-License-Identifier: GPL-2.0-only */
/* How a connection that is read as HTTP/1.x, or as nothing yet, turns out to be one of HTTP/2. */
#ifndef SLIPROBE_PROTOCOL_HTTP2_TAKE_BPF_H
#define SLIPROBE_PROTOCOL_HTTP2_TAKE_BPF_H

#include "http2/parse.h"
#include "kernel/helpers.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/flow.bpf.h"

enum {
	/* Bytes of the client's preface behind which it can be nothing else: "PRI * HTTP/2" */
	HTTP2_PREFACE_KNOWN = 12,
};

/* The connection is one of HTTP/2 from here on. Nothing is put together on the stack: there is none to spare. */
static __always_inline struct http2_brief *http2_turn(struct conn *conn)
{
	conn->protocol = PROTOCOL_HTTP2;
	__builtin_memset(&conn->state, 0, sizeof(conn->state));
	conn->open.streams = 1;
	conn->open.origin.streams = 1;
	conn_rename(conn);
	return &conn->state.h2;
}

/*
 * From the next byte that the client sends. `before`: requests that were read before stream 1. `late`: it is older than
 * the programs. Returns true: hook/http2 goes on.
 */
static __always_inline bool http2_turns_out(struct flow *flow, __u32 before, bool late)
{
	struct conn *conn = flow->conn;
	__u8 speaks = late || conn->mode == CONN_SPOKEN;
	struct http2_brief *brief = http2_turn(conn);

	brief->before = before;
	brief->first_read_ns = flow->now_ns;
	brief->queue_ns = flow->now_ns - flow->arrived_ns;
	brief->named = conn->open.next != 1;
	brief->late = late;
	brief->speaks = speaks;
	conn->mode = CONN_HTTP;
	return true;
}

/* An older connection goes on with frames, at `pos` of what has been read. Its stack is not its callers'. */
static __noinline int http2_joins(struct flow *flow, __u32 pos)
{
	flow->piece->pos = pos;
	return http2_turns_out(flow, 0, true);
}

/*
 * The server agrees to go on with HTTP/2, by its answer 101 to the request `number`: that is stream 1 from then on, and
 * answered there (RFC 7540, section 3.2).
 */
static __always_inline void http2_upgrade(struct conn *conn, __u32 number)
{
	struct http2_brief *brief = http2_turn(conn);

	brief->before = number - 1;
	brief->named = 1;
	brief->speaks = 1;
	brief->upgraded = 1;
}

#endif
