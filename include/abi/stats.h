/* SPDX-License-Identifier: GPL-2.0-only */
/* What was counted of all requests, and of each service's connections. */
#ifndef SLIPROBE_ABI_STATS_H
#define SLIPROBE_ABI_STATS_H

#include "abi/identity.h"
#include "terms.h"
#include "types.h"

/* Indices of `stats`. */
enum statistic {
	STAT_SEEN, /* requests whose head was read whole, or that were answered before it was */
	STAT_SEEN_RECV, /* those of STAT_SEEN that the recv hook alone counts */
	STAT_ENDED, /* requests given an outcome */
	STAT_ENDED_SEND, /* those of STAT_ENDED that the send hook alone counts */
	STAT_LOST, /* + enum lost_reason */
	STAT_ERROR = STAT_LOST + LOST_REASON_COUNT, /* + enum kernel_error */
	STAT_COUNT = STAT_ERROR + KERR_COUNT,
};

enum {
	ANNOUNCED_MAX = 4, /* ports of a service */
};

/* How much of a service could be measured: `service_books`, by the service's id. */
struct service_books {
	__u64 connections; /* of which at least one request was seen */
	__u64 tls_connections; /* of these, those over TLS */
	__u64 lost[LOST_REASON_COUNT]; /* requests; also in `stats` */
	__u64 status_unknown; /* requests that were counted, and cannot be judged: status_is_known() */
	__u64 folded; /* requests that found no series of their own: see abi/quota */
	__u64 folded_since_ns;
	__u32 series; /* that were made for it */
	__u32 groups; /* likewise, of histograms */
	__u32 pending; /* pipelined requests that are open; of a found service only */
	__u32 excerpts; /* connections whose head of a request is kept: see abi/sample */
	/* UDP ports at which its answers announce HTTP/3; 0: none */
	__u16 announced[ANNOUNCED_MAX];
};

_Static_assert(sizeof(struct service_books) == 8 * (5 + LOST_REASON_COUNT) + 24,
	       "service_books has no holes");

#endif
