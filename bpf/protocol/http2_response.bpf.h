/* SPDX-License-Identifier: GPL-2.0-only */
/* HTTP/2, the side of responses: answers the exchanges, in any order. */
#ifndef SLIPROBE_PROTOCOL_HTTP2_RESPONSE_BPF_H
#define SLIPROBE_PROTOCOL_HTTP2_RESPONSE_BPF_H

#include "abi.h"
#include "exchange/exchange.bpf.h"
#include "exchange/streams.bpf.h"
#include "http2/parse.h"
#include "kernel/helpers.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/http2_conns.bpf.h"
#include "protocol/http2_number.bpf.h"
#include "protocol/http2_request.bpf.h"
#include "status.h"

enum {
	HTTP2_REFUSED_STREAM = 7, /* RFC 9113, section 7: it was not processed at all */

	HTTP2_STATUS_FINAL = 200, /* lower ones are interim */
	HTTP2_STATUS_NO_CONTENT = 204,
	HTTP2_STATUS_NOT_MODIFIED = 304,
	HTTP2_STATUS_REDIRECT = 300,
};

/* The exchange is answered: all of the answer was written. As stream_answer(). */
static __always_inline bool http2_answer(struct flow *flow, __u32 number, struct exchange *exchange,
					 const enum writer writer)
{
	struct conn *conn = flow->conn;
	struct verdict verdict = {
		.status = exchange->status,
		.body_bytes = exchange->body_bytes,
		.outcome = conn_had_lost_peer(conn, flow->now_ns) ? OUTCOME_CLIENT_ABORT :
								    OUTCOME_COMPLETE,
	};

	return stream_answer(&conn->open, number, exchange, &verdict, flow->now_ns, flow->ends_at,
			     flow->peer_unacked, writer);
}

/* Something of the answer has been written. */
static __always_inline void http2_begun(struct exchange *exchange, __u64 now_ns)
{
	__u64 first_us;

	if (exchange->first_byte_us)
		return;
	if (!now_ns)
		now_ns = bpf_ktime_get_ns();
	first_us = (exchange_service_ns(exchange, now_ns) + NS_OF_US - 1) / NS_OF_US ?: 1;
	exchange->first_byte_us = first_us < ~0U ? first_us : ~0U;
}

/* What a header block tells of the status: of the answer's, or behind its body of gRPC's alone. */
static __always_inline __u32 http2_read_status(const struct http2 *responses, __u32 known)
{
	__u32 status = http2_status(responses), grpc = http2_grpc_status(responses);

	if (!status)
		status = status_http(known);
	if (!status_is_grpc(known) && !http2_is_grpc(responses) &&
	    !http2_is_grpc_web_status(responses))
		return status;
	/* hidden in what comes first, it may come behind the body all the same */
	if (grpc == GRPC_ABSENT && status_is_grpc(known))
		grpc = status_grpc(known);
	return status_of(status, grpc);
}

/*
 * The answer's final header block ends no stream, though all is there of an answer without content: RFC 9110, section
 * 6.4.1. One with a known length is whole with its last byte, as in HTTP/1.x: clients may leave then, and do not wait
 * for the stream to end. Not so gRPC's, whose status comes behind.
 */
static __always_inline bool http2_content_begins(const struct http2 *responses, __u32 status,
						 struct exchange *exchange)
{
	__u32 length;

	if (exchange->request.method == HTTP_METHOD_CONNECT)
		return status < HTTP2_STATUS_REDIRECT; /* the stream is a tunnel */
	if (status_is_grpc(exchange->status))
		return false;
	if (exchange->request.method == HTTP_METHOD_HEAD || status == HTTP2_STATUS_NO_CONTENT ||
	    status == HTTP2_STATUS_NOT_MODIFIED)
		return true;
	length = http2_content_length(responses);
	exchange->content = length + 1;
	return !length;
}

/*
 * A header block: of an interim answer, of the final one, or what comes behind its body. Returns true if the answer is
 * whole. Not inlined: it is verified once, not for each place that an exchange can be in.
 */
__noinline int http2_response_headers(struct exchange *exchange,
				      const struct http2_followed *followed, __u32 service,
				      __u64 now_ns)
{
	const struct http2 *responses;
	__u32 status;

	if (!exchange || !followed)
		return false;
	responses = &followed->h2.side[HTTP2_RESPONSES];
	status = http2_status(responses);
	if (status && status < HTTP2_STATUS_FINAL)
		return false;
	/* what its first block has hidden stays hidden, though the table be renewed before its last one */
	exchange->status = http2_read_status(responses, exchange->status) |
			   (exchange->status & STATUS_ONE_SIDED);
	if (!http2_knows_table(responses, followed->wide >> HTTP2_RESPONSES & 1))
		exchange->status |= STATUS_ONE_SIDED;
	if (http2_announced(responses))
		stat_announced(service, http2_announced(responses));
	http2_begun(exchange, now_ns);
	return http2_ends_stream(responses) ||
	       (status && http2_content_begins(responses, status, exchange));
}

static __always_inline bool http2_response_data(const struct flow *flow,
						const struct http2 *responses,
						struct exchange *exchange)
{
	exchange->body_bytes += http2_data_bytes(responses);
	http2_begun(exchange, flow->now_ns);
	return http2_ends_stream(responses) ||
	       (exchange->content && exchange->body_bytes == exchange->content - 1);
}

/*
 * A header block, or DATA, of the answer to exchange `number`. Returns true if streams_free() is to be called. Not inlined,
 * for each writer: its stack is not its callers'.
 */
static __always_inline int http2_answers(struct flow *flow, struct http2_followed *followed,
					 __u32 number, bool headers, const enum writer writer)
{
	struct http2 *responses = &followed->h2.side[HTTP2_RESPONSES];
	struct exchange *exchange = exchange_find(&flow->conn->open, number);

	if (!exchange || exchange->claim != number << 1 || exchange->stage >= EXCHANGE_UNSENT)
		return false;
	if (!(headers ? http2_response_headers(exchange, followed, flow->conn->served.service,
					       flow->now_ns) :
			http2_response_data(flow, responses, exchange)))
		return false;
	return http2_answer(flow, number, exchange, writer);
}

static __noinline int http2_answers_send(struct flow *flow, struct http2_followed *followed,
					 __u32 number, __u32 headers)
{
	return http2_answers(flow, followed, number, headers, WRITER_SEND);
}

static __noinline int http2_answers_shared(struct flow *flow, struct http2_followed *followed,
					   __u32 number, __u32 headers)
{
	return http2_answers(flow, followed, number, headers, WRITER_SHARED);
}

/* The server takes no stream behind this one. */
static __always_inline void http2_goes_away(struct conn *conn, __u32 last)
{
	__u32 first = conn->state.h2.before + ((last + 1) >> 1) + 1, known = conn->state.h2.refused;

	/* it may take less of it back, and no more (RFC 9113, section 6.8) */
	if (exchange_is_refused(first, known))
		return;
	conn->state.h2.refused = first;
	streams_refuse(&conn->open, first, known);
}

/* An answer to what nobody has seen, on a connection of which bytes are missing. */
static __always_inline bool http2_is_unseen(const struct conn *conn, __u32 number)
{
	return conn->state.h2.late && !http2_is_open_or_was(conn, number);
}

static __always_inline void http2_stream_event(struct flow *flow, struct http2_followed *followed,
					       __u32 event, const enum writer writer)
{
	struct http2 *responses = &followed->h2.side[HTTP2_RESPONSES];
	struct conn *conn = flow->conn;
	__u32 number = http2_number(conn, http2_stream(responses));
	bool headers = event == HTTP2_EV_HEADERS;

	if (event == HTTP2_EV_RESET) {
		stream_reset(&conn->open, number,
			     http2_error_code(responses) == HTTP2_REFUSED_STREAM ?
				     OUTCOME_NOT_ACCEPTED :
				     OUTCOME_SERVER_ABORT);
		return;
	}
	if (headers && http2_is_promise(responses))
		return;
	if (http2_is_unseen(conn, number))
		http2_open_unseen(flow, number);
	if (writer == WRITER_SEND ? http2_answers_send(flow, followed, number, headers) :
				    http2_answers_shared(flow, followed, number, headers)) {
		if (conn->open.told_last)
			streams_told_all(&conn->open);
		streams_free(&conn->open, number);
	}
}

/* Acts upon what the next bytes have completed. */
static __always_inline void http2_response_event(struct flow *flow, struct http2_followed *followed,
						 __u32 event, const enum writer writer)
{
	struct http2 *responses = &followed->h2.side[HTTP2_RESPONSES];
	struct conn *conn = flow->conn;

	if (event == HTTP2_EV_BAD) {
		conn->state.h2.late = 1;
		exchanges_lose(&conn->open, LOST_BAD_RESPONSE);
	} else if (event == HTTP2_EV_GOAWAY) {
		http2_goes_away(conn, http2_last_stream(responses));
	} else if (http2_is_request(http2_stream(responses))) {
		/* not one that the server has pushed */
		http2_stream_event(flow, followed, event, writer);
	}
}

#endif
