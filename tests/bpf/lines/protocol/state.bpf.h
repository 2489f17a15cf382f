/* SPDX-License-Identifier: GPL-2.0-only */
/* Takes the place of bpf/protocol/state.bpf.h: the test protocol's state of a connection. */
#ifndef SLIPROBE_PROTOCOL_STATE_BPF_H
#define SLIPROBE_PROTOCOL_STATE_BPF_H

#include "kernel/helpers.bpf.h"
#include "protocol/http2_brief.bpf.h"

enum protocol {
	PROTOCOL_HTTP2 = 2, /* for the programs that are of no other */
	PROTOCOL_LINES = 7, /* none of those that are shipped */
};

enum {
	LINE_FIELDS = 4, /* a power of two */
};

/* One side: the line that is being read, and bytes behind the last one. */
struct line {
	__u64 opaque;
	__u32 fields[LINE_FIELDS]; /* its numbers so far */
	__u8 n; /* of them; the last one is not complete */
	__u8 first; /* byte of the line; 0: at its beginning */
	__u8 second;
	__u8 pad[5];
};

struct lines_conn {
	struct line request;
	struct line response;
	__u64 first_read_ns;
	__u64 queue_ns;
};

union protocol_state {
	struct lines_conn lines;
	struct http2_brief h2;
};

#endif
