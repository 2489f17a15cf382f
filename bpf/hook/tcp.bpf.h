/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happens on a connection: the bytes of each finished read or write go through the parser of
 * their direction, and what the parser reports moves the queue of open requests.
 *
 * The kernel's own sequence numbers say whether all bytes were seen: `copied_seq` is what the
 * process has consumed, `write_seq` what it has written. Bytes that passed some other way (splice to
 * a pipe, zero-copy receive, a hook the kernel skipped) show as a gap, which is harmless inside a
 * body and known to be a loss elsewhere.
 */
#ifndef SLIPROBE_HOOK_TCP_BPF_H
#define SLIPROBE_HOOK_TCP_BPF_H

#include "abi.h"
#include "kernel/conn.bpf.h"
#include "exchange/exchange.bpf.h"
#include "hook/conns.bpf.h"
#include "hook/scratch.bpf.h"
#include "hook/sock.bpf.h"
#include "hook/syscall.bpf.h"
#include "hook/tcp_close.bpf.h"
#include "hook/tcp_time.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/http1.bpf.h"
#include "stream/stream.bpf.h"

/* ---- receiving ---- */

/* First operation seen on a socket: is it a server's, and from its beginning? */
static __noinline struct conn *conn_create(struct sock *sk, struct tcp_sock *tp, __u32 received)
{
	__u64 unread, consumed;
	struct conn *conn;

	if (!sk || !tp)
		return NULL;
	conn = bpf_sk_storage_get(&conns, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!conn) {
		stat_error(KERR_CONN_ALLOC);
		return NULL;
	}
	unread = tp->rcv_nxt - tp->copied_seq;
	consumed = tp->bytes_received - unread;
	conn->rx_seq = tp->copied_seq - received;
	conn->tx_seq = tp->write_seq;
	conn->cookie = bpf_get_socket_cookie(sk);
	conn->tx.flags = HTTP1_RESPONSE;
	conn->head = 1;
	conn->tail = 1;
	conn->done = 1;
	conn->joins_left = CONN_JOINS;
	conn->mode = CONN_OLD;
	if (BPF_CORE_READ_BITFIELD_PROBED(sk, sk_kern_sock))
		conn->mode = CONN_IGNORED; /* NFS and the like: not the process's own bytes */
	else if (received && consumed <= (__u64)received + 1)
		conn->mode = CONN_NEW; /* + 1: a FIN counts as one byte */
	else if (!received && consumed == 0)
		conn->mode = CONN_IGNORED; /* writes first: a client, or not HTTP */
	return conn;
}

/*
 * Not a TCP socket. One of MPTCP that reads first is a server's: noted once, on both sides of it a
 * mark keeps the later operations cheap.
 */
static __always_inline int conn_other_protocol(struct sock *sk, bool reading)
{
	__u32 zero = SCRATCH_RECV;
	struct flow flow = {.sk = sk};
	struct scratch *scratch;

	if (sk->sk_protocol != IPPROTO_MPTCP || bpf_sk_storage_get(&conns, sk, 0, 0))
		return 0;
	flow.conn = bpf_sk_storage_get(&conns, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!flow.conn) {
		stat_error(KERR_CONN_ALLOC);
		return 0;
	}
	conn_ignore(flow.conn);
	scratch = bpf_map_lookup_elem(&scratches, &zero);
	if (!reading || !scratch)
		return 0;
	flow.who = &scratch->who;
	conn_unmeasured(&flow, BLIND_MPTCP);
	return 0;
}

static __always_inline void rx_resync(struct conn *conn)
{
	if (conn->rx.state == HTTP1_BAD && conn->turn && conn->head == conn->tail)
		rx_end(conn);
	conn->turn = 0;
}

static __always_inline int conn_received(struct sock *sk, int ret, int flags)
{
	__u32 zero = SCRATCH_RECV;
	struct scratch *scratch;
	struct arrival arrival;
	struct tcp_sock *tp;
	struct conn *conn;
	__u32 read_seq, gap;
	int found;

	if (ret <= 0) {
		io_failed();
		return 0;
	}
	if (sock_is_ignored(sk))
		return 0;

	struct flow flow = {.sk = sk};

	if (flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB))
		return 0;
	/* a lingering close: what is read after our FIN is thrown away, and can have no answer */
	if (sk->sk_shutdown & SEND_SHUTDOWN)
		return 0;
	tp = tcp_of_any(sk);
	if (!tp)
		return conn_other_protocol(sk, true);
	conn = bpf_sk_storage_get(&conns, sk, 0, 0);
	if (!conn)
		conn = conn_create(sk, tp, ret);
	if (!conn)
		return 0;
	if (conn->mode == CONN_IGNORED) {
		sock_ignore(conn->cookie);
		return 0;
	}
	flow.conn = conn;
	scratch = bpf_map_lookup_elem(&scratches, &zero);
	if (!scratch) {
		stat_error(KERR_SCRATCH);
		return 0;
	}
	flow.piece = &scratch->io.piece;
	flow.who = &scratch->who;
	read_seq = tp->copied_seq;
	gap = read_seq - conn->rx_seq - ret;
	conn->rx_seq = read_seq;
	if (gap == 1 && (sk->sk_shutdown & RCV_SHUTDOWN))
		gap = 0; /* the FIN was consumed too */
	if (conn->mode == CONN_OLD) {
		/* only a read that begins a turn can begin a request, or go on with its head */
		if (!conn->turn && conn->rx.state == HTTP1_START && conn->joins_left < CONN_JOINS)
			return 0;
		gap = 0;
	}
	rx_resync(conn);
	/* nothing but a body: neither its bytes nor the time matter */
	if (!gap && conn->mode == CONN_HTTP && http1_opaque(&conn->rx) >= (__u32)ret &&
	    !io_is_one_of_many(&scratch->call)) {
		scratch->reading.sock = 0;
		rx_unseen(&flow, ret);
		return 0;
	}
	arrival = arrival_of(sk, tp, &scratch->reading, read_seq, ret);
	flow.now_ns = arrival.read_ns;
	flow.arrived_ns = arrival.arrived_ns;
	if ((__s32)gap < 0) {
		stat_error(KERR_SEQ_BACK);
	} else if (gap && !rx_unseen(&flow, gap)) {
		stat_error(KERR_RX_GAP);
		http1_lose(&conn->rx);
	}

	found = io_init(&scratch->io, &scratch->call, sk, ret);
	if (found != IO_FOUND || (flags & MSG_TRUNC)) {
		if (rx_unseen(&flow, ret))
			return 0;
		if (conn->mode == CONN_HTTP) {
			stat_error(KERR_NO_BUFFER);
			http1_lose(&conn->rx);
			return 0;
		}
		if (conn->mode == CONN_OLD && found != IO_URING && found != IO_COMPAT)
			return 0;
		conn_unmeasured(&flow, found == IO_URING    ? BLIND_IO_URING
				       : found == IO_COMPAT ? BLIND_COMPAT
							    : BLIND_OPAQUE);
		conn_ignore(conn);
		return 0;
	}
	rx_pump(&flow, &scratch->io);
	rx_recognise(conn);
	if (scratch->io.left && conn->mode == CONN_HTTP) {
		stat_error(KERR_PUMP_LIMIT);
		http1_lose(&conn->rx);
	}
	return 0;
}

/* ---- sending ---- */

/*
 * The first thing seen of an older connection is a send, though what it answers arrived after we
 * were there: the process was inside the read already when the exit of that was hooked. The request
 * is counted without its method and route, if what is sent is a response.
 */
static __always_inline void conn_join_answering(struct conn *conn, struct tcp_sock *tp, __u32 sent)
{
	__u64 age_ns = arrival_age_ticks(tp) * tick_ns;
	__u64 now_ns = bpf_ktime_get_ns();

	if (age_ns > now_ns || now_ns - age_ns < attached_ns + ARRIVAL_SLACK_TICKS * tick_ns)
		return;
	conn->mode = CONN_HTTP;
	http1_lose(&conn->rx);
	conn->first_read_ns = now_ns - age_ns;
	conn->tx_seq -= sent;
}

static __always_inline int conn_send_failed(struct sock *sk)
{
	struct conn *conn = bpf_sk_storage_get(&conns, sk, 0, 0);

	if (conn && sk->__sk_common.skc_state == TCP_CLOSE)
		conn_closed(sk, conn, false);
	return 0;
}

/* All bytes up to `write_seq` were followed. */
static __always_inline int conn_sent_end(struct sock *sk, struct conn *conn, __u32 write_seq)
{
	conn->tx_seq = write_seq;
	if (sk->__sk_common.skc_state == TCP_CLOSE)
		conn_closed(sk, conn, false);
	return 0;
}

/*
 * `own`: the program that hooks sending, or of two the main one. The other one sees pages alone, no
 * bytes in user memory.
 */
static __always_inline int conn_sent(struct sock *sk, int ret, const bool own)
{
	__u32 one = SCRATCH_SEND;
	struct scratch *scratch;
	struct tcp_sock *tp;
	struct conn *conn;
	__u32 write_seq, gap;
	__u64 opaque;

	if (ret <= 0) {
		io_failed();
		return conn_send_failed(sk);
	}
	if (sock_is_ignored(sk))
		return 0;

	struct flow flow = {.sk = sk};

	tp = tcp_of_any(sk);
	if (!tp)
		return conn_other_protocol(sk, false);
	conn = bpf_sk_storage_get(&conns, sk, 0, 0);
	if (!conn) {
		conn = conn_create(sk, tp, 0);
		if (!conn)
			return 0;
		if (conn->mode == CONN_OLD)
			conn_join_answering(conn, tp, ret);
	}
	if (conn->mode == CONN_IGNORED) {
		sock_ignore(conn->cookie);
		return 0;
	}
	conn->turn = 1;
	write_seq = tp->write_seq;
	gap = write_seq - conn->tx_seq - ret;
	/* "GET /..." has come, but no end of the line, or none that makes sense */
	if (conn->mode == CONN_NEW && http1_has_path(&conn->rx))
		conn->mode = CONN_HTTP;
	if (conn->mode != CONN_HTTP) {
		conn->tx_seq = write_seq;
		/* a server that speaks before it has read a request is none of HTTP */
		if (conn->mode == CONN_NEW)
			conn_ignore(conn);
		return 0;
	}
	flow.conn = conn;
	scratch = bpf_map_lookup_elem(&scratches, &one);
	if (!scratch) {
		stat_error(KERR_SCRATCH);
		return 0;
	}
	flow.piece = &scratch->io.piece;
	flow.who = &scratch->who;
	opaque = http1_opaque(&conn->tx);
	if (opaque <= (__u32)ret)
		flow.now_ns = sent_ns(tp, write_seq);
	/* nothing but a body: its bytes do not matter */
	if (!gap && opaque >= (__u32)ret && !(own && io_is_one_of_many(&scratch->call))) {
		tx_unseen(&flow, ret, own);
		return conn_sent_end(sk, conn, write_seq);
	}
	if ((__s32)gap < 0) {
		stat_error(KERR_SEQ_BACK);
	} else if (gap && !tx_unseen(&flow, gap, own)) {
		stat_error(KERR_TX_GAP);
		requests_lose(conn, LOST_UNSEEN_BYTES);
		tx_bad(&flow);
		conn->tx_seq = write_seq;
		return 0;
	}
	if (!own || io_init(&scratch->io, &scratch->call, sk, ret) != IO_FOUND) {
		if (!tx_unseen(&flow, ret, own)) {
			stat_error(KERR_NO_BUFFER);
			requests_lose(conn, LOST_UNREADABLE);
			tx_bad(&flow);
		}
	} else {
		tx_pump(&flow, &scratch->io);
		if (scratch->io.left && conn->mode == CONN_HTTP) {
			stat_error(KERR_PUMP_LIMIT);
			requests_lose(conn, LOST_UNREADABLE);
			tx_bad(&flow);
		}
	}
	return conn_sent_end(sk, conn, write_seq);
}

#endif
