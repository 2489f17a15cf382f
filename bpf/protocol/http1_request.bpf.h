/* SPDX-License-Identifier: GPL-2.0-only */
/* HTTP/1.x, the side of requests: opens an exchange as each head becomes complete. */
#ifndef SLIPROBE_PROTOCOL_HTTP1_REQUEST_BPF_H
#define SLIPROBE_PROTOCOL_HTTP1_REQUEST_BPF_H

#include "abi.h"
#include "exchange/exchange.bpf.h"
#include "kernel/dfa.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/policy.bpf.h"
#include "kernel/stat.bpf.h"
#include "protocol/chunk.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/foreign.bpf.h"
#include "protocol/http2_take.bpf.h"
#include "protocol/tls.bpf.h"
#include "who/identity.bpf.h"

/* needs what dfa.bpf.h and chunk.bpf.h define */
#include "http1/feed.h"

enum {
	JOINS_MAX = 64, /* beginnings of requests tried on a connection older than the agent */
	JOINS_UNKNOWN = 2, /* tries that have failed when the next that fails shows it as blind */
	UNANSWERED_BYTES_MAX = 65536, /* of no request, looked at on a new connection */
};

/* No request is open that a response could answer. */
static __always_inline bool http1_owes_nothing(const struct conn *conn)
{
	return conn->open.next == conn->state.h1.answering;
}

static __always_inline void http1_request_end(struct http1_conn *h1)
{
	http1_reset(&h1->request);
	if (h1->answered_early)
		h1->answered_early--;
}

/* Nothing is known of it any more: requests are looked for from here on, as on an older connection. */
static __always_inline void http1_looks_again(struct conn *conn)
{
	struct http1_conn *h1 = &conn->state.h1;

	conn->mode = CONN_OLD;
	h1->joins_left = JOINS_MAX;
	http1_request_end(h1);
	http1_reset(&h1->response);
}

/* A request side that was lost goes on where the peer, having been answered, begins anew. */
static __always_inline bool http1_resumes(const struct flow *flow)
{
	const struct conn *conn = flow->conn;

	return http1_is_lost(&conn->state.h1.request) && flow->turn && http1_owes_nothing(conn);
}

/*
 * An older connection joins where its request begins: in a read behind a write. Once such a read was no
 * request's, any read is tried.
 */
static __always_inline bool http1_joins_later(const struct flow *flow)
{
	const struct conn *conn = flow->conn;
	const struct http1_conn *h1 = &conn->state.h1;

	return conn->mode == CONN_OLD && !flow->turn && h1->joins_left < JOINS_MAX &&
	       http1_at_start(&h1->request);
}

/* What a new connection has read begins no request: its answer will tell whether this is HTTP. */
static __always_inline bool http1_waits(const struct conn *conn)
{
	return http1_is_lost(&conn->state.h1.request) && conn->mode == CONN_NEW;
}

static __always_inline __u64 http1_request_opaque(const struct flow *flow)
{
	if (http1_joins_later(flow))
		return ~0ULL;
	return http1_resumes(flow) || http1_waits(flow->conn) ?
		       0 :
		       http1_opaque(&flow->conn->state.h1.request);
}

/* The next byte begins a request, if it is none of the empty lines before it. */
static __always_inline void http1_request_begin(struct conn *conn, __u64 now_ns, __u64 queue_ns,
						__u32 generation)
{
	struct http1_conn *h1 = &conn->state.h1;
	struct policy *policy;

	h1->first_read_ns = now_ns;
	h1->queue_ns = queue_ns;
	h1->request.flags &= ~HTTP1_READY;
	if (conn->mode != CONN_HTTP || conn->served.generation != generation)
		return;
	policy = policy_find(conn->served.policy);
	if (policy)
		http1_ready(&h1->request, policy->path_start, policy->ua_start);
}

static __always_inline void http1_request_method(struct flow *flow)
{
	struct conn *conn = flow->conn;
	struct policy *policy;

	if (conn->served.generation != flow->generation)
		identity_resolve(&conn->served, flow->who, flow->generation);
	policy = policy_find(conn->served.policy);
	if (!policy) {
		stat_error(KERR_POLICY_MISSING);
		return;
	}
	conn->state.h1.request.dfa = policy->path_start;
	conn->state.h1.request.ua = policy->ua_start;
}

/* Names the connection's service: at its first request. */
static __always_inline void http1_register(struct flow *flow)
{
	struct conn *conn = flow->conn;

	if (!conn->served.generation) /* answered before its method was read */
		identity_resolve(&conn->served, flow->who, flow->generation);
	if (conn->served.service == SERVICE_NONE)
		endpoint_register(&conn->served, flow->who);
	if (conn->open.next == 1)
		stat_connection(conn->served.service, conn->open.origin.shared);
}

static __always_inline void http1_open(struct conn *conn, const enum writer writer)
{
	const struct http1_conn *h1 = &conn->state.h1;
	struct opening opening = {
		.first_read_ns = h1->first_read_ns,
		.queue_ns = h1->queue_ns,
		.path = h1->request.dfa,
		.user_agent = h1->request.ua,
		.generation = conn->served.generation,
		.policy = conn->served.policy,
		.service = conn->served.service,
		.method = h1->request.method,
		.role = conn->role,
		.version = conn->served.version,
	};

	exchange_open(&conn->open, &opening, writer);
}

/* Not inlined: its stack is not its callers'. */
__noinline int http1_open_shared(struct conn *conn)
{
	if (conn)
		http1_open(conn, WRITER_SHARED);
	return 0;
}

/* The head of a request is complete. Returns HTTP1_EV_BAD if its body's framing cannot be known. */
static __always_inline __u32 http1_request_head(struct conn *conn)
{
	struct http1_conn *h1 = &conn->state.h1;
	__u32 event;

	conn->mode = CONN_HTTP;
	if (!h1->answered_early)
		http1_open(conn, WRITER_RECV);
	if (http1_closes(&h1->request) && !h1->refused)
		h1->refused = conn->open.next; /* the client wants no answer behind that to this */
	event = http1_body_begin(&h1->request, 0);
	if (event != HTTP1_EV_END)
		return event;
	http1_request_end(h1);
	return HTTP1_EV_NONE;
}

/* Not inlined: its stack is not its callers'. */
__noinline __u32 http1_request_head_apart(struct conn *conn)
{
	return conn ? http1_request_head(conn) : HTTP1_EV_NONE;
}

/* Behind a server that spoke first there is HTTP/2, or nothing that is measured. */
static __always_inline bool http1_recognise_spoken(struct flow *flow)
{
	struct conn *conn = flow->conn;
	const struct http1 *request = &conn->state.h1.request;

	if (http1_may_be_preface(request))
		return false;
	if (request->flags & HTTP1_PREFACE)
		return http2_turns_out(flow, 0, false);
	conn_ignore(conn);
	return true;
}

/* A request line that is complete shows that this is HTTP. Returns true if the connection is of no interest. */
static __noinline int http1_recognise(struct flow *flow)
{
	struct conn *conn = flow->conn;

	if (conn->mode == CONN_SPOKEN)
		return http1_recognise_spoken(flow);
	if (http1_has_start_line(&conn->state.h1.request))
		conn->mode = CONN_HTTP;
	return false;
}

/* More bytes of a new connection that is none of HTTP, as far as its bytes tell. */
static __always_inline void http1_wait(struct conn *conn, __u32 bytes)
{
	struct http1 *request = &conn->state.h1.request;

	request->left += bytes;
	if (request->left > UNANSWERED_BYTES_MAX)
		conn_ignore(conn);
}

/*
 * Bytes that begin a request: mostly its whole head, and all there is of it. Returns the event that
 * http1_request_event() has to act upon, if any.
 */
__noinline __u32 http1_request_first(struct conn *conn, struct piece *piece, __u64 now_ns,
				     __u64 queue_ns, __u32 generation)
{
	__u32 event;

	if (!conn || !piece)
		return HTTP1_EV_NONE;
	http1_request_begin(conn, now_ns, queue_ns, generation);
	event = http1_feed_first_request(&conn->state.h1.request, &piece->chunk, &piece->pos,
					 piece->len);
	if (event != HTTP1_EV_HEAD || conn->served.service == SERVICE_NONE)
		return event;
	return http1_request_head(conn);
}

/*
 * The byte that was no request's, the last one consumed, begins a record of TLS: see tls_take(). Returns false. Its
 * stack is not its callers'.
 */
static __noinline int http1_is_tls(struct flow *flow, __u32 late)
{
	const __u8 joins_left = flow->conn->state.h1.joins_left;

	flow->piece->pos--;
	flow->conn->protocol = PROTOCOL_TLS;
	tls_take(flow, !late		      ? TLS_SINCE_FIRST :
		       joins_left < JOINS_MAX ? TLS_SINCE_READS :
						TLS_SINCE_LATER);
	return false;
}

/* An older connection goes on with something that begins no request. Returns true if the rest is of no interest. */
static __always_inline int http1_join_failed(struct flow *flow)
{
	struct conn *conn = flow->conn;
	struct http1_conn *h1 = &conn->state.h1;
	__u32 foreign = foreign_of(flow->piece, &h1->request, conn->open.origin.shared);

	if (foreign == FOREIGN_TLS && tls_built && tls_on && !conn->dialled)
		return http1_is_tls(flow, true);
	if (foreign == FOREIGN_HTTP2 && !conn->dialled)
		return http2_joins(flow, foreign_begins(flow->piece, &h1->request));
	http1_reset(&h1->request);
	if (foreign == FOREIGN_TLS)
		flow_blind(flow, BLIND_TLS);
	else if (h1->joins_left == JOINS_MAX - JOINS_UNKNOWN)
		flow_blind(flow, BLIND_OLD);
	conn_rename(conn);
	if (foreign || !h1->joins_left)
		conn_ignore(conn);
	else
		h1->joins_left--;
	return true;
}

/* Returns true if the rest of the operation is of no interest. */
static __always_inline int http1_request_bad(struct flow *flow)
{
	struct conn *conn = flow->conn;

	switch (conn->mode) {
	case CONN_NEW:
		if ((conn->state.h1.request.flags & HTTP1_TLS) && tls_built && tls_on &&
		    !conn->dialled)
			return http1_is_tls(flow, false);
		if ((conn->state.h1.request.flags & HTTP1_PREFACE) && !conn->dialled)
			return http2_turns_out(flow, 0, false);
		conn->state.h1.request.left = 0;
		if (conn->dialled)
			conn->state.h1.request.flags &= ~(HTTP1_TLS | HTTP1_PREFACE);
		conn_rename(conn);
		return true;
	case CONN_OLD:
		return http1_join_failed(flow);
	default:
		stat_error(KERR_HEAD_UNPARSABLE);
		return true;
	}
}

/* All of the newest request is there: when, if one read has not got it all, the sweep has to know. */
static __noinline int http1_request_whole(struct flow *flow)
{
	struct conn *conn = flow->conn;

	if (flow->now_ns != conn->state.h1.first_read_ns)
		exchange_asked(&conn->open, flow->arrived_ns);
	return 0;
}

/* A header of the PROXY protocol is over: it comes before the connection's first request, or is bad. */
static __always_inline int http1_request_proxied(struct flow *flow)
{
	struct conn *conn = flow->conn;

	if (conn->open.next == 1) {
		http1_request_end(&conn->state.h1);
		conn_rename(conn);
		return false;
	}
	http1_lose(&conn->state.h1.request);
	return http1_request_bad(flow);
}

/* Returns true if the rest of the operation is of no interest. */
static __noinline int http1_request_event(struct flow *flow, __u32 event)
{
	switch (event) {
	case HTTP1_EV_METHOD:
		http1_request_method(flow);
		return false;
	case HTTP1_EV_HEAD:
		http1_register(flow);
		event = http1_request_head_apart(flow->conn);
		if (!http1_in_body(&flow->conn->state.h1.request))
			http1_request_whole(flow);
		if (event != HTTP1_EV_BAD)
			return false;
		break;
	case HTTP1_EV_END:
		if (http1_in_proxy(&flow->conn->state.h1.request))
			return http1_request_proxied(flow);
		http1_request_whole(flow);
		http1_request_end(&flow->conn->state.h1);
		return false;
	default:
		/* where its body ends cannot be told: it counts as whole from here on */
		if (http1_lost_in(&flow->conn->state.h1.request) >= HTTP1_BODY)
			http1_request_whole(flow);
		break;
	}
	return http1_request_bad(flow);
}

static __always_inline bool http1_request_feed(struct flow *flow)
{
	struct conn *conn = flow->conn;
	struct http1 *request = &conn->state.h1.request;
	struct piece *piece = flow->piece;
	__u32 event;

	if (http1_waits(conn)) {
		http1_wait(conn, piece->len - piece->pos);
		return true;
	}
	if (http1_resumes(flow))
		http1_request_end(&conn->state.h1);
	if (http1_at_start(request))
		event = http1_request_first(conn, piece, flow->now_ns,
					    flow->now_ns - flow->arrived_ns, flow->generation);
	else
		event = http1_feed_on(request, &piece->chunk, &piece->pos, piece->len);
	if (conn->mode != CONN_HTTP && http1_recognise(flow))
		return true;
	flow->in_head = http1_in_head(request);
	return event != HTTP1_EV_NONE && http1_request_event(flow, event);
}

static __always_inline void http1_request_pass(struct flow *flow, __u64 n)
{
	struct http1_conn *h1 = &flow->conn->state.h1;

	if (http1_at_start(&h1->request) || http1_pass(&h1->request, n) != HTTP1_EV_END)
		return;
	http1_request_whole(flow);
	http1_request_end(h1);
}

/* Nothing is known of the request that may be answered next. */
static __always_inline void http1_forget(struct http1 *request)
{
	request->method = HTTP_METHOD_UNKNOWN;
	request->dfa = PATH_UNKNOWN;
	request->ua = DFA_DEAD;
}

/* Bytes of requests were not seen. What was read of the one that they are of stays known. */
static __always_inline void http1_request_lost(struct flow *flow)
{
	struct conn *conn = flow->conn;
	struct http1_conn *h1 = &conn->state.h1;

	/* a request that may have begun in them counts from here on, if it is answered */
	if (http1_at_start(&h1->request)) {
		h1->first_read_ns = flow->now_ns;
		h1->queue_ns = flow->now_ns - flow->arrived_ns;
	}
	if (http1_in_body(&h1->request))
		http1_request_whole(flow);
	if (!http1_in_head(&h1->request) || h1->request.state == HTTP1_METHOD)
		http1_forget(&h1->request);
	else if (!http1_has_start_line(&h1->request))
		h1->request.dfa = PATH_UNKNOWN;
	http1_lose(&h1->request);
	conn_rename(conn);
}

#endif
