/* SPDX-License-Identifier: GPL-2.0-only */
/* Who serves a TCP connection, and on which port. */
#ifndef SLIPROBE_HOOK_TCP_WHO_BPF_H
#define SLIPROBE_HOOK_TCP_WHO_BPF_H

#include "kernel/helpers.bpf.h"
#include "kernel/pages.bpf.h"
#include "who/work.bpf.h"

static __always_inline __u16 tcp_port(struct sock *sk)
{
	__u16 port = sk->__sk_common.skc_num;

	if (!port) /* closed already: no longer its own */
		port = __builtin_bswap16(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	return port;
}

static __always_inline void tcp_who(struct sock *sk, struct who_work *who)
{
	pages_meet(BPF_CORE_READ(sk, __sk_common.skc_prot, slab));
	who_begin(who, BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum), tcp_port(sk));
}

#endif
