/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reconciliation: the application data of a connection's records, as the socket shows them, against the plaintext that
 * calls of the TLS library were given, as probes tell it. docs/tls-records.md says it for readers of the counts.
 *
 * A record's plaintext is its body less what its cipher adds (cipher.h): an exact number with AEAD, a range with CBC.
 *
 * Read way: records wait in order. A call takes from one record; one that was given less than it asked for has had all
 * of it, so the lengths must be the same. With no record begun it takes the first one that can be it. Those before it
 * must be able to be hidden messages. A call that finds no record has plaintext that is not this connection's.
 *
 * Write way: the sums are compared. A library over a descriptor sends inside the call, so the records come first and the
 * call must equal them when it returns; one over memory tells first, and records must fill that up. What records have
 * beyond must be the sum of the first ones that can be hidden messages.
 *
 * Hidden messages are those that TLS 1.3 sends as application data. By length, place and direction:
 *	alerts (2 bytes), KeyUpdate (5)   anywhere, in both directions
 *	a handshake's flight, tickets     before the first plaintext of their direction; the process's own also up to
 *	                                  the next request behind its first answer, since tickets may be queued
 *	EndOfEarlyData (4), Finished      of the peer, behind early data, once
 *	a client's certificate            if it came when the process had sent more than plaintext (it may have asked)
 *	its request, and tickets later    if the peer has sent a handshake since, or its data waits to be read
 *	tickets to a client               anywhere
 * Padding is known where all records of a way are padded to one block (cipher.h). TLS 1.2 hides nothing: alerts and
 * handshakes have their own record types; only empty records have no plaintext.
 *
 * What remains undecidable:
 *	- a record of 2 or 5 bytes of plaintext that no call told may have been an alert or a KeyUpdate (TLS 1.3);
 *	- so may a whole record that went by untold where a handshake's messages are possible;
 *	- of CBC, differences below a block (16 bytes a record);
 *	- two records of the same length, of which one is told: which one it was;
 *	- records that were received, and never asked for, before the close look like a missed call: a fault;
 *	- the last write call of a connection, if its return was missed, looks like one that never returned: no fault;
 *	- padding by random amounts looks like plaintext that was not told: a fault;
 *	- a renegotiation (TLS 1.2) that changes the cipher's overhead: a fault.
 *
 * Records and calls of one way may be told by two threads at a time, as long as each of the two is told in order.
 */
#ifndef SLIPROBE_TLS_MATCH_H
#define SLIPROBE_TLS_MATCH_H

#include "tls/cipher.h"
#include "tls/match_read.h"
#include "tls/match_write.h"
#include "tls/state.h"

/*
 * `role`: what the process is; TLS_FROM_SERVER: it reads what clients send. `from_start`: all records and calls of the
 * connection will be told; else nothing is a fault before the way is in step.
 */
static inline void tls_match_init(struct tls_match *m, enum tls_from role, int from_start)
{
	*m = (struct tls_match){.role = (__u8)role};
	m->read.flags = m->write.flags = from_start ? TLS_MATCH_SYNCED : 0;
	m->read.padding.records = m->write.padding.records = from_start ? 0 : TLS_PADDING_UNKNOWN;
}

/* The ServerHello is read (TLS_EV_HELLO of the server's direction). A suite that was not seen says nothing. */
static inline void tls_match_hello(struct tls_match *m, const struct tls_hello *hello)
{
	if (hello->server == TLS_HELLO_KNOWN)
		m->cipher = tls_cipher_of(hello->suite, hello->minor);
}

static inline int tls_match_is_fault(enum tls_verdict verdict)
{
	return verdict >= TLS_PLAINTEXT_WITHOUT_RECORD;
}

/* A fault of the way that was found, or TLS_MATCHES. */
static inline enum tls_verdict tls_match_verdict(const struct tls_match *m, enum tls_way way)
{
	return (enum tls_verdict)(way == TLS_WAY_READ ? m->read.verdict : m->write.verdict);
}

static inline int tls_match_is_off(const struct tls_match *m, enum tls_way way)
{
	return (way == TLS_WAY_READ ? m->read.flags : m->write.flags) & TLS_MATCH_OFF;
}

/*
 * A record is whole: at each TLS_EV_RECORD of type TLS_APPLICATION_DATA, and of no other, also of those before the
 * ServerHello is known (early data). `length`: of its body. `inside`: enum tls_inside. Of a way that is in step it does
 * not matter where a record was read.
 */
TLS_SEPARATE enum tls_verdict tls_match_record(struct tls_match *m, enum tls_way way, __u32 length,
					       int inside)
{
	enum tls_verdict fault;

	if (!m)
		return TLS_PENDING;
	fault = tls_match_verdict(m, way);
	if (fault || tls_match_is_off(m, way))
		return fault;
	if (way == TLS_WAY_WRITE)
		return tls_write_record(m, length, inside);
	tls_read_record(m, length, inside);
	return TLS_PENDING;
}

/*
 * A call has returned `n` bytes of plaintext, of `asked` at most (the size of its buffer; 0: not known). Reads and
 * writes; not peeks. `n` 0: it has failed.
 */
static inline enum tls_verdict tls_match_told(struct tls_match *m, enum tls_way way, __u64 n,
					      __u64 asked)
{
	enum tls_verdict verdict = tls_match_verdict(m, way);

	if (verdict || tls_match_is_off(m, way))
		return verdict;
	if (way == TLS_WAY_WRITE && n)
		return tls_write_told(m, n);
	if (way == TLS_WAY_WRITE)
		tls_write_failed(m);
	if (!n)
		return TLS_PENDING;
	verdict = tls_read_told(m, n, asked);
	tls_write_reads(m);
	return verdict;
}

/*
 * How the way stands. A record without plaintext shows at TLS_BROKEN and TLS_ENDED, plaintext that was written without a
 * record at TLS_ENDED; all else when it happens.
 */
static inline enum tls_verdict tls_match_settled(struct tls_match *m, enum tls_way way,
						 enum tls_end end)
{
	enum tls_verdict fault = tls_match_verdict(m, way);

	if (fault || tls_match_is_off(m, way))
		return fault;
	return way == TLS_WAY_READ ? tls_read_settled(m, end) : tls_write_settled(m, end);
}

/* Bytes told that have not been seen in records yet: with memory BIOs the answer is not sent before this is 0. */
static inline __u64 tls_match_unsent(const struct tls_match *m)
{
	return m->write.told > m->write.sent ? m->write.told - m->write.sent : 0;
}

/* Records or calls of this way were missed, and that is known: nothing is a fault before it is in step again. */
static inline void tls_match_unsync(struct tls_match *m, enum tls_way way)
{
	if (way == TLS_WAY_READ) {
		tls_read_unsync(&m->read);
		return;
	}
	m->write.flags &= (__u8)~TLS_MATCH_SYNCED;
	tls_write_restart(m);
}

/* This way's plaintext is not in records that the socket shows (kTLS): it always matches. */
static inline void tls_match_off(struct tls_match *m, enum tls_way way)
{
	if (way == TLS_WAY_READ)
		m->read.flags |= TLS_MATCH_OFF;
	else
		m->write.flags |= TLS_MATCH_OFF;
}

#endif
