/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes that wait in a socket's buffer: looked at when a server answers without having read them. They stay
 * there. What was followed so is counted in `ahead`, and skipped when the process reads it.
 */
#ifndef SLIPROBE_HOOK_TCP_AHEAD_BPF_H
#define SLIPROBE_HOOK_TCP_AHEAD_BPF_H

#include "abi.h"
#include "hook/conns.bpf.h"
#include "hook/scratch.bpf.h"
#include "hook/tcp_time.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/pages.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/protocol.bpf.h"
#include "stream/io.bpf.h"

enum {
	AHEAD_BYTES = 2048, /* looked at for one answer; a power of two, and half of CHUNK_ROOM */
	AHEAD_PARTS =
		4096, /* of socket buffers that are walked: the peer's segments may have a byte each */
	AHEAD_MAX = 0xffff - AHEAD_BYTES,
};

/* Bytes that have arrived, that the process has not read, and that were not followed ahead. */
static __always_inline __u32 tcp_waiting(struct sock *sk, struct tcp_sock *tp,
					 const struct tcp_conn *tcp)
{
	__u32 waiting = tp->rcv_nxt - tp->copied_seq;

	if (waiting && (sk->sk_shutdown & RCV_SHUTDOWN))
		waiting--; /* the FIN */
	return waiting > tcp->ahead && waiting < 1U << 31 ? waiting - tcp->ahead : 0;
}

/* Of the next `n` bytes that were read, how many were followed ahead. */
static __always_inline __u32 tcp_take_ahead(struct tcp_conn *tcp, __u64 n)
{
	__u32 taken = n < tcp->ahead ? n : tcp->ahead;

	tcp->ahead -= taken;
	return taken;
}

/* The next part of a socket buffer: its linear one, or a page. Returns false if there is none. */
static __always_inline bool ahead_part(struct ahead *ahead, __u64 *ret_at, __u32 *ret_n)
{
	struct sk_buff *skb = (struct sk_buff *)ahead->skb;
	struct skb_shared_info *shared;
	struct page_part page = {};
	__u32 part = ahead->part++;

	if (!part) {
		ahead->seq = BPF_CORE_READ((struct tcp_skb_cb *)&skb->cb, seq);
		*ret_at = (__u64)BPF_CORE_READ(skb, data);
		*ret_n = BPF_CORE_READ(skb, len) - BPF_CORE_READ(skb, data_len);
		return true;
	}
	shared = (struct skb_shared_info *)(BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, end));
	if (part > BPF_CORE_READ(shared, nr_frags))
		return false;
	bpf_probe_read_kernel(&page, sizeof(page),
			      (void *)&shared->frags[0] + (part - 1) * sizeof(page));
	*ret_at = page_address(&page);
	*ret_n = page.len;
	return true;
}

/* Copies one part, as far as its bytes are wanted. Returns 1 when there is nothing more to copy. */
static long ahead_step(__u32 i, struct scratch **at_scratch)
{
	struct scratch *scratch = *at_scratch;
	struct ahead *ahead = &scratch->ahead;
	struct piece *piece = &scratch->io.piece;
	__u32 skip, n = 0, len = piece->len;
	__u64 at = 0;

	if (!ahead->skb || ahead->skb == ahead->queue || len >= AHEAD_BYTES || !ahead->left)
		return 1;
	if (!ahead_part(ahead, &at, &n)) {
		struct sk_buff *skb = (struct sk_buff *)ahead->skb;

		ahead->skb = (__u64)BPF_CORE_READ(skb, next);
		ahead->part = 0;
		return 0;
	}
	skip = ahead->next - ahead->seq;
	ahead->seq += n;
	if (skip >= n)
		return (__s32)skip < 0; /* a hole */
	n -= skip;
	if (n > ahead->left)
		n = ahead->left;
	if (n > AHEAD_BYTES)
		n = AHEAD_BYTES;
	barrier_var(n);
	if (!at || n > AHEAD_BYTES ||
	    bpf_probe_read_kernel(&piece->chunk.bytes[len & (AHEAD_BYTES - 1)], n,
				  (void *)(at + skip)))
		return 1;
	piece->len = len + n;
	ahead->next += n;
	ahead->left -= n;
	return 0;
}

/* Copies what waits, or its beginning, to scratch->io.piece. Not inlined: its stack is not its callers'. */
static __noinline int tcp_copy_ahead(struct sock *sk, struct tcp_sock *tp, struct tcp_conn *tcp,
				     struct scratch *scratch, __u32 waiting)
{
	struct ahead *ahead;
	struct piece *piece;

	if (!sk || !tp || !tcp || !scratch)
		return 0;
	pages_find(BPF_CORE_READ(sk, __sk_common.skc_prot, slab));
	ahead = &scratch->ahead;
	ahead->queue = (__u64)&sk->sk_receive_queue;
	ahead->skb = (__u64)BPF_CORE_READ(sk, sk_receive_queue.next);
	ahead->part = 0;
	ahead->next = tp->copied_seq + tcp->ahead;
	ahead->left = waiting < AHEAD_BYTES ? waiting : AHEAD_BYTES;
	piece = &scratch->io.piece;
	piece->pos = 0;
	piece->len = 0;
	if (tcp->ahead <= AHEAD_MAX)
		bpf_loop(AHEAD_PARTS, ahead_step, &scratch, 0);
	chunk_end(&piece->chunk, piece->len);
	return 0;
}

/* When the last data arrived, to the kernel's tick. */
static __always_inline __u64 tcp_last_arrived(struct tcp_sock *tp, __u64 now_ns)
{
	__u64 age_ns = arrival_age_ticks(tp) * tick_ns;

	return age_ns < now_ns ? now_ns - age_ns : now_ns;
}

/*
 * An answer is being sent, to no request that was read whole, and `waiting` bytes wait: takes one request from
 * them. It counts as read at flow->now_ns.
 */
static __always_inline void tcp_read_ahead(struct flow *flow, struct sock *sk, struct tcp_sock *tp,
					   struct tcp_conn *tcp, struct scratch *scratch,
					   __u32 waiting)
{
	tcp_copy_ahead(sk, tp, tcp, scratch, waiting);
	flow->piece = &scratch->io.piece;
	if (flow->piece->len) {
		protocol_ahead(flow);
		tcp->ahead += flow->piece->pos;
	} else {
		protocol_ahead_unseen(flow);
	}
}

#endif
