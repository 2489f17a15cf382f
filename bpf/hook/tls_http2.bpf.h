/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP/2 inside of TLS: what calls of libraries tell of it. The program goes on where that on return sites ends
 * (tls_told() has returned true), in the same thread, with what that one has handed over: as hook/http2 does for sockets.
 */
#ifndef SLIPROBE_HOOK_TLS_HTTP2_BPF_H
#define SLIPROBE_HOOK_TLS_HTTP2_BPF_H

#include "abi.h"
#include "hook/http2.bpf.h"
#include "hook/tls_close.bpf.h"
#include "hook/tls_frames.bpf.h"
#include "hook/tls_scratch.bpf.h"
#include "hook/tls_told.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/http2.bpf.h"
#include "protocol/tls_conns.bpf.h"
#include "stream/frames.bpf.h"

/* The program that goes on. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} tls_http2 SEC(".maps");

static __always_inline void tls_http2_read(struct flow *flow, struct http2_followed *followed,
					   struct tls_conn *tls, struct io *io)
{
	tls->sent_since_read = 0;
	flow->now_ns = tls->read_ns ?: bpf_ktime_get_ns();
	flow->arrived_ns = tls->arrived_ns ?: flow->now_ns;
	http2_begin_requests(flow, followed);
	if (http2_is_lost(&followed->h2.side[HTTP2_REQUESTS]))
		http2_join_again(flow, followed, io, HTTP2_REQUESTS);
	if (!frames_bytes(flow, followed, io, SIDE_REQUEST, WRITER_SHARED))
		http2_side_lost(flow, followed, SIDE_REQUEST, LOST_UNREADABLE);
}

static __always_inline void tls_http2_write(struct flow *flow, struct http2_followed *followed,
					    struct tls_conn *tls, struct io *io, bool sent)
{
	tls->sent_since_read = 1;
	if (sent) {
		flow->peer_unacked = tls->peer_unacked;
		flow->now_ns = tls->sent_ns;
	}
	/* a library over memory leaves the sending to the process */
	if (tls_match_unsent(&tls->match))
		flow->ends_at = tls->match.write.told;
	if (http2_is_lost(&followed->h2.side[HTTP2_RESPONSES]))
		http2_answers_again(flow, followed, io);
	http2_begin_responses(flow, followed);
	if (!frames_bytes(flow, followed, io, SIDE_RESPONSE, WRITER_SHARED))
		http2_side_lost(flow, followed, SIDE_RESPONSE, LOST_UNREADABLE);
}

static __always_inline void tls_http2_follow(struct tls_conn *tls, const struct tls_frames *frames,
					     struct http2_followed *followed)
{
	struct tls_scratch *taken = tls_scratch_take();
	struct flow flow = {};

	if (!taken) {
		tls_fault(tls);
		return;
	}
	tls_source(&taken->scratch.io, frames->buffer, frames->n);
	tls_begin_flow(&flow, tls, &taken->scratch);
	if (!http2_is_admitted(&flow, followed))
		; /* it is blind */
	else if (frames->writes)
		tls_http2_write(&flow, followed, tls, &taken->scratch.io,
				frames->nested == tls->conn.open.origin.id);
	else
		tls_http2_read(&flow, followed, tls, &taken->scratch.io);
	tls_scratch_give(taken);
}

static __always_inline int tls_http2_told(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tls_frames *frames = bpf_task_storage_get(&tls_framed, task, NULL, 0);
	struct http2_followed *followed;
	struct tls_conn *tls;

	if (!frames || !frames->cookie)
		return 0;
	tls = tls_hold(frames->cookie);
	if (tls) {
		followed = http2_find(frames->cookie) ?: http2_begin(&tls->conn);
		if (!followed)
			conn_ignore(
				&tls->conn); /* its records go on, and are told as nothing: it is blind by that */
		if (frames->n && followed && !tls->differs)
			tls_http2_follow(tls, frames, followed);
		if (frames->writes) {
			tls_settle_streams(tls);
			tls_settle(tls);
		}
		tls_release(tls);
	}
	frames->cookie = 0;
	return 0;
}

#endif
