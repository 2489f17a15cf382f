/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables of counters, each with a twin. Nearly all requests end in the send hook. What it counts is
 * per CPU, and its own: it needs no lock (counter_add_own()). What other programs count (closed
 * connections, resets, the walk) is in tables of the same layout that they share, *_shared. A count is
 * the sum of both.
 */
#ifndef SLIPROBE_JUDGE_TABLE_BPF_H
#define SLIPROBE_JUDGE_TABLE_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"

#define TWIN_TABLES(name, entries, value_type)                                                     \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                           \
		__uint(max_entries, entries);                                                      \
		__type(key, __u32);                                                                \
		__type(value, value_type);                                                         \
	} name SEC(".maps");                                                                       \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(max_entries, entries);                                                      \
		__type(key, __u32);                                                                \
		__type(value, value_type);                                                         \
	} name##_shared SEC(".maps")

/*
 * Each table has a twin: what the send hook counts goes into the table of its own,
 * what others count into the one they share.
 */
#define table_own(table, key, own)                                                                 \
	((own) ? bpf_map_lookup_elem(&table, key) : bpf_map_lookup_elem(&table##_shared, key))

/* The value of an id in a table of blocks, or NULL. No arithmetic before it is known which. */
#define table_value(table, id, own)                                                                \
	({                                                                                         \
		__u32 index_ = (id) / BLOCK;                                                       \
		struct table##_block *block_ = table_own(table, &index_, own);                     \
		typeof(&block_->values[0]) value_ = NULL;                                          \
		if (block_) {                                                                      \
			barrier_var(block_);                                                       \
			value_ = &block_->values[(id) % BLOCK];                                    \
		}                                                                                  \
		value_;                                                                            \
	})

static __always_inline void table_add(__u64 *counter, __u64 n, const bool own)
{
	if (own)
		counter_add_own(counter, n);
	else
		counter_add(counter, n);
}

#endif
