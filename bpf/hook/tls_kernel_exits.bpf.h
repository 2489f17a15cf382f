/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The exits of what the kernel does for a socket whose TLS it does (net/tls), for programs on these functions. They are
 * called in the place of tcp_sendmsg() and tcp_recvmsg(), so no other program sees the operation. What is spliced from
 * such a socket to a pipe shows nowhere else, with tracepoints neither.
 */
#ifndef SLIPROBE_HOOK_TLS_KERNEL_EXITS_BPF_H
#define SLIPROBE_HOOK_TLS_KERNEL_EXITS_BPF_H

#include "abi.h"
#include "hook/conns.bpf.h"
#include "hook/sock.bpf.h"
#include "hook/tcp.bpf.h"
#include "hook/tls_blind.bpf.h"
#include "hook/tls_kernel.bpf.h"
#include "hook/tls_scratch.bpf.h"
#include "hook/tls_told.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/ktls.bpf.h"
#include "protocol/protocol.bpf.h"
#include "protocol/tls.bpf.h"

/* The operation has failed; the connection may have ended by it. */
static __always_inline int tls_kernel_failed(struct sock *sk, bool sends)
{
	syscall_failed();
	return sends ? tcp_send_failed(sk) : 0;
}

/* There was no work space for it: what was read or written cannot be followed. */
static __always_inline int tls_kernel_missed(struct tcp_conn *tcp)
{
	struct tls_conn *tls = tls_of(&tcp->conn);

	if (tls)
		tls_fault(tls);
	return 0;
}

/* The connection that was read from; NULL: of no interest. Its stack is not its callers'. */
static __noinline struct tcp_conn *tls_kernel_admits_read(struct sock *sk, __u32 received,
							  __u32 flags)
{
	struct tcp_conn *tcp;
	struct tcp_sock *tp;

	if (!sk || sock_is_ignored(sk) || tcp_read_does_not_count(sk, flags))
		return NULL;
	tp = tcp_of_any(sk);
	tcp = tp ? tcp_admit_read(sk, tp, received) : NULL;
	if (!tcp || !protocol_is_tls(&tcp->conn) || tcp_read_lingers(sk, tcp))
		return NULL;
	tcp->conn.sent_since_read = 0;
	tcp_follow_read(sk, tp, tcp, received);
	tls_hidden_in_kernel(tcp);
	return tcp;
}

/* Returns TCP_FRAMES if tls_kernel_has_received_frames() is to go on, with the work space that this has taken. */
static __always_inline int tls_kernel_has_received(struct sock *sk, int ret, int flags)
{
	struct tls_scratch *taken;
	struct tcp_conn *tcp;
	int left;

	if (ret <= 0)
		return tls_kernel_failed(sk, false);
	tcp = tls_kernel_admits_read(sk, ret, flags);
	if (!tcp)
		return 0;
	taken = tls_scratch_take();
	if (!taken)
		return tls_kernel_missed(tcp);
	left = tls_kernel_reads(sk, &taken->scratch, ret, flags);
	if (left != TCP_FRAMES)
		tls_scratch_give(taken);
	return left;
}

/*
 * The first operation that is seen of an older connection: its read was missed, see tcp_join_answering(). Not inlined:
 * its stack is not its callers'.
 */
static __noinline int tls_kernel_joins(struct sock *sk, struct tcp_conn *tcp)
{
	struct tls_conn *tls = tcp ? tls_of(&tcp->conn) : NULL;
	struct tcp_sock *tp;

	if (!sk || !tls || !(ktls_ways((__u64)sk) & KTLS_RECEIVES))
		return 0;
	tp = tcp_of(sk);
	if (tp && tcp_join_answering(&tls->conn, tp))
		tls->told = 1;
	return 0;
}

/* Likewise, tls_kernel_has_sent_frames(). */
static __always_inline int tls_kernel_has_sent(struct sock *sk, int ret)
{
	struct tls_scratch *taken;
	struct tcp_conn *tcp;
	struct tcp_sock *tp;
	int left;

	if (ret <= 0)
		return tls_kernel_failed(sk, true);
	if (sock_is_ignored(sk))
		return 0;
	tp = tcp_of_any(sk);
	if (!tp)
		return 0;
	tcp = bpf_sk_storage_get(&conns, sk, 0, 0);
	if (!tcp) {
		tcp = tcp_conn_create(sk, tp, 0);
		if (tcp && tcp->conn.mode == CONN_OLD)
			tcp_joins_ktls(sk, tcp);
		if (tcp && protocol_is_tls(&tcp->conn))
			tls_kernel_joins(sk, tcp);
	}
	if (!tcp || tcp_is_ignored(tcp) || !protocol_is_tls(&tcp->conn))
		return 0;
	tcp->conn.sent_since_read = 1;
	tls_outer_of(&tcp->conn)->speaks = 1;
	taken = tls_scratch_take();
	if (!taken)
		return tls_kernel_missed(tcp);
	left = tls_kernel_writes(sk, &taken->scratch, ret);
	if (left != TCP_FRAMES)
		tls_scratch_give(taken);
	return left;
}

/* Any socket's bytes were spliced to a pipe. Those of plain ones show in their sequence numbers. */
static __always_inline int tls_kernel_spliced(struct file *file, long n)
{
	struct socket *socket = n > 0 ? bpf_sock_from_file(file) : NULL;
	struct sock *sk = socket ? socket->sk : NULL;

	if (!sk || !tcp_of_any(sk) || !(ktls_ways((__u64)sk) & KTLS_RECEIVES))
		return 0;
	return tls_kernel_has_received(sk, n, 0);
}

#endif
