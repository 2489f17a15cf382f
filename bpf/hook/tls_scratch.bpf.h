/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Work space for programs on user functions. They may be preempted, and another one run meanwhile on the same CPU: so
 * each has an owner for as long as a program works on it.
 */
#ifndef SLIPROBE_HOOK_TLS_SCRATCH_BPF_H
#define SLIPROBE_HOOK_TLS_SCRATCH_BPF_H

#include "abi/tls.h"
#include "hook/scratch.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"

enum {
	TLS_SCRATCH_TRIES = 8,
};

/* Set before loading, as the map's size is: their number less one, and that is a power of two less one. */
const volatile __u32 tls_scratches_last = TLS_SCRATCHES_MAX - 1;

struct tls_scratch {
	__u64 owner; /* the thread whose program works on it: see tls_scratch_self(); 0: none */
	struct scratch scratch;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TLS_SCRATCHES_MAX);
	__type(key, __u32);
	__type(value, struct tls_scratch);
} tls_scratches SEC(".maps");

static __always_inline __u64 tls_scratch_self(void)
{
	return bpf_get_current_pid_tgid() | 1ULL << 63;
}

/* One that nobody else has until tls_scratch_give(); NULL: all are taken. */
static __always_inline struct tls_scratch *tls_scratch_take(void)
{
	__u32 first = bpf_get_smp_processor_id() * TLS_SCRATCHES_OF_CPU;
	__u64 self = tls_scratch_self();

#pragma clang loop unroll(full)
	for (int i = 0; i < TLS_SCRATCH_TRIES; i++) {
		__u32 index = (first + i) & tls_scratches_last;
		struct tls_scratch *found = bpf_map_lookup_elem(&tls_scratches, &index);

		if (found && !__sync_val_compare_and_swap(&found->owner, 0, self))
			return found;
	}
	stat_error(KERR_SCRATCH);
	return NULL;
}

/* The one that a program has taken that went on, by a tail call, with this one: on the same CPU. */
static __always_inline struct tls_scratch *tls_scratch_taken(void)
{
	__u32 first = bpf_get_smp_processor_id() * TLS_SCRATCHES_OF_CPU;
	__u64 self = tls_scratch_self();

#pragma clang loop unroll(full)
	for (int i = 0; i < TLS_SCRATCH_TRIES; i++) {
		__u32 index = (first + i) & tls_scratches_last;
		struct tls_scratch *found = bpf_map_lookup_elem(&tls_scratches, &index);

		if (found && found->owner == self)
			return found;
	}
	return NULL;
}

static __always_inline void tls_scratch_give(struct tls_scratch *scratch)
{
	__sync_lock_test_and_set(&scratch->owner, 0);
}

#endif
