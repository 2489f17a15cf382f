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

/*
 * From the next byte that the client sends, the connection is one of HTTP/2. `before`: requests that were read before
 * stream 1. `late`: it is older than the programs. Returns true: hook/http2 goes on.
 */
static __always_inline bool http2_turns_out(struct flow *flow, __u32 before, bool late)
{
	struct conn *conn = flow->conn;
	const struct http2_brief brief = {
		.before = before,
		.first_read_ns = flow->now_ns,
		.queue_ns = flow->now_ns - flow->arrived_ns,
		.named = conn->open.next != 1,
		.late = late,
		.speaks = late || conn->mode == CONN_SPOKEN,
	};

	conn->protocol = PROTOCOL_HTTP2;
	__builtin_memset(&conn->state, 0, sizeof(conn->state));
	conn->state.h2 = brief;
	conn->open.streams = 1;
	conn->mode = CONN_HTTP;
	conn_rename(conn);
	return true;
}

#endif
