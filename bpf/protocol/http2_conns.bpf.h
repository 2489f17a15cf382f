/* SPDX-License-Identifier: GPL-2.0-only */
/* Connections of HTTP/2 (kernel/http2_conns): made when the client's preface is seen, freed with the connection. */
#ifndef SLIPROBE_PROTOCOL_HTTP2_CONNS_BPF_H
#define SLIPROBE_PROTOCOL_HTTP2_CONNS_BPF_H

#include "abi.h"
#include "kernel/dfa.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/http2_conns.bpf.h"
#include "kernel/stat.bpf.h"
#include "protocol/chunk.bpf.h"
#include "protocol/http2_shares.bpf.h"

/* needs what dfa.bpf.h and chunk.bpf.h define */
#include "http2/table.h"

enum {
	HTTP2_WIDES_MAX = 2048, /* 24 KiB each */
};

/* static: the agent needs to know nothing of them */
static struct http2_shares http2_conn_shares, http2_wide_shares;

/* One entry of zeroes, to make new ones from: too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct http2_followed);
} http2_blank SEC(".maps");

/* A new entry, zeroed; NULL: there is no room. */
static __always_inline struct http2_followed *http2_create(__u64 id)
{
	struct http2_followed *blank;
	__u32 only = 0;

	blank = bpf_map_lookup_elem(&http2_blank, &only);
	if (!blank || bpf_map_update_elem(&http2_conns, &id, blank, BPF_NOEXIST)) {
		stat_error(KERR_CONN_ALLOC);
		return NULL;
	}
	return http2_find(id);
}

/* ---- tables above the usual size ---- */

struct http2_wide_key {
	__u64 id;
	__u64 side; /* enum http2_side */
};

/* Made when an encoder says that it has such a table. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, HTTP2_WIDES_MAX);
	__type(key, struct http2_wide_key);
	__type(value, struct http2_wide);
} http2_wides SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct http2_wide);
} http2_wide_blank SEC(".maps");

/* Its stack is not its callers'. */
static __noinline struct http2_wide *http2_wide_of(__u64 id, __u32 side)
{
	struct http2_wide_key key = {.id = id, .side = side};

	return bpf_map_lookup_elem(&http2_wides, &key);
}

/* Of one side of the connection; NULL: its table is of the usual size, or there was no room. */
static __always_inline struct http2_wide *http2_wide_find(const struct http2_followed *followed,
							  __u64 id, __u32 side)
{
	return followed->wide >> side & 1 ? http2_wide_of(id, side) : NULL;
}

/* The side's table grows. Without room, what is further back than usual is hidden. Its stack is not its callers'. */
static __noinline int http2_make_wide(struct http2_followed *followed, __u64 id, __u32 side)
{
	struct http2_wide_key key = {.id = id, .side = side & 1};
	struct http2_wide *wide;
	__u32 only = 0;

	if (!followed || followed->wide >> (side & 1) & 1 || !followed->charged.place ||
	    !http2_share_take(&http2_wide_shares, followed->charged, HTTP2_WIDES_MAX))
		return 0;
	wide = bpf_map_lookup_elem(&http2_wide_blank, &only);
	if (!wide || bpf_map_update_elem(&http2_wides, &key, wide, BPF_NOEXIST)) {
		http2_share_give(&http2_wide_shares, followed->charged);
		stat_error(KERR_CONN_ALLOC);
		return 0;
	}
	wide = bpf_map_lookup_elem(&http2_wides, &key);
	if (!wide)
		return 0;
	http2_widen(&followed->h2.side[side & 1], wide);
	followed->wide |= 1 << (side & 1);
	return 0;
}

/* The connection has ended. Likewise. */
static __noinline int http2_free(__u64 id)
{
	struct http2_wide_key key = {.id = id, .side = HTTP2_REQUESTS};
	struct http2_followed *followed = http2_find(id);

	if (!followed)
		return 0;
	for (int i = 0; i < 2; i++) {
		key.side = i;
		if (followed->wide >> i & 1 && !bpf_map_delete_elem(&http2_wides, &key))
			http2_share_give(&http2_wide_shares, followed->charged);
	}
	http2_share_give(&http2_conn_shares, followed->charged);
	bpf_map_delete_elem(&http2_conns, &id);
	return 0;
}

#endif
