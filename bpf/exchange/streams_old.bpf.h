/* SPDX-License-Identifier: GPL-2.0-only */
/* Streams that last, while many others behind them come and go: a list of its own for each connection that has such. */
#ifndef SLIPROBE_EXCHANGE_STREAMS_OLD_BPF_H
#define SLIPROBE_EXCHANGE_STREAMS_OLD_BPF_H

#include "abi.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"

enum {
	STREAMS_OLD = 256, /* of a connection, a power of two */
	STREAMS_OLD_CONNS =
		32768, /* 1 KiB each: as many as are followed, whose owners have shares of these */
};

struct streams_old {
	__u32 numbers[STREAMS_OLD]; /* 0, or of a stream that has ended: free */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, STREAMS_OLD_CONNS);
	__type(key, __u64);
	__type(value, struct streams_old);
} streams_old SEC(".maps");

/* One entry of zeroes, to make new ones from: too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct streams_old);
} streams_old_blank SEC(".maps");

/* NULL: the connection has none. `id` is copied: Linux 6.1 takes no key from anywhere. */
static __always_inline struct streams_old *streams_old_find(const __u64 *id)
{
	__u64 key = *id;

	return bpf_map_lookup_elem(&streams_old, &key);
}

/* Number of the i-th of them; 0: none. Not inlined: its stack is not its callers'. */
static __noinline __u32 streams_old_number(const __u64 *id, __u32 i)
{
	struct streams_old *old = id ? streams_old_find(id) : NULL;

	return old ? old->numbers[i & (STREAMS_OLD - 1)] : 0;
}

/* Likewise. */
static __noinline int streams_old_make(const __u64 *id)
{
	struct streams_old *blank;
	__u32 only = 0;
	__u64 key;

	if (!id)
		return false;
	key = *id;
	if (bpf_map_lookup_elem(&streams_old, &key))
		return true;
	blank = bpf_map_lookup_elem(&streams_old_blank, &only);
	if (!blank || bpf_map_update_elem(&streams_old, &key, blank, BPF_NOEXIST)) {
		stat_error(KERR_CONN_ALLOC);
		return false;
	}
	return true;
}

/* Likewise. */
static __noinline int streams_old_drop(const __u64 *id)
{
	__u64 key;

	if (!id)
		return 0;
	key = *id;
	bpf_map_delete_elem(&streams_old, &key);
	return 0;
}

#endif
