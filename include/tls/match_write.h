/* SPDX-License-Identifier: GPL-2.0-only */
/* Private to match.h, which has the rules: the write way, where records and calls may come in either order. */
#ifndef SLIPROBE_TLS_MATCH_WRITE_H
#define SLIPROBE_TLS_MATCH_WRITE_H

#include "tls/cipher.h"
#include "tls/hidden.h"
#include "tls/match_read.h"
#include "tls/state.h"

static inline enum tls_place tls_write_place(const struct tls_match *m)
{
	const struct tls_write *w = &m->write;

	if (!(w->flags & TLS_MATCH_OPEN) || w->asked != m->read.flights)
		return TLS_PLACE_HANDSHAKE;
	/* what waits may be the peer's handshake, which is answered by tickets */
	if (m->role == TLS_FROM_SERVER && tls_read_waiting(&m->read))
		return TLS_PLACE_HANDSHAKE;
	return w->flags & TLS_MATCH_FINISHED ? TLS_PLACE_OPEN : TLS_PLACE_FINISH;
}

/* From here on both are the same. */
static inline void tls_write_restart(struct tls_match *m)
{
	struct tls_write *w = &m->write;

	w->sent = w->told;
	w->slack = 0;
	w->n_hidden = 0;
	w->hides = 0;
	w->unproven = 0;
	w->records = 0;
	w->strays = 0;
	w->flags &= (__u8) ~(TLS_MATCH_OUTSIDE | TLS_MATCH_MANY);
	w->asked = m->read.flights;
}

/* What was sent beyond what was told, if it can be hidden messages. */
enum tls_surplus {
	TLS_SURPLUS_PLAIN, /* it cannot */
	TLS_SURPLUS_NONE,
	TLS_SURPLUS_SHORT, /* an alert or a KeyUpdate */
	TLS_SURPLUS_FLIGHT, /* of a handshake */
};

/* w->sent >= w->told. Returns enum tls_surplus. */
TLS_SEPARATE __u32 tls_write_surplus(struct tls_match *m)
{
	struct tls_write *w;
	__u64 surplus;
	__u32 n;

	if (!m)
		return TLS_SURPLUS_PLAIN;
	w = &m->write;
	surplus = w->sent - w->told;
	if (surplus <= w->slack)
		return TLS_SURPLUS_NONE;
	n = w->n_hidden;
	if (w->unproven && w->asked == m->read.flights)
		n = w->unproven - 1U;
	TLS_LOOP
	for (__u32 i = 0; i < TLS_HIDDEN_SUMS && i < n; i++) {
		__u32 hidden = w->hidden[i];

		if (surplus >= hidden && surplus - hidden <= w->slack)
			return hidden < TLS_HANDSHAKE_LEAST ? TLS_SURPLUS_SHORT :
							      TLS_SURPLUS_FLIGHT;
	}
	if (w->flags & TLS_MATCH_MANY && !(w->flags & TLS_MATCH_OPEN))
		return TLS_SURPLUS_FLIGHT;
	return TLS_SURPLUS_PLAIN;
}

/* Returns TLS_PENDING if the two are not the same yet, TLS_RECORD_WITHOUT_PLAINTEXT if records are ahead. */
static inline enum tls_verdict tls_write_compare(struct tls_match *m)
{
	struct tls_write *w = &m->write;
	__u32 surplus;

	if (w->told > w->sent)
		return TLS_PENDING;
	surplus = tls_write_surplus(m);
	if (surplus == TLS_SURPLUS_PLAIN)
		return TLS_RECORD_WITHOUT_PLAINTEXT;
	if (surplus == TLS_SURPLUS_FLIGHT)
		w->flags |= TLS_MATCH_FINISHED;
	tls_write_restart(m);
	return TLS_MATCHES;
}

/* ---- records ---- */

/* The next record may be a hidden message. */
static inline void tls_write_may_hide(struct tls_write *w, __u32 n)
{
	w->hides += n;
	if (w->n_hidden < TLS_HIDDEN_SUMS)
		w->hidden[w->n_hidden++] = w->hides;
	else
		w->flags |= TLS_MATCH_MANY;
}

static inline enum tls_verdict tls_write_record(struct tls_match *m, __u32 length, int inside)
{
	struct tls_write *w = &m->write;
	struct tls_bounds bounds;

	tls_padding_note(&w->padding, &m->cipher, length);
	bounds = tls_bounds(&m->cipher, &w->padding, length);
	if (!bounds.most)
		return TLS_MATCHES;
	if (w->records < TLS_PADDING_UNKNOWN)
		w->records++;
	if (inside)
		w->calling = 1;
	if (inside != TLS_INSIDE)
		w->strays = 1;
	w->sent += bounds.most;
	w->slack += bounds.most - bounds.least;
	if (tls_may_hide(&m->cipher, bounds, tls_write_place(m))) {
		tls_write_may_hide(w, bounds.most);
	} else if (!inside && !(w->flags & TLS_MATCH_WAITS) && m->cipher.minor >= TLS_MINOR_13) {
		tls_write_may_hide(w, bounds.most); /* it may ask for a certificate */
		if (!w->unproven)
			w->unproven = w->n_hidden;
	}
	/* of a call that has failed, and tells its plaintext when it is tried again, none is a hidden message */
	if (w->flags & TLS_MATCH_TRIED && w->sent > w->told)
		return TLS_PENDING;
	/* nor is what the call that sends it may tell yet, behind what earlier calls have left to send */
	if (inside && w->sent > w->told)
		return TLS_PENDING;
	if (w->flags & TLS_MATCH_WAITS && tls_write_compare(m) == TLS_MATCHES)
		return TLS_MATCHES;
	if (!inside && w->sent > w->told)
		w->flags |= TLS_MATCH_OUTSIDE;
	return TLS_PENDING; /* for a call, or for more records of one */
}

/* ---- calls ---- */

/*
 * Not in step yet: it is when a call's own records are just its bytes. What was sent outside of it may be what was written
 * before: a server whose answers are all of one length would stay behind by one.
 */
static inline enum tls_verdict tls_write_sync(struct tls_match *m, __u64 n)
{
	struct tls_write *w = &m->write;
	const __u64 sent = w->sent - w->told;
	int in_step = 0;

	if (w->records && !w->strays && !(w->flags & TLS_MATCH_TRIED)) {
		if (m->cipher.minor)
			in_step = sent >= n && sent - n <= w->slack;
		else if (w->records == 1)
			in_step = tls_cipher_learn(&m->cipher, sent, n);
	}
	w->flags &= (__u8)~TLS_MATCH_TRIED;
	w->calling = 0;
	tls_write_restart(m);
	if (!in_step)
		return TLS_PENDING;
	w->flags |= TLS_MATCH_SYNCED | TLS_MATCH_OPEN | TLS_MATCH_FINISHED;
	return TLS_MATCHES;
}

static inline enum tls_verdict tls_write_told(struct tls_match *m, __u64 n)
{
	struct tls_write *w = &m->write;
	const __u64 before = w->told;
	int hides, outside;

	if (!(w->flags & TLS_MATCH_SYNCED) || !m->cipher.minor)
		return tls_write_sync(m, n);
	hides = w->sent > before && !(w->flags & TLS_MATCH_TRIED) &&
		tls_write_surplus(m) != TLS_SURPLUS_PLAIN;
	outside = w->flags & TLS_MATCH_OUTSIDE;
	w->flags &= (__u8)~TLS_MATCH_TRIED;
	w->calling = 0;
	w->told = before + n;
	if (w->sent >= w->told && tls_write_compare(m) == TLS_MATCHES)
		return TLS_MATCHES;
	if (hides) {
		/* all that was sent was hidden messages: the records of this call are still to come */
		w->told = before;
		tls_write_compare(m);
		w->told = before + n;
	}
	if (w->told > w->sent && (hides || !outside)) {
		w->flags |= TLS_MATCH_WAITS;
		return TLS_PENDING;
	}
	w->verdict = TLS_RECORD_WITHOUT_PLAINTEXT;
	return TLS_RECORD_WITHOUT_PLAINTEXT;
}

/* Records were sent that are no hidden messages, nor of a call that may tell them yet: of one that was missed. */
static inline int tls_write_was_missed(const struct tls_match *m)
{
	const struct tls_write *w = &m->write;

	return m->cipher.minor < TLS_MINOR_13 && w->flags & TLS_MATCH_OUTSIDE;
}

/* A call has failed: what it sent, and what is sent before it is tried again, waits for the one that succeeds. */
static inline void tls_write_failed(struct tls_match *m)
{
	m->write.flags &= (__u8)~TLS_MATCH_OUTSIDE;
	m->write.flags |= TLS_MATCH_TRIED;
	m->write.calling = 0;
}

/*
 * Plaintext was read. Behind what was written there is no handshake; before it, a server has sent nothing else. A thread
 * may read what the peer has said to an answer before the thread that has written the answer is at the end of its call.
 */
static inline void tls_write_reads(struct tls_match *m)
{
	struct tls_write *w = &m->write;

	if (w->told) {
		if (!(w->flags & TLS_MATCH_OPEN)) /* another thread may be told meanwhile */
			w->flags |= TLS_MATCH_OPEN;
	} else if (m->role == TLS_FROM_SERVER && m->cipher.minor >= TLS_MINOR_13 && !w->calling) {
		tls_write_restart(m);
	}
}

/* ---- how it stands ---- */

static inline enum tls_verdict tls_write_settled(struct tls_match *m, enum tls_end end)
{
	struct tls_write *w = &m->write;
	enum tls_verdict verdict;

	if (!(w->flags & TLS_MATCH_SYNCED) || !m->cipher.minor)
		return TLS_PENDING;
	if (w->told > w->sent) {
		if (end != TLS_ENDED)
			return TLS_PENDING;
		w->verdict = TLS_PLAINTEXT_WITHOUT_RECORD;
		return TLS_PLAINTEXT_WITHOUT_RECORD;
	}
	if (w->told == w->sent)
		return TLS_MATCHES;
	if (end == TLS_GOES_ON)
		return TLS_PENDING;
	verdict = tls_write_compare(m);
	if (verdict == TLS_MATCHES)
		return verdict;
	if (!(w->flags & TLS_MATCH_OUTSIDE))
		return TLS_PENDING; /* of a call that did not return, or failed */
	w->verdict = (__u8)verdict;
	return verdict;
}

#endif
