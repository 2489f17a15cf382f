/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When the bytes just read had arrived.
 *
 * `tcp_mstamp` is the time of the last segment in microseconds, but a read refreshes it:
 * tcp_rcv_space_adjust() does, after its tracepoint. So the tracepoint keeps it, per CPU, for the recv
 * hook of the same read. A delayed acknowledgement refreshes it too (40 ms after the data, when the
 * process has not answered by then), as does a peek before the read: `lrcvtime`, which only received
 * data moves, tells, though only to a jiffy.
 */
#ifndef SLIPROBE_ARRIVAL_BPF_H
#define SLIPROBE_ARRIVAL_BPF_H

enum {
	ARRIVAL_SLACK_TICKS = 2, /* by which a jiffies clock can differ from the fine one */
};

static __always_inline struct reading *reading_of_cpu(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&readings, &zero);
}

/* A read has copied bytes; its first call for this read is the one that counts. */
static __always_inline int conn_reading(struct sock *sk)
{
	struct reading *reading = reading_of_cpu();
	struct tcp_sock *tp;

	if (!reading || reading->sock == (__u64)sk)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	reading->sock = (__u64)sk;
	reading->arrived_ns = tp->tcp_mstamp * 1000;
	reading->copied_seq = tp->copied_seq;
	return 0;
}

/* Age of the last received data. */
static __always_inline __u64 arrival_age_ticks(struct tcp_sock *tp)
{
	__u32 ticks = (__u32)bpf_jiffies64() - tp->inet_conn.icsk_ack.lrcvtime;

	return ticks < 1U << 31 ? ticks : 0;
}

/* Arrival of the `length` bytes that the process has read by `now_ns`. */
static __always_inline __u64 arrival_ns(struct sock *sk, struct tcp_sock *tp, __u32 length,
					__u64 now_ns)
{
	__u64 ticks = arrival_age_ticks(tp);
	struct reading *reading = reading_of_cpu();
	__u64 arrived_ns = now_ns;

	if (reading && reading->sock == (__u64)sk) {
		/* of this read, if the bytes it had copied then are among these */
		if (tp->copied_seq - reading->copied_seq < length && reading->arrived_ns < now_ns)
			arrived_ns = reading->arrived_ns;
		reading->sock = 0;
	}
	if (ticks > ARRIVAL_SLACK_TICKS &&
	    now_ns - arrived_ns < (ticks - ARRIVAL_SLACK_TICKS) * tick_ns &&
	    ticks * tick_ns < now_ns)
		arrived_ns = now_ns - ticks * tick_ns;
	return arrived_ns;
}

#endif
