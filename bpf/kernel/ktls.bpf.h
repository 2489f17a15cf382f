/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TLS in the kernel (kTLS, net/tls): once a library has handed a direction of a connection to it, what the process
 * writes to the socket, or reads from it, is plaintext. TCP's sequence numbers go on by more than that.
 */
#ifndef SLIPROBE_KERNEL_KTLS_BPF_H
#define SLIPROBE_KERNEL_KTLS_BPF_H

#include "abi/tls.h"
#include "kernel/helpers.bpf.h"
#include "kernel/transport.bpf.h"

/* The hooks that see what such sockets carry: an enum ktls_seen, set by the agent before it loads the programs. */
const volatile __u32 ktls_seen;
/* Set by the agent: the kernel has refused the programs for that. The next one need not try. */
__u32 ktls_refused;

enum ktls_way {
	KTLS_NONE,
	KTLS_SENDS = 1 << 0,
	KTLS_RECEIVES = 1 << 1,
	KTLS_SENDS_BY_DEVICE = 1 << 2, /* beside KTLS_SENDS: by other functions */
	KTLS_NAME = 't' | 'l' << 8 | 's' << 16, /* of its struct tcp_ulp_ops */
	KTLS_SW = 1, /* TLS_SW of <net/tls.h>: above it are those of devices */
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
	if (BPF_CORE_READ_BITFIELD_PROBED(context, tx_conf) > KTLS_SW)
		ways |= KTLS_SENDS_BY_DEVICE;
	if (BPF_CORE_READ_BITFIELD_PROBED(context, rx_conf))
		ways |= KTLS_RECEIVES;
	return ways;
}

/* The kernel encrypts a direction of that socket, and no hook sees what the process reads or writes. */
static __always_inline bool ktls_is_hidden(__u64 transport)
{
	if (ktls_seen == KTLS_UNSEEN)
		return ktls_ways(transport);
	return ktls_seen == KTLS_BY_EXITS && (ktls_ways(transport) & KTLS_SENDS_BY_DEVICE);
}

#endif
