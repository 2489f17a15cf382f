/* SPDX-License-Identifier: GPL-2.0-only */
/* A request as the verdict needs it, made when its exchange is opened. */
#ifndef SLIPROBE_JUDGE_REQUEST_BPF_H
#define SLIPROBE_JUDGE_REQUEST_BPF_H

#include "abi.h"
#include "kernel/dfa.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/policy.bpf.h"
#include "kernel/stat.bpf.h"

enum {
	PATH_UNKNOWN = 0xffffffff, /* opening.path: nobody has seen it */
};

/* A request as its protocol has read it, and the service it is for. */
struct opening {
	__u64 first_read_ns;
	__u64 queue_ns; /* from the arrival of its first byte to first_read_ns */
	__u32 path; /* where the policy's automata ended; DFA_DEAD: nothing matched; or PATH_UNKNOWN */
	__u32 user_agent;
	__u32 generation; /* of the policy */
	__u16 policy;
	__u16 service;
	__u8 method; /* enum http_method */
	__u8 role; /* enum role */
	__u16 version; /* of the process */
	__u16 status; /* of what is known of the answer's before it comes: whether it is gRPC's */
	__u16 pad;
};

struct request {
	__u64 first_read_ns;
	__u64 queue_ns;
	__u64 slo_mask; /* the policy's SLOs it is eligible for, by path, method and agent */
	__u16 service;
	__u16 policy;
	__u16 route;
	__u8 method; /* enum http_method */
	__u8 role; /* enum role */
	__u32 generation; /* of the policy */
	__u16 version; /* of the process that serves it, id; 0: not known */
	__u16 pad;
};

/* Which SLOs the request is eligible for, and its route. */
static __always_inline void request_classify(const struct opening *opening, struct request *request)
{
	struct policy *policy = policy_find(opening->policy);
	__u32 method = opening->method;
	struct accept *accept;

	barrier_var(method); /* the verifier must see the check on the index itself */
	if (!policy || method >= HTTP_METHOD_COUNT) {
		stat_error(KERR_POLICY_MISSING);
		return;
	}
	if (live_generation - opening->generation >= LIVE_REGIONS) {
		/* the head came so slowly that its automaton has been replaced */
		stat_error(KERR_HEAD_STALE);
		request->slo_mask = policy->other_mask & policy->method_mask[method];
		return;
	}
	accept = dfa_accept(opening->path);
	request->route = accept ? accept->value : ROUTE_OTHER;
	request->slo_mask = accept ? accept->slo_mask : policy->other_mask;
	if (!accept && opening->path == PATH_UNKNOWN) {
		/* it counts for each SLO that it may belong to: a failure must not vanish */
		request->route = ROUTE_UNKNOWN;
		request->slo_mask = ~0ULL;
	}
	request->slo_mask &= policy->method_mask[method];
	accept = dfa_accept(opening->user_agent);
	if (accept)
		request->slo_mask &= accept->slo_mask;
}

static __always_inline void request_init(const struct opening *opening, struct request *ret)
{
	ret->service = opening->service;
	ret->policy = opening->policy;
	ret->generation = opening->generation;
	ret->first_read_ns = opening->first_read_ns;
	ret->queue_ns = opening->queue_ns;
	ret->slo_mask = 0;
	ret->route = ROUTE_OTHER;
	ret->method = opening->method;
	ret->role = opening->role;
	ret->version = opening->version;
	request_classify(opening, ret);
}

/* Likewise, verified once: where many ways lead to it. */
__noinline int request_init_apart(const struct opening *opening, struct request *ret)
{
	if (opening && ret)
		request_init(opening, ret);
	return 0;
}

_Static_assert(sizeof(struct request) == 40, "request has no holes");

#endif
