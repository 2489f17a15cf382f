/* SPDX-License-Identifier: GPL-2.0-only */
/* Work space of the programs on reads and of those on writes: one must not overwrite the other's. */
#ifndef SLIPROBE_HOOK_SCRATCH_BPF_H
#define SLIPROBE_HOOK_SCRATCH_BPF_H

#include "hook/syscall.bpf.h"
#include "kernel/helpers.bpf.h"
#include "stream/io.bpf.h"
#include "who/work.bpf.h"

/* what the read going on on this CPU has found before it changed it, see arrival.bpf.h */
struct reading {
	__u64 sock; /* address of the socket being read; 0: none */
	__u64 arrived_us;
	__u32 copied_seq;
	__u32 pad;
};

struct scratch {
	struct reading reading; /* SCRATCH_RECV's */
	struct call call;
	struct io io;
	struct who_work who;
};

enum scratch_user {
	SCRATCH_RECV,
	SCRATCH_SEND,
	SCRATCH_USERS,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCH_USERS);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

#endif
