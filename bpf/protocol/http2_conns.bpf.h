/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connections of HTTP/2: where both directions are in their frames, and what their header blocks may refer to. By the
 * connection's id, as a connection inside of TLS has no socket's storage; made when the client's preface is seen.
 */
#ifndef SLIPROBE_PROTOCOL_HTTP2_CONNS_BPF_H
#define SLIPROBE_PROTOCOL_HTTP2_CONNS_BPF_H

#include "abi.h"
#include "http2/parse.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"

enum {
	HTTP2_CONNS_MAX = 131072,
};

struct http2_followed {
	struct http2_conn h2;
	__u32 generation; /* of the configuration that the automata are of */
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, HTTP2_CONNS_MAX);
	__type(key, __u64);
	__type(value, struct http2_followed);
} http2_conns SEC(".maps");

/* One entry of zeroes, to make new ones from: too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct http2_followed);
} http2_blank SEC(".maps");

static __always_inline struct http2_followed *http2_find(__u64 id)
{
	return bpf_map_lookup_elem(&http2_conns, &id);
}

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

static __always_inline void http2_free(__u64 id)
{
	bpf_map_delete_elem(&http2_conns, &id);
}

#endif
