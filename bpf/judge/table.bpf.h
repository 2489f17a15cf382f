/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables of counters, each with a twin. Nearly all requests end in the program on sending, which counts
 * them per CPU and without a lock (WRITER_SEND). What all others count (closed connections, resets, the
 * sweep) is in a table of the same layout, *_shared. A count is the sum of both.
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

#define table_find(table, key, writer)                                                             \
	((writer) == WRITER_SEND ? bpf_map_lookup_elem(&table, key) :                              \
				   bpf_map_lookup_elem(&table##_shared, key))

/*
 * The value of an id in a table of blocks, or NULL. The test for NULL comes before the indexing: the
 * verifier refuses arithmetic on a pointer that may be NULL.
 */
#define table_value(table, id, writer)                                                             \
	({                                                                                         \
		__u32 index_ = (id) / BLOCK;                                                       \
		struct table##_block *block_ = table_find(table, &index_, writer);                 \
		typeof(&block_->values[0]) value_ = NULL;                                          \
		if (block_) {                                                                      \
			barrier_var(block_);                                                       \
			value_ = &block_->values[(id) % BLOCK];                                    \
		}                                                                                  \
		value_;                                                                            \
	})

#endif
