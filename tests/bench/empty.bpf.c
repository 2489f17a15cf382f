/* SPDX-License-Identifier: GPL-2.0-only */
/* Empty programs on the socket tracepoints: what being called costs before anything is done. */
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
