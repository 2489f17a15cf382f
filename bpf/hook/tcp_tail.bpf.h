/* SPDX-License-Identifier: GPL-2.0-only */
/* The last bytes that wait in a socket's buffer. */
#ifndef SLIPROBE_HOOK_TCP_TAIL_BPF_H
#define SLIPROBE_HOOK_TCP_TAIL_BPF_H

#include "kernel/helpers.bpf.h"
#include "kernel/pages.bpf.h"

enum {
	TAIL_BYTES = 8,
	TAIL_SHORT = 5, /* of a part that has no more: what some clients send by itself */
};

/* Where the last part of the last segment is, and how long it is; 0: it cannot be told. */
static __always_inline __u64 tail_part(struct sock *sk, __u32 *ret_n)
{
	struct sk_buff *skb = BPF_CORE_READ(sk, sk_receive_queue.prev);
	struct skb_shared_info *shared;
	struct page_part page = {};
	__u32 in_pages, n_parts;

	if (!skb || (void *)skb == (void *)&sk->sk_receive_queue)
		return 0;
	shared = (struct skb_shared_info *)(BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, end));
	if (BPF_CORE_READ(shared, frag_list))
		return 0;
	in_pages = BPF_CORE_READ(skb, data_len);
	n_parts = BPF_CORE_READ(shared, nr_frags);
	if (!in_pages) {
		*ret_n = BPF_CORE_READ(skb, len);
		return (__u64)BPF_CORE_READ(skb, data);
	}
	if (!n_parts)
		return 0;
	bpf_probe_read_kernel(&page, sizeof(page),
			      (void *)&shared->frags[0] + (n_parts - 1) * sizeof(page));
	*ret_n = page.len;
	return page_address(&page);
}

/*
 * The last eight bytes that have arrived, the last one highest; 0 for those that are not known. At least one
 * waits. The process may read meanwhile: what is read here of memory that was given back tells nothing.
 */
static __noinline __u64 tcp_tail(struct sock *sk)
{
	__u64 word = 0, at;
	__u32 n = 0;

	if (!sk)
		return 0;
	pages_find(BPF_CORE_READ(sk, __sk_common.skc_prot, slab));
	at = tail_part(sk, &n);
	if (!at || n < TAIL_SHORT)
		return 0;
	if (n >= TAIL_BYTES)
		bpf_probe_read_kernel(&word, TAIL_BYTES, (void *)(at + n - TAIL_BYTES));
	else if (!bpf_probe_read_kernel(&word, TAIL_SHORT, (void *)(at + n - TAIL_SHORT)))
		word <<= 8 * (TAIL_BYTES - TAIL_SHORT);
	return word;
}

#endif
