/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sweep over all connections, started by the agent at its own pace: ends requests that have had
 * no response for too long, and counts what is in flight, independently of the counters.
 *
 * It goes over the map of connections where the kernel lets it, else over the files of all
 * processes: these lack what no process has open just now (closed with the answer under way, on its
 * way in an SCM_RIGHTS message).
 */
#ifndef SLIPROBE_HOOK_SWEEP_BPF_H
#define SLIPROBE_HOOK_SWEEP_BPF_H

#include "abi.h"
#include "exchange/exchange.bpf.h"
#include "hook/conns.bpf.h"
#include "judge/judge.bpf.h"
#include "judge/verdict.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/protocol.bpf.h"

__u64 sweep_unanswered_ns; /* requests older than this are ended by the sweep */
__u64 sweep_in_flight; /* result of the sweep */
__u32 sweep_number; /* of a sweep over files, which meets a connection once for each descriptor */

/* Set by the sweep: policies that open requests are judged by. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, POLICIES_MAX);
	__type(key, __u32);
	__type(value, __u32);
} policies_used SEC(".maps");

struct sweep {
	struct exchanges *open;
	__u64 now_ns;
	__u32 answering; /* number of the exchange whose answer is being sent; 0: none */
};

static __always_inline void policy_use(__u32 policy)
{
	__u32 *used = bpf_map_lookup_elem(&policies_used, &policy);

	if (used)
		*used = 1;
}

static long sweep_exchange(__u32 i, struct sweep *sweep)
{
	struct exchanges *open = sweep->open;
	__u32 number = open->freed + i;
	struct verdict verdict = {.outcome = OUTCOME_UNANSWERED};
	struct exchange *exchange;
	struct exchange copy;

	if ((__s32)(open->next - number) <= 0)
		return 1;
	exchange = exchange_find(open, number);
	if (!exchange)
		return 0;
	copy = *exchange;
	if (copy.claim != number << 1)
		return 0; /* ended, or another one by now */
	policy_use(copy.request.policy);
	if (copy.answered || number == sweep->answering ||
	    sweep->now_ns - (copy.first_read_ns - copy.request.queue_ns) < sweep_unanswered_ns ||
	    sweep->now_ns < copy.first_read_ns) {
		sweep_in_flight++;
		return 0;
	}
	if (exchange_claim(exchange, number))
		judge(&copy.request, &verdict, WRITER_SHARED);
	return 0;
}

static __always_inline int sweep_conn(struct conn *conn)
{
	struct exchanges *open = &conn->open;
	struct sweep sweep = {.open = open};
	struct unfinished unfinished = {};

	if (conn->mode != CONN_IGNORED && protocol_reads_request(conn))
		policy_use(conn->served.policy);
	if (open->next == open->freed)
		return 0;
	protocol_unfinished(conn, &unfinished);
	sweep.answering = unfinished.number;
	sweep.now_ns = bpf_ktime_get_ns();
	bpf_loop(OPEN_MAX, sweep_exchange, &sweep, 0);
	return 0;
}

static __always_inline int sweep_file(struct file *file)
{
	struct socket *socket = bpf_sock_from_file(file);
	struct tcp_conn *tcp;

	if (!socket || !socket->sk)
		return 0;
	tcp = bpf_sk_storage_get(&conns, socket->sk, 0, 0);
	if (!tcp || tcp->swept == sweep_number)
		return 0;
	tcp->swept = sweep_number;
	return sweep_conn(&tcp->conn);
}

#endif
