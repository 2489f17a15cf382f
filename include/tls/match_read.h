/* SPDX-License-Identifier: GPL-2.0-only */
/* Private to match.h, which has the rules: the read way, where records wait for the calls that return them. */
#ifndef SLIPROBE_TLS_MATCH_READ_H
#define SLIPROBE_TLS_MATCH_READ_H

#include "tls/cipher.h"
#include "tls/hidden.h"
#include "tls/state.h"

enum {
	TLS_READ_STEPS = 2 * TLS_RING + 4, /* of one call */
	TLS_READ_GOES_ON = 0, /* of a step; else 1 + enum tls_verdict */
	TLS_READ_NONE = TLS_RING, /* no record */
	TLS_DOUBT_MOST = 0xffff,
};

static inline struct tls_bounds tls_read_bounds(const struct tls_match *m, __u32 at)
{
	return tls_bounds(&m->cipher, &m->read.padding, m->read.body[at & (TLS_RING - 1)]);
}

/* How many records wait in `body`. */
static inline __u32 tls_read_waiting(const struct tls_read *r)
{
	__u32 n = *(const volatile __u32 *)&r->tail - r->head;

	return n < TLS_RING ? n : TLS_RING;
}

static inline enum tls_place tls_read_place(const struct tls_match *m, __u32 at)
{
	const struct tls_read *r = &m->read;

	if (m->role == TLS_FROM_CLIENT || !(r->flags & TLS_MATCH_OPEN) ||
	    r->asked >> (at & (TLS_RING - 1)) & 1)
		return TLS_PLACE_HANDSHAKE;
	return r->flags & TLS_MATCH_FINISHED ? TLS_PLACE_OPEN : TLS_PLACE_FINISH;
}

/* How much less than `most` a record may have. */
static inline __u32 tls_read_spread(const struct tls_match *m)
{
	if (tls_padding_is_known(&m->read.padding, &m->cipher))
		return m->read.padding.block - 1U;
	return m->cipher.spread;
}

/* ---- records ---- */

/* The process may have asked for a handshake: it has sent more than calls were given. */
static inline int tls_read_is_asked(const struct tls_match *m)
{
	const struct tls_write *w = &m->write;

	return !(w->flags & TLS_MATCH_WAITS) && w->sent >= w->told + TLS_HANDSHAKE_LEAST;
}

static inline void tls_read_record(struct tls_match *m, __u32 length, int inside)
{
	struct tls_read *r = &m->read;
	struct tls_bounds bounds;
	__u32 at;

	tls_padding_note(&r->padding, &m->cipher, length);
	bounds = tls_bounds(&m->cipher, &r->padding, length);
	if (!bounds.most)
		return;
	/* that there is more than one is enough to know: plaintext may wait in the library, too, if it was not asked */
	if (!(r->flags & TLS_MATCH_SYNCED) && !inside)
		r->head = r->tail - 1;
	else if (!(r->flags & TLS_MATCH_SYNCED) && r->tail != r->head)
		r->head = r->tail - !tls_read_spread(m);
	if (r->over || r->tail - r->head >= TLS_RING) {
		__sync_fetch_and_add(&r->over, bounds.most);
		return;
	}
	at = r->tail & (TLS_RING - 1);
	r->body[at] = (__u16)length;
	r->asked &= (__u16) ~(1U << at);
	if (tls_read_is_asked(m))
		r->asked |= (__u16)(1U << at);
	*(volatile __u32 *)&r->tail = r->tail + 1;
}

/* ---- calls ---- */

static inline void tls_read_restart(struct tls_read *r)
{
	r->head = r->tail;
	r->left = 0;
	r->over = 0;
	r->doubt = 0;
}

/* Nothing is a fault before it is in step again. */
static inline void tls_read_unsync(struct tls_read *r)
{
	r->flags &= (__u8)~TLS_MATCH_SYNCED;
	tls_read_restart(r);
}

/* What a record that waits can be. */
enum tls_look {
	TLS_LOOK_HOLDS = 1 << 0, /* `want`, and no more */
	TLS_LOOK_FITS = 1 << 1, /* `want`, and more */
	TLS_LOOK_HIDES = 1 << 2, /* a hidden message */
	TLS_LOOK_LONG = 1 << 3, /* neither alert nor KeyUpdate */
	TLS_LOOK_FINISHED = 1 << 4, /* Finished, before the first plaintext */
	TLS_LOOK_END_OF_EARLY_DATA = 1 << 5,
	TLS_LOOK_MISSED = 1 << 6, /* of several: plaintext behind Finished */
};

/* Returns a set of enum tls_look. */
TLS_SEPARATE __u32 tls_read_look(struct tls_match *m, __u32 at)
{
	struct tls_bounds bounds;
	__u32 look = 0;

	if (!m)
		return 0;
	bounds = tls_read_bounds(m, at);
	if (tls_bounds_hold(bounds, m->read.want))
		look |= TLS_LOOK_HOLDS;
	if (bounds.most >= m->read.want)
		look |= TLS_LOOK_FITS;
	if (tls_may_hide(&m->cipher, bounds, tls_read_place(m, at)))
		look |= TLS_LOOK_HIDES;
	if (bounds.most >= TLS_HANDSHAKE_LEAST)
		look |= TLS_LOOK_LONG;
	if (m->cipher.minor < TLS_MINOR_13 || m->read.flags & TLS_MATCH_OPEN)
		return look;
	if (tls_bounds_hold(bounds, m->cipher.finished))
		look |= TLS_LOOK_FINISHED;
	if (tls_bounds_hold(bounds, TLS_END_OF_EARLY_DATA_BYTES))
		look |= TLS_LOOK_END_OF_EARLY_DATA;
	return look;
}

/* The Finished of a peer that has sent no early data: what is behind it is the first plaintext. */
static inline int tls_read_finishes(__u32 before, __u32 look)
{
	return look & TLS_LOOK_FINISHED && !(before & TLS_LOOK_END_OF_EARLY_DATA);
}

/*
 * The record of the next call: the first of those that can be it, by `want`, before which there are only hidden
 * messages. A call that was given less than it asked for has had all of its record (`ended`). Returns how many are
 * before it; TLS_READ_NONE: none can be it.
 */
TLS_SEPARATE __u32 tls_read_find(struct tls_match *m, __u32 waiting, __u32 ended)
{
	__u32 fits = TLS_READ_NONE, before = 0;

	if (!m)
		return TLS_READ_NONE;
	TLS_LOOP
	for (__u32 i = 0; i < TLS_RING && i < waiting; i++) {
		__u32 look = tls_read_look(m, m->read.head + i);

		if (ended && look & TLS_LOOK_HOLDS)
			return i;
		if (!ended && i + 1 < waiting && tls_read_finishes(before, look))
			fits = TLS_READ_NONE;
		else if (fits == TLS_READ_NONE && look & TLS_LOOK_FITS)
			fits = i;
		if (!(look & TLS_LOOK_HIDES))
			break;
		before = look;
	}
	return fits;
}

/* What the first `n` of them can be, together. */
TLS_SEPARATE __u32 tls_read_passed(struct tls_match *m, __u32 n)
{
	__u32 looks = 0, last = 0;

	if (!m)
		return 0;
	TLS_LOOP
	for (__u32 i = 0; i < TLS_RING && i < n; i++) {
		last = tls_read_look(m, m->read.head + i);
		looks |= last;
	}
	if (looks & TLS_LOOK_FINISHED && last & TLS_LOOK_LONG && !(last & TLS_LOOK_FINISHED))
		looks |= TLS_LOOK_MISSED;
	return looks;
}

static inline __u32 tls_read_fault(struct tls_read *r, enum tls_verdict verdict)
{
	r->verdict = (__u8)verdict;
	return 1 + (__u32)verdict;
}

static inline void tls_read_doubts(struct tls_read *r, __u32 n)
{
	n += r->doubt;
	r->doubt = (__u16)(n < TLS_DOUBT_MOST ? n : TLS_DOUBT_MOST);
}

/* The call takes its first bytes of a record. */
static inline __u32 tls_read_begin(struct tls_match *m, __u32 ended)
{
	struct tls_read *r = &m->read;
	__u32 waiting = tls_read_waiting(r);
	struct tls_bounds bounds;
	__u32 before, passed;

	r->flags &= (__u8)~TLS_MATCH_BULK;
	if (!waiting) {
		r->left = __sync_lock_test_and_set(&r->over, 0);
		if (!r->left)
			return tls_read_fault(r, TLS_PLAINTEXT_WITHOUT_RECORD);
		if (tls_read_spread(m)) {
			tls_read_unsync(r); /* nobody knows where one ends */
			return 1 + TLS_PENDING;
		}
		r->flags |= TLS_MATCH_BULK;
		return TLS_READ_GOES_ON;
	}
	before = tls_read_find(m, waiting, ended);
	if (before >= TLS_READ_NONE)
		before = 0; /* a call that returns several records at once */
	passed = tls_read_passed(m, before);
	if (passed & TLS_LOOK_LONG) {
		r->flags |= TLS_MATCH_FINISHED;
		r->flights++;
	}
	if (passed & TLS_LOOK_MISSED && m->role == TLS_FROM_SERVER)
		r->missed = 1;
	bounds = tls_read_bounds(m, r->head + before);
	if (!ended && !(passed & TLS_LOOK_FINISHED) &&
	    tls_may_hide(&m->cipher, bounds, tls_read_place(m, r->head + before)))
		tls_read_doubts(r, bounds.most);
	r->left = bounds.most;
	*(volatile __u32 *)&r->head = r->head + before + 1;
	return TLS_READ_GOES_ON;
}

/* What is left of a record may be no plaintext: padding, or bytes that were taken from another one. */
static inline int tls_read_may_be_over(const struct tls_match *m, __u32 left)
{
	const struct tls_read *r = &m->read;
	const struct tls_bounds just = {.most = left, .least = left};

	if (r->flags & TLS_MATCH_BULK)
		return tls_may_hide(&m->cipher, just, tls_read_place(m, r->head));
	return left <= tls_read_spread(m) + r->doubt;
}

/* The call takes bytes of the record that was begun. */
static inline __u32 tls_read_go_on(struct tls_match *m, __u32 ended)
{
	struct tls_read *r = &m->read;
	const int may_be_over = tls_read_may_be_over(m, r->left);

	if (r->want > r->left) {
		if (!may_be_over)
			r->want -= r->left;
		r->left = 0;
		return TLS_READ_GOES_ON;
	}
	if (!ended && r->left <= tls_read_spread(m))
		tls_read_doubts(r, r->want);
	r->left -= r->want;
	if (!ended || r->flags & TLS_MATCH_BULK)
		return 1 + TLS_MATCHES;
	if (!tls_read_may_be_over(m, r->left))
		return tls_read_fault(r, TLS_RECORD_WITHOUT_PLAINTEXT);
	r->left = 0;
	r->doubt = 0;
	return 1 + TLS_MATCHES;
}

TLS_SEPARATE __u32 tls_read_step(struct tls_match *m, __u32 ended)
{
	if (!m)
		return 1 + TLS_PENDING;
	return m->read.left ? tls_read_go_on(m, ended) : tls_read_begin(m, ended);
}

/* Joined in the middle: the cipher's overhead is the difference of a record and the call that returned it. */
static inline int tls_cipher_learn(struct tls_cipher *cipher, __u64 length, __u64 n)
{
	switch (length - n) {
	case TLS_OVERHEAD_13:
		*cipher = tls_cipher_of(0x1301, TLS_MINOR_13);
		break;
	case TLS_OVERHEAD_GCM:
	case TLS_OVERHEAD_CHACHA:
		*cipher = tls_cipher_exact((__u8)(length - n));
		cipher->minor = TLS_MINOR_13 - 1;
		break;
	default:
		return 0;
	}
	cipher->suite = 0;
	return 1;
}

/*
 * Not in step yet: it is at a call that returned all of the only record since the last call, and has read that itself: a
 * library reads when it has no record any more. Where there are more, calls to come may return the others. With padding
 * the newest has to do: empty ones come before others.
 */
static inline enum tls_verdict tls_read_sync(struct tls_match *m, __u64 n, __u64 asked)
{
	struct tls_read *r = &m->read;
	__u32 newest = r->tail - 1;
	int in_step = 0;

	if (tls_read_waiting(r) == 1 && asked > n) {
		if (m->cipher.minor)
			in_step = tls_bounds_hold(tls_read_bounds(m, newest), n);
		else
			in_step = tls_cipher_learn(&m->cipher, r->body[newest & (TLS_RING - 1)], n);
	}
	tls_read_restart(r);
	if (!in_step)
		return TLS_PENDING;
	r->flags |= TLS_MATCH_SYNCED | TLS_MATCH_OPEN | TLS_MATCH_FINISHED;
	return TLS_MATCHES;
}

static inline enum tls_verdict tls_read_told(struct tls_match *m, __u64 n, __u64 asked)
{
	struct tls_read *r = &m->read;
	__u32 result = TLS_READ_GOES_ON;

	if (!(r->flags & TLS_MATCH_SYNCED) || !m->cipher.minor)
		return tls_read_sync(m, n, asked);
	r->want = n < ~0U ? (__u32)n : ~0U;
	TLS_LOOP
	for (__u32 i = 0; i < TLS_READ_STEPS; i++) {
		result = tls_read_step(m, asked > n);
		if (result != TLS_READ_GOES_ON)
			break;
	}
	r->flags |= TLS_MATCH_OPEN;
	if (result != TLS_READ_GOES_ON)
		return (enum tls_verdict)(result - 1);
	tls_read_unsync(r); /* more records in one call than are kept */
	return TLS_PENDING;
}

/* ---- how it stands ---- */

/* A call that returns `n` bytes, of `asked`, has had all of the only record of plaintext that waits. */
TLS_SEPARATE int tls_read_is_whole(struct tls_match *m, __u64 n, __u64 asked)
{
	__u32 before, waiting;

	if (!m || asked <= n || n > TLS_PLAIN_MAX || !m->cipher.minor || m->read.over ||
	    !(m->read.flags & TLS_MATCH_SYNCED))
		return 0;
	waiting = tls_read_waiting(&m->read);
	m->read.want = (__u32)n;
	before = tls_read_find(m, waiting, 1);
	return before + 1 == waiting && tls_read_look(m, m->read.head + before) & TLS_LOOK_HOLDS &&
	       !(tls_read_passed(m, before) & TLS_LOOK_MISSED);
}

/* All that the peer, a client of TLS 1.3, has sent so far was its handshake, perhaps with a certificate. */
TLS_SEPARATE int tls_read_is_handshake(struct tls_match *m)
{
	__u32 before = 0, finished = 0, waiting;

	if (!m || m->role != TLS_FROM_SERVER || !(m->read.flags & TLS_MATCH_SYNCED) ||
	    m->read.flags & TLS_MATCH_OPEN || m->read.over)
		return 0;
	waiting = tls_read_waiting(&m->read);
	TLS_LOOP
	for (__u32 i = 0; i < TLS_RING && i < waiting; i++) {
		__u32 look = tls_read_look(m, m->read.head + i);

		if (finished && look & TLS_LOOK_LONG)
			return 0;
		finished |= !!tls_read_finishes(before, look);
		before = look;
	}
	return (int)finished;
}

/* Whether plaintext, of a request if it is a server's, was read from the socket, and no call has had it yet. */
TLS_SEPARATE int tls_read_has_unread(struct tls_match *m)
{
	__u32 waiting;

	if (!m || !(m->read.flags & TLS_MATCH_SYNCED) || !m->cipher.minor)
		return 0;
	waiting = tls_read_waiting(&m->read);
	if (m->cipher.minor >= TLS_MINOR_13 && !(m->read.flags & TLS_MATCH_OPEN))
		return waiting && !tls_read_is_handshake(m);
	if (m->read.over || m->read.left > tls_read_spread(m) + m->read.doubt)
		return 1;
	TLS_LOOP
	for (__u32 i = 0; i < TLS_RING && i < waiting; i++) {
		if (tls_read_look(m, m->read.head + i) & TLS_LOOK_LONG)
			return 1;
	}
	return 0;
}

/*
 * So many bytes that wait in the socket have no more than an alert or a KeyUpdate; ~0: it may be a handshake's, of
 * whatever length.
 */
TLS_SEPARATE __u32 tls_read_least(struct tls_match *m)
{
	if (!m || !(m->read.flags & TLS_MATCH_SYNCED) || !m->cipher.minor)
		return ~0U;
	if (m->cipher.minor >= TLS_MINOR_13 && !(m->read.flags & TLS_MATCH_OPEN) &&
	    !tls_read_is_handshake(m))
		return ~0U;
	return TLS_HEADER_BYTES + m->cipher.overhead + tls_read_spread(m) + TLS_KEY_UPDATE_BYTES;
}

/* All that waits may be hidden messages. */
TLS_SEPARATE int tls_read_only_hides(struct tls_match *m)
{
	struct tls_read *r;
	__u32 waiting;
	__u32 before = 0, finished = 0;

	if (!m)
		return 0;
	r = &m->read;
	waiting = tls_read_waiting(r);
	if (r->over || (r->left && r->flags & TLS_MATCH_BULK && !tls_read_may_be_over(m, r->left)))
		return 0;
	TLS_LOOP
	for (__u32 i = 0; i < TLS_RING && i < waiting; i++) {
		__u32 look = tls_read_look(m, r->head + i);

		if (!(look & TLS_LOOK_HIDES) || (finished && look & TLS_LOOK_LONG))
			return 0;
		finished |= m->role == TLS_FROM_SERVER && tls_read_finishes(before, look);
		before = look;
	}
	return 1;
}

static inline enum tls_verdict tls_read_settled(struct tls_match *m, enum tls_end end)
{
	struct tls_read *r = &m->read;

	if (!(r->flags & TLS_MATCH_SYNCED) || !m->cipher.minor)
		return TLS_PENDING;
	if (tls_read_only_hides(m))
		return TLS_MATCHES;
	if (end == TLS_GOES_ON || tls_padding_is_known(&r->padding, &m->cipher))
		return TLS_PENDING;
	return (enum tls_verdict)(tls_read_fault(r, TLS_RECORD_WITHOUT_PLAINTEXT) - 1);
}

#endif
