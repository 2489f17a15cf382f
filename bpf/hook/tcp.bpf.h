/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads from and writes to TCP sockets, of servers so far: what a server reads are requests, what it
 * writes are responses.
 *
 * The kernel's own sequence numbers say whether all bytes were seen: `copied_seq` is what the process
 * has consumed, `write_seq` what it has written. Bytes that passed some other way (splice to a pipe,
 * zero-copy receive, a hook the kernel skipped) show as a gap, which is harmless inside a body and known
 * to be a loss elsewhere.
 */
#ifndef SLIPROBE_HOOK_TCP_BPF_H
#define SLIPROBE_HOOK_TCP_BPF_H

#include "abi.h"
#include "hook/conns.bpf.h"
#include "hook/excerpt.bpf.h"
#include "hook/scratch.bpf.h"
#include "hook/sock.bpf.h"
#include "hook/syscall.bpf.h"
#include "hook/tcp_ahead.bpf.h"
#include "hook/tcp_close.bpf.h"
#include "hook/tcp_time.bpf.h"
#include "hook/tcp_tls.bpf.h"
#include "hook/tcp_who.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/ktls.bpf.h"
#include "kernel/policy.bpf.h"
#include "kernel/stat.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/protocol.bpf.h"
#include "stream/stream.bpf.h"
#include "who/endpoint.bpf.h"
#include "who/unmeasured.bpf.h"

/* ---- which connections ---- */

/* The peer has closed its side before anything was read or written. */
static __always_inline void tcp_left_unread(struct sock *sk, struct tcp_sock *tp,
					    struct tcp_conn *tcp, __u32 received)
{
	struct scratch *scratch = scratch_of(SLOT_RECV);

	if (scratch)
		tcp->conn.open.gone_ns = fin_before_read_ns(sk, tp, &scratch->reading, received);
}

/* An older connection whose TLS is in the kernel: records tell nothing of it. Its stack is not its callers'. */
static __noinline int tcp_joins_ktls(struct sock *sk, struct tcp_conn *tcp)
{
	struct flow flow = {};

	if (!sk || !tcp || !tls_built || !tls_on || tcp->conn.dialled || !ktls_ways((__u64)sk))
		return 0;
	flow.conn = &tcp->conn;
	flow.now_ns = flow.arrived_ns = bpf_ktime_get_ns();
	protocol_joins_tls(&flow);
	return tcp_tls_begins(sk, tcp, flow.now_ns, flow.now_ns);
}

/* First operation seen on a socket: is it a server's, and from its beginning? */
static __noinline struct tcp_conn *tcp_conn_create(struct sock *sk, struct tcp_sock *tp,
						   __u32 received)
{
	__u64 unread, consumed;
	struct tcp_conn *tcp;
	struct conn *conn;

	if (!sk || !tp)
		return NULL;
	tcp = bpf_sk_storage_get(&conns, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!tcp) {
		stat_error(KERR_CONN_ALLOC);
		return NULL;
	}
	unread = tp->rcv_nxt - tp->copied_seq;
	consumed = tp->bytes_received - unread;
	tcp->received = tp->bytes_received;
	tcp->acked = tp->bytes_acked;
	tcp->read_seq = tp->copied_seq;
	if (consumed >= received || !sock_may_bypass_tcp(sk))
		tcp->read_seq -= received;
	tcp->write_seq = tp->write_seq;
	conn = &tcp->conn;
	protocol_init(conn, ROLE_SERVER, bpf_get_socket_cookie(sk));
	conn->open.origin.transport = (__u64)sk;
	conn->dialled = sock_was_dialled(sk, tp);
	conn->mode = CONN_OLD;
	if (BPF_CORE_READ_BITFIELD_PROBED(sk, sk_kern_sock))
		conn->mode = CONN_IGNORED; /* NFS and the like: not the process's own bytes */
	else if (received && consumed <= (__u64)received + 1)
		conn->mode = CONN_NEW; /* + 1: a FIN counts as one byte */
	else if (
		!received &&
		consumed ==
			0) /* writes first: a client, or not HTTP/1.x, or an answer to what waits */
		conn->mode = conn->dialled	      ? CONN_IGNORED :
			     tcp_waiting(sk, tp, tcp) ? CONN_NEW :
							CONN_SPOKEN;
	/* or it has reset, too, what is being written */
	if (sk->__sk_common.skc_state == TCP_CLOSE_WAIT || sk->__sk_common.skc_state == TCP_CLOSE)
		tcp_left_unread(sk, tp, tcp, received);
	if (sk->__sk_common.skc_state == TCP_CLOSE && sock_was_reset(sk))
		tcp->peer_reset = RESET_OPEN;
	return tcp;
}

/*
 * Not a TCP socket. An MPTCP socket that reads first is a server's, unless it is older than the agent: its
 * listener is noted, once. One of either side is marked as ignored: its later operations cost little.
 */
static __always_inline int tcp_other_protocol(struct sock *sk, bool reading)
{
	struct scratch *scratch;
	struct tcp_conn *tcp;

	if (sk->sk_protocol != IPPROTO_MPTCP || bpf_sk_storage_get(&conns, sk, 0, 0))
		return 0;
	tcp = bpf_sk_storage_get(&conns, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!tcp) {
		stat_error(KERR_CONN_ALLOC);
		return 0;
	}
	conn_ignore(&tcp->conn);
	scratch = reading ? scratch_of(SLOT_RECV) : NULL;
	if (!scratch || mptcp_was_dialled(sk))
		return 0;
	tcp_who(sk, &scratch->who);
	blind_note(&tcp->conn.served, &scratch->who, live_generation, BLIND_MPTCP);
	return 0;
}

static __always_inline bool tcp_is_ignored(const struct tcp_conn *tcp)
{
	if (tcp->conn.mode != CONN_IGNORED)
		return false;
	sock_ignore(tcp->conn.open.origin.id);
	return true;
}

/* ---- steps of an operation ---- */

/*
 * The first message seen of an older connection is an answer whose request arrived after all hooks were
 * attached: the process was blocked in the read when they were, so the read was missed; its answer is
 * not. The request is counted without its method and route, if what is sent is a response. Returns false if it was not so.
 */
static __always_inline bool tcp_join_answering(struct conn *conn, struct tcp_sock *tp)
{
	__u64 age_ns = arrival_age_ticks(tp) * tick_ns;
	__u64 now_ns = bpf_ktime_get_ns();
	struct flow missed = {.conn = conn};

	if (age_ns > now_ns || now_ns - age_ns < attached_ns + ARRIVAL_SLACK_TICKS * tick_ns)
		return false;
	missed.now_ns = missed.arrived_ns = now_ns - age_ns;
	protocol_lost(&missed, SIDE_REQUEST, LOST_UNSEEN_BYTES);
	conn->mode = CONN_HTTP;
	return true;
}

/* The connection whose `received` bytes have just been read; NULL: of no interest. */
static __always_inline struct tcp_conn *tcp_admit_read(struct sock *sk, struct tcp_sock *tp,
						       __u32 received)
{
	struct tcp_conn *tcp = bpf_sk_storage_get(&conns, sk, 0, 0);

	if (!tcp)
		tcp = tcp_conn_create(sk, tp, received);
	if (tcp && tcp->conn.mode == CONN_OLD)
		tcp_joins_ktls(sk, tcp);
	return tcp && !tcp_is_ignored(tcp) ? tcp : NULL;
}

/* The connection whose `sent` bytes have just been written; NULL: of no interest. */
static __always_inline struct tcp_conn *tcp_admit_write(struct sock *sk, struct tcp_sock *tp,
							__u32 sent)
{
	struct tcp_conn *tcp = bpf_sk_storage_get(&conns, sk, 0, 0);

	if (!tcp) {
		tcp = tcp_conn_create(sk, tp, 0);
		if (tcp && tcp->conn.mode == CONN_OLD && ktls_ways((__u64)sk))
			; /* its next read tells what it is */
		else if (tcp && tcp->conn.mode == CONN_OLD && tcp_join_answering(&tcp->conn, tp))
			tcp->write_seq -= sent;
		else if (tcp && tcp->conn.mode == CONN_NEW)
			tcp->write_seq -= sent;
	}
	return tcp && !tcp_is_ignored(tcp) ? tcp : NULL;
}

/* The operation's bytes went past TCP, or some of them: it went on by less. */
static __always_inline bool tcp_bypassed(struct sock *sk, __u64 gap)
{
	return (__s64)gap < 0 && sock_may_bypass_tcp(sk);
}

/*
 * A read skips the urgent byte, and one that another urgent byte took the place of: RFC 6093, section 3. On a
 * connection that has had one (urg_seq), so few bytes are those, and nothing of a request.
 */
enum {
	URGENT_MAX = 4,
};

/* Bytes that were read unseen between the last read and this one; < 0 if signed: it has bypassed TCP, or is an error. */
static __always_inline __u64 tcp_follow_read(struct sock *sk, struct tcp_sock *tp,
					     struct tcp_conn *tcp, __u32 received)
{
	__u32 read_seq = tp->copied_seq;
	__u64 gap = tcp_went_on(read_seq - tcp->read_seq, tp->bytes_received, &tcp->received) -
		    received;

	tcp->read_seq = read_seq;
	if (tcp->ahead && (__s64)gap > 0)
		gap -= tcp_take_ahead(tcp, gap);
	if (gap == 1 && (sk->sk_shutdown & RCV_SHUTDOWN))
		return 0; /* the FIN was consumed too */
	if (gap && gap <= URGENT_MAX && tp->urg_seq)
		return 0;
	return tcp->conn.mode == CONN_OLD && !tcp_bypassed(sk, gap) ? 0 : gap;
}

/* The operation's connection, and whose it is. */
static __always_inline void tcp_begin(struct flow *flow, struct sock *sk, struct tcp_conn *tcp,
				      struct scratch *scratch)
{
	flow->conn = &tcp->conn;
	flow->who = &scratch->who;
	flow->generation = live_generation;
	if (conn_needs_who(&tcp->conn, flow->generation))
		tcp_who(sk, &scratch->who);
}

/* `gap` bytes passed unseen before the operation. Returns false if the side cannot be followed. */
static __always_inline bool tcp_gap(struct flow *flow, __u64 gap, const enum side side,
				    const enum writer writer)
{
	if (!gap)
		return true;
	if ((__s64)gap < 0) {
		stat_error(KERR_SEQ_BACK);
		return true;
	}
	if (stream_unseen(flow, gap, side, writer))
		return true;
	stat_error(side == SIDE_REQUEST ? KERR_RX_GAP : KERR_TX_GAP);
	protocol_lost(flow, side, LOST_UNSEEN_BYTES);
	return false;
}

/* What tcp_received() and tcp_sent() return. */
enum {
	TCP_DONE,
	TCP_PLAINTEXT, /* of TLS in the kernel: hook/tls_kernel goes on with it */
	TCP_FRAMES, /* of HTTP/2: hook/http2 goes on with it, as scratch->frames says */
};

/* ---- reads ---- */

/* The bytes of a read are in no memory that can be read. */
static __always_inline void tcp_read_unseen(struct flow *flow, struct sock *sk, __u32 received,
					    enum source source)
{
	struct conn *conn = flow->conn;

	if (stream_unseen(flow, received, SIDE_REQUEST, WRITER_SHARED))
		return;
	if (conn->mode == CONN_HTTP) {
		stat_error(KERR_NO_BUFFER);
		protocol_lost(flow, SIDE_REQUEST, LOST_UNREADABLE);
		return;
	}
	if (conn->mode == CONN_OLD && source != SOURCE_IO_URING && source != SOURCE_COMPAT)
		return;
	if (conn->mode != CONN_SPOKEN) {
		tcp_who(sk, flow->who);
		flow_blind(flow, source == SOURCE_IO_URING ? BLIND_IO_URING :
				 source == SOURCE_COMPAT   ? BLIND_COMPAT :
							     BLIND_OPAQUE);
	}
	conn_ignore(conn);
}

/* The first scratch->frames.known of the bytes were followed ahead. */
static __always_inline void tcp_read_bytes(struct flow *flow, struct sock *sk, struct tcp_sock *tp,
					   struct tcp_conn *tcp, struct scratch *scratch,
					   __u32 received, int flags)
{
	__u32 known = scratch->frames.known;
	enum source source = syscall_source(&scratch->io, &scratch->call, sk, received);

	if (source != SOURCE_FOUND || (flags & MSG_TRUNC)) {
		tcp_read_unseen(flow, sk, received - known, source);
		return;
	}
	if (known)
		io_skip(&scratch->io, known);
	excerpt_note(scratch, flow);
	if (!stream_bytes(flow, &scratch->io, SIDE_REQUEST) && flow->conn->mode != CONN_OLD)
		protocol_lost(flow, SIDE_REQUEST, LOST_UNREADABLE);
	if (protocol_is_tls(flow->conn)) {
		tcp_tls_begins(sk, tcp, flow->now_ns, flow->arrived_ns);
		tcp_tls_begins_in(tcp);
	}
	if (scratch->beginning.place != HEAD_NONE)
		excerpt_take(sk, tp, tcp, scratch, received);
}

/* Leaves frames of HTTP/2 to the program that reads those. `unread`: bytes at the end that were not looked at. */
static __always_inline int tcp_leave_frames(struct scratch *scratch, __u32 length, __u32 unread,
					    __u64 gap)
{
	struct frames *frames = &scratch->frames;

	frames->gap = gap;
	frames->now_ns = 0;
	frames->known = length - unread;
	return TCP_FRAMES;
}

/* A lingering close: what is read after our FIN can have no answer. */
static __always_inline bool tcp_read_lingers(struct sock *sk, const struct tcp_conn *tcp)
{
	return (sk->sk_shutdown & SEND_SHUTDOWN) && tcp->peer_reset != RESET_OPEN;
}

/* True for what is thrown away, or will be read once more. */
static __always_inline bool tcp_read_does_not_count(struct sock *sk, int flags)
{
	return (flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB)) ||
	       ((sk->sk_shutdown & SEND_SHUTDOWN) && sk->__sk_common.skc_state != TCP_CLOSE);
}

static __always_inline int tcp_received(struct sock *sk, int ret, int flags)
{
	struct scratch *scratch;
	struct arrival arrival;
	struct tcp_conn *tcp;
	struct tcp_sock *tp;
	__u64 gap, body;
	bool bypassed;

	if (ret <= 0) {
		syscall_failed();
		return 0;
	}
	if (sock_is_ignored(sk) || tcp_read_does_not_count(sk, flags))
		return 0;
	tp = tcp_of_any(sk);
	if (!tp)
		return tcp_other_protocol(sk, true);
	tcp = tcp_admit_read(sk, tp, ret);
	scratch = tcp ? scratch_of(SLOT_RECV) : NULL;
	if (!scratch || tcp_read_lingers(sk, tcp))
		return 0;

	struct flow flow = {.turn = tcp->conn.sent_since_read};

	tcp->conn.sent_since_read = 0;
	gap = tcp_follow_read(sk, tp, tcp, ret);
	if (protocol_is_tls(&tcp->conn) && ktls_seen == KTLS_BY_TRACEPOINTS &&
	    tp->inet_conn.icsk_ulp_ops && (ktls_ways((__u64)sk) & KTLS_RECEIVES))
		return TCP_PLAINTEXT;
	if (protocol_is_tls(&tcp->conn))
		return tcp_tls_received(sk, tcp, gap, ret, flags) ? tcp_tls_look(sk, tcp, scratch) :
								    0;
	bypassed = tcp_bypassed(sk, gap);
	if (bypassed)
		gap = 0;
	if (protocol_is_http2(&tcp->conn))
		return tcp_leave_frames(scratch, ret, ret, gap);
	/* not in a variable: there is no stack to spare */
	scratch->frames.known = 0;
	if (tcp->ahead) {
		__u32 known = tcp_take_ahead(tcp, ret);

		scratch->frames.known = known;
		if (known == (__u32)ret && !gap) {
			tcp->conn.sent_since_read = flow.turn;
			scratch->reading.sock = 0;
			return 0;
		}
	}
	tcp_begin(&flow, sk, tcp, scratch);
	/* nothing but a body, which goes on: neither its bytes nor the time matter */
	body = gap ? 0 : protocol_opaque(&flow, SIDE_REQUEST);
	if (body >= (__u32)ret - scratch->frames.known && syscall_is_mmsg(&scratch->call))
		body = 0;
	if (body > (__u32)ret - scratch->frames.known) {
		scratch->reading.sock = 0;
		protocol_pass(&flow, SIDE_REQUEST, (__u32)ret - scratch->frames.known,
			      WRITER_SHARED);
		return 0;
	}
	arrival = bypassed ? arrival_now(&scratch->reading) :
			     arrival_of(sk, tp, &scratch->reading, tcp->read_seq, ret);
	flow.now_ns = arrival.read_ns;
	flow.arrived_ns = arrival.arrived_ns;
	if (body == (__u32)ret - scratch->frames.known) {
		protocol_pass(&flow, SIDE_REQUEST, (__u32)ret - scratch->frames.known,
			      WRITER_SHARED);
		return 0;
	}
	/* after a loss, too: these bytes may begin a request anew */
	tcp_gap(&flow, gap, SIDE_REQUEST, WRITER_SHARED);
	tcp_read_bytes(&flow, sk, tp, tcp, scratch, ret, flags);
	if (!protocol_is_http2(&tcp->conn))
		return TCP_DONE;
	tcp_leave_frames(scratch, ret, scratch->io.unread, 0);
	scratch->frames.now_ns = flow.now_ns;
	scratch->frames.arrived_ns = flow.arrived_ns;
	return TCP_FRAMES;
}

/* ---- writes ---- */

/* The bytes of an operation that a program on sending can see. */
enum sent {
	SENT_BYTES, /* the process's memory, by its system call */
	SENT_PAGES, /* pages alone */
};

static __always_inline void tcp_write_bytes(struct flow *flow, struct sock *sk,
					    struct scratch *scratch, __u32 sent,
					    const enum sent seen, const enum writer writer)
{
	if (seen == SENT_BYTES &&
	    syscall_source(&scratch->io, &scratch->call, sk, sent) == SOURCE_FOUND) {
		if (!stream_bytes(flow, &scratch->io, SIDE_RESPONSE) &&
		    flow->conn->mode == CONN_HTTP)
			protocol_lost(flow, SIDE_RESPONSE, LOST_UNREADABLE);
		return;
	}
	flow->looks = 0;
	if (stream_unseen(flow, sent, SIDE_RESPONSE, writer))
		return;
	if (flow->conn->open.next != 1)
		stat_error(KERR_NO_BUFFER);
	protocol_lost(flow, SIDE_RESPONSE, LOST_UNREADABLE);
}

/* True if what is being sent may be an answer, as far as its first bytes tell. */
static __noinline int tcp_may_answer(struct sock *sk, struct tcp_conn *tcp, struct scratch *scratch,
				     __u32 sent)
{
	__u64 first = 0;
	__u32 n;

	if (!sk || !tcp || !scratch || syscall_is_mmsg(&scratch->call) ||
	    syscall_source(&scratch->io, &scratch->call, sk, sent) != SOURCE_FOUND)
		return true;
	n = io_first(&scratch->io, &first);
	return protocol_may_answer(&tcp->conn, first, n);
}

/* What is sent is to no request that was read whole: perhaps it is to one that waits unread, or that passed unseen. */
static __always_inline void tcp_answer_ahead(struct flow *flow, struct sock *sk,
					     struct tcp_sock *tp, struct tcp_conn *tcp,
					     struct scratch *scratch, __u32 sent,
					     const enum sent seen)
{
	__u32 waiting = tcp_waiting(sk, tp, tcp);

	if (!waiting && tp->copied_seq == tcp->read_seq)
		return;
	if (seen == SENT_BYTES && !tcp_may_answer(sk, tcp, scratch, sent))
		return;
	tcp_who(sk, &scratch->who);
	flow->now_ns = bpf_ktime_get_ns();
	flow->arrived_ns = tcp_last_arrived(tp, flow->now_ns);
	if (tcp_gap(flow, tcp_follow_read(sk, tp, tcp, 0), SIDE_REQUEST, WRITER_SHARED) && waiting)
		tcp_read_ahead(flow, sk, tp, tcp, scratch, waiting);
	flow->now_ns = 0;
	if (sk->__sk_common.skc_state == TCP_CLOSE && sk->sk_err == EPIPE)
		tcp->conn.peer_gone =
			1; /* it had closed its side, and has reset the connection by now */
}

/* What the server sends first, behind a client's preface of HTTP/2, may be that, too. */
static __noinline int tcp_http2_may_speak(struct sock *sk, __u32 sent)
{
	struct scratch *scratch = scratch_of(SLOT_SEND);
	__u64 first = 0;
	__u32 n;

	if (!sk || !scratch || syscall_is_mmsg(&scratch->call) ||
	    syscall_source(&scratch->io, &scratch->call, sk, sent) != SOURCE_FOUND)
		return true;
	n = io_first(&scratch->io, &first);
	return protocol_may_be_frame(first, n);
}

/* Returns false if the server turns out to speak HTTP/1.x: from then on the connection is one of that. */
static __always_inline bool tcp_http2_speaks(struct sock *sk, struct tcp_conn *tcp, __u32 sent)
{
	struct http2_brief *brief = &tcp->conn.state.h2;

	if (!brief->speaks && !tcp_http2_may_speak(sk, sent)) {
		http2_free(tcp->conn.open.origin.id);
		protocol_is_no_http2(&tcp->conn);
		return false;
	}
	brief->speaks = 1;
	return true;
}

/* Something is sent on a connection. Returns false if it cannot be a response. */
static __always_inline bool tcp_answers(struct conn *conn)
{
	conn->sent_since_read = 1;
	if (conn->mode == CONN_HTTP)
		return true;
	if (conn->mode == CONN_NEW)
		conn->mode = CONN_HTTP;
	return conn->mode == CONN_HTTP;
}

/* The peer has closed its side, and has not acknowledged all bytes. */
static __always_inline bool tcp_peer_unacked(struct sock *sk, struct tcp_sock *tp)
{
	return sk->__sk_common.skc_state == TCP_CLOSE_WAIT && tp->snd_una != tp->write_seq;
}

/* All bytes up to `write_seq` were followed. */
static __always_inline int tcp_settle(struct sock *sk, struct tcp_conn *tcp, __u32 write_seq)
{
	tcp->write_seq = write_seq;
	if (sk->__sk_common.skc_state == TCP_CLOSE)
		tcp_ended(tcp);
	return 0;
}

static __always_inline int tcp_send_failed(struct sock *sk)
{
	struct tcp_conn *tcp = bpf_sk_storage_get(&conns, sk, 0, 0);

	if (tcp && sk->__sk_common.skc_state == TCP_CLOSE)
		tcp_ended(tcp);
	return 0;
}

/* Bytes are written that have not passed through the process's memory. Its stack is not its callers'. */
static __noinline int tcp_writes_aside(struct sock *sk, __u32 sent)
{
	struct scratch *scratch = scratch_of(SLOT_SEND);

	return scratch && sk &&
	       syscall_source(&scratch->io, &scratch->call, sk, sent) == SOURCE_OPAQUE;
}

/* Likewise. */
static __noinline int tcp_blind(struct sock *sk, struct tcp_conn *tcp, __u32 reason)
{
	struct scratch *scratch = scratch_of(SLOT_SEND);

	if (!scratch || !sk || !tcp || !conn_goes_blind(&tcp->conn))
		return 0;
	tcp_who(sk, &scratch->who);
	blind_note(&tcp->conn.served, &scratch->who, live_generation, reason);
	return 0;
}

static __always_inline int tcp_sent(struct sock *sk, int ret, const enum sent seen,
				    const enum writer writer)
{
	struct scratch *scratch;
	struct tcp_conn *tcp;
	struct tcp_sock *tp;
	__u64 opaque, gap;
	__u32 write_seq;
	__u8 turn;

	if (ret <= 0) {
		syscall_failed();
		return tcp_send_failed(sk);
	}
	if (sock_is_ignored(sk))
		return 0;
	tp = tcp_of_any(sk);
	if (!tp)
		return tcp_other_protocol(sk, false);
	tcp = tcp_admit_write(sk, tp, ret);
	if (!tcp)
		return 0;
	write_seq = tp->write_seq;
	gap = tcp_went_on(write_seq - tcp->write_seq, tp->bytes_acked, &tcp->acked) - (__u32)ret;
	turn = !tcp->conn.sent_since_read;
	if (!tcp_answers(&tcp->conn)) {
		/* an older one, of which more was read than a FIN, and no hook knows: it is spliced */
		if (tcp->conn.mode == CONN_OLD && tp->copied_seq - tcp->read_seq > 1 &&
		    tcp_writes_aside(sk, ret))
			tcp_blind(sk, tcp, BLIND_OPAQUE);
		tcp->write_seq = write_seq;
		return 0;
	}
	if (protocol_is_tls(&tcp->conn) && tcp_tls_speaks(sk, tcp, ret)) {
		int left;

		if (ktls_seen == KTLS_BY_TRACEPOINTS && tp->inet_conn.icsk_ulp_ops &&
		    (ktls_ways((__u64)sk) & KTLS_SENDS))
			return TCP_PLAINTEXT;
		left = tcp_tls_sent(sk, tcp, gap, ret, seen == SENT_BYTES);
		if (left & TLS_SENT_LOOK)
			tcp_tls_look(sk, tcp, scratch_of(SLOT_SEND));
		if (left & TLS_SENT_SETTLE)
			tcp_tls_settle(tcp);
		return tcp_settle(sk, tcp, tp->write_seq);
	}
	scratch = scratch_of(SLOT_SEND);
	if (!scratch)
		return 0;
	if (protocol_is_http2(&tcp->conn) && tcp_http2_speaks(sk, tcp, ret))
		return tcp_leave_frames(scratch, ret, ret, gap);

	struct flow flow = {.peer_unacked = tcp_peer_unacked(sk, tp), .turn = turn};

	tcp_begin(&flow, sk, tcp, scratch);
	if (protocol_answers_early(&tcp->conn))
		tcp_answer_ahead(&flow, sk, tp, tcp, scratch, ret, seen);
	opaque = protocol_opaque(&flow, SIDE_RESPONSE);
	if (gap && sock_may_bypass_tcp(sk))
		gap = 0; /* held back, they are sent later; but all bytes come by here */
	else if (opaque <= (__u32)ret)
		flow.now_ns = sent_ns(tp, write_seq);
	if (opaque && !gap && protocol_doubts(&flow))
		flow.looks = 1;
	/* nothing but a body: its bytes do not matter */
	if (!gap && opaque >= (__u32)ret && !flow.looks &&
	    !(seen == SENT_BYTES && syscall_is_mmsg(&scratch->call)))
		protocol_pass(&flow, SIDE_RESPONSE, ret, writer);
	else if (tcp_gap(&flow, gap, SIDE_RESPONSE, writer))
		tcp_write_bytes(&flow, sk, scratch, ret, seen, writer);
	if (protocol_is_http2(&tcp->conn))
		return tcp_leave_frames(scratch, ret, scratch->io.unread, 0);
	return tcp_settle(sk, tcp, write_seq);
}

#endif
