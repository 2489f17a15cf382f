/* SPDX-License-Identifier: GPL-2.0-only */
/* The state that each protocol keeps for a connection. */
#ifndef SLIPROBE_PROTOCOL_STATE_BPF_H
#define SLIPROBE_PROTOCOL_STATE_BPF_H

#include "http1/state.h"
#include "kernel/helpers.bpf.h"
#include "protocol/http2_brief.bpf.h"
#include "protocol/tls_outer.bpf.h"

enum protocol {
	PROTOCOL_HTTP1,
	PROTOCOL_TLS, /* what is inside is another struct conn: see tls_conns */
	PROTOCOL_HTTP2, /* what is known of its frames is in http2_conns */
};

struct http1_conn {
	struct http1 request;
	struct http1 response;
	__u64 first_read_ns; /* of the request being read */
	__u64 queue_ns;
	__u32 answering; /* number of the exchange that the next response answers */
	__u8 answered_early; /* the request being read was answered before its head was complete */
	__u8 joins_left; /* in CONN_OLD: times that the beginning of a request is still tried */
	__u8 leftover; /* what is being sent belongs to an answer that was counted: see http1_hints */
	__u8 doubted; /* `beyond`: the answer before it would last until the close, by its head */
	/*
	 * Number of the first request that is not accepted: a message before it said that the connection ends
	 * (RFC 9112, section 9.6). 0: none did, or such a request was answered all the same.
	 */
	__u32 refused;
	__u32 beyond; /* number of the exchange whose answer may begin behind a leftover; 0: none */
};

union protocol_state {
	struct http1_conn h1;
	struct tls_outer tls;
	struct http2_brief h2;
};

_Static_assert(sizeof(struct http1) == 32, "http1 has no holes");
_Static_assert(sizeof(struct http1_conn) == 96, "http1_conn has no holes");
_Static_assert(sizeof(struct tls_outer) <= sizeof(struct http1_conn),
	       "TLS takes no room of HTTP/1.x");

#endif
