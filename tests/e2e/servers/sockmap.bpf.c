/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a service mesh does to connections within a host: what is sent on a socket in the map goes to the socket at
 * the other end, past TCP, if that is in the map, too.
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* By local port. */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} sockets SEC(".maps");

SEC("sk_msg")
int past_tcp(struct sk_msg_md *msg)
{
	__u32 peer = bpf_ntohl(msg->remote_port);

	bpf_msg_redirect_hash(msg, &sockets, &peer, BPF_F_INGRESS);
	return SK_PASS;
}

/* As it is sent, but nothing is before there are 600 bytes. */
SEC("sk_msg")
int held_back(struct sk_msg_md *msg)
{
	if (msg->size < 600)
		bpf_msg_cork_bytes(msg, 600);
	return SK_PASS;
}

char LICENSE[] SEC("license") = "GPL";
