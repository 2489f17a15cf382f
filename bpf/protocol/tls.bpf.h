/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TLS around another protocol: walks the records of both directions, and tells what is kept of the connection
 * (tls_conns) of its hello, its times and its application data. The bytes of records are never looked at, but for
 * those of the two hellos.
 */
#ifndef SLIPROBE_PROTOCOL_TLS_BPF_H
#define SLIPROBE_PROTOCOL_TLS_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "protocol/chunk.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/tls_conns.bpf.h"
#include "protocol/tls_outer.bpf.h"

/* needs what chunk.bpf.h defines */
#include "tls/match.h"
#include "tls/records.h"

static __always_inline struct tls_outer *tls_outer_of(struct conn *conn)
{
	return (struct tls_outer *)&conn->state;
}

static __always_inline const struct tls_outer *tls_outer_seen(const struct conn *conn)
{
	return (const struct tls_outer *)&conn->state;
}

static __always_inline struct tls_conn *tls_of(const struct conn *conn)
{
	return tls_find(conn->open.origin.id);
}

/* An operation's bytes of that side come next. */
static __always_inline void tls_begin(struct conn *conn, const enum side side)
{
	tls_records_begin(&tls_outer_of(conn)->records[side]);
}

static __always_inline __u64 tls_opaque(const struct conn *conn, const enum side side)
{
	return tls_records_opaque(&tls_outer_seen(conn)->records[side]);
}

/* ---- what records tell ---- */

/*
 * The client has sent a record of application data. In TLS 1.3 the first ones belong to the handshake: one with its
 * Finished message, two more with its certificate. Where it has none, the second is a request's.
 */
static __always_inline void tls_asks(struct tls_outer *outer)
{
	__u8 handshake = outer->hello.minor == TLS_MINOR_13 && !outer->late;

	if (outer->sent < TLS_SENT_MAX)
		outer->sent++;
	if (outer->turns == TLS_ANSWERED || outer->turns == TLS_ANSWERED_AGAIN ||
	    (outer->turns == TLS_UNASKED && outer->sent > handshake))
		outer->turns++;
}

static __always_inline void tls_answers(struct tls_outer *outer)
{
	if (outer->turns == TLS_ASKED || outer->turns == TLS_ASKED_AGAIN)
		outer->turns++;
}

/* Longer than an alert and a KeyUpdate: it may be of a request. */
static __always_inline bool tls_record_may_ask(__u32 length)
{
	return length > TLS_OVERHEAD_13 + TLS_KEY_UPDATE_BYTES;
}

/* What the client sends next is plaintext: its handshake is behind, or passed by before the programs were there. */
static __always_inline bool tls_is_open(struct tls_conn *tls)
{
	return tls->joined != TLS_JOINED_FIRST || tls->match.cipher.minor < TLS_MINOR_13 ||
	       tls_read_is_handshake(&tls->match);
}

/*
 * A record of application data has been read whole. Of Go no operation is known to be inside a call, but all are. Where all
 * calls were told, none of them has left plaintext behind that another one may return.
 */
static __always_inline void tls_record_read(const struct flow *flow, struct tls_conn *tls,
					    __u32 length)
{
	const bool inside =
		flow->inside || tls->by_go || (tls->joined == TLS_JOINED_FIRST && !tls->unprobed);

	if (!flow->inside && !tls->read_told && !tls->unclaimed && tls_record_may_ask(length) &&
	    tls_is_open(tls))
		tls->unclaimed = TLS_UNCLAIMED_RECORD;
	tls->arrived_ns = flow->arrived_ns;
	tls->read_ns = flow->now_ns;
	tls->tgid = bpf_get_current_pid_tgid() >> 32;
	if (tls_match_is_fault(tls_match_record(&tls->match, TLS_WAY_READ, length, inside)))
		tls->doubted = 1;
}

/* Likewise, written. */
static __always_inline void tls_record_sent(const struct flow *flow, struct tls_conn *tls,
					    __u32 length)
{
	tls->sent_ns = flow->now_ns ?: bpf_ktime_get_ns();
	tls->peer_unacked = flow->peer_unacked;
	tls->tgid = bpf_get_current_pid_tgid() >> 32;
	if (flow->inside)
		tls->untold = 1;
	if (tls_match_is_fault(tls_match_record(&tls->match, TLS_WAY_WRITE, length, flow->inside)))
		tls->doubted = 1;
}

/* A record behind the ClientHello in the same read: nothing is kept of its connection yet. */
static __always_inline void tls_record_early(struct tls_outer *outer, __u16 length)
{
	__u8 n = outer->n_early;

	if (n < TLS_EARLY_MAX)
		outer->early[n & (TLS_EARLY_MAX - 1)] = length;
	if (n <= TLS_EARLY_MAX)
		outer->n_early = n + 1;
}

/* The ClientHello has been read: its connection can be found by it. */
static __noinline int tls_hello_read(struct flow *flow)
{
	struct conn *conn = flow->conn;
	struct tls_outer *outer = tls_outer_of(conn);
	struct tls_conn *tls = tls_of(conn);

	if (!tls || !tls_hello_has_random(&outer->hello))
		return 0;
	__builtin_memcpy(tls->client_random, outer->hello.random, TLS_RANDOM_BYTES);
	tls_name_random(tls, conn->open.origin.id);
	return 0;
}

static __noinline int tls_hello_sent(struct flow *flow)
{
	struct tls_outer *outer = tls_outer_of(flow->conn);
	struct tls_conn *tls = tls_of(flow->conn);

	if (tls && tls_hello_has_suite(&outer->hello))
		tls_match_hello(&tls->match, &outer->hello);
	return 0;
}

static __noinline int tls_record(struct flow *flow, __u32 side)
{
	struct tls_outer *outer = tls_outer_of(flow->conn);
	struct tls_conn *tls;

	if (side == SIDE_REQUEST)
		tls_asks(outer);
	else
		tls_answers(outer);
	tls = tls_of(flow->conn);
	outer->looks = !tls || !tls->told || tls->differs || tls->doubted;
	if (!tls && side == SIDE_REQUEST)
		tls_record_early(outer, outer->records[SIDE_REQUEST].length);
	if (!tls)
		return 0;
	if (side == SIDE_REQUEST)
		tls_record_read(flow, tls, outer->records[SIDE_REQUEST].length);
	else
		tls_record_sent(flow, tls, outer->records[SIDE_RESPONSE].length);
	return 0;
}

/* Records of that way went by that could not be told apart. */
static __noinline int tls_unsync(struct flow *flow, __u32 side)
{
	struct tls_conn *tls = tls_of(flow->conn);

	if (tls)
		tls_match_unsync(&tls->match, side == SIDE_REQUEST ? TLS_WAY_READ : TLS_WAY_WRITE);
	return 0;
}

/* Acts upon what the next bytes have completed. */
static __always_inline void tls_act(struct flow *flow, const enum side side, __u32 events)
{
	struct tls_outer *outer = tls_outer_of(flow->conn);

	if (events & TLS_EV_HELLO) {
		if (side == SIDE_REQUEST)
			tls_hello_read(flow);
		else
			tls_hello_sent(flow);
	}
	if ((events & TLS_EV_RECORD) && outer->records[side].type == TLS_APPLICATION_DATA)
		tls_record(flow, side);
	if (events & TLS_EV_LOST)
		tls_unsync(flow, side);
}

/* ---- the functions of a protocol ---- */

static __noinline int tls_pass_read(struct flow *flow, __u64 n)
{
	tls_act(flow, SIDE_REQUEST,
		tls_records_pass(&tls_outer_of(flow->conn)->records[SIDE_REQUEST], n));
	return 0;
}

static __noinline int tls_pass_sent(struct flow *flow, __u64 n)
{
	tls_act(flow, SIDE_RESPONSE,
		tls_records_pass(&tls_outer_of(flow->conn)->records[SIDE_RESPONSE], n));
	return 0;
}

static __always_inline int tls_feed_side(struct flow *flow, const enum side side)
{
	struct tls_outer *outer = tls_outer_of(flow->conn);
	struct piece *piece = flow->piece;
	__u32 events;

	events = tls_records_feed(&outer->records[side], &outer->hello, (enum tls_from)side,
				  &piece->chunk, &piece->pos, piece->len);
	tls_act(flow, side, events);
	return 0;
}

static __noinline int tls_feed_read(struct flow *flow)
{
	return tls_feed_side(flow, SIDE_REQUEST);
}

static __noinline int tls_feed_sent(struct flow *flow)
{
	return tls_feed_side(flow, SIDE_RESPONSE);
}

static __always_inline int tls_feed(struct flow *flow, const enum side side)
{
	return side == SIDE_REQUEST ? tls_feed_read(flow) : tls_feed_sent(flow);
}

/* It may be blind, see hook/tls_blind. */
static __always_inline bool tls_has_to_be_looked_at(const struct conn *conn)
{
	const struct tls_outer *outer = tls_outer_seen(conn);

	return !outer->decided && (outer->hidden || (outer->looks && outer->turns >= TLS_ANSWERED));
}

static __always_inline void tls_lost(struct flow *flow, const enum side side)
{
	struct tls_outer *outer = tls_outer_of(flow->conn);

	tls_records_lost(&outer->records[side], &outer->hello, (enum tls_from)side);
	tls_unsync(flow, side);
}

static __always_inline void tls_pass(struct flow *flow, const enum side side, __u64 n)
{
	if (side == SIDE_REQUEST)
		tls_pass_read(flow, n);
	else
		tls_pass_sent(flow, n);
}

/* The next byte begins a record. */
static __always_inline bool tls_is_between(const struct conn *conn, const enum side side)
{
	const struct tls_records *records = &tls_outer_seen(conn)->records[side];

	return records->state == TLS_RECORDS_HEADER && !records->have;
}

/* Bytes to copy for the next tls_feed(), at most. */
static __always_inline __u32 tls_wants(const struct conn *conn, const enum side side)
{
	__u32 wants = tls_records_wants(&tls_outer_seen(conn)->records[side]);

	return wants < CHUNK_FIRST ? wants : CHUNK_FIRST;
}

/* ---- its beginning ---- */

/*
 * The next byte that the client sends begins a record: the connection's first, or (`late`) one of a connection that is
 * older than the programs. The hook makes what is kept of it: see tls_made().
 */
static __always_inline void tls_take(struct flow *flow, const enum tls_since late)
{
	struct conn *conn = flow->conn;
	struct tls_outer *outer = tls_outer_of(conn);

	__builtin_memset(outer, 0, sizeof(*outer));
	tls_records_init(&outer->records[SIDE_REQUEST], 1);
	tls_records_init(&outer->records[SIDE_RESPONSE], late == TLS_SINCE_FIRST);
	outer->first_read_ns = flow->now_ns;
	outer->queue_ns = flow->now_ns - flow->arrived_ns;
	outer->decided = conn->blind;
	if (!late)
		return;
	conn->mode = CONN_HTTP;
	outer->late = late;
	outer->speaks = 1;
	outer->records[SIDE_REQUEST].late = 1;
	tls_hello_miss(&outer->hello, TLS_FROM_CLIENT);
	tls_hello_miss(&outer->hello, TLS_FROM_SERVER);
}

/* More of them than are kept cannot be held against plaintext. */
static __always_inline void tls_take_early(struct tls_conn *tls, const struct tls_outer *outer)
{
	if (outer->n_early > TLS_EARLY_MAX)
		tls->doubted = 1;
	TLS_LOOP
	for (__u32 i = 0; i < TLS_EARLY_MAX && i < outer->n_early; i++)
		tls_match_record(&tls->match, TLS_WAY_READ, outer->early[i], 0);
}

/* A record of the read that the connection began with may be of a request: one that is not kept may be, too. */
static __always_inline bool tls_early_may_ask(const struct tls_outer *outer)
{
	bool asks = outer->n_early > TLS_EARLY_MAX;

	TLS_LOOP
	for (__u32 i = 0; i < TLS_EARLY_MAX && i < outer->n_early; i++)
		asks |= tls_record_may_ask(outer->early[i]);
	return asks;
}

/* `tls` is new: what is known of its connection by now. */
static __always_inline void tls_made(struct tls_conn *tls, struct conn *conn)
{
	struct tls_outer *outer = tls_outer_of(conn);
	struct conn *inner = &tls->conn;

	inner->open.origin.transport = conn->open.origin.transport;
	inner->dialled = conn->dialled;
	inner->blind = conn->blind;
	inner->mode = outer->late ? CONN_OLD : CONN_NEW;
	if (outer->late == TLS_SINCE_READS)
		tls->unclaimed = TLS_UNCLAIMED_BYTES;
	tls_match_init(&tls->match, TLS_FROM_SERVER, !outer->late);
	tls->joined = outer->late ? TLS_JOINED_LATE : TLS_JOINED_FIRST;
	tls->tgid = bpf_get_current_pid_tgid() >> 32;
	if (!outer->late)
		tls_take_early(tls, outer);
	if (!tls_hello_has_random(&outer->hello))
		return;
	__builtin_memcpy(tls->client_random, outer->hello.random, TLS_RANDOM_BYTES);
	tls_name_random(tls, conn->open.origin.id);
}

#endif
