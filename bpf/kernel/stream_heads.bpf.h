/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How requests of streams began: the bytes of their header blocks as they were sent, and which texts of the connection's
 * table (http2_conn.text) those refer to. The protocol writes them, and samples are told of them: for services that sample.
 *
 * A request has a place that its connection and its number tell, until another one needs that: its sample is without
 * a head then.
 */
#ifndef SLIPROBE_KERNEL_STREAM_HEADS_BPF_H
#define SLIPROBE_KERNEL_STREAM_HEADS_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"

enum {
	/* powers of two */
	STREAM_HEADS = 8192, /* of configured services */
	STREAM_HEADS_FOUND = 2048, /* behind them: of found ones */
	STREAM_NUMBERS = 1U << 31, /* that a sample tells apart */
};

/* A text in the connection's table. */
struct stream_text_place {
	__u32 at;
	__u32 bytes; /* 0: there is none */
};

struct stream_head_place {
	__u64 id; /* of the connection */
	__u32 number; /* of the request; set last, and unset first; 0: none is there */
	__u32 taken; /* by one compare-and-swap, to write it */
	__u32 len; /* of `block` */
	__u32 passed; /* bytes of the block that went by so far */
	struct stream_text_place texts[STREAM_TEXTS];
	char block[STREAM_BLOCK_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, STREAM_HEADS + STREAM_HEADS_FOUND);
	__type(key, __u32);
	__type(value, struct stream_head_place);
} stream_heads SEC(".maps");

/* The numbers of a connection have places in a row, connections begin anywhere. */
static __always_inline struct stream_head_place *stream_head_place(__u64 id, __u32 number,
								   bool found)
{
	__u32 at = ((__u32)id * 0x9e3779b1U >> 16) + number;

	at = found ? STREAM_HEADS + (at & (STREAM_HEADS_FOUND - 1)) : at & (STREAM_HEADS - 1);
	return bpf_map_lookup_elem(&stream_heads, &at);
}

static __always_inline bool stream_head_is_at(const struct stream_head_place *place, __u64 id,
					      __u32 number)
{
	return *(volatile const __u32 *)&place->number == number && place->id == id;
}

#endif
