/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What TCP knows of a connection, for samples alone: by the address of its socket, so that those below the hooks
 * need not have the socket. It is there for as long as a hook runs on it.
 */
#ifndef SLIPROBE_KERNEL_TRANSPORT_BPF_H
#define SLIPROBE_KERNEL_TRANSPORT_BPF_H

#include "abi.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"

__u64 tick_ns; /* length of the kernel's jiffy */

enum {
	TCP_CHRONO_RWND_LIMITED = 2, /* enum tcp_chrono of include/linux/tcp.h */
	RTT_SHIFT = 3, /* srtt_us is eight times the smoothed round trip */
};

static __always_inline struct tcp_sock *transport_of(__u64 address)
{
	return (struct tcp_sock *)address;
}

/* A member, read by way of *at, which is of its type: samples have no stack to spare. */
#define TRANSPORT(at, ...)                                                                         \
	({                                                                                         \
		BPF_CORE_READ_INTO(at, __VA_ARGS__);                                               \
		*(at);                                                                             \
	})

/*
 * How far a sequence number went on: `lower` is the lower half of that, which is all that it shows. TCP's counter went
 * on by `roughly` as much, but for what waits in the socket's buffer: less than 2^31.
 */
static __always_inline __u64 transport_went_on(__u32 lower, __u64 roughly)
{
	return roughly + (__s32)(lower - (__u32)roughly);
}

/* In the kernel's ticks: for how long the peer's window has been full, until now. */
static __always_inline __u32 transport_stalled(struct tcp_sock *tp, __u32 *by)
{
	__u32 ticks = TRANSPORT(by, tp, chrono_stat[TCP_CHRONO_RWND_LIMITED - 1]);

	if (BPF_CORE_READ_BITFIELD_PROBED(tp, chrono_type) == TCP_CHRONO_RWND_LIMITED)
		ticks += (__u32)bpf_jiffies64() - TRANSPORT(by, tp, chrono_start);
	return ticks;
}

/* The peer's address as an IPv6 one; *ret is zeroed. */
static __always_inline void transport_peer(struct tcp_sock *tp, __u8 ret[16])
{
	struct sock *sk = (struct sock *)tp;

	if (TRANSPORT((__u16 *)ret, sk, __sk_common.skc_family) == AF_INET6) {
		BPF_CORE_READ_INTO((struct in6_addr *)ret, sk, __sk_common.skc_v6_daddr);
		return;
	}
	ret[0] = 0;
	ret[1] = 0;
	ret[10] = 0xff;
	ret[11] = 0xff;
	BPF_CORE_READ_INTO((__u32 *)(ret + 12), sk, __sk_common.skc_daddr);
}

#endif
