/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Empty programs on the agent's hooks: they cost what the calls alone cost. The first two are the
 * floor, the others stand for the other programs that the agent attaches.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tp_btf/sock_send_length")
int empty_send(void *ctx)
{
	return 0;
}

SEC("tp_btf/sock_recv_length")
int empty_recv(void *ctx)
{
	return 0;
}

SEC("tp_btf/tcp_rcv_space_adjust")
int empty_reading(void *ctx)
{
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int empty_state(void *ctx)
{
	return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int empty_destroyed(void *ctx)
{
	return 0;
}
