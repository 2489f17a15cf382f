/* SPDX-License-Identifier: GPL-2.0-only */
/* What all who look at a connection of HTTP/2 may ask of it. Where its frames are is in http2_conns. */
#ifndef SLIPROBE_PROTOCOL_HTTP2_BRIEF_BPF_H
#define SLIPROBE_PROTOCOL_HTTP2_BRIEF_BPF_H

#include "kernel/helpers.bpf.h"

struct http2_brief {
	__u32 before; /* the exchange of stream `id` has the number before + (id + 1) / 2 */
	__u32 refused; /* number of the first that the server does not accept, by its GOAWAY; 0: it has sent none */
	__u64 first_read_ns; /* of its preface: it may turn out to be a request of HTTP/1.x */
	__u64 queue_ns;
	__u8 named; /* a request was seen: it counts as a connection */
	__u8 late; /* streams may be open, or begin, that nobody has seen the beginning of */
	__u8 speaks; /* the server has sent a frame */
	__u8 upgraded; /* from HTTP/1.1: all of the client's preface is to come */
	__u8 joins; /* times that frames were looked for in vain, where a side was lost */
	__u8 pad[3];
};

#endif
