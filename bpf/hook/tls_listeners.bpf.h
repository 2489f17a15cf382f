/* SPDX-License-Identifier: GPL-2.0-only */
/* Which processes listen already, asked for once by the agent: those that begin to are told by the ring tls_wanted. */
#ifndef SLIPROBE_HOOK_TLS_LISTENERS_BPF_H
#define SLIPROBE_HOOK_TLS_LISTENERS_BPF_H

#include "abi/tls.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"

/* Writes a struct tls_wanted for a file of a task that is a TCP listener. It uses no map: it is loaded by each agent. */
static __always_inline int tell_listener(struct seq_file *seq, struct task_struct *task,
					 struct file *file)
{
	struct tls_wanted wanted = {.why = TLS_WANTED_LISTENS};
	struct socket *socket;
	struct sock *sk;

	socket = bpf_sock_from_file(file);
	sk = socket ? socket->sk : NULL;
	if (!sk || sk->__sk_common.skc_state != TCP_LISTEN || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	wanted.start_ns = BPF_CORE_READ(task, group_leader, start_time);
	wanted.tgid = BPF_CORE_READ(task, tgid);
	wanted.port = BPF_CORE_READ(sk, __sk_common.skc_num);
	bpf_seq_write(seq, &wanted, sizeof(wanted));
	return 0;
}

#endif
