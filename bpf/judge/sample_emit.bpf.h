/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A sample on its way out: written straight into the ring, there is no stack for it. Configured services have a ring
 * of their own, so that nobody else's traffic can fill it.
 */
#ifndef SLIPROBE_JUDGE_SAMPLE_EMIT_BPF_H
#define SLIPROBE_JUDGE_SAMPLE_EMIT_BPF_H

#include "abi.h"
#include "judge/excerpt.bpf.h"
#include "judge/origin.bpf.h"
#include "judge/request.bpf.h"
#include "judge/verdict.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "kernel/transport.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SAMPLES_BYTES);
} samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SAMPLES_FOUND_BYTES);
} samples_found SEC(".maps");

__u64 samples_lost[SAMPLE_RINGS]; /* that found no room */

enum {
	SAMPLE_HEAD_SOME = 512, /* a record has no head, so many bytes for it, or SAMPLE_HEAD_MAX */
	SAMPLE_COUNT_SHIFT = 32, /* what it stands for, above the request's number and: */
};

#define SAMPLE_NUMBER 0x7fffffffULL
#define SAMPLE_BY_THREAD (1ULL << 31) /* the current thread has answered */
#define SAMPLE_COUNT 0x3fffffffULL
#define SAMPLE_ALONE (1ULL << 62) /* the program on sending counts it */
#define SAMPLE_IS_BAD (1ULL << 63)

/* Mostly nobody is woken: the rings are looked at each now and then. */
static __always_inline __u64 sample_wakes(void *ring, __u64 bytes)
{
	return bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) > bytes / 4 ? BPF_RB_FORCE_WAKEUP :
									BPF_RB_NO_WAKEUP;
}

static __always_inline void sample_tell_times(struct sample *sample, const struct origin *origin,
					      const struct request *request,
					      const struct verdict *verdict)
{
	__u64 first_ns = request->first_read_ns, service_ns = verdict->service_ns;

	sample->first_byte_ns = SAMPLE_UNKNOWN_64;
	if (verdict->outcome == OUTCOME_UNANSWERED)
		service_ns = bpf_ktime_get_ns() - first_ns;
	if (origin->first_byte_of == sample->number && origin->first_byte_ns > first_ns)
		sample->first_byte_ns = origin->first_byte_ns - first_ns;
	else if (verdict->first_byte_us && (__u64)verdict->first_byte_us * NS_OF_US <= service_ns)
		sample->first_byte_ns = (__u64)verdict->first_byte_us * NS_OF_US;
	else if (verdict->outcome == OUTCOME_COMPLETE)
		sample->first_byte_ns = service_ns;
	sample->ended_ns = first_ns + service_ns;
	sample->first_read_ns = first_ns;
	sample->queue_ns = request->queue_ns;
	sample->service_ns = service_ns;
}

static __always_inline void sample_tell_request(struct sample *sample,
						const struct request *request,
						const struct verdict *verdict)
{
	sample->kind = RECORD_SAMPLE;
	sample->body_bytes = verdict->body_bytes;
	sample->generation = request->generation;
	sample->version = request->version;
	sample->service = request->service;
	sample->policy = request->policy;
	sample->route = request->route;
	sample->status = verdict->outcome == OUTCOME_COMPLETE ? verdict->status % STATUS_END : 0;
	sample->method = request->method;
	sample->role = request->role;
	sample->outcome = verdict->outcome;
}

/* A client's abort is bad, or it is left out. So is what has no status. */
static __always_inline __u64 sample_eligible(const struct request *request,
					     const struct verdict *verdict, __u64 bad_slos)
{
	bool left_out = verdict->outcome == OUTCOME_CLIENT_ABORT ||
			(verdict->outcome == OUTCOME_COMPLETE && !status_is_known(verdict->status));

	return left_out ? bad_slos : request->slo_mask;
}

/* What no excerpt tells. */
static __always_inline void sample_tell_nothing(struct sample *sample)
{
	sample->bytes_in = SAMPLE_UNKNOWN_64;
	sample->bytes_out = SAMPLE_UNKNOWN_64;
	sample->run_delay_ns = SAMPLE_UNKNOWN_64;
	sample->rtt_us = SAMPLE_UNKNOWN_32;
	sample->retransmits = SAMPLE_UNKNOWN_32;
	sample->window_full_ms = SAMPLE_UNKNOWN_32;
	sample->local_port = 0;
	sample->peer_port = 0;
	__builtin_memset(sample->peer, 0, sizeof(sample->peer));
	__builtin_memset(sample->comm, 0, sizeof(sample->comm));
	sample->head_bytes = 0;
	sample->cpu = bpf_get_smp_processor_id();
	__builtin_memset(sample->pad, 0, sizeof(sample->pad));
}

/* How far the connection went on since the request was read. `at`, `by`: members that get their own values later. */
static __always_inline void sample_tell_bytes(struct sample *sample, struct tcp_sock *tp,
					      __u64 excerpt, __u64 *at, __u32 *by)
{
	__u64 roughly;
	__u32 lower;

	roughly = TRANSPORT(at, tp, bytes_received);
	roughly -= EXCERPT(at, excerpt, received);
	lower = TRANSPORT(by, tp, copied_seq);
	lower -= EXCERPT(by, excerpt, read_seq);
	sample->bytes_in = transport_went_on(lower, roughly);
	roughly = TRANSPORT(at, tp, bytes_acked);
	roughly -= EXCERPT(at, excerpt, acked);
	lower = TRANSPORT(by, tp, write_seq);
	lower -= EXCERPT(by, excerpt, write_seq);
	sample->bytes_out = transport_went_on(lower, roughly);
}

/* Likewise, of a connection that is shared: those of TCP are not the request's. */
static __always_inline void sample_tell_shared_bytes(struct sample *sample, __u64 excerpt)
{
	EXCERPT(&sample->bytes_in, excerpt, received);
	EXCERPT(&sample->bytes_out, excerpt, acked);
}

static __always_inline void sample_tell_changes(struct sample *sample, struct tcp_sock *tp,
						__u64 excerpt, __u32 *by)
{
	__u32 change = transport_stalled(tp, by);

	change -= EXCERPT(by, excerpt, stalled_ticks);
	sample->window_full_ms = change * tick_ns / NS_OF_MS;
	change = TRANSPORT(by, tp, total_retrans);
	change -= EXCERPT(by, excerpt, retransmits);
	sample->retransmits = change;
}

static __always_inline void sample_tell_peer(struct sample *sample, struct tcp_sock *tp)
{
	struct inet_sock *inet = (struct inet_sock *)tp;
	struct sock *sk = (struct sock *)tp;

	sample->rtt_us = TRANSPORT(&sample->rtt_us, tp, srtt_us) >> RTT_SHIFT;
	sample->local_port = __builtin_bswap16(TRANSPORT(&sample->local_port, inet, inet_sport));
	sample->peer_port =
		__builtin_bswap16(TRANSPORT(&sample->peer_port, sk, __sk_common.skc_dport));
	transport_peer(tp, sample->peer);
}

/* The thread that has read is known by the excerpt; that which answers is the current one, if it is one of those. */
static __always_inline void sample_tell_thread(struct sample *sample, __u64 excerpt, bool by_thread)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool same;

	sample->process = (struct process_key){};
	sample->tid = 0;
	if (excerpt) {
		EXCERPT(&sample->process, excerpt, process);
		EXCERPT(&sample->tid, excerpt, tid);
	}
	same = sample->tid == (__u32)task->pid;
	if (by_thread && excerpt && same && bpf_core_field_exists(task->sched_info.run_delay))
		sample->run_delay_ns = task->sched_info.run_delay -
				       EXCERPT(&sample->run_delay_ns, excerpt, run_delay);
	if (by_thread && !same) {
		if (excerpt)
			sample->flags |= SAMPLE_THREAD_MOVED;
		sample->process.start_ns = BPF_CORE_READ(task, group_leader, start_time);
		sample->process.tgid = task->tgid;
		sample->process.exec_id = task->self_exec_id;
		sample->tid = task->pid;
	}
	if (by_thread || same)
		bpf_get_current_comm(sample->comm, sizeof(sample->comm));
}

/* `room`: bytes that the record has for it, and no more. */
static __always_inline void sample_tell_head(struct sample *sample, __u64 excerpt, __u64 word,
					     __u32 room)
{
	const void *from = ((const struct excerpt *)excerpt)->bytes;
	__u32 n = excerpt_len(word);
	__u64 again;

	barrier_var(n);
	if (room == SAMPLE_HEAD_SOME) {
		if (n > SAMPLE_HEAD_SOME || bpf_probe_read_kernel(sample->head, n, from))
			return;
	} else if (n > SAMPLE_HEAD_MAX || bpf_probe_read_kernel(sample->head, n, from)) {
		return;
	}
	/* the next request's by now */
	if (EXCERPT(&again, excerpt, word) != word)
		return;
	sample->head_bytes = n;
	sample->flags &= ~SAMPLE_HEAD_PART;
	if (excerpt_is_cut(word))
		sample->flags |= SAMPLE_HEAD_CUT;
}

/* `which`: see SAMPLE_NUMBER. Returns 0 if it has left. */
__noinline int sample_emit(struct origin *origin, struct request *request, struct verdict *verdict,
			   __u64 bad_slos, __u64 which)
{
	struct sample *sample;
	struct tcp_sock *tp;
	__u64 excerpt, word = 0;
	__u32 room, ring;

	if (!origin || !request || !verdict)
		return -1;
	excerpt = origin->excerpt;
	if (excerpt &&
	    (EXCERPT(&word, excerpt, word), excerpt_number(word)) != (which & SAMPLE_NUMBER))
		excerpt = 0;
	room = !excerpt || !excerpt_len(word)	     ? 0 :
	       excerpt_len(word) <= SAMPLE_HEAD_SOME ? SAMPLE_HEAD_SOME :
						       SAMPLE_HEAD_MAX;
	ring = request->service >= SERVICE_FOUND;
#define RESERVE(ring, room) bpf_ringbuf_reserve(&ring, sizeof(struct sample) + (room), 0)
	if (ring == SAMPLE_RING)
		sample = !room			  ? RESERVE(samples, 0) :
			 room == SAMPLE_HEAD_SOME ? RESERVE(samples, SAMPLE_HEAD_SOME) :
						    RESERVE(samples, SAMPLE_HEAD_MAX);
	else
		sample = !room			  ? RESERVE(samples_found, 0) :
			 room == SAMPLE_HEAD_SOME ? RESERVE(samples_found, SAMPLE_HEAD_SOME) :
						    RESERVE(samples_found, SAMPLE_HEAD_MAX);
#undef RESERVE
	if (!sample) {
		__sync_fetch_and_add(&samples_lost[ring & (SAMPLE_RINGS - 1)], 1);
		return -1;
	}
	sample->flags = SAMPLE_HEAD_PART;
	if (which & SAMPLE_IS_BAD)
		sample->flags |= SAMPLE_BAD;
	if (origin->streams)
		sample->flags |= SAMPLE_STREAM;
	/* in an order in which little has to be remembered */
	sample->stands_for = which >> SAMPLE_COUNT_SHIFT & SAMPLE_COUNT;
	sample->bad_slos = bad_slos;
	sample->eligible_slos = sample_eligible(request, verdict, bad_slos);
	sample_tell_request(sample, request, verdict);
	sample->number = which & SAMPLE_NUMBER;
	sample_tell_times(sample, origin, request, verdict);
	sample->connection = origin->id;
	sample_tell_nothing(sample);
	tp = transport_of(origin->transport);
	if (excerpt && tp) {
		if (excerpt_is_shared(word))
			; /* nobody can tell */
		else if (origin->shared)
			sample_tell_shared_bytes(sample, excerpt);
		else
			sample_tell_bytes(sample, tp, excerpt, &sample->process.start_ns,
					  &sample->tid);
		sample_tell_changes(sample, tp, excerpt, &sample->tid);
	}
	if (tp)
		sample_tell_peer(sample, tp);
	sample_tell_thread(sample, excerpt, which & SAMPLE_BY_THREAD);
	if (room)
		sample_tell_head(sample, excerpt, word, room);
	if (ring == SAMPLE_RING)
		bpf_ringbuf_submit(sample, sample_wakes(&samples, SAMPLES_BYTES));
	else
		bpf_ringbuf_submit(sample, sample_wakes(&samples_found, SAMPLES_FOUND_BYTES));
	return 0;
}

#endif
