/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Work space on each CPU. The programs on reading and those on writing have a slot each: one may
 * interrupt the other, and must not overwrite what it works on.
 */
#ifndef SLIPROBE_HOOK_SCRATCH_BPF_H
#define SLIPROBE_HOOK_SCRATCH_BPF_H

#include "abi.h"
#include "hook/syscall.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "stream/io.bpf.h"
#include "who/work.bpf.h"

/* Facts of a socket, taken before the read that is going on changes them: see tcp_time.bpf.h. */
struct reading {
	__u64 sock; /* address of the socket being read; 0: none */
	__u64 arrived_us;
	__u32 copied_seq;
	__u32 pad;
};

/* A walk over what waits in a socket: see tcp_ahead.bpf.h. */
struct ahead {
	__u64 queue; /* address of the list's head, where it ends */
	__u64 skb; /* address of the socket buffer */
	__u32 part; /* of it, the next one: 0: the linear one, else a page */
	__u32 seq; /* of that part's first byte */
	__u32 next; /* of the next byte to copy */
	__u32 left; /* bytes to copy */
};

/* What a read begins with: see excerpt.bpf.h. */
struct beginning {
	__u64 left; /* bytes that are not copied yet */
	__u64 segment; /* where they are, as in struct io */
	__u64 segment_left;
	__u64 iov;
	__u64 iov_left;
	__u64 arrived_ns;
	__u64 read_ns;
	__u32 number; /* of the request that they are of */
	__u8 place; /* enum head_place */
	__u8 shared; /* others are open before it */
	__u8 pad[2];
};

/* An operation on its way, also to another program that goes on with it: see http2.bpf.h. */
struct frames {
	__u64 gap; /* bytes that passed unseen before it */
	__u64 now_ns; /* when it was read; 0: not known yet */
	__u64 arrived_ns;
	__u32 known; /* of its bytes, so many were looked at */
	__u32 pad;
};

/* The thread whose read was the last one of a sampled request on this CPU. */
struct reader {
	__u64 run_delay; /* for how long it had waited for CPUs by then */
	__u64 waited; /* of that, in the last wait that a read has met */
	__u64 until_ns; /* when that was */
	__u32 tid;
	__u32 pad;
};

struct scratch {
	struct reading reading; /* of SLOT_RECV */
	struct beginning beginning; /* likewise */
	struct reader reader; /* likewise */
	struct ahead ahead; /* of SLOT_SEND */
	struct frames frames;
	struct call call;
	struct io io;
	struct who_work who;
};

enum slot {
	SLOT_RECV,
	SLOT_SEND,
	SLOTS,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline struct scratch *scratch_of(enum slot slot)
{
	__u32 index = slot;
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &index);

	if (!scratch)
		stat_error(KERR_SCRATCH);
	return scratch;
}

#endif
