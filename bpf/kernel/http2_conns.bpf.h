/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connections of HTTP/2: where both directions are in their frames, and what their header blocks may refer to. By the
 * connection's id, as a connection inside of TLS has no socket's storage. The protocol fills them (protocol/http2_conns);
 * samples read the texts of entries of their tables.
 */
#ifndef SLIPROBE_KERNEL_HTTP2_CONNS_BPF_H
#define SLIPROBE_KERNEL_HTTP2_CONNS_BPF_H

#include "http2/state.h"
#include "kernel/helpers.bpf.h"

enum {
	HTTP2_CONNS_MAX = 32768, /* 7.7 KiB each */
};

/* Whom a connection is charged to. */
struct http2_charged {
	__u16 place; /* among `of`, from 1 on; 0: nobody yet */
	__u8 found;
};

struct http2_followed {
	struct http2_conn h2;
	__u32 generation; /* of the configuration that the automata are of */
	__u8 wide; /* bits 1 << enum http2_side: it has an entry in http2_wides */
	__u8 pad;
	struct http2_charged charged;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, HTTP2_CONNS_MAX);
	__type(key, __u64);
	__type(value, struct http2_followed);
} http2_conns SEC(".maps");

static __always_inline struct http2_followed *http2_find(__u64 id)
{
	return bpf_map_lookup_elem(&http2_conns, &id);
}

#endif
