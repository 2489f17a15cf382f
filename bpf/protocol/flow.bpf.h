/* SPDX-License-Identifier: GPL-2.0-only */
/* One finished operation on its way from a hook through the stream to the protocol. */
#ifndef SLIPROBE_PROTOCOL_FLOW_BPF_H
#define SLIPROBE_PROTOCOL_FLOW_BPF_H

#include "kernel/helpers.bpf.h"
#include "protocol/chunk.bpf.h"
#include "protocol/conn.bpf.h"
#include "who/unmeasured.bpf.h"
#include "who/work.bpf.h"

/* The side that bytes are of. A server reads requests, a client sends them. */
enum side {
	SIDE_REQUEST,
	SIDE_RESPONSE,
};

/* What the next bytes are, of a request. */
enum head_place {
	HEAD_NONE, /* not of its head */
	HEAD_BEGINS,
	HEAD_GOES_ON,
	HEAD_EITHER, /* it goes on if the bytes before are kept */
};

/* Set by the hook, but for `piece` and `in_head`. */
struct flow {
	struct conn *conn;
	struct piece *piece; /* the bytes at hand */
	struct who_work *who; /* names the connection, if conn_needs_who() */
	__u64 now_ns; /* of the operation; 0: by the clock, when it matters */
	union {
		__u64 arrived_ns; /* request side: of its first byte */
		__u64 ends_at; /* response side, of streams: see stream_answer() */
	};
	__u32 generation; /* of the configuration, for all of the operation */
	__u8 turn; /* bytes of the other side passed since this side's last operation */
	__u8 peer_unacked; /* response side: the peer has closed its side and not acknowledged all */
	__u8 in_head; /* a head goes on behind the bytes at hand */
	union {
		__u8 looks; /* response side: the bytes at hand may begin a response, though they need not be seen */
		__u8 inside; /* of TLS: enum tls_inside */
	};
};

/* The connection's service was not decided yet, or under a configuration that is not in force. */
static __always_inline bool conn_needs_who(const struct conn *conn, __u32 generation)
{
	return conn->served.service == SERVICE_NONE || conn->served.generation != generation;
}

/* The connection's requests cannot be seen, for this reason: counted once. flow->who names it. */
static __always_inline void flow_blind(struct flow *flow, enum blind_reason reason)
{
	struct conn *conn = flow->conn;

	if (conn_goes_blind(conn))
		blind_note(&conn->served, flow->who, flow->generation, reason);
}

#endif
