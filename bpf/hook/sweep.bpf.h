/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sweep over all connections, started by the agent at its own pace: ends requests that were whole and
 * have had no response for too long, and counts what is in flight, independently of the counters.
 *
 * It goes over the map of connections where the kernel lets it, else over the files of all
 * processes: these lack what no process has open just now (closed with the answer under way, on its
 * way in an SCM_RIGHTS message). Where a file does not lead to a socket whose state may be touched, it goes over the
 * TCP sockets of the agent's network namespace.
 */
#ifndef SLIPROBE_HOOK_SWEEP_BPF_H
#define SLIPROBE_HOOK_SWEEP_BPF_H

#include "abi.h"
#include "exchange/exchange.bpf.h"
#include "hook/conns.bpf.h"
#include "hook/sock.bpf.h"
#include "hook/tcp_tail.bpf.h"
#include "hook/tcp_time.bpf.h"
#include "judge/judge.bpf.h"
#include "judge/verdict.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/protocol.bpf.h"
#include "protocol/tls.bpf.h"

__u64 sweep_unanswered_ns; /* requests older than this are ended by the sweep */
__u64 sweep_in_flight; /* result of the sweep */
__u32 sweep_number; /* a sweep over files meets a connection once for each descriptor */

/* By endpoint: the last sweep that has met a connection or an open request of its service. */
__u32 endpoints_met[ENDPOINTS_MAX];

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
	__u32 answering; /* number of the exchange for which something was sent; 0: none */
	__u32 arriving; /* number of that whose request is not whole yet; 0: none */
	__u32 refused; /* number of the first that is not accepted; 0: none */
	__u32 pad;
	__u64 sent_ns; /* since when the answers before have been out of the way */
};

static __always_inline void policy_use(__u32 policy)
{
	__u32 *used = bpf_map_lookup_elem(&policies_used, &policy);

	if (used)
		*used = 1;
}

/* It has no answer, and nothing that would be its beginning, for too long. */
static __always_inline bool sweep_is_due(const struct sweep *sweep, const struct exchange *exchange,
					 __u32 number)
{
	__u64 asked_ns = exchange_asked_ns(exchange);

	if (asked_ns < sweep->sent_ns)
		asked_ns = sweep->sent_ns;
	return exchange->stage < EXCHANGE_ANSWERED && exchange->stage != EXCHANGE_ARRIVING &&
	       !exchange->first_byte_us && number != sweep->answering &&
	       number != sweep->arriving && sweep->now_ns >= asked_ns &&
	       sweep->now_ns >= exchange->request.first_read_ns &&
	       sweep->now_ns - asked_ns >= sweep_unanswered_ns;
}

static __always_inline void service_meet(__u32 service)
{
	__u32 id = service - SERVICE_FOUND;

	barrier_var(id); /* the verifier must see the check on the index itself */
	if (id < ENDPOINTS_MAX)
		endpoints_met[id] = sweep_number;
}

static __always_inline long sweep_one(__u32 number, struct sweep *sweep)
{
	struct exchanges *open = sweep->open;
	struct verdict verdict = {.outcome = OUTCOME_UNANSWERED};
	struct exchange *exchange;
	struct exchange copy;

	exchange = exchange_find(open, number);
	if (!exchange)
		return 0;
	copy = *exchange;
	if (copy.claim != number << 1)
		return 0; /* ended, or another one by now */
	policy_use(copy.request.policy);
	service_meet(copy.request.service);
	if (!sweep_is_due(sweep, &copy, number)) {
		sweep_in_flight++;
		return 0;
	}
	if (exchange_is_refused(number, sweep->refused))
		verdict.outcome = OUTCOME_NOT_ACCEPTED;
	if (exchange_claim(exchange, number))
		judge(&open->origin, number, &copy.request, &verdict, WRITER_SHARED);
	return 0;
}

static long sweep_exchange(__u32 i, struct sweep *sweep)
{
	__u32 number = sweep->open->freed + i;

	if ((__s32)(sweep->open->next - number) <= 0)
		return 1;
	return sweep_one(number, sweep);
}

static long sweep_old(__u32 i, struct sweep *sweep)
{
	__u32 number = streams_old_number(&sweep->open->origin.id, i);

	return number ? sweep_one(number, sweep) : 0;
}

/*
 * Pipelined requests are answered in turn. While an answer is being sent, or the peer has not taken it, the next
 * one cannot begin: when the last data was sent, or now. 0: long ago.
 */
static __always_inline __u64 sweep_sent_ns(struct tcp_sock *tp, __u64 now_ns)
{
	__u64 age_ns;

	if (!tp)
		return 0;
	if (tp->snd_una != tp->write_seq)
		return now_ns;
	age_ns = ((__u32)bpf_jiffies64() - tp->lsndtime) * tick_ns;
	return age_ns < now_ns ? now_ns - age_ns : 0;
}

/*
 * The number of the request whose body is not all there; 0: there is none. A body that is there, and that
 * the process does not read, or was spliced away unseen, has arrived.
 */
static __always_inline __u32 sweep_arriving(struct sock *sk, struct tcp_sock *tp,
					    struct tcp_conn *tcp, struct conn *conn, __u64 now_ns)
{
	struct exchanges *open = &conn->open;
	__u64 unread = 0, about = tcp->received;

	if (!protocol_request_arrives(conn, 0, 0))
		return 0;
	if (tp)
		unread = tcp_went_on(tp->rcv_nxt - tcp->read_seq, tp->bytes_received, &about);
	if (unread && (sk->sk_shutdown & RCV_SHUTDOWN))
		unread--; /* the FIN */
	unread -= tcp->ahead;
	if (!tp || protocol_request_arrives(conn, unread, unread ? tcp_tail(sk) : 0))
		return exchange_before(open->next);
	exchange_asked(open, now_ns - arrival_age_ticks(tp) * tick_ns);
	return 0;
}

static __always_inline int sweep_conn(struct sock *sk, struct tcp_conn *tcp)
{
	struct conn *conn = &tcp->conn;
	struct unfinished unfinished = {};
	struct sweep sweep = {};
	struct exchanges *open;
	struct tls_conn *tls;
	struct tcp_sock *tp;

	if (protocol_is_tls(conn)) {
		tls = tls_of(conn);
		if (!tls)
			return 0;
		conn = &tls->conn;
	}
	open = sweep.open = &conn->open;
	service_meet(conn->served.service);
	if (conn->mode != CONN_IGNORED && protocol_reads_request(conn))
		policy_use(conn->served.policy);
	if (!exchanges_any(open))
		return 0;
	protocol_unfinished(conn, &unfinished);
	sweep.answering = unfinished.number;
	sweep.now_ns = bpf_ktime_get_ns();
	tp = tcp_of_any(sk);
	sweep.sent_ns = open->streams ? 0 : sweep_sent_ns(tp, sweep.now_ns);
	sweep.arriving = sweep_arriving(sk, tp, tcp, conn, sweep.now_ns);
	sweep.refused = protocol_first_refused(conn);
	bpf_loop(OPEN_MAX, sweep_exchange, &sweep, 0);
	if (open->has_old)
		bpf_loop(STREAMS_OLD, sweep_old, &sweep, 0);
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
	return sweep_conn(socket->sk, tcp);
}

static __always_inline int sweep_socket(struct sock_common *skc)
{
	struct sock *sk = (struct sock *)bpf_skc_to_tcp_sock(skc);
	struct tcp_conn *tcp = sk ? bpf_sk_storage_get(&conns, sk, 0, 0) : NULL;

	return tcp ? sweep_conn(sk, tcp) : 0;
}

#endif
