/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a TLS connection ends for what is inside. A call that writes tells its plaintext when it returns, and what it has
 * sent may have met the peer by then: an end that comes in between waits for that.
 */
#ifndef SLIPROBE_HOOK_TLS_CLOSE_BPF_H
#define SLIPROBE_HOOK_TLS_CLOSE_BPF_H

#include "abi.h"
#include "exchange/exchange.bpf.h"
#include "exchange/settle.bpf.h"
#include "hook/tls_excerpt.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/http2_conns.bpf.h"
#include "protocol/protocol.bpf.h"
#include "protocol/tls.bpf.h"
#include "protocol/tls_conns.bpf.h"

enum {
	TLS_SETTLE_TURNS = 4,
	TLS_AWAITED_MAX = 256, /* a power of two */
	TASK_EXITING = 4, /* PF_EXITING */
};

/*
 * Connections whose sockets are destroyed while a call that writes has not returned, by their cookies: a goroutine that
 * has written closes the socket in the middle of Write, if another one has asked for that. Where a call never returns, the
 * place is taken by another connection at last.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TLS_AWAITED_MAX);
	__type(key, __u32);
	__type(value, __u64);
} tls_awaited SEC(".maps");

__u32 tls_awaited_next;

enum tls_closing {
	TLS_OPEN,
	TLS_CLOSED_FIRST, /* in order, by this side */
	TLS_CLOSED_LAST, /* in order, by the peer, and then by this side */
	TLS_CLOSED, /* cut off */
};

/*
 * Judges answers that are told and sent. A probe and a hook on sending may do so at the same time: one of them does, and
 * once more if it was asked meanwhile.
 */
static __always_inline int tls_settle_all(struct tls_conn *tls, const bool streams)
{
	__u32 asked;

	if (!tls || __sync_fetch_and_add(&tls->settling, 1))
		return 0;
	for (int i = 0; i < TLS_SETTLE_TURNS; i++) {
		struct sent_so_far sent = {};

		asked = *(volatile __u32 *)&tls->settling;
		sent.bytes = *(volatile __u64 *)&tls->match.write.sent;
		sent.at_ns = tls->sent_ns;
		sent.outcome = tls->conn.peer_gone ? OUTCOME_CLIENT_ABORT : OUTCOME_COMPLETE;
		sent.wait = tls->peer_unacked;
		if (streams)
			streams_settle(&tls->conn.open, &sent);
		else
			exchanges_settle(&tls->conn.open, &sent);
		if (__sync_val_compare_and_swap(&tls->settling, asked, 0) == asked)
			return 0;
	}
	__sync_lock_test_and_set(&tls->settling, 0);
	return 0;
}

/* Not inlined: its stack is not its callers'. */
static __noinline int tls_settle_answers(struct tls_conn *tls)
{
	return tls_settle_all(tls, false);
}

/* Likewise, those of streams. */
static __noinline int tls_settle_streams(struct tls_conn *tls)
{
	return tls_settle_all(tls, true);
}

/* Records were sent that no call is known to have written: they may have been the answers to what is open. */
static __always_inline bool tls_sent_unseen(struct tls_conn *tls)
{
	return tls_match_is_fault(tls_match_settled(&tls->match, TLS_WAY_WRITE, TLS_BROKEN));
}

/* Ends what is open, as tls->closed says. `gone`: nobody answers any more. Not inlined: its stack is not its callers'. */
static __noinline int tls_end(struct tls_conn *tls, __u32 gone)
{
	struct ending how = {.gone = gone};
	bool peer_first;

	if (!tls)
		return 0;
	peer_first = tls->closed == TLS_CLOSED_LAST || tls->peer_reset ||
		     tls->closed_from == TCP_CLOSE_WAIT;
	if (tls->closed == TLS_CLOSED_FIRST)
		peer_first = false;
	how.outcome = peer_first ? OUTCOME_CLIENT_ABORT : OUTCOME_SERVER_ABORT;
	how.waiting = tls->peer_reset ? OUTCOME_CLIENT_ABORT : OUTCOME_COMPLETE;
	how.refused = protocol_first_refused(&tls->conn);
	if ((tls->closed == TLS_CLOSED_FIRST || tls->closed == TLS_CLOSED_LAST) &&
	    !tls_match_unsent(&tls->match))
		protocol_unfinished(&tls->conn, &how.last);
	if (exchanges_any(&tls->conn.open) && tls_sent_unseen(tls)) {
		how.kind = ENDING_LOST;
		how.lost = LOST_UNSEEN_BYTES;
	}
	exchanges_end(&tls->conn.open, &how);
	return 0;
}

/* The connection has ended so: at once, or when what was sent is told. */
static __always_inline void tls_close(struct tls_conn *tls, enum tls_closing closing)
{
	if (!tls->closed)
		tls->closed = closing;
	if (!tls->untold)
		tls_end(tls, false);
}

/* Nobody waits for its call any more. Returns true for the one caller that has ended the waiting. */
static __always_inline bool tls_await_no_more(struct tls_conn *tls)
{
	return tls->awaited && __sync_val_compare_and_swap(&tls->awaited, 1, 0) == 1;
}

/* A call that writes has returned, and all that it has sent is told: ends what a close in between has left open. */
static __always_inline void tls_settle(struct tls_conn *tls)
{
	__sync_lock_test_and_set(&tls->untold, 0);
	if (tls->closed)
		tls_end(tls, false);
	if (tls_await_no_more(tls))
		__sync_fetch_and_add(&tls->users, TLS_GONE); /* tls_release() buries it */
}

/* The current process ends: none of its calls returns. */
static __always_inline bool tls_caller_exits(void)
{
	return bpf_get_current_task_btf()->flags & TASK_EXITING;
}

/*
 * The socket is destroyed, and what a call has sent on it is not told yet: the connection is kept until that returns.
 * Returns the cookie of the one to bury instead; 0: none. Not inlined: its stack is not its callers'.
 */
static __noinline __u64 tls_await(struct tls_conn *tls)
{
	__u32 at = __sync_fetch_and_add(&tls_awaited_next, 1) & (TLS_AWAITED_MAX - 1);
	__u64 *place = bpf_map_lookup_elem(&tls_awaited, &at);
	struct tls_conn *other;
	__u64 cookie, before;

	if (!tls || !place)
		return 0;
	cookie = tls->conn.open.origin.id;
	tls->conn.open.origin.transport = 0; /* the socket's memory is another's soon */
	__sync_lock_test_and_set(&tls->awaited, 1);
	before = __sync_lock_test_and_set(place, cookie);
	/* it has returned meanwhile */
	if (!*(volatile __u32 *)&tls->untold)
		return tls_await_no_more(tls) ? cookie : 0;
	other = before ? tls_find(before) : NULL;
	return other && tls_await_no_more(other) ? before : 0;
}

/* Nobody holds it, and its socket is destroyed. */
static __noinline int tls_bury(struct tls_conn *tls)
{
	if (!tls)
		return 0;
	tls_end(tls, true);
	if (protocol_is_http2(&tls->conn))
		http2_free(tls->conn.open.origin.id);
	if (tls->conn.open.origin.excerpt)
		tls_excerpt_drop(tls);
	tls_free(tls);
	return 0;
}

/* Of a probe that has held it: see tls_hold(). */
static __always_inline void tls_release(struct tls_conn *tls)
{
	if (__sync_fetch_and_add(&tls->users, -1) == (TLS_GONE | 1))
		tls_bury(tls);
}

/* The socket is destroyed. */
static __always_inline void tls_destroyed(struct tls_conn *tls)
{
	if (!__sync_fetch_and_add(&tls->users, TLS_GONE))
		tls_bury(tls);
}

#endif
