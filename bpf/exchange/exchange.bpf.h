/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The requests a connection owes an answer to: a queue numbered from 1. The recv hook puts requests
 * in (`head`), the send hook answers them in order (`tail`), and whoever ends one first, be it an
 * answer, an abort or the unanswered walk, claims it with one compare-and-swap, so that each is
 * counted exactly once however these race.
 *
 * One request sits in the connection itself; those behind it (pipelining) in the `pending` map.
 */
#ifndef SLIPROBE_EXCHANGE_BPF_H
#define SLIPROBE_EXCHANGE_BPF_H

#include "abi.h"
#include "kernel/conn.bpf.h"
#include "http1/state.h"
#include "judge/judge.bpf.h"
#include "judge/verdict.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/dfa.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/policy.bpf.h"
#include "kernel/stat.bpf.h"

enum {
	PENDING_MAX = 65536,
};

/* Requests behind another one on the same connection (pipelining). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PENDING_MAX);
	__type(key, struct pending_key);
	__type(value, struct request);
} pending SEC(".maps");

static __always_inline struct pending_key pending_key_of(const struct conn *conn, __u32 number)
{
	struct pending_key key = {.cookie = conn->cookie, .number = number};

	return key;
}

static __always_inline struct request *request_find(struct conn *conn, __u32 number)
{
	struct pending_key key;

	if (conn->first.claim >> 1 == (number & 0x7fffffff))
		return &conn->first;
	key = pending_key_of(conn, number);
	return bpf_map_lookup_elem(&pending, &key);
}

/* True for the one caller that may end the request. */
static __always_inline bool request_claim(struct request *request, __u32 number)
{
	__u32 open = number << 1;

	return __sync_val_compare_and_swap(&request->claim, open, open | 1) == open;
}

/* Frees the slot of a request that the send hook has done with. */
static __always_inline void request_release(struct conn *conn, __u32 number)
{
	struct pending_key key;

	if (conn->first.claim >> 1 == (number & 0x7fffffff))
		return;
	key = pending_key_of(conn, number);
	bpf_map_delete_elem(&pending, &key);
}

/* Which SLOs the request is eligible for, and its route. */
static __always_inline void request_route(const struct conn *conn, struct request *request)
{
	__u32 index = conn->policy;
	struct policy *policy = bpf_map_lookup_elem(&policies, &index);
	struct accept *accept;
	__u32 method = conn->rx.method;

	if (!policy || method >= HTTP_METHOD_COUNT) {
		stat_error(KERR_POLICY_MISSING);
		return;
	}
	if (live_generation - conn->generation >= LIVE_REGIONS) {
		/* the head came so slowly that its automaton has been replaced */
		stat_error(KERR_HEAD_STALE);
		request->slo_mask = policy->other_mask & policy->method_mask[method];
		return;
	}
	accept = dfa_accept(conn->rx.dfa);
	request->route = accept ? accept->value : ROUTE_OTHER;
	request->slo_mask = accept ? accept->slo_mask : policy->other_mask;
	request->slo_mask &= policy->method_mask[method];
	accept = dfa_accept(conn->rx.ua);
	if (accept)
		request->slo_mask &= accept->slo_mask;
}

/* All but the claim. */
static __always_inline void request_fill(const struct conn *conn, struct request *request)
{
	request->service = conn->service;
	request->policy = conn->policy;
	request->first_read_ns = conn->first_read_ns;
	request->queue_ns = conn->queue_ns;
	request->slo_mask = 0;
	request->route = ROUTE_OTHER;
	request->method = conn->rx.method;
	request->answered = 0;
	request_route(conn, request);
}

/* The head of a request is complete, or was answered before it was. */
static __always_inline void request_push_here(struct conn *conn, const bool own)
{
	__u32 number = conn->head;

	if (own)
		stat_add_own(STAT_SEEN_RECV, 1);
	else
		stat_add(STAT_SEEN, 1);
	if (number == conn->done) {
		/* the claim goes last: with it the slot is this request's for all the others */
		conn->first.claim = 0;
		request_fill(conn, &conn->first);
		store_release(&conn->first.claim, number << 1);
	} else {
		struct pending_key key = pending_key_of(conn, number);
		struct request request = {.claim = number << 1};

		request_fill(conn, &request);
		if (bpf_map_update_elem(&pending, &key, &request, BPF_ANY))
			stat_lost(LOST_PENDING_FULL);
	}
	store_release(&conn->head, number + 1);
}

__noinline int request_push(struct conn *conn)
{
	if (conn)
		request_push_here(conn, false);
	return 0;
}

static __always_inline void verdict_of_answer(const struct request *request, struct verdict *ret)
{
	ret->outcome = OUTCOME_COMPLETE;
	ret->status = request->status;
	ret->service_ns = request->service_ns;
	ret->body_bytes = request->body_bytes;
}

/*
 * The response at `tail` is complete: everything was handed to the kernel, at now_ns; 0: just now.
 * `wait`: the peer has closed its sending side and not acknowledged the answer. If it still does, it
 * got it; if it resets the connection, it had gone. Until one of both is known the verdict waits, see
 * requests_end(). `own`: in the one program that counts into the tables of its own.
 */
static __always_inline void request_answered_here(struct conn *conn, struct request *request,
						  __u64 now_ns, bool wait, const bool own)
{
	__u32 number = conn->tail;
	struct verdict verdict = {
		.outcome = OUTCOME_COMPLETE,
		.status = conn->tx.status,
		.body_bytes = conn->tx.body,
	};
	bool behind = conn->done != number;

	store_release(&conn->tail, number + 1);
	if (!request) {
		if (!behind)
			conn->done = number + 1;
		return;
	}
	if (!now_ns)
		now_ns = bpf_ktime_get_ns();
	if (now_ns > request->first_read_ns)
		verdict.service_ns = now_ns - request->first_read_ns;
	if (wait) {
		request->status = verdict.status;
		request->service_ns = verdict.service_ns;
		request->body_bytes = verdict.body_bytes;
		request->answered = 1;
		return;
	}
	if (conn->peer_reset && conn->old_state == TCP_CLOSE_WAIT)
		verdict.outcome = OUTCOME_CLIENT_ABORT;
	if (request_claim(request, number)) {
		if (own)
			request_judge(request, &verdict, true);
		else
			request_count(request, &verdict);
	}
	if (!behind) {
		request_release(conn, number);
		conn->done = number + 1;
	}
}

__noinline int request_answered(struct conn *conn, __u64 now_ns, __u32 wait)
{
	if (conn)
		request_answered_here(conn, request_find(conn, conn->tail), now_ns, wait, true);
	return 0;
}

__noinline int request_answered_shared(struct conn *conn, __u64 now_ns, __u32 wait)
{
	if (conn)
		request_answered_here(conn, request_find(conn, conn->tail), now_ns, wait, false);
	return 0;
}

/* How to end requests whose answer is not whole. */
struct ending {
	__u8 outcome; /* of requests without a whole answer */
	__u8 answered; /* outcome of those whose verdict waited for the peer */
	__u8 at_close; /* 1 + outcome of a response which ends with the connection; 0: as others */
	__u8 gone; /* the socket is being destroyed: free the slots too */
	__s32 lost; /* enum lost_reason instead of an outcome, or -1 */
};

struct requests {
	struct conn *conn;
	struct ending how;
};

static long request_end(__u32 i, struct requests *requests)
{
	struct conn *conn = requests->conn;
	struct ending *how = &requests->how;
	__u32 number = conn->done + i;
	struct verdict verdict = {.outcome = how->outcome};
	struct request *request;

	if ((__s32)(conn->head - number) <= 0)
		return 1;
	request = request_find(conn, number);
	if (!request)
		return 0;
	if (request_claim(request, number)) {
		if (how->lost >= 0) {
			stat_lost(how->lost);
		} else {
			if (request->answered) {
				verdict_of_answer(request, &verdict);
				verdict.outcome = how->answered;
			} else {
				verdict.service_ns = bpf_ktime_get_ns() - request->first_read_ns;
				if (how->at_close && number == conn->tail &&
				    conn->tx.state == HTTP1_BODY_CLOSE) {
					verdict.outcome = how->at_close - 1;
					verdict.status = conn->tx.status;
					verdict.body_bytes = conn->tx.body;
				}
			}
			request_count(request, &verdict);
		}
	}
	if (how->gone)
		request_release(conn, number);
	return 0;
}

/* Ends whatever is still open on the connection. */
__noinline int requests_end(struct conn *conn, struct ending *how)
{
	if (!conn || !how || conn->head == conn->done)
		return 0;

	struct requests requests = {.conn = conn, .how = *how};

	bpf_loop(PENDING_MAX, request_end, &requests, 0);
	if (how->gone) {
		conn->tail = conn->head;
		conn->done = conn->head;
	}
	return 0;
}

/* The send side can no longer be followed: what is open has no knowable outcome. */
static __always_inline void requests_lose(struct conn *conn, enum lost_reason reason)
{
	struct ending how = {.gone = 1, .lost = reason};

	requests_end(conn, &how);
}

#endif
