/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Plaintext that a process has read or written through a TLS library, told at the return of the call: held against
 * the records of its connection, and given to the protocol inside by the stream, as bytes of a socket are.
 *
 * The times are those of the socket: when the last records arrived and were read; when the ones that the call has
 * sent were handed over.
 */
#ifndef SLIPROBE_HOOK_TLS_TOLD_BPF_H
#define SLIPROBE_HOOK_TLS_TOLD_BPF_H

#include "abi.h"
#include "exchange/exchange.bpf.h"
#include "exchange/settle.bpf.h"
#include "hook/scratch.bpf.h"
#include "hook/tls_bind.bpf.h"
#include "hook/tls_call.bpf.h"
#include "hook/tls_close.bpf.h"
#include "hook/tls_excerpt.bpf.h"
#include "hook/tls_frames.bpf.h"
#include "hook/tls_scratch.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/ktls.bpf.h"
#include "kernel/policy.bpf.h"
#include "kernel/stat.bpf.h"
#include "kernel/transport.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/protocol.bpf.h"
#include "protocol/tls.bpf.h"
#include "protocol/tls_conns.bpf.h"
#include "stream/io.bpf.h"
#include "stream/stream.bpf.h"

/* The bytes are in one piece of the process's memory. */
static __always_inline void tls_source(struct io *io, __u64 buffer, __u64 n)
{
	io->left = n;
	io->segment = buffer;
	io->segment_left = n;
	io->iov_left = 0;
	io->piece.pos = 0;
	io->piece.len = 0;
}

static __always_inline void tls_begin_flow(struct flow *flow, struct tls_conn *tls,
					   struct scratch *scratch)
{
	flow->conn = &tls->conn;
	flow->who = &scratch->who;
	flow->generation = live_generation;
	if (conn_needs_who(&tls->conn, flow->generation))
		who_begin(&scratch->who, tls->netns, tls->port);
}

/* ---- a call that reads ---- */

static __always_inline void tls_told_read(struct flow *flow, struct tls_conn *tls,
					  struct scratch *scratch, __u64 n)
{
	__u64 body;

	flow->turn = tls->sent_since_read;
	tls->sent_since_read = 0;
	flow->now_ns = tls->read_ns ?: bpf_ktime_get_ns();
	flow->arrived_ns = tls->arrived_ns ?: flow->now_ns;
	tls_excerpt_count(flow->conn, n, 0);
	body = protocol_opaque(flow, SIDE_REQUEST);
	if (body >= n) {
		protocol_pass(flow, SIDE_REQUEST, n, WRITER_SHARED);
		return;
	}
	excerpt_note(scratch, flow);
	if (!stream_bytes(flow, &scratch->io, SIDE_REQUEST) && flow->conn->mode != CONN_OLD)
		protocol_lost(flow, SIDE_REQUEST, LOST_UNREADABLE);
	if (scratch->beginning.place != HEAD_NONE)
		tls_excerpt_take(flow->conn, scratch, n);
}

/* ---- a call that writes ---- */

/* As tcp_answers(): whatever was read, the answer tells whether this is HTTP. Returns false if it cannot be a response. */
static __always_inline bool tls_answered(struct tls_conn *tls)
{
	struct conn *conn = &tls->conn;

	tls->sent_since_read = 1;
	if (conn->mode == CONN_NEW)
		conn->mode = CONN_HTTP;
	return conn->mode == CONN_HTTP;
}

/* Bytes wait in the socket of which the process has read nothing yet, but for a FIN. */
static __always_inline __u32 tls_waiting(const struct tcp_sock *tp)
{
	const struct sock *sk = (const struct sock *)tp;
	__u32 waiting = BPF_CORE_READ(tp, rcv_nxt) - BPF_CORE_READ(tp, copied_seq);

	if (waiting && BPF_CORE_READ(sk, sk_shutdown) & RCV_SHUTDOWN)
		waiting--;
	return waiting < 1U << 31 ? waiting : 0;
}

/*
 * As tcp_answer_ahead(): a request waits in the library, or in the socket. Nothing can be known of it, as it was not
 * decrypted. A function by itself for the verifier.
 */
__noinline int tls_answer_ahead(struct tls_conn *tls, struct scratch *scratch)
{
	struct tcp_sock *tp;
	struct flow flow = {};
	__u64 age_ns;

	if (!tls || !scratch)
		return 0;
	tp = transport_of(tls->conn.open.origin.transport);
	tls_begin_flow(&flow, tls, scratch);
	flow.now_ns = bpf_ktime_get_ns();
	if (tls_read_has_unread(&tls->match)) {
		flow.arrived_ns = tls->arrived_ns;
	} else {
		if (tls_waiting(tp) <= tls_read_least(&tls->match))
			return 0;
		age_ns = (__u64)((__u32)bpf_jiffies64() -
				 BPF_CORE_READ(tp, inet_conn.icsk_ack.lrcvtime)) *
			 tick_ns;
		flow.arrived_ns = flow.now_ns - age_ns;
	}
	if (flow.arrived_ns > flow.now_ns)
		flow.arrived_ns = flow.now_ns;
	protocol_ahead_unseen(&flow);
	return 0;
}

/* As in tcp_answer_ahead(): what is written can be an answer. A server of HTTP/2 writes first, with requests unread. */
static __noinline int tls_may_answer(const struct tls_conn *tls, struct scratch *scratch)
{
	__u64 first = 0;

	if (!tls || !scratch || io_first(&scratch->io, &first) < sizeof(first))
		return true;
	return protocol_may_answer(&tls->conn, first, sizeof(first));
}

static __always_inline void tls_told_write(struct flow *flow, struct tls_conn *tls,
					   struct scratch *scratch, __u64 n, bool sent)
{
	__u64 opaque;

	flow->turn = tls->sent_since_read ^ 1;
	if (sent)
		flow->peer_unacked = tls->peer_unacked;
	if (!tls_answered(tls))
		return;
	flow->now_ns = sent ? tls->sent_ns : 0;
	tls_excerpt_count(flow->conn, 0, n);
	if (protocol_answers_early(flow->conn) && tls_may_answer(tls, scratch))
		tls_answer_ahead(tls, scratch);
	opaque = protocol_opaque(flow, SIDE_RESPONSE);
	if (opaque && protocol_doubts(flow))
		flow->looks = 1;
	if (opaque >= n && !flow->looks)
		protocol_pass(flow, SIDE_RESPONSE, n, WRITER_SHARED);
	else if (!stream_bytes(flow, &scratch->io, SIDE_RESPONSE) && flow->conn->mode == CONN_HTTP)
		protocol_lost(flow, SIDE_RESPONSE, LOST_UNREADABLE);
	/* a library over memory leaves the sending to the process */
	if (tls_match_unsent(&tls->match))
		tls->held = exchanges_hold(&tls->conn.open, tls->held, tls->match.write.told);
}

/* ---- either ---- */

/* Holds what the call was given against the connection's records. Not inlined: its stack is not its callers'. */
static __noinline int tls_agrees(struct tls_conn *tls, __u32 writes, __u64 n, __u64 asked)
{
	enum tls_verdict verdict;

	if (!tls || tls->differs)
		return false;
	verdict = writes ? tls_match_told(&tls->match, TLS_WAY_WRITE, n, asked) :
			   tls_match_told(&tls->match, TLS_WAY_READ, n, asked);
	return !tls_match_is_fault(verdict) && !tls->doubted;
}

/* What follows cannot be told from what belongs to another connection: nothing of this one counts any more. */
static __always_inline void tls_fault(struct tls_conn *tls)
{
	if (tls->differs)
		return;
	tls->differs = 1;
	if (tls->conn.open.next != 1)
		exchanges_lose(&tls->conn.open, LOST_UNSEEN_BYTES);
	conn_ignore(&tls->conn);
}

/* What the server writes first, behind a client's preface of HTTP/2, may be HTTP/1.x: it is one of that from then on. */
static __noinline int tls_http2_speaks(struct tls_conn *tls, __u64 first, __u32 n)
{
	if (!tls)
		return 0;
	if (protocol_may_be_frame(first, n)) {
		tls->conn.state.h2.speaks = 1;
		return 0;
	}
	http2_free(tls->conn.open.origin.id);
	protocol_is_no_http2(&tls->conn);
	return 0;
}

/* Likewise, of `n` bytes in the process's memory. Its stack is not its callers'. */
static __noinline int tls_http2_speaks_at(struct tls_conn *tls, __u64 buffer, __u64 n)
{
	__u32 first = 0;

	if (n >= sizeof(first))
		bpf_probe_read_user(&first, sizeof(first), (void *)buffer);
	return tls_http2_speaks(tls, first, sizeof(first));
}

/* Hands `n` bytes of frames over to the program of hook/tls_http2. Not inlined: its stack is not its callers'. */
static __noinline int tls_hand_frames(struct tls_conn *tls, __u64 buffer, __u64 n, __u64 nested,
				      __u32 writes)
{
	struct tls_frames *frames = tls_frames_make();

	if (!tls)
		return 0;
	if (!frames) {
		tls_fault(tls);
		return 0;
	}
	frames->cookie = tls->conn.open.origin.id;
	frames->buffer = buffer;
	frames->n = n;
	frames->nested = nested;
	frames->writes = writes;
	return 0;
}

static __always_inline void tls_follow(struct tls_conn *tls, __u64 buffer, __u64 nested,
				       bool writes, __u64 n)
{
	struct tls_scratch *taken = tls_scratch_take();
	struct flow flow = {};
	struct io *io;

	MEET_PATHS();
	if (!taken) {
		tls_fault(tls);
		return;
	}
	io = &taken->scratch.io;
	tls_source(io, buffer, n);
	tls_begin_flow(&flow, tls, &taken->scratch);
	if (writes)
		tls_told_write(&flow, tls, &taken->scratch, n, nested == tls->conn.open.origin.id);
	else
		tls_told_read(&flow, tls, &taken->scratch, n);
	if (protocol_is_http2(&tls->conn))
		tls_hand_frames(tls, io->segment + io->segment_left - io->unread, io->unread, 0,
				false);
	tls_scratch_give(taken);
}

/*
 * What the call has told is not as the connection's records are; or it was written, is in no record so far, and is in none
 * as the kernel encrypts it.
 */
static __always_inline bool tls_is_faulty(struct tls_conn *tls, bool writes, __u64 n, __u64 asked)
{
	if (!tls_agrees(tls, writes, n, asked))
		return true;
	return writes && tls_match_unsent(&tls->match) &&
	       ktls_is_hidden(tls->conn.open.origin.transport);
}

/*
 * It was asked before anything was told of it, and nobody will tell that. A function by itself for the verifier.
 */
__noinline int tls_has_missed(struct tls_conn *tls)
{
	struct tls_scratch *taken = tls_scratch_take();
	struct flow flow = {};

	if (!tls || !taken)
		return 0;
	tls_begin_flow(&flow, tls, &taken->scratch);
	flow_blind(&flow, BLIND_TLS_LATE);
	tls_scratch_give(taken);
	return 0;
}

/* Plaintext was read that nobody has told. Likewise. */
__noinline int tls_read_was_missed(struct tls_conn *tls)
{
	if (!tls)
		return 0;
	tls->match.read.missed = 0;
	if (!protocol_ahead_passed(&tls->conn))
		tls_has_missed(tls);
	return 0;
}

/* What a call was given, and how. */
enum tls_given {
	TLS_GIVEN_WRITES = 1 << 0,
	TLS_GIVEN_GO = 1 << 1,
	TLS_GIVEN_NESTED = 1 << 2, /* not of Go: an operation on the socket was nested in it */
	TLS_GIVEN_BEHIND = 1 << 3, /* as in struct tls_entered */
};

/*
 * The first plaintext of a request that is told: whether calls were missed that have had some before it. A call may have
 * been entered before it was probed. What no call is known to have read may have been read by such a one. Of a
 * connection that began before its process was probed, all calls were told if this one was given the only record.
 */
static __always_inline bool tls_reads_were_missed(struct tls_conn *tls, __u32 given, __u64 n,
						  __u64 asked)
{
	if (!tls->unclaimed)
		return false;
	if (given & TLS_GIVEN_GO && !(given & TLS_GIVEN_BEHIND))
		return tls->joined == TLS_JOINED_LATE && tls->unclaimed == TLS_UNCLAIMED_BYTES;
	if (tls->joined == TLS_JOINED_LATE)
		return true;
	return tls->joined == TLS_JOINED_FIRST && tls->unprobed &&
	       (given & TLS_GIVEN_NESTED || !tls_read_is_whole(&tls->match, n, asked));
}

/* The first write that is told: behind what was missed, answers are looked for with the next request. */
static __always_inline void tls_begins_writing(struct tls_conn *tls)
{
	tls->write_told = 1;
	if (!tls->read_told && tls->joined == TLS_JOINED_LATE && tls->unclaimed)
		tls_has_missed(tls);
	if (tls->unprobed && tls_write_was_missed(&tls->match))
		tls_match_unsync(&tls->match, TLS_WAY_WRITE);
}

/* Likewise, the first read. */
static __always_inline void tls_begins_reading(struct tls_conn *tls, __u32 given, __u64 n,
					       __u64 asked)
{
	tls->read_told = 1;
	if (!tls_reads_were_missed(tls, given, n, asked))
		return;
	if (tls->joined == TLS_JOINED_LATE) {
		tls_has_missed(tls);
		return;
	}
	tls_match_unsync(&tls->match, TLS_WAY_READ);
	if (protocol_ahead_passed(&tls->conn))
		return;
	tls_has_missed(tls);
	protocol_joins(&tls->conn);
}

/* The first that is told of a direction. A function by itself for the verifier. */
__noinline int tls_begins(struct tls_conn *tls, __u32 given, __u64 n, __u64 asked)
{
	if (!tls)
		return 0;
	if (!tls->told && tls->joined == TLS_JOINED_ANSWERED)
		tls->conn.mode = CONN_OLD;
	if (given & TLS_GIVEN_WRITES)
		tls_begins_writing(tls);
	else
		tls_begins_reading(tls, given, n, asked);
	tls->by_go = !!(given & TLS_GIVEN_GO);
	tls->told = 1;
	return 0;
}

static __always_inline __u32 tls_given(const struct tls_entered *call, __u64 cookie)
{
	const bool go = call->call == TLS_CALL_GO_READ || call->call == TLS_CALL_GO_WRITE;

	return (tls_call_writes(call->call) ? TLS_GIVEN_WRITES : 0) | (go ? TLS_GIVEN_GO : 0) |
	       (call->behind ? TLS_GIVEN_BEHIND : 0) |
	       (!go && call->nested == cookie ? TLS_GIVEN_NESTED : 0);
}

/*
 * The call has ended, and `n` bytes of its buffer were read or written on the connection of that cookie; 0: a write has
 * failed. To be called once in a program, in the process's own context: it is large. Returns true if the program of
 * hook/tls_http2 is to go on.
 */
static __always_inline bool tls_told(__u64 cookie, const struct tls_entered *call, __u64 n)
{
	const bool writes = tls_call_writes(call->call);
	const __u64 buffer = call->buffer, size = call->size, nested = call->nested;
	struct tls_conn *tls = tls_hold(cookie);
	bool frames, first, by_socket;

	MEET_PATHS(); /* for each place that the call can lie in */
	if (!tls)
		return false;
	first = !tls->told;
	by_socket = writes ? tls->kernel_writes : tls->kernel_reads; /* it tells this */
	if (n && !(writes ? tls->write_told : tls->read_told))
		tls_begins(tls, tls_given(call, cookie), n, size);
	if (first && ktls_is_hidden(tls->conn.open.origin.transport))
		tls_fault(tls);
	else if (by_socket)
		;
	else if (tls_is_faulty(tls, writes, n, size))
		tls_fault(tls);
	else if (tls->conn.mode != CONN_IGNORED) {
		if (tls->match.read.missed)
			tls_read_was_missed(tls);
		if (n && writes && protocol_is_http2(&tls->conn) && !tls->conn.state.h2.speaks)
			tls_http2_speaks_at(tls, buffer, n);
		if (protocol_is_http2(&tls->conn))
			tls_hand_frames(tls, buffer, n, nested, writes);
		else if (n)
			tls_follow(tls, buffer, nested, writes, n);
	}
	frames = protocol_is_http2(&tls->conn) && !by_socket;
	if (writes && !frames) {
		if (!protocol_is_http2(&tls->conn))
			tls_settle_answers(tls);
		tls_settle(tls);
	}
	tls_release(tls);
	return frames;
}

#endif
