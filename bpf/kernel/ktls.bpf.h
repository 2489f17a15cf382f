/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TLS in the kernel (kTLS, net/tls): once a library has handed a direction of a connection to it, what the process
 * writes to the socket, or reads from it, is plaintext. TCP's sequence numbers go on by more than that.
 */
#ifndef SLIPROBE_KERNEL_KTLS_BPF_H
#define SLIPROBE_KERNEL_KTLS_BPF_H

#include "kernel/helpers.bpf.h"
#include "kernel/transport.bpf.h"

/*
 * The hooks see what such sockets carry: those on tcp_sendmsg() and tcp_recvmsg() do not, as the kernel calls other
 * functions for them. Set by the agent before it loads the programs.
 */
const volatile __u32 ktls_seen;

enum ktls_way {
	KTLS_NONE,
	KTLS_SENDS = 1 << 0,
	KTLS_RECEIVES = 1 << 1,
	KTLS_NAME = 't' | 'l' << 8 | 's' << 16, /* of its struct tcp_ulp_ops */
};

/* The directions of the socket at that address that the kernel encrypts: a set of enum ktls_way. */
static __noinline __u32 ktls_ways(__u64 transport)
{
	struct inet_connection_sock *conn = &transport_of(transport)->inet_conn;
	const struct tcp_ulp_ops *ops;
	struct tls_context *context;
	__u32 ways = KTLS_NONE, name = 0;

	if (!bpf_core_type_exists(struct tls_context))
		return KTLS_NONE;
	ops = BPF_CORE_READ(conn, icsk_ulp_ops);
	if (!ops)
		return KTLS_NONE;
	BPF_CORE_READ_INTO(&name, ops, name);
	context = BPF_CORE_READ(conn, icsk_ulp_data);
	if (name != KTLS_NAME || !context)
		return KTLS_NONE;
	if (BPF_CORE_READ_BITFIELD_PROBED(context, tx_conf))
		ways |= KTLS_SENDS;
	if (BPF_CORE_READ_BITFIELD_PROBED(context, rx_conf))
		ways |= KTLS_RECEIVES;
	return ways;
}

#endif
