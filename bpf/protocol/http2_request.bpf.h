/* SPDX-License-Identifier: GPL-2.0-only */
/* HTTP/2, the side of requests: opens an exchange for each stream that a client opens. */
#ifndef SLIPROBE_PROTOCOL_HTTP2_REQUEST_BPF_H
#define SLIPROBE_PROTOCOL_HTTP2_REQUEST_BPF_H

#include "abi.h"
#include "exchange/exchange.bpf.h"
#include "exchange/streams.bpf.h"
#include "http2/parse.h"
#include "kernel/helpers.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/http2_conns.bpf.h"
#include "protocol/http2_head.bpf.h"
#include "protocol/http2_number.bpf.h"
#include "status.h"
#include "who/identity.bpf.h"

enum {
	/*
	 * RFC 9113, section 7. A client's says that it has the whole answer, and sends no more of its request: the answer may
	 * not have been told yet, if a library has encrypted it.
	 */
	HTTP2_NO_ERROR = 0,
};

/* Names the connection's service. Not inlined: its stack is not its callers'. */
static __noinline int http2_register(struct flow *flow)
{
	struct conn *conn = flow->conn;

	if (conn->served.generation != flow->generation)
		identity_resolve(&conn->served, flow->who, flow->generation);
	if (conn->served.service == SERVICE_NONE)
		endpoint_register(&conn->served, flow->who);
	return 0;
}

/* A request of the connection was seen: it counts. */
static __always_inline void http2_count_conn(struct conn *conn)
{
	if (conn->state.h2.named)
		return;
	conn->state.h2.named = 1;
	stat_connection(conn->served.service, conn->open.origin.shared);
}

/* What is not known of a request is of no value of the automata's. */
static __always_inline void http2_tell_head(const struct http2_conn *h2, struct opening *opening)
{
	__u32 path = http2_path(h2), agent = http2_agent(h2);

	opening->method = http2_method(h2);
	opening->path = path == HTTP2_UNKNOWN ? PATH_UNKNOWN : path;
	opening->user_agent = agent == HTTP2_UNKNOWN ? DFA_DEAD : agent;
	if (http2_is_grpc(&h2->side[HTTP2_REQUESTS]))
		opening->status = status_of(0, GRPC_ABSENT);
}

static __always_inline struct opening http2_opening(const struct flow *flow, __u64 now_ns,
						    __u64 arrived_ns)
{
	const struct conn *conn = flow->conn;
	struct opening opening = {
		.first_read_ns = now_ns,
		.queue_ns = now_ns - arrived_ns,
		.path = PATH_UNKNOWN,
		.generation = conn->served.generation,
		.policy = conn->served.policy,
		.service = conn->served.service,
		.method = HTTP_METHOD_UNKNOWN,
		.role = conn->role,
		.version = conn->served.version,
	};

	return opening;
}

/* Exchange `number` begins: its header block has just been read. Not inlined: its stack is not its callers'. */
static __noinline int http2_open(struct flow *flow, struct http2_followed *followed, __u32 number)
{
	const struct http2 *requests = &followed->h2.side[HTTP2_REQUESTS];
	struct opening opening = http2_opening(flow, flow->now_ns, flow->arrived_ns);

	http2_count_conn(flow->conn);
	http2_tell_head(&followed->h2, &opening);
	stream_open(&flow->conn->open, &opening, number, !http2_ends_stream(requests), WRITER_RECV);
	return 0;
}

/* Likewise, of a request that nobody has seen: it is being answered, and the connection's service is named. */
static __noinline int http2_open_unseen(struct flow *flow, __u32 number)
{
	__u64 now_ns = flow->now_ns ?: bpf_ktime_get_ns();
	struct opening opening = http2_opening(flow, now_ns, now_ns);

	http2_count_conn(flow->conn);
	stream_open(&flow->conn->open, &opening, number, false, WRITER_SHARED);
	return 0;
}

/* A header block: a new stream's, or what comes behind its body. Returns true if the request is whole. */
static __always_inline bool http2_request_headers(struct flow *flow,
						  struct http2_followed *followed, __u32 number)
{
	struct conn *conn = flow->conn;

	if (http2_is_open_or_was(conn, number))
		return http2_ends_stream(&followed->h2.side[HTTP2_REQUESTS]);
	if (conn_needs_who(conn, flow->generation))
		http2_register(flow);
	if (http2_head_is_wanted(conn))
		http2_head_keep(flow, followed, number, true);
	http2_open(flow, followed, number);
	if (exchange_is_refused(number, conn->state.h2.refused))
		stream_reset(&conn->open, number, OUTCOME_NOT_ACCEPTED);
	return false;
}

/* All of the request is there, which took several reads. Not inlined, likewise. */
static __noinline int http2_asked(struct flow *flow, __u32 number)
{
	exchange_asked_of(&flow->conn->open, number, flow->arrived_ns);
	return 0;
}

/* Acts upon what the next bytes have completed. */
static __always_inline void http2_request_event(struct flow *flow, struct http2_followed *followed,
						__u32 event)
{
	struct http2 *requests = &followed->h2.side[HTTP2_REQUESTS];
	__u32 stream = http2_stream(requests), number;
	struct conn *conn = flow->conn;
	bool asked = false;

	if (event == HTTP2_EV_BAD) {
		conn->state.h2.late = requests->fault != HTTP2_FAULT_PREFACE;
		return;
	}
	if (!http2_is_request(stream))
		return;
	number = http2_number(conn, stream);
	if (event == HTTP2_EV_HEADERS)
		asked = http2_request_headers(flow, followed, number);
	else if (event == HTTP2_EV_DATA)
		asked = http2_ends_stream(requests);
	else if (event == HTTP2_EV_RESET &&
		 (!conn->open.origin.shared || http2_error_code(requests) != HTTP2_NO_ERROR))
		stream_reset(&conn->open, number, OUTCOME_CLIENT_ABORT);
	if (asked)
		http2_asked(flow, number);
}

#endif
