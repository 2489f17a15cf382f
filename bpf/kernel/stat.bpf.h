/* SPDX-License-Identifier: GPL-2.0-only */
/* Counting what happened, what was lost and what failed. Every failed helper ends up here. */
#ifndef SLIPROBE_KERNEL_STAT_BPF_H
#define SLIPROBE_KERNEL_STAT_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STAT_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} stats SEC(".maps");

/*
 * Counters that several programs add to are added to atomically, per CPU or not: a program in a soft
 * interrupt may interrupt another one on the same CPU in the middle of an addition.
 */
static __always_inline void counter_add(__u64 *counter, __u64 n)
{
	__sync_fetch_and_add(counter, n);
}

/*
 * A per-CPU counter that one program alone adds to needs no lock, which would take as long as thirty
 * other instructions: the kernel never runs a program inside itself on the same CPU, it skips it.
 */
static __always_inline void counter_add_own(__u64 *counter, __u64 n)
{
	*counter += n;
}

static __always_inline void stat_add(__u32 stat, __u64 n)
{
	__u64 *counter = bpf_map_lookup_elem(&stats, &stat);

	if (counter)
		counter_add(counter, n);
}

static __always_inline void stat_add_own(__u32 stat, __u64 n)
{
	__u64 *counter = bpf_map_lookup_elem(&stats, &stat);

	if (counter)
		counter_add_own(counter, n);
}

static __always_inline void stat_error(enum kernel_error site)
{
	stat_add(STAT_ERROR + site, 1);
}

static __always_inline void stat_lost(enum lost_reason reason)
{
	stat_add(STAT_LOST + reason, 1);
}

#endif
