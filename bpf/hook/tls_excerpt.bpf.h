/* SPDX-License-Identifier: GPL-2.0-only */
/* Excerpts of requests that came over TLS: as hook/excerpt, but by cookie, for programs that have no socket's storage. */
#ifndef SLIPROBE_HOOK_TLS_EXCERPT_BPF_H
#define SLIPROBE_HOOK_TLS_EXCERPT_BPF_H

#include "abi.h"
#include "hook/excerpt.bpf.h"
#include "hook/scratch.bpf.h"
#include "judge/excerpt.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/tls_conns.bpf.h"

/* Made with a connection's first request that is sampled, freed with its connection. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, EXCERPTS_MAX);
	__type(key, __u64);
	__type(value, struct excerpt);
} tls_excerpts SEC(".maps");

/* One entry of zeroes, to make new ones from: too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct excerpt);
} tls_excerpt_blank SEC(".maps");

static __always_inline struct excerpt *tls_excerpt_make(struct conn *conn, __u64 cookie)
{
	__u32 only = 0, service = conn->served.service;
	struct excerpt *blank = bpf_map_lookup_elem(&tls_excerpt_blank, &only);
	struct excerpt *excerpt;

	if (!blank || !excerpt_charge(service))
		return NULL;
	excerpt = bpf_map_update_elem(&tls_excerpts, &cookie, blank, BPF_NOEXIST) ?
			  NULL :
			  bpf_map_lookup_elem(&tls_excerpts, &cookie);
	if (!excerpt) {
		excerpt_discharge(service);
		return NULL;
	}
	excerpt->service = service;
	conn->open.origin.excerpt = (__u64)excerpt;
	return excerpt;
}

/* The connection is over. Not inlined: its stack is not its callers'. */
static __noinline int tls_excerpt_drop(struct tls_conn *tls)
{
	struct excerpt *excerpt;
	__u64 cookie;

	if (!tls)
		return 0;
	cookie = tls->conn.open.origin.id;
	excerpt = bpf_map_lookup_elem(&tls_excerpts, &cookie);
	tls->conn.open.origin.excerpt = 0;
	if (!excerpt)
		return 0;
	excerpt_discharge(excerpt->service);
	bpf_map_delete_elem(&tls_excerpts, &cookie);
	return 0;
}

/* Plaintext of the connection was read, or written: the sample of its newest request tells how much. */
static __always_inline void tls_excerpt_count(struct conn *conn, __u64 read, __u64 written)
{
	__u64 cookie = conn->open.origin.id;
	struct excerpt *excerpt;

	if (!conn->open.origin.excerpt)
		return;
	excerpt = bpf_map_lookup_elem(&tls_excerpts, &cookie);
	if (!excerpt)
		return;
	__sync_fetch_and_add(&excerpt->received, read);
	__sync_fetch_and_add(&excerpt->acked, written);
}

/* As excerpt_take(), of `n` bytes of plaintext. Not inlined, likewise. */
static __noinline int tls_excerpt_take(struct conn *conn, struct scratch *scratch, __u64 n)
{
	struct beginning *from = &scratch->beginning;
	__u64 cookie = conn->open.origin.id;
	__u32 number = from->number;
	struct excerpt *excerpt;
	struct tcp_sock *tp;
	__u8 place = from->place;

	from->place = HEAD_NONE;
	if (!excerpt_is_wanted(conn))
		return 0;
	excerpt = bpf_map_lookup_elem(&tls_excerpts, &cookie);
	if (!excerpt && place != HEAD_GOES_ON)
		excerpt = tls_excerpt_make(conn, cookie);
	if (!excerpt)
		return 0;
	if (place == HEAD_BEGINS || (place == HEAD_EITHER && excerpt->number != number)) {
		excerpt_begin_by_thread(excerpt, scratch);
		excerpt->received = n;
		excerpt->acked = 0;
		tp = transport_of(conn->open.origin.transport);
		excerpt->retransmits = BPF_CORE_READ(tp, total_retrans);
		excerpt->stalled_ticks =
			BPF_CORE_READ(tp, chrono_stat[TCP_CHRONO_RWND_LIMITED - 1]);
	} else if (excerpt->number != number) {
		return 0; /* its beginning is not known */
	}
	excerpt_copy(excerpt, scratch);
	excerpt_end(excerpt, conn, number);
	return 0;
}

#endif
