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

struct scratch {
	struct reading reading; /* of SLOT_RECV */
	struct ahead ahead; /* of SLOT_SEND */
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
