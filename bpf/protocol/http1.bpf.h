/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP/1.x: what its parsers report opens and answers exchanges. The request side opens them as heads
 * become complete, the response side answers them in that order.
 */
#ifndef SLIPROBE_PROTOCOL_HTTP1_BPF_H
#define SLIPROBE_PROTOCOL_HTTP1_BPF_H

#include "abi.h"
#include "exchange/exchange.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/dfa.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/policy.bpf.h"
#include "kernel/stat.bpf.h"
#include "protocol/chunk.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/flow.bpf.h"
#include "who/identity.bpf.h"
#include "who/unmeasured.bpf.h"

/* needs what dfa.bpf.h and chunk.bpf.h define */
#include "http1/feed.h"

enum {
	JOINS_MAX = 64, /* beginnings of requests tried on a connection older than the agent */
};

enum {
	STATUS_SWITCHING_PROTOCOLS = 101,
	STATUS_OK = 200, /* lower ones are interim, but for 101 */
	STATUS_NO_CONTENT = 204,
	STATUS_REDIRECT = 300,
	STATUS_NOT_MODIFIED = 304,
};

static __always_inline void http1_conn_init(struct conn *conn)
{
	struct http1_conn *h1 = &conn->state.h1;

	h1->response.flags = HTTP1_RESPONSE;
	h1->answering = 1;
	h1->joins_left = JOINS_MAX;
}

/* No request is open that a response could answer. */
static __always_inline bool http1_owes_nothing(const struct conn *conn)
{
	return conn->open.next == conn->state.h1.answering;
}

/* ---- request side ---- */

static __always_inline void http1_request_end(struct http1_conn *h1)
{
	http1_reset(&h1->request);
	h1->answered_early = 0;
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

static __always_inline __u64 http1_request_opaque(const struct flow *flow)
{
	if (http1_joins_later(flow))
		return ~0ULL;
	return http1_resumes(flow) ? 0 : http1_opaque(&flow->conn->state.h1.request);
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

	if (conn->served.service != SERVICE_NONE)
		return;
	if (!conn->served.policy) /* answered before its method was read */
		identity_resolve(&conn->served, flow->who, flow->generation);
	endpoint_register(&conn->served, flow->who);
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
__noinline __u32 http1_request_head(struct conn *conn)
{
	struct http1_conn *h1;
	__u32 event;

	if (!conn)
		return HTTP1_EV_NONE;
	h1 = &conn->state.h1;
	conn->mode = CONN_HTTP;
	if (!h1->answered_early)
		http1_open(conn, WRITER_RECV);
	event = http1_body_begin(&h1->request, 0);
	if (event != HTTP1_EV_END)
		return event;
	http1_request_end(h1);
	return HTTP1_EV_NONE;
}

/* A request line that is complete shows that this is HTTP; the beginning of one, that it may be. */
static __always_inline void http1_recognise(struct conn *conn)
{
	const struct http1 *request = &conn->state.h1.request;

	if (http1_has_start_line(request))
		conn->mode = CONN_HTTP;
	else if (conn->mode != CONN_OLD)
		conn->mode = http1_has_path(request) && !(request->flags & HTTP1_PREFACE)
				     ? CONN_LIKELY
				     : CONN_NEW;
}

/* Bytes that begin a request: mostly its whole head, and all there is of it. Returns the next event. */
__noinline __u32 http1_request_first(struct conn *conn, struct piece *piece, __u64 now_ns,
				     __u64 queue_ns, __u32 generation)
{
	if (!conn || !piece)
		return HTTP1_EV_NONE;
	http1_request_begin(conn, now_ns, queue_ns, generation);
	return http1_feed_first_request(&conn->state.h1.request, &piece->chunk, &piece->pos,
					piece->len);
}

static __always_inline void http1_request_bad(struct flow *flow)
{
	struct conn *conn = flow->conn;
	struct http1_conn *h1 = &conn->state.h1;

	switch (conn->mode) {
	case CONN_LIKELY:
		return; /* its answer will tell whether this is HTTP */
	case CONN_NEW:
		if (h1->request.flags & HTTP1_TLS)
			unmeasured_note(flow->who, BLIND_TLS);
		if (h1->request.flags & HTTP1_PREFACE)
			unmeasured_note(flow->who, BLIND_HTTP2);
		conn_ignore(conn);
		return;
	case CONN_OLD:
		http1_reset(&h1->request);
		if (h1->joins_left)
			h1->joins_left--;
		else
			conn_ignore(conn);
		return;
	default:
		stat_error(KERR_HEAD_UNPARSABLE);
	}
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
		if (http1_request_head(flow->conn) != HTTP1_EV_BAD)
			return false;
		break;
	case HTTP1_EV_END:
		http1_request_end(&flow->conn->state.h1);
		return false;
	default:
		break;
	}
	http1_request_bad(flow);
	return true;
}

static __always_inline bool http1_request_feed(struct flow *flow)
{
	struct conn *conn = flow->conn;
	struct http1 *request = &conn->state.h1.request;
	struct piece *piece = flow->piece;
	__u32 event;

	if (http1_resumes(flow))
		http1_request_end(&conn->state.h1);
	if (http1_at_start(request))
		event = http1_request_first(conn, piece, flow->now_ns,
					    flow->now_ns - flow->arrived_ns, flow->generation);
	else
		event = http1_feed_on(request, &piece->chunk, &piece->pos, piece->len);
	if (conn->mode != CONN_HTTP)
		http1_recognise(conn);
	flow->in_head = http1_in_head(request);
	if (event == HTTP1_EV_HEAD && conn->served.service != SERVICE_NONE)
		event = http1_request_head(conn); /* nearly always */
	return event != HTTP1_EV_NONE && http1_request_event(flow, event);
}

static __always_inline void http1_request_pass(struct flow *flow, __u64 n)
{
	struct http1_conn *h1 = &flow->conn->state.h1;

	if (!http1_at_start(&h1->request) && http1_pass(&h1->request, n) == HTTP1_EV_END)
		http1_request_end(h1);
}

/* Bytes of requests were not seen. */
static __always_inline void http1_request_lost(struct flow *flow)
{
	struct conn *conn = flow->conn;
	struct http1_conn *h1 = &conn->state.h1;

	/* what they may have begun is answered, and then counted, as begun here */
	if (http1_at_start(&h1->request)) {
		h1->first_read_ns = flow->now_ns;
		h1->queue_ns = flow->now_ns - flow->arrived_ns;
	}
	http1_lose(&h1->request);
	if (conn->mode == CONN_LIKELY)
		conn->mode = CONN_NEW;
}

/* ---- response side ---- */

/* A request whose head is on its way, or was lost, can be answered already. */
static __always_inline bool http1_answerable_early(const struct conn *conn)
{
	const struct http1_conn *h1 = &conn->state.h1;

	return (http1_in_head(&h1->request) || http1_is_lost(&h1->request)) && !h1->answered_early;
}

/* How a response ends, but for what its head says: RFC 9112, section 6.3, 1 and 2. */
enum answer_framing {
	ANSWER_BY_HEAD,
	ANSWER_BODYLESS,
	ANSWER_TUNNEL, /* what follows is none of HTTP */
};

static __always_inline enum answer_framing answer_framing(__u16 status, __u8 method)
{
	if (status == STATUS_SWITCHING_PROTOCOLS ||
	    (method == HTTP_METHOD_CONNECT && status < STATUS_REDIRECT))
		return ANSWER_TUNNEL;
	if (status == STATUS_NO_CONTENT || status == STATUS_NOT_MODIFIED ||
	    method == HTTP_METHOD_HEAD)
		return ANSWER_BODYLESS;
	return ANSWER_BY_HEAD;
}

static __always_inline bool http1_is_interim(__u16 status)
{
	return status < STATUS_OK && status != STATUS_SWITCHING_PROTOCOLS;
}

/* The response is complete. `exchange`: the one it answers, or NULL. `wait`: see exchange_answer(). */
static __always_inline void http1_answer(struct conn *conn, struct exchange *exchange, __u64 now_ns,
					 bool wait, const enum writer writer)
{
	struct http1_conn *h1 = &conn->state.h1;
	__u32 number = h1->answering;
	struct verdict verdict = {
		.status = h1->response.status,
		.body_bytes = h1->response.body,
	};

	/* first: what runs in between must not take it for being sent */
	store_release(&h1->answering, number + 1);
	verdict.outcome = conn->peer_gone ? OUTCOME_CLIENT_ABORT : OUTCOME_COMPLETE;
	exchange_answer(&conn->open, number, exchange, &verdict, now_ns, wait, writer);
	http1_reset(&h1->response);
}

__noinline int http1_answer_send(struct conn *conn, __u64 now_ns, __u32 wait)
{
	if (conn)
		http1_answer(conn, exchange_find(&conn->open, conn->state.h1.answering), now_ns,
			     wait, WRITER_SEND);
	return 0;
}

__noinline int http1_answer_shared(struct conn *conn, __u64 now_ns, __u32 wait)
{
	if (conn)
		http1_answer(conn, exchange_find(&conn->open, conn->state.h1.answering), now_ns,
			     wait, WRITER_SHARED);
	return 0;
}

/* Bytes that begin a response: often all of it. Returns the next event. */
__noinline __u32 http1_response_first(struct conn *conn, struct piece *piece)
{
	if (!conn || !piece)
		return HTTP1_EV_NONE;
	return http1_feed_first_response(&conn->state.h1.response, &piece->chunk, &piece->pos,
					 piece->len);
}

/*
 * The head of a response is complete: often so is all of it. Returns true if the rest of the operation
 * is of no interest.
 */
__noinline int http1_response_head(struct conn *conn, struct piece *piece, __u64 now_ns, __u32 wait)
{
	enum answer_framing framing;
	struct exchange *exchange;
	struct http1 *response;
	__u32 event;

	if (!conn || !piece)
		return true;
	response = &conn->state.h1.response;
	exchange = exchange_find(&conn->open, conn->state.h1.answering);
	framing = answer_framing(response->status,
				 exchange ? exchange->request.method : HTTP_METHOD_OTHER);
	event = http1_body_begin(response, framing != ANSWER_BY_HEAD);
	if (event == HTTP1_EV_NONE && piece->pos < piece->len && http1_opaque(response))
		event = http1_feed_opaque(response, &piece->pos, piece->len);
	if (event == HTTP1_EV_END)
		http1_answer(conn, exchange, now_ns, wait, WRITER_SEND);
	if (framing != ANSWER_TUNNEL)
		return false;
	conn_ignore(conn);
	return true;
}

/* The response side can no longer be followed: what is open has no outcome that could be known. */
static __always_inline void http1_response_lost(struct conn *conn, enum lost_reason reason)
{
	struct http1_conn *h1 = &conn->state.h1;

	if (conn->open.next == 1) {
		conn_ignore(conn); /* never was HTTP */
		return;
	}
	exchanges_lose(&conn->open, reason);
	h1->answering = conn->open.freed;
	conn->mode = CONN_OLD;
	h1->joins_left = JOINS_MAX;
	http1_request_end(h1);
	http1_reset(&h1->response);
}

/* The request being read is answered before its head is complete, or though it was lost. */
static __always_inline void http1_answer_early(struct flow *flow)
{
	struct conn *conn = flow->conn;
	struct http1_conn *h1 = &conn->state.h1;
	bool lost = http1_is_lost(&h1->request);

	if (conn->open.next == 1 && lost && http1_has_path(&h1->request))
		stat_error(KERR_HEAD_UNPARSABLE);
	if (lost || http1_in_path(&h1->request))
		h1->request.dfa = DFA_DEAD; /* the path may have had more to come */
	http1_register(flow);
	http1_open_shared(conn);
	h1->answered_early = !lost;
}

/* Returns true if the rest of the operation is of no interest. */
static __noinline int http1_response_event(struct flow *flow, __u32 event)
{
	struct conn *conn = flow->conn;
	struct http1 *response = &conn->state.h1.response;

	switch (event) {
	case HTTP1_EV_HEAD:
		if (http1_is_interim(response->status)) {
			http1_reset(response);
			return false;
		}
		http1_answer_early(flow);
		return http1_response_head(conn, flow->piece, flow->now_ns, flow->peer_unacked);
	case HTTP1_EV_END:
		http1_answer_send(conn, flow->now_ns, flow->peer_unacked);
		return false;
	default:
		http1_response_lost(conn, LOST_BAD_RESPONSE);
		return true;
	}
}

/* The next byte begins a response. Returns true if it is one to nothing. */
static __always_inline bool http1_is_unsolicited(const struct flow *flow)
{
	const struct conn *conn = flow->conn;
	const struct piece *piece = flow->piece;

	return http1_owes_nothing(conn) && HTTP1_AT(&piece->chunk, piece->pos) == 'H' &&
	       !http1_answerable_early(conn);
}

static __always_inline bool http1_response_feed(struct flow *flow)
{
	struct conn *conn = flow->conn;
	struct http1 *response = &conn->state.h1.response;
	struct piece *piece = flow->piece;
	__u32 event;

	if (!http1_at_start(response)) {
		event = http1_feed_on(response, &piece->chunk, &piece->pos, piece->len);
	} else if (http1_is_unsolicited(flow)) {
		stat_error(KERR_RESPONSE_UNSOLICITED);
		http1_reset(response);
		return true;
	} else {
		event = http1_response_first(conn, piece);
	}
	flow->in_head = http1_in_head(response);
	if (event == HTTP1_EV_HEAD && !http1_is_interim(response->status) &&
	    !http1_owes_nothing(conn)) /* nearly always */
		return http1_response_head(conn, piece, flow->now_ns, flow->peer_unacked);
	return event != HTTP1_EV_NONE && http1_response_event(flow, event);
}

static __always_inline void http1_response_pass(struct flow *flow, __u64 n,
						const enum writer writer)
{
	struct conn *conn = flow->conn;

	if (http1_pass(&conn->state.h1.response, n) != HTTP1_EV_END)
		return;
	if (writer == WRITER_SEND)
		http1_answer_send(conn, flow->now_ns, flow->peer_unacked);
	else
		http1_answer_shared(conn, flow->now_ns, flow->peer_unacked);
}

/* ---- at any time ---- */

static __always_inline void http1_unfinished(const struct conn *conn, struct unfinished *ret)
{
	const struct http1_conn *h1 = &conn->state.h1;

	if (http1_at_start(&h1->response))
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

#endif
