/* SPDX-License-Identifier: GPL-2.0-only */
/* State of a connection, and of its requests. */
#ifndef SLIPROBE_KERNEL_CONN_BPF_H
#define SLIPROBE_KERNEL_CONN_BPF_H

#include "abi.h"
#include "http1/state.h"
#include "kernel/helpers.bpf.h"

/* One request between its head and its outcome. */
struct request {
	__u32 claim; /* number << 1 | ended: set once, by whoever ends it */
	__u16 service;
	__u16 policy;
	__u64 first_read_ns;
	__u64 queue_ns;
	__u64 slo_mask; /* the policy's SLOs it is eligible for, by path, method and agent */
	__u16 route;
	__u8 method;
	__u8 answered; /* the response is complete, the verdict waits for the peer: see conn.bpf.h */
	__u16 status; /* if answered */
	__u16 pad;
	__u64 service_ns; /* if answered */
	__u64 body_bytes; /* if answered */
};

enum conn_mode {
	CONN_NEW, /* no message seen on a connection whose first bytes we saw */
	CONN_OLD, /* older than the agent: joins at its next request */
	CONN_HTTP,
	CONN_IGNORED, /* not HTTP, not a server, or a tunnel by now */
};

/* State of one TCP connection, in its sk_storage. Written by the hook named. */
struct conn {
	__u64 cookie; /* the kernel's number of the socket: never used again */
	struct http1 rx; /* recv */
	struct http1 tx; /* send */
	__u32 rx_seq; /* recv: copied_seq up to which bytes were followed */
	__u32 tx_seq; /* send: write_seq likewise */
	__u64 first_read_ns; /* recv: of the message being read */
	__u64 queue_ns;
	__u32 head; /* recv: number of the next request */
	__u32 tail; /* send: the request being answered */
	__u32 done; /* send: requests below have ended or are answered and ended */
	__u32 generation; /* recv: of the policy */
	__u16 policy; /* recv */
	__u16 service; /* recv */
	__u8 mode; /* enum conn_mode */
	__u8 joins_left; /* recv: CONN_OLD: times a message start is still tried */
	__u8 turn; /* bytes were sent since the last read */
	__u8 peer_reset; /* state: closed by the peer's reset or by a time-out */
	__u8 promoted; /* send: the message being read was answered before its head was complete */
	__u8 old_state; /* state: TCP state before it was closed */
	__u8 pad[2];
	__u32 walked; /* the last walk over files that has met it */
	struct request first; /* inline slot; further ones are in `pending` */
};

/* Key of `pending`. */
struct pending_key {
	__u64 cookie;
	__u32 number;
	__u32 pad;
};

_Static_assert(sizeof(struct request) == 56, "request has no holes");
_Static_assert(sizeof(struct conn) == 184, "conn has no holes");

#endif
