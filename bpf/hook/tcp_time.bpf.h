/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When the bytes just read had arrived, and when they were read.
 *
 * `tcp_mstamp` is the time of the last segment in microseconds, but a read refreshes it:
 * tcp_rcv_space_adjust() does, after its tracepoint. So the tracepoint keeps it, per CPU, for the hook on
 * the end of the same read. A delayed acknowledgement refreshes it too (40 ms after the data, when the
 * process has not answered by then), as does a peek before the read. `lrcvtime` shows that: only received
 * data moves it, though it is exact to a jiffy only.
 *
 * The read, or the transmission of what was sent, has just refreshed the socket's own clock. That clock
 * serves as now: it is behind by the rest of the system call, and reading another one would cost more than
 * most of what a hook does.
 */
#ifndef SLIPROBE_HOOK_TCP_TIME_BPF_H
#define SLIPROBE_HOOK_TCP_TIME_BPF_H

#include "hook/scratch.bpf.h"
#include "hook/sock.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/transport.bpf.h"

__u64 attached_ns; /* when all hooks were in place */

enum {
	ARRIVAL_SLACK_TICKS = 2, /* by which a jiffies clock can differ from the fine one */
};

/* A read has copied bytes. The first of the calls in a read is the one that counts. */
static __always_inline int tcp_reading(struct sock *sk)
{
	struct scratch *scratch;
	struct reading *reading;
	struct tcp_sock *tp;

	if (sock_is_ignored(sk))
		return 0;
	scratch = scratch_of(SLOT_RECV);
	if (!scratch)
		return 0;
	reading = &scratch->reading;
	if (reading->sock == (__u64)sk)
		return 0;
	tp = tcp_of(sk);
	if (!tp)
		return 0;
	reading->sock = (__u64)sk;
	reading->arrived_us = tp->tcp_mstamp;
	reading->copied_seq = tp->copied_seq;
	return 0;
}

/* Age of the last received data. */
static __always_inline __u64 arrival_age_ticks(struct tcp_sock *tp)
{
	__u32 ticks = (__u32)bpf_jiffies64() - tp->inet_conn.icsk_ack.lrcvtime;

	return ticks < 1U << 31 ? ticks : 0;
}

/*
 * When the peer's FIN had come to a connection of which this is the first operation, a read of `length`
 * bytes or (0) a write: the last segment's time, as in arrival_of(). Where that is not known, or the FIN's
 * acknowledgement was delayed, the time of the last one that came tells, exact to a jiffy.
 */
static __always_inline __u64 fin_before_read_ns(struct sock *sk, struct tcp_sock *tp,
						const struct reading *reading, __u32 length)
{
	__u64 now_ns = bpf_ktime_get_ns(), came_ns = now_ns;
	__u32 ticks = (__u32)bpf_jiffies64() - tp->rcv_tstamp;

	/* a socket freed since may have had this one's address */
	if (reading->sock == (__u64)sk && tp->copied_seq - reading->copied_seq < length &&
	    reading->arrived_us * 1000 < now_ns)
		came_ns = reading->arrived_us * 1000;
	if (ticks < 1U << 31 && ticks > ARRIVAL_SLACK_TICKS && ticks * tick_ns < now_ns &&
	    now_ns - came_ns < (ticks - ARRIVAL_SLACK_TICKS) * tick_ns)
		came_ns = now_ns - ticks * tick_ns;
	return came_ns;
}

struct arrival {
	__u64 read_ns;
	__u64 arrived_ns;
};

/* Of bytes that have bypassed TCP: nobody knows when they arrived. */
static __always_inline struct arrival arrival_now(struct reading *reading)
{
	__u64 now_ns = bpf_ktime_get_ns();

	reading->sock = 0;
	return (struct arrival){.read_ns = now_ns, .arrived_ns = now_ns};
}

/* When the `length` bytes up to `read_seq`, which the process has just read, arrived and were read. */
static __always_inline struct arrival arrival_of(struct sock *sk, struct tcp_sock *tp,
						 struct reading *reading, __u32 read_seq,
						 __u32 length)
{
	__u64 ticks = arrival_age_ticks(tp);
	__u64 now_ns, arrived_ns;

	/* it is of this read if the bytes it had copied then are among these */
	if (reading->sock == (__u64)sk && read_seq - reading->copied_seq < length) {
		arrived_ns = reading->arrived_us * 1000;
		/* not all kernels refresh it, nor would the same microsecond show */
		now_ns = tp->tcp_mstamp != reading->arrived_us ? tp->tcp_clock_cache :
								 bpf_ktime_get_ns();
		if (arrived_ns >= now_ns)
			arrived_ns = now_ns;
	} else {
		now_ns = bpf_ktime_get_ns();
		arrived_ns = now_ns;
	}
	reading->sock = 0;
	if (ticks > ARRIVAL_SLACK_TICKS &&
	    now_ns - arrived_ns < (ticks - ARRIVAL_SLACK_TICKS) * tick_ns &&
	    ticks * tick_ns < now_ns)
		arrived_ns = now_ns - ticks * tick_ns;
	return (struct arrival){.read_ns = now_ns, .arrived_ns = arrived_ns};
}

/*
 * When the last byte sent was handed over, by the clock of its transmission. 0: it is not on its way yet
 * (the window is full, the socket corked), so that another clock has to be read, if it matters.
 */
static __always_inline __u64 sent_ns(struct tcp_sock *tp, __u32 write_seq)
{
	return tp->snd_nxt == write_seq ? tp->tcp_clock_cache : 0;
}

#endif
