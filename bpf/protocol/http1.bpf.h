/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parsers report, and how that moves the queue of open requests: the request side (`rx_`)
 * puts in, the response side (`tx_`) answers.
 */
#ifndef SLIPROBE_PROTOCOL_HTTP1_BPF_H
#define SLIPROBE_PROTOCOL_HTTP1_BPF_H

#include "abi.h"
#include "kernel/conn.bpf.h"
#include "exchange/exchange.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/dfa.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/policy.bpf.h"
#include "kernel/stat.bpf.h"
#include "protocol/chunk.bpf.h"
#include "protocol/flow.bpf.h"
#include "who/endpoint.bpf.h"
#include "who/identity.bpf.h"
#include "who/unmeasured.bpf.h"

/* after what it is given by the two above: the automata, the bytes */
#include "http1/feed.h"

enum {
	CONN_JOINS = 64, /* message starts tried on a connection older than the agent */
};

static __always_inline void conn_ignore(struct conn *conn)
{
	conn->mode = CONN_IGNORED;
}

/* ---- requests ---- */

/* Between messages: what is read now begins the next one, if it is none of the empty lines before it. */
static __always_inline void rx_begin(struct conn *conn, __u64 now_ns, __u64 queue_ns)
{
	struct policy *policy;

	conn->first_read_ns = now_ns;
	conn->queue_ns = queue_ns;
	conn->rx.flags &= ~HTTP1_READY;
	if (conn->mode != CONN_HTTP || conn->generation != live_generation)
		return;
	policy = policy_find(conn->policy);
	if (policy)
		http1_ready(&conn->rx, policy->path_start, policy->ua_start);
}

static __always_inline void rx_method(struct flow *flow)
{
	struct conn *conn = flow->conn;
	struct policy *policy;

	if (conn->generation != live_generation) {
		endpoint_key_of(flow->sk, &flow->who->endpoint_key);
		identity_resolve(conn, flow->who);
	}
	policy = policy_find(conn->policy);
	if (!policy) {
		stat_error(KERR_POLICY_MISSING);
		return;
	}
	conn->rx.dfa = policy->path_start;
	conn->rx.ua = policy->ua_start;
}

static __always_inline void conn_unmeasured(struct flow *flow, enum blind_reason reason)
{
	endpoint_key_of(flow->sk, &flow->who->endpoint_key);
	unmeasured_note(flow->who, reason);
}

static __always_inline void conn_push(struct flow *flow)
{
	struct conn *conn = flow->conn;

	if (conn->service == SERVICE_NONE) {
		endpoint_key_of(flow->sk, &flow->who->endpoint_key);
		if (!conn->policy) /* answered before its method was read */
			identity_resolve(conn, flow->who);
		endpoint_register(conn, flow->who);
	}
	request_push(conn);
}

static __always_inline int rx_bad(struct flow *flow)
{
	struct conn *conn = flow->conn;

	switch (conn->mode) {
	case CONN_NEW:
		if (http1_has_path(&conn->rx) && !(conn->rx.flags & HTTP1_PREFACE))
			return 1; /* the answer will tell whether this is HTTP: see conn_sent() */
		if (conn->rx.flags & HTTP1_TLS)
			conn_unmeasured(flow, BLIND_TLS);
		if (conn->rx.flags & HTTP1_PREFACE)
			conn_unmeasured(flow, BLIND_HTTP2);
		conn_ignore(conn);
		break;
	case CONN_OLD:
		http1_reset(&conn->rx);
		if (conn->joins_left)
			conn->joins_left--;
		else
			conn_ignore(conn);
		break;
	default:
		stat_error(KERR_HEAD_UNPARSABLE);
	}
	return 1;
}

static __always_inline void rx_end(struct conn *conn)
{
	http1_reset(&conn->rx);
	conn->promoted = 0;
}

/* After an operation: a request line that is complete shows that this is HTTP. */
static __always_inline void rx_recognise(struct conn *conn)
{
	if (conn->rx.state >= HTTP1_START_LINE_REST && conn->rx.state < HTTP1_BAD)
		conn->mode = CONN_HTTP;
}

/* Returns 1 if the rest of the operation is of no interest. */
static __noinline int rx_event(struct flow *flow, __u32 event)
{
	struct conn *conn = flow->conn;

	switch (event) {
	case HTTP1_EV_METHOD:
		rx_method(flow);
		return 0;
	case HTTP1_EV_HEAD:
		conn->mode = CONN_HTTP;
		if (!conn->promoted)
			conn_push(flow);
		event = http1_body_begin(&conn->rx, 0);
		if (event == HTTP1_EV_BAD)
			return rx_bad(flow);
		if (event == HTTP1_EV_END)
			rx_end(conn);
		return 0;
	case HTTP1_EV_END:
		rx_end(conn);
		return 0;
	case HTTP1_EV_BAD:
		return rx_bad(flow);
	default:
		return 0;
	}
}

/*
 * Bytes that begin a request: mostly its whole head, and all there is of it. Returns the event that rx_event() has
 * to act upon, if any.
 */
__noinline __u32 rx_first(struct conn *conn, struct piece *piece, __u64 now_ns, __u64 queue_ns)
{
	__u32 event;

	if (!conn || !piece)
		return HTTP1_EV_NONE;
	rx_begin(conn, now_ns, queue_ns);
	event = http1_feed_first_request(&conn->rx, &piece->chunk, &piece->pos, piece->len);
	if (event != HTTP1_EV_HEAD || conn->service == SERVICE_NONE || conn->promoted)
		return event;
	conn->mode = CONN_HTTP;
	request_push_here(conn, true);
	event = http1_body_begin(&conn->rx, 0);
	if (event != HTTP1_EV_END)
		return event;
	rx_end(conn);
	return HTTP1_EV_NONE;
}

/* ---- responses ---- */

/* A request whose head is on its way, or could not be parsed, can be answered already. */
static __always_inline bool rx_in_head(const struct conn *conn)
{
	__u8 state = conn->rx.state;

	return conn->mode == CONN_HTTP &&
	       ((state > HTTP1_START && state < HTTP1_BODY) || state == HTTP1_BAD) &&
	       !conn->promoted;
}

static __always_inline int tx_bad(struct flow *flow)
{
	struct conn *conn = flow->conn;

	if (conn->head == 1) {
		conn_ignore(conn); /* never was HTTP */
		return 1;
	}
	requests_lose(conn, LOST_BAD_RESPONSE);
	conn->mode = CONN_OLD;
	conn->joins_left = CONN_JOINS;
	conn->promoted = 0;
	http1_reset(&conn->rx);
	http1_reset(&conn->tx);
	return 1;
}

/* The first byte of a response. Returns 1 if there is nothing it could answer. */
static __always_inline int tx_begin(struct flow *flow)
{
	struct conn *conn = flow->conn;

	if (conn->head != conn->tail || rx_in_head(conn))
		return 0;
	stat_error(KERR_RESPONSE_UNSOLICITED);
	http1_reset(&conn->tx);
	return 1;
}

static __always_inline void tx_end(struct flow *flow, bool own)
{
	bool wait = false;

	if (flow->sk->__sk_common.skc_state == TCP_CLOSE_WAIT) {
		struct tcp_sock *tp = bpf_skc_to_tcp_sock(flow->sk);

		wait = tp && tp->snd_una != tp->write_seq;
	}
	if (own)
		request_answered(flow->conn, flow->now_ns, wait);
	else
		request_answered_shared(flow->conn, flow->now_ns, wait);
	http1_reset(&flow->conn->tx);
}

static __always_inline int tx_head(struct flow *flow, bool own)
{
	struct conn *conn = flow->conn;
	struct request *request;
	__u32 status = conn->tx.status;
	__u32 method = HTTP_METHOD_OTHER;
	bool tunnel;

	if (status < 200 && status != 101) {
		http1_reset(&conn->tx);
		return 0;
	}
	if (conn->head == conn->tail) {
		if (conn->head == 1 && http1_is_lost(&conn->rx) && http1_has_path(&conn->rx))
			stat_error(KERR_HEAD_UNPARSABLE);
		/* its path may have more to come */
		if (conn->rx.state == HTTP1_PATH || conn->rx.state == HTTP1_BAD)
			conn->rx.dfa = DFA_DEAD;
		conn_push(flow);
		conn->promoted = conn->rx.state != HTTP1_BAD;
	}
	request = request_find(conn, conn->tail);
	if (request)
		method = request->method;
	tunnel = status == 101 || (method == HTTP_METHOD_CONNECT && status < 300);
	if (http1_body_begin(&conn->tx, tunnel || status == 204 || status == 304 ||
						method == HTTP_METHOD_HEAD) != HTTP1_EV_END)
		return 0;
	tx_end(flow, own);
	if (!tunnel)
		return 0;
	conn_ignore(conn);
	return 1;
}

/*
 * Bytes that begin a response: often all of it. Returns the event that tx_event() has to act upon, if any.
 * `closing`: the peer has closed its side.
 */
__noinline __u32 tx_first(struct conn *conn, struct piece *piece, __u64 now_ns, __u32 closing)
{
	struct request *request;
	__u32 event, status;

	if (!conn || !piece)
		return HTTP1_EV_NONE;
	event = http1_feed_first_response(&conn->tx, &piece->chunk, &piece->pos, piece->len);
	status = conn->tx.status;
	if (event != HTTP1_EV_HEAD || closing || status < 200 || conn->head == conn->tail)
		return event;
	request = request_find(conn, conn->tail);
	if (!request || request->method == HTTP_METHOD_CONNECT)
		return event;
	event = http1_body_begin(&conn->tx, status == 204 || status == 304 ||
						    request->method == HTTP_METHOD_HEAD);
	if (event == HTTP1_EV_NONE && piece->pos < piece->len && http1_opaque(&conn->tx))
		event = http1_feed_opaque(&conn->tx, &piece->pos, piece->len);
	if (event != HTTP1_EV_END)
		return event;
	request_answered_here(conn, request, now_ns, false, true);
	http1_reset(&conn->tx);
	return HTTP1_EV_NONE;
}

/* `own`: see request_answered_here(). */
static __noinline int tx_event(struct flow *flow, __u32 event, bool own)
{
	switch (event) {
	case HTTP1_EV_HEAD:
		return tx_head(flow, own);
	case HTTP1_EV_END:
		tx_end(flow, own);
		return 0;
	case HTTP1_EV_BAD:
		return tx_bad(flow);
	default:
		return 0;
	}
}

#endif
