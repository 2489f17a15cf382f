/* SPDX-License-Identifier: GPL-2.0-only */
/* Counting what happened, what was lost and what failed. Every failed helper ends up here. */
#ifndef SLIPROBE_KERNEL_STAT_BPF_H
#define SLIPROBE_KERNEL_STAT_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STAT_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SERVICES_MAX);
	__type(key, __u32);
	__type(value, struct service_books);
} service_books SEC(".maps");

/*
 * Who adds to a counter. Each of the two main programs has per-CPU counters to itself: these need no
 * lock, which would take as long as thirty other instructions, since the kernel never runs a program
 * inside itself on one CPU (it skips it). All other programs share counters and add atomically, per CPU
 * or not: a program in a soft interrupt may interrupt another one in the middle of an addition.
 * Programs on user functions may be preempted: where they run the code of the two, origin.shared says so.
 */
enum writer {
	WRITER_RECV, /* the program on reading */
	WRITER_SEND, /* the program on sending; of the fexit ones, that on tcp_sendmsg() */
	WRITER_SHARED, /* any other */
};

static __always_inline void counter_add(__u64 *counter, __u64 n, const enum writer writer)
{
	if (writer == WRITER_SHARED)
		__sync_fetch_and_add(counter, n);
	else
		*counter += n;
}

static __always_inline void stat_add(__u32 stat, __u64 n, const enum writer writer)
{
	__u64 *counter = bpf_map_lookup_elem(&stats, &stat);

	if (counter)
		counter_add(counter, n, writer);
}

static __always_inline void stat_seen(const enum writer writer)
{
	if (writer == WRITER_RECV)
		stat_add(STAT_SEEN_RECV, 1, writer);
	else
		stat_add(STAT_SEEN, 1, WRITER_SHARED);
}

static __always_inline void stat_ended(const enum writer writer)
{
	if (writer == WRITER_SEND)
		stat_add(STAT_ENDED_SEND, 1, writer);
	else
		stat_add(STAT_ENDED, 1, WRITER_SHARED);
}

static __always_inline void stat_error(enum kernel_error site)
{
	stat_add(STAT_ERROR + site, 1, WRITER_SHARED);
}

/* A request of the service could not be given an outcome. Not inlined: it is rare, and verified once. */
__noinline int stat_lost(__u32 service, __u32 reason)
{
	struct service_books *books = bpf_map_lookup_elem(&service_books, &service);

	stat_add(STAT_LOST + reason, 1, WRITER_SHARED);
	if (books && reason < LOST_REASON_COUNT)
		__sync_fetch_and_add(&books->lost[reason], 1);
	return 0;
}

/*
 * A request of the service was complete, and its status could not be read. Not inlined: its stack is not its callers'.
 */
__noinline int stat_status_unknown(__u32 service)
{
	struct service_books *books = bpf_map_lookup_elem(&service_books, &service);

	if (books)
		__sync_fetch_and_add(&books->status_unknown, 1);
	return 0;
}

/* An answer of the service announces HTTP/3 at this UDP port; 0: at none. */
__noinline int stat_announced(__u32 service, __u32 port)
{
	struct service_books *books = bpf_map_lookup_elem(&service_books, &service);

	if (!books || !port)
		return 0;
	for (int i = 0; i < ANNOUNCED_MAX; i++) {
		if (!books->announced[i])
			books->announced[i] = port;
		if (books->announced[i] == (__u16)port)
			break;
	}
	return 0;
}

/* The first request of a connection was seen. Not inlined: likewise. */
__noinline int stat_connection(__u32 service, __u32 over_tls)
{
	struct service_books *books = bpf_map_lookup_elem(&service_books, &service);

	if (books)
		__sync_fetch_and_add(&books->connections, 1);
	if (books && over_tls)
		__sync_fetch_and_add(&books->tls_connections, 1);
	return 0;
}

#endif
