/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP/2 on a connection, both sides of it: each stream that a client opens is an exchange. The functions of a protocol,
 * as protocol/protocol has them for others, for the programs of hook/http2 alone.
 */
#ifndef SLIPROBE_PROTOCOL_HTTP2_BPF_H
#define SLIPROBE_PROTOCOL_HTTP2_BPF_H

#include "exchange/exchange.bpf.h"
#include "kernel/dfa.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/policy.bpf.h"
#include "kernel/stat.bpf.h"
#include "protocol/chunk.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/http2_conns.bpf.h"
#include "protocol/http2_request.bpf.h"
#include "protocol/http2_response.bpf.h"
#include "who/identity.bpf.h"

/* needs what dfa.bpf.h and chunk.bpf.h define */
#include "http2/feed.h"
#include "http2/join.h"
#include "http2/redecide.h"

static __always_inline enum http2_side http2_side_of(const enum side side)
{
	return side == SIDE_REQUEST ? HTTP2_REQUESTS : HTTP2_RESPONSES;
}

/* ---- whose it is ---- */

/* Names the owner of a new connection. Not inlined, as the next two: its stack is not its callers'. */
static __noinline int http2_resolve(struct flow *flow)
{
	struct conn *conn = flow->conn;

	if (conn->served.generation != flow->generation)
		identity_resolve(&conn->served, flow->who, flow->generation);
	return 0;
}

/* Charges it to that. Returns false if that has too many. */
static __noinline int http2_charge(struct flow *flow, struct http2_followed *followed)
{
	struct policy *policy = policy_find(flow->conn->served.policy);
	struct http2_charged charged;

	if (!followed)
		return false;
	charged = http2_owner(flow->who, policy ? policy->service : SERVICE_NONE);
	if (!http2_share_take(&http2_conn_shares, charged, HTTP2_CONNS_MAX))
		return false;
	followed->charged = charged;
	return true;
}

/* The connection is blind, and nothing is kept of it. */
static __noinline int http2_refuse(struct flow *flow)
{
	http2_free(flow->conn->open.origin.id);
	flow_blind(flow, BLIND_HTTP2);
	conn_ignore(flow->conn);
	return 0;
}

/* What is kept of a connection is charged, once. Returns false if it is gone, as its owner has too many. */
static __always_inline bool http2_is_admitted(struct flow *flow, struct http2_followed *followed)
{
	if (followed->charged.place)
		return true;
	http2_resolve(flow);
	if (http2_charge(flow, followed))
		return true;
	http2_refuse(flow);
	return false;
}

/* ---- an operation ---- */

/* See http2_begin_requests(). Not inlined: its stack is not its callers'. */
static __noinline int http2_begin_anew(struct flow *flow, struct http2_followed *followed)
{
	struct conn *conn = flow->conn;
	struct policy *policy;

	if (!followed || http2_in_block(&followed->h2.side[HTTP2_REQUESTS]))
		return 0;
	if (conn->served.generation != flow->generation)
		identity_resolve(&conn->served, flow->who, flow->generation);
	if (followed->generation == flow->generation)
		return 0;
	policy = policy_find(conn->served.policy);
	if (!policy) {
		stat_error(KERR_POLICY_MISSING);
		return 0;
	}
	http2_redecide(&followed->h2,
		       http2_wide_find(followed, conn->open.origin.id, HTTP2_REQUESTS),
		       policy->path_start, policy->ua_start);
	followed->generation = flow->generation;
	return 0;
}

/*
 * The requests that the operation brings are judged by the configuration in force: but for one whose header block has
 * begun.
 */
static __always_inline void http2_begin_requests(struct flow *flow, struct http2_followed *followed)
{
	if (followed->generation != flow->generation ||
	    flow->conn->served.generation != flow->generation)
		http2_begin_anew(flow, followed);
}

/* The operation may bring answers to what nobody has seen: they are somebody's. */
static __always_inline void http2_begin_responses(struct flow *flow,
						  const struct http2_followed *followed)
{
	if (flow->conn->state.h2.late && !http2_is_lost(&followed->h2.side[HTTP2_RESPONSES]) &&
	    conn_needs_who(flow->conn, flow->generation))
		http2_register(flow);
}

/* ---- the functions of a protocol ---- */

static __always_inline __u64 http2_side_opaque(const struct http2_followed *followed,
					       const enum side side)
{
	return http2_opaque(&followed->h2.side[http2_side_of(side)]);
}

/* The next byte begins a frame. */
static __always_inline bool http2_side_begins_frame(const struct http2_followed *followed,
						    const enum side side)
{
	const struct http2 *p = &followed->h2.side[http2_side_of(side)];

	return p->state == HTTP2_HEADER && !http2_in_frame_header(p);
}

static __always_inline bool http2_side_in_block(const struct http2_followed *followed,
						const enum side side)
{
	return http2_in_block(&followed->h2.side[http2_side_of(side)]);
}

/* 0 < n <= http2_side_opaque() bytes went by: what that completes is http2_side_event(). */
static __always_inline void http2_side_pass(struct http2_followed *followed, const enum side side,
					    __u64 n)
{
	struct http2 *p = &followed->h2.side[http2_side_of(side)];

	p->event = http2_pass(p, n);
}

/* Consumes at least one byte of the piece, which has one. Likewise. */
static __always_inline void http2_side_feed(const struct flow *flow,
					    struct http2_followed *followed, const enum side side,
					    struct piece *piece)
{
	struct http2_wide *wide =
		http2_wide_find(followed, flow->conn->open.origin.id, http2_side_of(side));

	http2_feed(&followed->h2, wide, http2_side_of(side), &piece->chunk, &piece->pos,
		   piece->len);
}

/* What the last bytes have completed, for http2_act(). */
static __always_inline __u32 http2_side_event(const struct http2_followed *followed,
					      const enum side side)
{
	/* the verifier need not follow each apart */
	return *(volatile const __u8 *)&followed->h2.side[http2_side_of(side)].event;
}

/* Acts upon what the bytes have completed. */
static __always_inline void http2_act(struct flow *flow, struct http2_followed *followed,
				      const enum side side, __u32 event, const enum writer writer)
{
	if (event == HTTP2_EV_NONE)
		return;
	if (event == HTTP2_EV_GROW)
		http2_make_wide(followed, flow->conn->open.origin.id, http2_side_of(side));
	else if (side == SIDE_REQUEST)
		http2_request_event(flow, followed, event);
	else
		http2_response_event(flow, followed, event, writer);
}

/* Bytes that are not opaque went by unseen. What was answered, and with what, is not known. */
static __always_inline void http2_side_lost(struct flow *flow, struct http2_followed *followed,
					    const enum side side, enum lost_reason reason)
{
	struct conn *conn = flow->conn;

	http2_lose(&followed->h2.side[http2_side_of(side)]);
	conn->state.h2.late = 1;
	if (side == SIDE_RESPONSE)
		exchanges_lose(&conn->open, reason);
}

#endif
