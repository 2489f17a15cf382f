/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who has how much of what is kept of connections of HTTP/2, so that nobody has it all: neither a service, nor a flood
 * of clients of one. Owners (abi/quota) are told apart by a hash.
 */
#ifndef SLIPROBE_PROTOCOL_HTTP2_SHARES_BPF_H
#define SLIPROBE_PROTOCOL_HTTP2_SHARES_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "kernel/http2_conns.bpf.h"
#include "who/quota.bpf.h"
#include "who/work.bpf.h"

enum {
	HTTP2_OWNERS = 1024, /* a power of two */
};

/* Of one table. */
struct http2_shares {
	__u32 all;
	__u32 found; /* of these, those of found services */
	__u32 of[HTTP2_OWNERS];
};

/* The owner of a listener: its service if that is configured, else what it is charged to first; root's, by its port. */
static __always_inline struct http2_charged http2_owner(struct who_work *work, __u32 configured)
{
	struct http2_charged charged = {.found = configured == SERVICE_NONE};
	__u64 hash = (__u64)work->endpoint_key.netns << 16 | work->endpoint_key.port;

	quota_owners(work, configured);
	for (int i = OWNERS_OF_ENDPOINT - 1; i >= 0; i--) {
		if (work->charged.keys[i].kind != OWNER_ALL)
			hash = work->charged.keys[i].id ^ (__u64)work->charged.keys[i].kind << 56;
	}
	hash *= 0x9e3779b97f4a7c15ULL;
	charged.place = (hash >> 32 & (HTTP2_OWNERS - 1)) + 1;
	return charged;
}

static __always_inline void http2_share_give(struct http2_shares *shares,
					     struct http2_charged charged)
{
	if (!charged.place)
		return;
	__sync_fetch_and_add(&shares->of[(charged.place - 1) & (HTTP2_OWNERS - 1)], -1);
	__sync_fetch_and_add(&shares->all, -1);
	if (charged.found)
		__sync_fetch_and_add(&shares->found, -1);
}

/*
 * One more of `max`. Found services leave half to configured ones; no owner has more than half of what the others of
 * its kind leave. Returns false if it is too many.
 */
static __always_inline bool http2_share_take(struct http2_shares *shares,
					     struct http2_charged charged, __u32 max)
{
	__u32 mine, used;

	mine = __sync_fetch_and_add(&shares->of[(charged.place - 1) & (HTTP2_OWNERS - 1)], 1) + 1;
	used = __sync_fetch_and_add(&shares->all, 1) + 1;
	if (charged.found) {
		used = __sync_fetch_and_add(&shares->found, 1) + 1;
		max /= 2;
	}
	/* 2 * mine <= max - (used - mine) */
	if (used + mine <= max)
		return true;
	http2_share_give(shares, charged);
	return false;
}

#endif
