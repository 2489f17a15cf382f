/* SPDX-License-Identifier: GPL-2.0-only */
/* The connection that requests come on, as far as their samples tell of it. */
#ifndef SLIPROBE_JUDGE_ORIGIN_BPF_H
#define SLIPROBE_JUDGE_ORIGIN_BPF_H

#include "kernel/helpers.bpf.h"

struct origin {
	__u64 id; /* of the connection: never used again */
	__u64 transport; /* see kernel/transport; 0: not known */
	__u64 excerpt; /* address of its struct excerpt, which lasts as long; 0: there is none */
	__u64 first_byte_ns; /* when the head was sent of an answer that was not whole with it */
	__u32 first_byte_of; /* number of the request that it is to; 0: there was none yet */
	__u8 shared; /* it is in TLS: programs that may be preempted follow it, and count as WRITER_SHARED, by exchanges_settle() */
	__u8 streams; /* it is one of HTTP/2 */
	__u8 pad[2];
};

_Static_assert(sizeof(struct origin) == 40, "origin has no holes");

#endif
