/* SPDX-License-Identifier: GPL-2.0-only */
/* HTTP/1.x, an answer that is complete: its exchange ends by it. */
#ifndef SLIPROBE_PROTOCOL_HTTP1_ANSWER_BPF_H
#define SLIPROBE_PROTOCOL_HTTP1_ANSWER_BPF_H

#include "exchange/exchange.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/conn.bpf.h"

#include "http1/parse.h"

/* A request whose head is on its way, or was lost, can be answered already. */
static __always_inline bool http1_answerable_early(const struct conn *conn)
{
	const struct http1_conn *h1 = &conn->state.h1;

	return (http1_in_head(&h1->request) || http1_is_lost(&h1->request)) && !h1->answered_early;
}

/* When bytes of a response were sent last, as far as that may matter: see http1_hints. A response has no automata. */
static __always_inline __u64 http1_sent_ns(const struct http1 *response)
{
	return (__u64)response->ua << 32 | response->dfa;
}

static __always_inline void http1_note_sent(struct http1 *response, __u64 now_ns)
{
	if (!now_ns)
		now_ns = bpf_ktime_get_ns();
	response->dfa = now_ns;
	response->ua = now_ns >> 32;
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
	store_release(&h1->answering, exchange_after(number));
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

#endif
