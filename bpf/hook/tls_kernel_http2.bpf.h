/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP/2 inside of TLS that the kernel does: frames that the process reads from the socket, or writes to it. The programs
 * go on where those of hook/tls_kernel end (TCP_FRAMES), with the operation as these have left it in their work space.
 */
#ifndef SLIPROBE_HOOK_TLS_KERNEL_HTTP2_BPF_H
#define SLIPROBE_HOOK_TLS_KERNEL_HTTP2_BPF_H

#include "abi.h"
#include "hook/conns.bpf.h"
#include "hook/http2.bpf.h"
#include "hook/scratch.bpf.h"
#include "hook/sock.bpf.h"
#include "hook/tcp.bpf.h"
#include "hook/tls_blind.bpf.h"
#include "hook/tls_close.bpf.h"
#include "hook/tls_http2.bpf.h"
#include "hook/tls_kernel.bpf.h"
#include "hook/tls_scratch.bpf.h"
#include "hook/tls_told.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "protocol/http2.bpf.h"
#include "protocol/tls.bpf.h"
#include "protocol/tls_conns.bpf.h"
#include "stream/frames.bpf.h"

/* The program that goes on with what was sent; with pages that were; with what was received; and what was spliced. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} tls_frames_sent SEC(".maps"), tls_frames_paged SEC(".maps"), tls_frames_received SEC(".maps"),
	tls_frames_spliced SEC(".maps");

/* The connection's frames; NULL: they cannot be followed, it is blind. */
static __always_inline struct http2_followed *tls_kernel_followed(struct flow *flow,
								  struct tcp_conn *tcp,
								  struct tls_conn *tls)
{
	struct http2_followed *followed =
		http2_find(tls->conn.open.origin.id) ?: http2_begin(&tls->conn);

	if (followed)
		return http2_is_admitted(flow, followed) ? followed : NULL;
	tls_outer_of(&tcp->conn)->hidden = BLIND_HTTP2;
	conn_ignore(&tls->conn);
	return NULL;
}

/* `n` bytes of frames are in no memory that can be read: those of a file, or a pipe. */
static __always_inline void tls_kernel_unseen_frames(struct flow *flow,
						     struct http2_followed *followed, __u32 n,
						     const enum side side)
{
	if (frames_unseen(flow, followed, n, side, WRITER_SHARED))
		return;
	stat_error(KERR_NO_BUFFER);
	http2_side_lost(flow, followed, side, LOST_UNREADABLE);
}

static __always_inline int tls_kernel_reads_frames(struct sock *sk, struct scratch *scratch)
{
	struct tcp_conn *tcp = bpf_sk_storage_get(&conns, sk, 0, 0);
	struct tls_conn *tls = tcp ? tls_of(&tcp->conn) : NULL;
	struct http2_followed *followed;
	struct flow flow = {};

	if (!tls || !scratch)
		return 0;
	tls_begin_flow(&flow, tls, scratch);
	followed = tls_kernel_followed(&flow, tcp, tls);
	if (followed && scratch->frames.gap) {
		flow.now_ns = tls->read_ns;
		flow.arrived_ns = tls->arrived_ns;
		tls_kernel_unseen_frames(&flow, followed, scratch->frames.gap, SIDE_REQUEST);
	} else if (followed) {
		tls_http2_read(&flow, followed, tls, &scratch->io);
	}
	tls_kernel_look(sk, tcp, tls, scratch);
	return 0;
}

/* What the server writes first, behind a client's preface of HTTP/2. Not inlined: its stack is not its callers'. */
static __noinline int tls_kernel_speaks(struct tls_conn *tls, struct scratch *scratch)
{
	__u64 first = 0;
	__u32 n = 0;

	if (!tls || !scratch)
		return 0;
	if (!scratch->frames.gap && !syscall_is_mmsg(&scratch->call))
		n = io_first(&scratch->io, &first);
	return tls_http2_speaks(tls, first, n);
}

/* Returns TCP_PLAINTEXT if the server turns out to speak HTTP/1.x: hook/tls_kernel is to do the operation anew. */
static __always_inline int tls_kernel_writes_frames(struct sock *sk, struct scratch *scratch)
{
	struct tcp_conn *tcp = bpf_sk_storage_get(&conns, sk, 0, 0);
	struct tcp_sock *tp = tcp_of_any(sk);
	struct tls_conn *tls = tcp ? tls_of(&tcp->conn) : NULL;
	struct http2_followed *followed;
	struct flow flow = {};

	if (!tp || !tls || !scratch)
		return 0;
	if (!tls->conn.state.h2.speaks) {
		tls_kernel_speaks(tls, scratch);
		if (!protocol_is_http2(&tls->conn))
			return TCP_PLAINTEXT;
	}
	tls_begin_flow(&flow, tls, scratch);
	followed = tls_kernel_followed(&flow, tcp, tls);
	if (followed && scratch->frames.gap) {
		flow.now_ns = tls->sent_ns;
		flow.peer_unacked = tls->peer_unacked;
		tls_kernel_unseen_frames(&flow, followed, scratch->frames.gap, SIDE_RESPONSE);
	} else if (followed) {
		tls_http2_write(&flow, followed, tls, &scratch->io, true);
	}
	tls_settle_streams(tls);
	tls_kernel_look(sk, tcp, tls, scratch);
	return tcp_settle(sk, tcp, tp->write_seq);
}

/* ---- behind programs on exits ---- */

static __always_inline int tls_kernel_has_received_frames(struct sock *sk)
{
	struct tls_scratch *taken = tls_scratch_taken();

	if (!taken)
		return 0;
	tls_kernel_reads_frames(sk, &taken->scratch);
	tls_scratch_give(taken);
	return 0;
}

/* Returns TCP_PLAINTEXT likewise. */
static __always_inline int tls_kernel_has_sent_frames(struct sock *sk)
{
	struct tls_scratch *taken = tls_scratch_taken();
	int left;

	if (!taken)
		return 0;
	left = tls_kernel_writes_frames(sk, &taken->scratch);
	tls_scratch_give(taken);
	return left;
}

static __always_inline int tls_kernel_spliced_frames(struct file *file)
{
	struct socket *socket = bpf_sock_from_file(file);
	struct sock *sk = socket ? socket->sk : NULL;

	return sk ? tls_kernel_has_received_frames(sk) : 0;
}

#endif
