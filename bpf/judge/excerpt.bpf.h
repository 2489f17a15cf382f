/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An excerpt: how the newest request of a connection began, and what was true when it was read. The hook on reading
 * writes it (hook/excerpt); a sample is told of it here, by its address.
 *
 * The next request of the same connection may overwrite it while it is read: its number changes first.
 */
#ifndef SLIPROBE_JUDGE_EXCERPT_BPF_H
#define SLIPROBE_JUDGE_EXCERPT_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"

struct excerpt {
	union {
		struct {
			__u32 number; /* of the request; 0: it is being written */
			__u16 len; /* of `bytes` */
			__u8 cut; /* more was read than fits */
			__u8 shared; /* with others that were open then: its bytes cannot be told apart */
		};
		__u64 word; /* all of it */
	};
	__u32 tid; /* that has read */
	__u16 service; /* whom it is charged to */
	__u16 pad;
	struct process_key process;
	__u32 read_seq; /* before its first byte, see kernel/transport */
	__u32 write_seq;
	__u64 received; /* of a connection that is shared: so much of the request was read */
	__u64 acked; /* likewise: so much was written since it was read */
	__u64 run_delay; /* of the thread, before it waited for the CPU that it has read on */
	__u32 retransmits;
	__u32 stalled_ticks;
	char bytes[SAMPLE_HEAD_MAX];
};

/* A member of the excerpt at an address, read by way of *at, which is of its type: samples have no stack to spare. */
#define EXCERPT(at, address, member)                                                               \
	({                                                                                         \
		bpf_probe_read_kernel(at, sizeof(*(at)),                                           \
				      &((const struct excerpt *)(address))->member);               \
		*(at);                                                                             \
	})

static __always_inline __u32 excerpt_number(__u64 word)
{
	return word;
}

static __always_inline __u32 excerpt_len(__u64 word)
{
	return word >> 32 & 0xffff;
}

static __always_inline bool excerpt_is_cut(__u64 word)
{
	return word >> 48 & 1;
}

static __always_inline bool excerpt_is_shared(__u64 word)
{
	return word >> 56 & 1;
}

_Static_assert(sizeof(struct excerpt) == 72 + SAMPLE_HEAD_MAX, "excerpt has no holes");

#endif
