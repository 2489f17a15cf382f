/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeps how requests of HTTP/2 began, for the samples of them (kernel/stream_heads): their header blocks, from the memory of
 * the process, as parts of a block may have been passed unseen. A block that ends with an operation goes on in the next.
 */
#ifndef SLIPROBE_PROTOCOL_HTTP2_HEAD_BPF_H
#define SLIPROBE_PROTOCOL_HTTP2_HEAD_BPF_H

#include "abi.h"
#include "http2/parse.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/policy.bpf.h"
#include "kernel/stream_heads.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/http2_conns.bpf.h"
#include "protocol/http2_number.bpf.h"

/* A header block, as far as it is known. */
struct http2_block {
	__u64 end; /* user address behind its bytes that went by */
	__u32 passed; /* those */
	__u32 there; /* of them, those that are in memory */
};

/* Whether the connection's requests are sampled, as far as that is known. */
static __always_inline bool http2_head_is_wanted(const struct conn *conn)
{
	struct policy *policy;

	if (!sample_settings.on || !sample_settings.head_bytes)
		return false;
	if (!conn->served.generation)
		return true;
	policy = policy_find(conn->served.policy);
	return policy && policy->samples;
}

/* Of a block in one frame alone: else none of it is known. */
static __always_inline void http2_block_find(const struct http2 *p, const struct piece *piece,
					     struct http2_block *ret)
{
	__u32 padding;
	__s64 there;

	ret->passed = http2_block_so_far(p, &padding);
	ret->end = piece->behind - (piece->len - piece->pos) - padding;
	there = ret->end - piece->segment;
	if (there < 0)
		there = 0;
	ret->there = there < ret->passed ? there : ret->passed;
}

/* Copies what is there of the block, behind what is kept of it. */
static __always_inline void http2_head_copy(struct stream_head_place *place,
					    const struct http2_block *block)
{
	__u32 len = place->len, n = block->there, most = sample_settings.head_bytes;
	void *from = (void *)(block->end - n);

	if (len >= most)
		return;
	if (n > most - len)
		n = most - len;
	barrier_var(len);
	/* each by itself: the verifier does not hold a sum against a limit */
	if (!len) {
		if (n > STREAM_BLOCK_MAX)
			n = STREAM_BLOCK_MAX;
		barrier_var(n);
		if (n > STREAM_BLOCK_MAX || bpf_probe_read_user(place->block, n, from))
			return;
	} else if (len <= STREAM_BLOCK_MAX / 2) {
		if (n > STREAM_BLOCK_MAX / 2)
			n = STREAM_BLOCK_MAX / 2;
		barrier_var(n);
		if (n > STREAM_BLOCK_MAX / 2 || bpf_probe_read_user(place->block + len, n, from))
			return;
	} else {
		return;
	}
	place->len = len + n;
}

/* Which texts of the table the block refers to. */
static __always_inline void http2_head_refer(struct stream_head_place *place,
					     const struct http2_followed *followed, __u64 id)
{
	static const __u8 names[] = {
		[STREAM_PATH] = HTTP2_NAME_PATH,
		[STREAM_AGENT] = HTTP2_NAME_AGENT,
		[STREAM_AUTHORITY] = HTTP2_NAME_AUTHORITY,
	};
	const struct http2_wide *wide = http2_wide_find(followed, id, HTTP2_REQUESTS);

	for (int i = 0; i < STREAM_TEXTS; i++)
		place->texts[i].bytes = http2_entry_text(&followed->h2.side[HTTP2_REQUESTS], wide,
							 names[i], &place->texts[i].at);
}

/*
 * The header block of request `number` has come so far; `whole`: to its end. Not inlined: its stack is not its callers'.
 */
static __noinline int http2_head_keep(struct flow *flow, struct http2_followed *followed,
				      __u32 number, __u32 whole)
{
	struct stream_head_place *place;
	struct http2_block block = {};
	struct http2 *requests;
	__u32 before;
	__u64 id;

	if (!followed || !flow->piece)
		return 0;
	number &= STREAM_NUMBERS - 1;
	id = flow->conn->open.origin.id;
	requests = &followed->h2.side[HTTP2_REQUESTS];
	place = stream_head_place(id, number, followed->charged.found);
	if (!place || place->taken || __sync_val_compare_and_swap(&place->taken, 0, 1))
		return 0;
	if (requests->type == HTTP2_HEADERS)
		http2_block_find(requests, flow->piece, &block);
	before = block.passed - block.there;
	if (!before || !stream_head_is_at(place, id, number))
		place->len = 0;
	store_release(&place->number, 0);
	barrier();
	place->id = id;
	/* what is not next to what is kept is not known */
	if (before == place->len)
		http2_head_copy(place, &block);
	place->passed = requests->type == HTTP2_HEADERS ? block.passed : ~0U;
	if (whole)
		http2_head_refer(place, followed, id);
	store_release(&place->number, number);
	store_release(&place->taken, 0);
	return 0;
}

/* The bytes at hand end, perhaps in the middle of a header block. Not inlined, likewise. */
static __noinline int http2_head_pause(struct flow *flow, struct http2_followed *followed)
{
	const struct http2 *requests = &followed->h2.side[HTTP2_REQUESTS];
	__u32 stream = http2_stream(requests);

	if (!http2_in_block(requests) || requests->type != HTTP2_HEADERS ||
	    (requests->state != HTTP2_BLOCK && requests->state != HTTP2_PADDING))
		return 0;
	if (http2_is_request(stream) && http2_head_is_wanted(flow->conn) &&
	    !http2_is_open_or_was(flow->conn, http2_number(flow->conn, stream)))
		http2_head_keep(flow, followed, http2_number(flow->conn, stream), false);
	return 0;
}

#endif
