/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connections of which the kernel encrypts a direction (kernel/ktls): what the process reads from the socket, or writes
 * to it, is plaintext, and its only source. The library's own calls tell the same bytes once more: they do not count.
 *
 * The programs go on where those on sockets end (TCP_PLAINTEXT). Control data of a message says whether it carries
 * something else than application data: a handshake, an alert. Frames of HTTP/2 are left to others: hook/tls_kernel_http2.
 */
#ifndef SLIPROBE_HOOK_TLS_KERNEL_BPF_H
#define SLIPROBE_HOOK_TLS_KERNEL_BPF_H

#include "abi.h"
#include "hook/conns.bpf.h"
#include "hook/scratch.bpf.h"
#include "hook/sock.bpf.h"
#include "hook/syscall.bpf.h"
#include "hook/tcp.bpf.h"
#include "hook/tcp_time.bpf.h"
#include "hook/tcp_tls.bpf.h"
#include "hook/tls_told.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/tls.bpf.h"
#include "protocol/tls_conns.bpf.h"

/* The program that goes on with what was sent; with pages that were; and with what was received. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} tls_kernel_sent SEC(".maps"), tls_kernel_paged SEC(".maps"), tls_kernel_received SEC(".maps");

/* Linux: linux/socket.h, linux/tls.h */
enum {
	SOL_TLS = 282,
	TLS_SET_RECORD_TYPE = 1,
	TLS_GET_RECORD_TYPE = 2,
};

struct user_cmsg {
	__u64 len;
	__u32 level;
	__u32 type;
};

/* The type of the records that the message was sent in, or received from. */
static __noinline __u32 tls_kernel_type(struct io *io)
{
	struct user_cmsg cmsg = {};
	__u8 type = TLS_APPLICATION_DATA;

	if (!io || !io->control || bpf_probe_read_user(&cmsg, sizeof(cmsg), (void *)io->control) ||
	    cmsg.len <= sizeof(cmsg) || cmsg.level != SOL_TLS ||
	    (cmsg.type != TLS_SET_RECORD_TYPE && cmsg.type != TLS_GET_RECORD_TYPE))
		return TLS_APPLICATION_DATA;
	bpf_probe_read_user(&type, sizeof(type), (void *)(io->control + sizeof(cmsg)));
	return type;
}

enum {
	TLS_KERNEL_NO_DATA = -1, /* records of another type than application data */
};

/* Where the bytes of the operation are, an enum source; TLS_KERNEL_NO_DATA. Its stack is not its callers'. */
static __noinline int tls_kernel_source(struct sock *sk, struct scratch *scratch, __u32 n)
{
	int source;

	if (!sk || !scratch)
		return SOURCE_OPAQUE;
	source = syscall_source(&scratch->io, &scratch->call, sk, n);
	if (source == SOURCE_FOUND && tls_kernel_type(&scratch->io) != TLS_APPLICATION_DATA)
		return TLS_KERNEL_NO_DATA;
	return source;
}

/* It may be that nothing tells what is asked on the connection. */
static __always_inline void tls_kernel_look(struct sock *sk, struct tcp_conn *tcp,
					    struct tls_conn *tls, struct scratch *scratch)
{
	tls_outer_of(&tcp->conn)->looks = !tls->told || tls->differs || tls->doubted;
	if (tls_has_to_be_looked_at(&tcp->conn))
		tcp_tls_look(sk, tcp, scratch);
}

/*
 * Leaves frames of HTTP/2 to the program that reads those, from scratch->io on. `unseen`: bytes that are in no memory that
 * can be read.
 */
static __always_inline int tls_kernel_leave_frames(struct scratch *scratch, __u32 unseen)
{
	scratch->frames.gap = unseen;
	return TCP_FRAMES;
}

/* ---- reads ---- */

/* The bytes are in no memory that can be read. Not inlined: its stack is not its callers'. */
static __noinline int tls_kernel_read_unseen(struct flow *flow, struct tcp_conn *tcp, __u32 n,
					     __u32 source)
{
	if (!flow || !tcp)
		return 0;
	tls_excerpt_count(flow->conn, n, 0);
	if (stream_unseen(flow, n, SIDE_REQUEST, WRITER_SHARED))
		return 0;
	if (flow->conn->mode == CONN_HTTP) {
		stat_error(KERR_NO_BUFFER);
		protocol_lost(flow, SIDE_REQUEST, LOST_UNREADABLE);
		return 0;
	}
	tls_outer_of(&tcp->conn)->hidden = source == SOURCE_IO_URING ? BLIND_IO_URING :
					   source == SOURCE_COMPAT   ? BLIND_COMPAT :
								       BLIND_OPAQUE;
	conn_ignore(flow->conn);
	return 0;
}

/* When the bytes that were just read arrived, and were read. Its stack is not its callers'. */
static __noinline int tls_kernel_read_times(struct sock *sk, struct tcp_conn *tcp,
					    struct tls_conn *tls, __u32 n)
{
	struct scratch *reads = scratch_of(SLOT_RECV);
	struct arrival arrival;
	struct tcp_sock *tp;

	if (!sk || !tcp || !tls || !reads)
		return 0;
	tp = tcp_of(sk);
	if (!tp)
		return 0;
	arrival = arrival_of(sk, tp, &reads->reading, tcp->read_seq, n);
	tls->read_ns = arrival.read_ns;
	tls->arrived_ns = arrival.arrived_ns;
	return 0;
}

/* Returns TCP_FRAMES if hook/tls_kernel_http2 is to go on. */
static __always_inline int tls_kernel_reads(struct sock *sk, struct scratch *scratch, int ret,
					    int flags)
{
	struct tcp_conn *tcp = bpf_sk_storage_get(&conns, sk, 0, 0);
	struct tls_conn *tls = tcp ? tls_of(&tcp->conn) : NULL;
	struct flow flow = {};
	int source;
	bool seen;

	if (ret <= 0 || !tls || !scratch)
		return 0;
	tls_kernel_read_times(sk, tcp, tls, ret);
	source = tls_kernel_source(sk, scratch, ret);
	if (source == TLS_KERNEL_NO_DATA)
		return 0;
	tls->tgid = bpf_get_current_pid_tgid() >> 32;
	tls->kernel_reads = tls->told = 1;
	tls_match_off(&tls->match, TLS_WAY_READ);
	if (tls->differs || tls->conn.mode == CONN_IGNORED)
		return 0;
	seen = source == SOURCE_FOUND && !(flags & MSG_TRUNC);
	if (protocol_is_http2(&tls->conn))
		return tls_kernel_leave_frames(scratch, seen ? 0 : ret);
	tls_begin_flow(&flow, tls, scratch);
	if (seen)
		tls_told_read(&flow, tls, scratch, ret);
	else
		tls_kernel_read_unseen(&flow, tcp, ret, source);
	if (protocol_is_http2(&tls->conn)) {
		io_go_on(&scratch->io);
		return tls_kernel_leave_frames(scratch, 0);
	}
	tls_kernel_look(sk, tcp, tls, scratch);
	return 0;
}

/* ---- writes ---- */

/* As tls_told_write(), of bytes that are in no memory that can be read: mostly a file's. */
static __always_inline void tls_kernel_write_unseen(struct flow *flow, struct tls_conn *tls,
						    __u32 n)
{
	flow->turn = !tls->sent_since_read;
	flow->peer_unacked = tls->peer_unacked;
	flow->now_ns = tls->sent_ns;
	if (!tls_answered(tls))
		return;
	tls_excerpt_count(flow->conn, 0, n);
	if (!stream_unseen(flow, n, SIDE_RESPONSE, WRITER_SHARED)) {
		if (tls->conn.open.next != 1)
			stat_error(KERR_NO_BUFFER);
		protocol_lost(flow, SIDE_RESPONSE, LOST_UNREADABLE);
	}
}

/* Begins as a server of HTTP/2 does, which need not wait for the client: a frame of SETTINGS. Its stack is not its callers'. */
static __noinline int tls_kernel_is_settings(struct scratch *scratch)
{
	__u64 first = 0;

	return scratch && io_first(&scratch->io, &first) == sizeof(first) && !(first & 0xff) &&
	       first >> 24 == HTTP2_SETTINGS;
}

/* What the connection is asked is told, by probes or the socket; or will be, though the agent has not said so yet. */
static __always_inline bool tls_kernel_is_told(struct sock *sk, const struct tls_conn *tls,
					       struct scratch *scratch, int source)
{
	return tls->told || tls_is_probed() || (ktls_ways((__u64)sk) & KTLS_RECEIVES) ||
	       (source == SOURCE_FOUND && tls_kernel_is_settings(scratch));
}

/* Returns TCP_FRAMES likewise. */
static __always_inline int tls_kernel_answers(struct tls_conn *tls, struct scratch *scratch,
					      __u32 sent, int source)
{
	struct flow flow = {};

	if (protocol_is_http2(&tls->conn))
		return tls_kernel_leave_frames(scratch, source == SOURCE_FOUND ? 0 : sent);
	tls_begin_flow(&flow, tls, scratch);
	if (source == SOURCE_FOUND)
		tls_told_write(&flow, tls, scratch, sent, true);
	else
		tls_kernel_write_unseen(&flow, tls, sent);
	if (protocol_is_http2(&tls->conn)) {
		io_go_on(&scratch->io);
		return tls_kernel_leave_frames(scratch, 0);
	}
	tls_settle_answers(tls);
	return TCP_DONE;
}

static __always_inline int tls_kernel_sends(struct sock *sk, struct tcp_sock *tp,
					    struct tcp_conn *tcp, struct tls_conn *tls,
					    struct scratch *scratch, __u32 sent)
{
	int source = tls_kernel_source(sk, scratch, sent), left = TCP_DONE;

	if (source == TLS_KERNEL_NO_DATA)
		return TCP_DONE;
	tls->tgid = bpf_get_current_pid_tgid() >> 32;
	tls->sent_ns = sent_ns(tp, tp->write_seq) ?: bpf_ktime_get_ns();
	tls->peer_unacked = tcp_peer_unacked(sk, tp);
	tls->kernel_writes = 1;
	tls_match_off(&tls->match, TLS_WAY_WRITE);
	tls_answers(tls_outer_of(&tcp->conn));
	if (!tls->differs && tls->conn.mode != CONN_IGNORED &&
	    tls_kernel_is_told(sk, tls, scratch, source))
		left = tls_kernel_answers(tls, scratch, sent, source);
	if (left == TCP_DONE)
		tls_kernel_look(sk, tcp, tls, scratch);
	return left;
}

/* Likewise. */
static __always_inline int tls_kernel_writes(struct sock *sk, struct scratch *scratch, int ret)
{
	struct tcp_conn *tcp = bpf_sk_storage_get(&conns, sk, 0, 0);
	struct tcp_sock *tp = tcp_of_any(sk);
	struct tls_conn *tls = tcp ? tls_of(&tcp->conn) : NULL;

	if (ret <= 0 || !tp || !tls || !scratch)
		return TCP_DONE;
	if (tls_kernel_sends(sk, tp, tcp, tls, scratch, ret) == TCP_FRAMES)
		return TCP_FRAMES;
	return tcp_settle(sk, tcp, tp->write_seq);
}

#endif
