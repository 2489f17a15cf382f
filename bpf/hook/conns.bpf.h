/* SPDX-License-Identifier: GPL-2.0-only */
/* TCP connections: what is known of each, and how far its bytes were followed. */
#ifndef SLIPROBE_HOOK_CONNS_BPF_H
#define SLIPROBE_HOOK_CONNS_BPF_H

#include "kernel/helpers.bpf.h"
#include "kernel/transport.bpf.h"
#include "protocol/conn.bpf.h"

/* The connection was closed by the peer's reset, or by a time-out. */
enum tcp_reset {
	RESET_NONE,
	RESET_ENDING, /* when this side had closed it already */
	RESET_OPEN, /* else: what had arrived is still read, as requests that nobody can answer any more */
};

struct tcp_conn {
	struct conn conn;
	__u64 received; /* bytes_received then: which turn of 2^32 bytes read_seq is in */
	__u64 acked; /* bytes_acked then: likewise of write_seq */
	__u32 read_seq; /* bytes read were followed up to this copied_seq */
	__u32 write_seq; /* bytes written were followed up to this write_seq */
	__u8 closed_from; /* TCP state before it was closed; 0: not known */
	__u8 peer_reset; /* enum tcp_reset */
	__u16 ahead; /* bytes behind read_seq that were followed, and are not read: see tcp_ahead */
	__u32 swept; /* number of the last sweep over files that has met it */
};

/* Freed with the socket. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct tcp_conn);
} conns SEC(".maps");

/* How far a sequence number went on since `*about` was noted; the counter is noted anew. */
static __always_inline __u64 tcp_went_on(__u32 lower, __u64 counter, __u64 *about)
{
	__u64 roughly = counter - *about;

	*about = counter;
	return transport_went_on(lower, roughly);
}

_Static_assert(sizeof(struct tcp_conn) == sizeof(struct conn) + 32, "tcp_conn has no holes");

#endif
