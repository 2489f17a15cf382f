/* SPDX-License-Identifier: GPL-2.0-only */
/* HTTP/1.x, the side of responses: answers the exchanges, in the order in which they were opened. */
#ifndef SLIPROBE_PROTOCOL_HTTP1_RESPONSE_BPF_H
#define SLIPROBE_PROTOCOL_HTTP1_RESPONSE_BPF_H

#include "abi.h"
#include "exchange/exchange.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/dfa.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "protocol/chunk.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/foreign.bpf.h"
#include "protocol/http1_answer.bpf.h"
#include "protocol/http1_hints.bpf.h"
#include "protocol/http1_request.bpf.h"

/* needs what dfa.bpf.h and chunk.bpf.h define */
#include "http1/feed.h"

enum {
	STATUS_SWITCHING_PROTOCOLS = 101,
	STATUS_OK = 200, /* lower ones are interim, but for 101 */
	STATUS_NO_CONTENT = 204,
	STATUS_REDIRECT = 300,
	STATUS_NOT_MODIFIED = 304,
};

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

/* What follows is none of HTTP/1.x; behind an upgrade to h2c it is HTTP/2. */
static __always_inline void http1_tunnel(struct conn *conn, __u16 status)
{
	conn->mode = status == STATUS_SWITCHING_PROTOCOLS ? CONN_SPOKEN : CONN_IGNORED;
	conn_rename(conn);
	conn->state.h1.refused =
		conn->state.h1.answering; /* what was read behind it is none, either */
}

enum {
	HTTP1_EV_TUNNEL = HTTP1_EV_BAD + 1, /* complete, and what follows is none of HTTP */
};

enum {
	UPGRADE_BYTES_MAX = 512, /* of a head, that are looked at; half of CHUNK_FIRST at most */
};

struct upgrade {
	struct piece *piece;
	__u32 pos;
	__u32 found;
};

static long http1_upgrade_step(__u32 i, struct upgrade *upgrade)
{
	struct chunk *chunk = &upgrade->piece->chunk;

	if (i + 3 > upgrade->pos)
		return 1;
	upgrade->found = HTTP1_AT(chunk, i) == 'h' && HTTP1_AT(chunk, i + 1) == '2' &&
			 HTTP1_AT(chunk, i + 2) == 'c';
	return upgrade->found;
}

/* The head, which is the last one read, agrees to go on with "h2c". Not inlined: its stack is not its callers'. */
__noinline int http1_is_upgrade_to_http2(struct piece *piece)
{
	struct upgrade upgrade = {.piece = piece};

	if (!piece)
		return false;
	upgrade.pos = piece->pos;
	bpf_loop(UPGRADE_BYTES_MAX, http1_upgrade_step, &upgrade, 0);
	return upgrade.found;
}

/* The response says that the connection ends behind it; or one before it has, and the server goes on. */
static __always_inline void http1_response_closes(struct http1_conn *h1)
{
	if (http1_closes(&h1->response))
		h1->refused = exchange_after(h1->answering);
	else if (h1->refused == h1->answering)
		h1->refused = 0;
}

/* The head of a response is complete: often so is all of it. Returns HTTP1_EV_TUNNEL or HTTP1_EV_NONE. */
static __always_inline __u32 http1_response_head(struct conn *conn, struct piece *piece,
						 __u64 now_ns, bool wait)
{
	struct http1 *response = &conn->state.h1.response;
	struct exchange *exchange = exchange_find(&conn->open, conn->state.h1.answering);
	__u16 status = response->status;
	enum answer_framing framing =
		answer_framing(status, exchange ? exchange->request.method : HTTP_METHOD_OTHER);
	__u32 event;

	if (status == STATUS_SWITCHING_PROTOCOLS && exchange && http1_is_upgrade_to_http2(piece)) {
		http2_upgrade(conn, conn->state.h1.answering);
		return HTTP1_EV_TUNNEL;
	}
	if (response->dfa) {
		stat_announced(conn->served.service, http1_announced(response));
		response->dfa = 0;
	}
	if (http1_closes(response) || conn->state.h1.refused)
		http1_response_closes(&conn->state.h1);
	event = http1_body_begin(response, framing != ANSWER_BY_HEAD);
	if ((response->connection & HTTP1_CHUNKED_ONCE) && http1_until_close(response))
		http1_try_chunks(response);
	if (event == HTTP1_EV_NONE && piece->pos < piece->len && http1_opaque(response))
		event = http1_feed_opaque(response, &piece->pos, piece->len);
	if (framing == ANSWER_BODYLESS)
		http1_expect_leftover(&conn->state.h1, exchange_after(conn->state.h1.answering));
	if (event != HTTP1_EV_END)
		exchange_begun(&conn->open, conn->state.h1.answering, now_ns);
	if (event == HTTP1_EV_END)
		http1_answer(conn, exchange, now_ns, wait, WRITER_SEND);
	else if (!http1_other_length(response))
		http1_note_sent(response, now_ns);
	if (framing != ANSWER_TUNNEL)
		return HTTP1_EV_NONE;
	http1_tunnel(conn, status);
	return HTTP1_EV_TUNNEL;
}

/* Not inlined: its stack is not its callers'. */
__noinline __u32 http1_response_head_apart(struct conn *conn, struct piece *piece, __u64 now_ns,
					   __u32 wait)
{
	return conn && piece ? http1_response_head(conn, piece, now_ns, wait) : HTTP1_EV_NONE;
}

/*
 * Bytes that begin a response: often all of it. Returns the event that http1_response_event() has to act
 * upon, if any.
 */
__noinline __u32 http1_response_first(struct conn *conn, struct piece *piece, __u64 now_ns,
				      __u32 wait)
{
	struct http1 *response;
	__u32 event;

	if (!conn || !piece)
		return HTTP1_EV_NONE;
	response = &conn->state.h1.response;
	event = http1_feed_first_response(response, &piece->chunk, &piece->pos, piece->len);
	if (event != HTTP1_EV_HEAD || http1_is_interim(response->status) ||
	    http1_owes_nothing(conn))
		return event;
	return http1_response_head(conn, piece, now_ns, wait);
}

/*
 * What the server sends first is how one of HTTP/2 begins, which need not wait for the client: a frame of SETTINGS
 * (RFC 9113, section 3.4), a length of few bytes, type 4, no flags, stream 0.
 */
static __always_inline bool http1_is_settings(const struct flow *flow)
{
	const struct piece *piece = flow->piece;
	__u64 word = HTTP1_LOAD64(&piece->chunk, 0, piece->len);

	return piece->len >= HTTP2_HEADER_BYTES && piece->pos == 1 && !(word & 0xff) &&
	       word >> 24 == HTTP2_SETTINGS && !HTTP1_AT(&piece->chunk, 8);
}

/* Nothing was read before, so that it is no answer, whatever the bytes are: they may be the first few of SETTINGS. */
static __always_inline bool http1_speaks_first(const struct flow *flow)
{
	const struct http1 *request = &flow->conn->state.h1.request;

	return http1_at_start(request) || http1_is_settings(flow);
}

/*
 * What is answered to a request that no hook has seen is a record of TLS, as the connection's next read may tell.
 */
static __always_inline bool http1_is_record(struct piece *piece)
{
	return piece->pos == 1 && foreign_is_tls(piece, 0);
}

/* No request was seen on the connection, and its first answer is none of HTTP/1.x, or was not seen. */
static __always_inline void http1_response_foreign(struct flow *flow, enum lost_reason reason)
{
	const struct http1 *request = &flow->conn->state.h1.request;
	enum blind_reason blind = BLIND_REASON_COUNT;

	if (reason == LOST_BAD_RESPONSE && !flow->conn->dialled && http1_speaks_first(flow)) {
		http1_reset(&flow->conn->state.h1.response);
		flow->conn->mode = CONN_SPOKEN;
		return;
	}
	flow->conn->mode = CONN_IGNORED;
	if (request->flags & HTTP1_TLS) {
		blind = BLIND_TLS;
	} else if (http1_was_unseen(request)) {
		if (reason == LOST_UNREADABLE) {
			blind = BLIND_OPAQUE;
		} else if (reason == LOST_BAD_RESPONSE && http1_is_record(flow->piece)) {
			blind = tls_built && tls_on ? BLIND_TLS_LATE : BLIND_TLS;
			http1_reset(&flow->conn->state.h1.response);
			http1_request_end(&flow->conn->state.h1);
			flow->conn->mode = CONN_OLD;
		}
	}
	if (blind != BLIND_REASON_COUNT)
		flow_blind(flow, blind);
	conn_rename(flow->conn);
}

/* The response side can no longer be followed: the outcomes of open exchanges cannot be known. */
static __always_inline void http1_response_lost(struct flow *flow, enum lost_reason reason)
{
	struct conn *conn = flow->conn;
	struct http1_conn *h1 = &conn->state.h1;

	if (http1_owes_nothing(conn) && http1_answerable_early(conn) &&
	    http1_has_start_line(&h1->request)) {
		/* of the request whose head is being read */
		http1_register(flow);
		stat_seen(WRITER_SHARED);
		stat_lost(conn->served.service, reason);
	} else if (conn->open.next == 1) {
		http1_response_foreign(flow, reason);
		return;
	}
	exchanges_lose(&conn->open, reason);
	h1->leftover = 0;
	h1->answering = conn->open.freed;
	h1->refused = 0;
	http1_looks_again(conn);
	conn_rename(conn);
}

/* The request being read is answered before its head is complete, or though it was lost. */
static __always_inline void http1_answer_early(struct flow *flow)
{
	struct conn *conn = flow->conn;
	struct http1_conn *h1 = &conn->state.h1;
	bool lost = http1_is_lost(&h1->request);
	bool unseen = http1_was_unseen(&h1->request);

	if (conn->open.next == 1 && lost && http1_has_path(&h1->request) &&
	    !(h1->request.flags & HTTP1_PREFACE))
		stat_error(KERR_HEAD_UNPARSABLE);
	if (!unseen && (lost || http1_in_path(&h1->request)))
		h1->request.dfa = DFA_DEAD; /* the path may have had more to come */
	http1_register(flow);
	http1_open_shared(conn);
	if (unseen)
		http1_forget(&h1->request); /* another answer is of another request */
	h1->answered_early = !lost;
}

/* A client that begins TLS or HTTP/2 with a server of something else is no blind spot. */
static __always_inline void http1_answer_check(struct flow *flow)
{
	struct http1 *request = &flow->conn->state.h1.request;
	__u8 first = HTTP1_AT(&flow->piece->chunk, flow->piece->pos - 1);

	if (first != TLS_HANDSHAKE)
		request->flags &= ~HTTP1_TLS;
	if (first != 0) /* of the server's SETTINGS, which are short */
		request->flags &= ~HTTP1_PREFACE;
}

/* Returns true if the rest of the operation is of no interest. */
static __noinline int http1_response_event(struct flow *flow, __u32 event)
{
	struct conn *conn = flow->conn;
	struct http1 *response = &conn->state.h1.response;

	switch (event) {
	case HTTP1_EV_HEAD:
		if (http1_is_interim(response->status)) {
			http1_expect_leftover(&conn->state.h1, conn->state.h1.answering);
			http1_go_on(response);
			return false;
		}
		if (http1_owes_nothing(conn))
			http1_answer_early(flow);
		return http1_response_head_apart(conn, flow->piece, flow->now_ns,
						 flow->peer_unacked) == HTTP1_EV_TUNNEL;
	case HTTP1_EV_END:
		http1_answer_send(conn, flow->now_ns, flow->peer_unacked);
		return false;
	case HTTP1_EV_TUNNEL:
		return true;
	default:
		if (http1_reread(flow))
			return false;
		http1_answer_check(flow);
		http1_response_lost(flow, LOST_BAD_RESPONSE);
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

	if (flow->looks)
		return http1_look(flow);
	if (!http1_at_start(response)) {
		event = http1_feed_on(response, &piece->chunk, &piece->pos, piece->len);
	} else if (http1_is_unsolicited(flow)) {
		stat_error(KERR_RESPONSE_UNSOLICITED);
		http1_begin_leftover(conn);
		return true;
	} else {
		event = http1_response_first(conn, piece, flow->now_ns, flow->peer_unacked);
	}
	flow->in_head = http1_in_head(response);
	return event != HTTP1_EV_NONE && http1_response_event(flow, event);
}

static __always_inline void http1_response_pass(struct flow *flow, __u64 n,
						const enum writer writer)
{
	struct conn *conn = flow->conn;

	if (http1_pass(&conn->state.h1.response, n) != HTTP1_EV_END) {
		if (http1_until_close(&conn->state.h1.response))
			http1_note_sent(&conn->state.h1.response, flow->now_ns);
		return;
	}
	if (writer == WRITER_SEND)
		http1_answer_send(conn, flow->now_ns, flow->peer_unacked);
	else
		http1_answer_shared(conn, flow->now_ns, flow->peer_unacked);
}

#endif
