/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies how requests begin, an operation at a time, for the samples of them (judge/excerpt). The stream runs
 * first, since only behind a request's first bytes it is known whose it is, and whether that is sampled.
 */
#ifndef SLIPROBE_HOOK_EXCERPT_BPF_H
#define SLIPROBE_HOOK_EXCERPT_BPF_H

#include "abi.h"
#include "exchange/exchange.bpf.h"
#include "hook/conns.bpf.h"
#include "hook/scratch.bpf.h"
#include "judge/excerpt.bpf.h"
#include "judge/sample.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/policy.bpf.h"
#include "kernel/transport.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/protocol.bpf.h"
#include "stream/io.bpf.h"

enum {
	EXCERPT_SEGMENTS = 8, /* of an operation, at most */
};

/* Made with a connection's first request that is sampled, freed with its socket: as many as there are, up to EXCERPTS_MAX. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct excerpt);
} excerpts SEC(".maps");

__u32 excerpts_kept; /* all of them */
__u32 excerpts_found; /* those of found services, and of those not known yet */

/* Nobody may have more than half of what the others leave. */
static __always_inline bool excerpt_charge(__u32 service)
{
	struct service_books *books = bpf_map_lookup_elem(&service_books, &service);
	bool found = service == SERVICE_NONE || service >= SERVICE_FOUND;
	__u32 most = found ? EXCERPTS_FOUND_MAX : EXCERPTS_MAX - EXCERPTS_FOUND_MAX;
	__u32 kept = found ? excerpts_found : excerpts_kept - excerpts_found;

	if (!books || kept >= most || books->excerpts > (most - kept) / 2)
		return false;
	__sync_fetch_and_add(&books->excerpts, 1);
	__sync_fetch_and_add(&excerpts_kept, 1);
	if (found)
		__sync_fetch_and_add(&excerpts_found, 1);
	return true;
}

static __always_inline void excerpt_discharge(__u32 service)
{
	struct service_books *books = bpf_map_lookup_elem(&service_books, &service);

	if (books)
		__sync_fetch_and_add(&books->excerpts, -1);
	__sync_fetch_and_add(&excerpts_kept, -1);
	if (service == SERVICE_NONE || service >= SERVICE_FOUND)
		__sync_fetch_and_add(&excerpts_found, -1);
}

static __always_inline struct excerpt *excerpt_make(struct sock *sk, struct origin *origin,
						    __u32 service)
{
	struct excerpt *excerpt;

	if (!excerpt_charge(service))
		return NULL;
	excerpt = bpf_sk_storage_get(&excerpts, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!excerpt) {
		excerpt_discharge(service);
		return NULL;
	}
	excerpt->service = service;
	origin->excerpt = (__u64)excerpt;
	return excerpt;
}

/* The connection is over. Not inlined: its stack is not its callers'. */
static __noinline int excerpt_drop(struct sock *sk, struct origin *origin)
{
	struct excerpt *excerpt;

	if (!sk || !origin)
		return 0;
	excerpt = bpf_sk_storage_get(&excerpts, sk, 0, 0);
	if (excerpt)
		excerpt_discharge(excerpt->service);
	origin->excerpt = 0;
	return 0;
}

/* Notes what the operation begins with, before the stream has consumed it. */
static __always_inline void excerpt_note(struct scratch *scratch, const struct flow *flow)
{
	struct beginning *from = &scratch->beginning;
	const struct conn *conn = flow->conn;
	const struct io *io = &scratch->io;

	if (!sample_settings.on)
		return;
	from->place = protocol_head(flow);
	/* behind a header of the PROXY protocol */
	if (from->place == HEAD_BEGINS && conn->mode == CONN_NEW && conn->open.next == 1)
		from->place = HEAD_EITHER;
	from->number = conn->open.next & (CLAIM_NUMBERS - 1);
	from->shared = conn->open.next != conn->open.freed;
	from->arrived_ns = flow->arrived_ns;
	from->read_ns = flow->now_ns;
	from->left = io->left;
	from->segment = io->segment;
	from->segment_left = io->segment_left;
	if (io->segment_left)
		return;
	from->iov = io->iov;
	from->iov_left = io->iov_left;
}

/*
 * How many bytes may be added behind `len` others, for the verifier to see: the last of the room, less than an
 * eighth of it, is not used where a head comes in parts.
 */
static __always_inline __u32 excerpt_room(__u32 len)
{
	__u32 most = sample_settings.head_bytes, room;

	if (most > SAMPLE_HEAD_MAX)
		most = SAMPLE_HEAD_MAX;
	if (len >= most)
		return 0;
	room = !len			      ? SAMPLE_HEAD_MAX :
	       len <= SAMPLE_HEAD_MAX / 2     ? SAMPLE_HEAD_MAX / 2 :
	       len <= SAMPLE_HEAD_MAX / 4 * 3 ? SAMPLE_HEAD_MAX / 4 :
	       len <= SAMPLE_HEAD_MAX / 8 * 7 ? SAMPLE_HEAD_MAX / 8 :
						0;
	return most - len < room ? most - len : room;
}

/* Adds `n` bytes of the process's memory. Returns how many it has added. */
static __always_inline __u32 excerpt_add(struct excerpt *excerpt, __u64 from, __u64 n)
{
	__u32 len = excerpt->len, room, size;

	barrier_var(len);
	room = excerpt_room(len);
	size = n < room ? n : room;
	barrier_var(size);
	barrier_var(len);
	/* each by itself: the verifier does not hold a sum against a limit */
	if (!len) {
		if (size > SAMPLE_HEAD_MAX ||
		    bpf_probe_read_user(excerpt->bytes, size, (void *)from))
			return 0;
	} else if (len <= SAMPLE_HEAD_MAX / 2) {
		if (size > SAMPLE_HEAD_MAX / 2 ||
		    bpf_probe_read_user(excerpt->bytes + len, size, (void *)from))
			return 0;
	} else if (len <= SAMPLE_HEAD_MAX / 4 * 3) {
		if (size > SAMPLE_HEAD_MAX / 4 ||
		    bpf_probe_read_user(excerpt->bytes + len, size, (void *)from))
			return 0;
	} else if (len > SAMPLE_HEAD_MAX / 8 * 7 || size > SAMPLE_HEAD_MAX / 8 ||
		   bpf_probe_read_user(excerpt->bytes + len, size, (void *)from)) {
		return 0;
	}
	excerpt->len = len + size;
	return size;
}

struct excerpt_walk {
	struct excerpt *excerpt;
	struct scratch *scratch;
};

/* One segment. Returns 1 when there are no more, or no room. */
static long excerpt_step(__u32 i, struct excerpt_walk *walk)
{
	struct excerpt *excerpt = walk->excerpt;
	struct beginning *from = &walk->scratch->beginning;
	struct user_iovec iov;
	__u64 n;
	__u32 added;

	if (!from->left)
		return 1;
	if (!from->segment_left) {
		if (!from->iov_left || bpf_probe_read_user(&iov, sizeof(iov), (void *)from->iov))
			return 1;
		from->iov += sizeof(iov);
		from->iov_left--;
		from->segment = iov.base;
		from->segment_left = iov.len;
	}
	n = from->segment_left < from->left ? from->segment_left : from->left;
	added = n ? excerpt_add(excerpt, from->segment, n) : 0;
	from->left -= added;
	from->segment += added;
	from->segment_left -= added;
	return added < n;
}

static __always_inline void excerpt_copy(struct excerpt *excerpt, struct scratch *scratch)
{
	struct beginning *from = &scratch->beginning;

	if (from->segment_left) {
		/* mostly it is one */
		from->left -= excerpt_add(excerpt, from->segment, from->left);
	} else {
		struct excerpt_walk walk = {.excerpt = excerpt, .scratch = scratch};

		bpf_loop(EXCERPT_SEGMENTS, excerpt_step, &walk, 0);
	}
	if (from->left)
		excerpt->cut = 1;
}

/*
 * For how long the thread that reads on this CPU has waited for it since the request arrived: what is new since its last
 * read, and what that had met, as many requests wait for one CPU. ~0: it is not the thread that has read last.
 */
static __always_inline __u64 reader_waited(struct reader *last, const struct beginning *from,
					   __u32 tid, __u64 run_delay)
{
	bool met = from->arrived_ns < last->until_ns;
	__u64 since, waited;

	if (last->tid != tid || run_delay < last->run_delay) {
		*last = (struct reader){.run_delay = run_delay, .tid = tid};
		return ~0ULL;
	}
	since = run_delay - last->run_delay;
	waited = met ? last->waited : 0;
	if (since) {
		last->waited = waited + since;
		last->until_ns = from->read_ns;
		last->run_delay = run_delay;
	} else if (met && waited > last->until_ns - from->arrived_ns) {
		waited = last->until_ns - from->arrived_ns;
	}
	return waited + since;
}

/*
 * For how long the thread has waited for CPUs by now, but for the wait before this read: that is the request's, as far as
 * it lay in the queue. To be called before the excerpt has the thread of this read.
 */
static __always_inline void excerpt_note_delay(struct excerpt *excerpt, struct scratch *scratch,
					       struct task_struct *task)
{
	const struct beginning *from = &scratch->beginning;
	__u64 queue_ns = from->read_ns - from->arrived_ns, now, waited;
	__u32 tid = task->pid;

	if (!bpf_core_field_exists(task->sched_info.run_delay))
		return;
	now = task->sched_info.run_delay;
	waited = reader_waited(&scratch->reader, from, tid, now);
	/* since the connection's last request, where that is less */
	if (excerpt->tid == tid && now - excerpt->run_delay < waited)
		waited = now - excerpt->run_delay;
	if (waited == ~0ULL)
		waited = 0;
	excerpt->run_delay = now - (waited < queue_ns ? waited : queue_ns);
}

/* What has just been read is the first of a request: nothing is known of its bytes yet. */
static __always_inline void excerpt_begin_by_thread(struct excerpt *excerpt,
						    struct scratch *scratch)
{
	const struct beginning *from = &scratch->beginning;
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 tid = task->pid;

	excerpt->word = (__u64)from->shared << 56;
	barrier();
	excerpt_note_delay(excerpt, scratch, task);
	/* mostly it is the same as before */
	if (excerpt->tid != tid || excerpt->process.exec_id != task->self_exec_id ||
	    excerpt->process.tgid != (__u32)task->tgid) {
		excerpt->tid = tid;
		excerpt->process.start_ns = task->group_leader->start_time;
		excerpt->process.tgid = task->tgid;
		excerpt->process.exec_id = task->self_exec_id;
	}
}

/* The `received` bytes just read are the first of a request. */
static __always_inline void excerpt_begin(struct excerpt *excerpt, struct tcp_sock *tp,
					  const struct tcp_conn *tcp, struct scratch *scratch,
					  __u32 received)
{
	excerpt_begin_by_thread(excerpt, scratch);
	excerpt->read_seq = tcp->read_seq - received;
	excerpt->write_seq = tcp->write_seq;
	excerpt->received = tcp->received;
	excerpt->acked = tcp->acked;
	excerpt->retransmits = tp->total_retrans;
	excerpt->stalled_ticks = tp->chrono_stat[TCP_CHRONO_RWND_LIMITED - 1];
}

/* The operation's bytes are in the excerpt. */
static __always_inline void excerpt_end(struct excerpt *excerpt, const struct conn *conn,
					__u32 number)
{
	__u32 opened = (conn->open.next - number) & (CLAIM_NUMBERS - 1);

	if (opened > 1 || (opened && protocol_reads_head(conn)))
		excerpt->shared = 1; /* another request came in the same operation */
	barrier();
	excerpt->number = number;
}

/* Whether the connection's requests are sampled, as far as that is known: then its first bytes are kept. */
static __always_inline bool excerpt_is_wanted(const struct conn *conn)
{
	struct policy *policy;

	if (!conn->served.generation)
		return conn->mode == CONN_NEW && conn->open.next == 1 && !protocol_is_lost(conn);
	policy = policy_find(conn->served.policy);
	return policy && policy->samples;
}

/*
 * The operation's bytes have been read by the stream: `received`, of which those that excerpt_note() has noted are
 * known. Not inlined: its stack is not its callers'.
 */
static __noinline int excerpt_take(struct sock *sk, struct tcp_sock *tp, struct tcp_conn *tcp,
				   struct scratch *scratch, __u32 received)
{
	struct beginning *from = &scratch->beginning;
	struct exchanges *open = &tcp->conn.open;
	__u32 number = from->number;
	struct excerpt *excerpt;
	__u8 place = from->place;

	from->place = HEAD_NONE;
	if (!excerpt_is_wanted(&tcp->conn))
		return 0;
	excerpt = bpf_sk_storage_get(&excerpts, sk, 0, 0);
	if (!excerpt && place != HEAD_GOES_ON)
		excerpt = excerpt_make(sk, &open->origin, tcp->conn.served.service);
	if (!excerpt)
		return 0;
	if (place == HEAD_BEGINS || (place == HEAD_EITHER && excerpt->number != number))
		excerpt_begin(excerpt, tp, tcp, scratch, received);
	else if (excerpt->number != number)
		return 0; /* its beginning is not known */
	excerpt_copy(excerpt, scratch);
	excerpt_end(excerpt, &tcp->conn, number);
	return 0;
}

#endif
