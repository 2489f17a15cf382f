/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walk over all connections, started by the agent at its own pace: ends requests that have had
 * no response for too long, and counts what is in flight, independently of the counters.
 *
 * It goes over the map of connections where the kernel lets it, else over the files of all
 * processes: these lack what no process has open just now (closed with the answer under way, on its
 * way in an SCM_RIGHTS message).
 */
#ifndef SLIPROBE_HOOK_SWEEP_BPF_H
#define SLIPROBE_HOOK_SWEEP_BPF_H

#include "abi.h"
#include "kernel/conn.bpf.h"
#include "exchange/exchange.bpf.h"
#include "hook/conns.bpf.h"
#include "judge/judge.bpf.h"
#include "judge/verdict.bpf.h"
#include "kernel/helpers.bpf.h"

__u64 walk_unanswered_ns; /* requests older than this are ended by the walk */
__u64 walk_in_flight; /* result of the walk */
__u32 walk_number; /* of a walk over files, which meets a connection once for each descriptor */

/* set by the walk: policies that open requests are judged by */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, POLICIES_MAX);
	__type(key, __u32);
	__type(value, __u32);
} policies_used SEC(".maps");

struct walk {
	struct conn *conn;
	__u64 now_ns;
};

static __always_inline void policy_use(__u32 policy)
{
	__u32 *used = bpf_map_lookup_elem(&policies_used, &policy);

	if (used)
		*used = 1;
}

static long walk_request(__u32 i, struct walk *walk)
{
	struct conn *conn = walk->conn;
	__u32 number = conn->done + i;
	struct verdict verdict = {.outcome = OUTCOME_UNANSWERED};
	struct request *request;
	struct request copy;

	if ((__s32)(conn->head - number) <= 0)
		return 1;
	request = request_find(conn, number);
	if (!request)
		return 0;
	copy = *request;
	if (copy.claim != number << 1)
		return 0; /* ended, or another one by now */
	policy_use(copy.policy);
	if (copy.answered || (number == conn->tail && conn->tx.state != HTTP1_START) ||
	    walk->now_ns - (copy.first_read_ns - copy.queue_ns) < walk_unanswered_ns ||
	    walk->now_ns < copy.first_read_ns) {
		walk_in_flight++;
		return 0;
	}
	if (request_claim(request, number))
		request_count(&copy, &verdict);
	return 0;
}

static __always_inline int walk_conn(struct conn *conn)
{
	struct walk walk = {.conn = conn};

	if (conn->mode == CONN_IGNORED && conn->head == conn->done)
		return 0;
	if (conn->rx.state != HTTP1_START)
		policy_use(conn->policy);
	if (conn->head == conn->done)
		return 0;
	walk.now_ns = bpf_ktime_get_ns();
	bpf_loop(PENDING_MAX, walk_request, &walk, 0);
	return 0;
}

static __always_inline int walk_file(struct file *file)
{
	struct socket *socket = bpf_sock_from_file(file);
	struct conn *conn;

	if (!socket || !socket->sk)
		return 0;
	conn = bpf_sk_storage_get(&conns, socket->sk, 0, 0);
	if (!conn || conn->walked == walk_number)
		return 0;
	conn->walked = walk_number;
	return walk_conn(conn);
}

#endif
