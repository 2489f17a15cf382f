/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Walks the records of one direction of a TLS connection, header by header, however its bytes are split. Bodies are
 * passed by length, unseen, but for those bytes of the two hellos that hello.h reads.
 *
 *	at the beginning of each operation           tls_records_begin()
 *	while there are bytes
 *		n = tls_records_opaque()             so many need not be seen
 *		n ? tls_records_pass(n) : tls_records_feed(bytes)
 *		act upon the events returned
 *
 * Bytes that had to be seen, and were not: tls_records_lost().
 *
 * For the kernel's verifier the including file may define a type and two macros; these are the ones for user space:
 */
#ifndef SLIPROBE_TLS_RECORDS_H
#define SLIPROBE_TLS_RECORDS_H

#include "tls/hello.h"
#include "tls/state.h"

#ifndef TLS_AT
typedef const unsigned char *tls_bytes;
#define TLS_AT(buf, pos) ((buf)[pos]) /* one byte of a piece */
/* calls step(i, context) up to n times, until it returns not 0 */
#define TLS_REPEAT(n, step, context)                                                               \
	do {                                                                                       \
		for (__u32 i_ = 0; i_ < (n); i_++)                                                 \
			if (step(i_, context))                                                     \
				break;                                                             \
	} while (0)
#endif

/* `from_start`: its next byte is the connection's first. */
static inline void tls_records_init(struct tls_records *r, int from_start)
{
	*r = (struct tls_records){
		.state = from_start ? TLS_RECORDS_HEADER : TLS_RECORDS_LATE,
		.late = !from_start,
	};
}

static inline int tls_records_is_lost(const struct tls_records *r)
{
	return r->state == TLS_RECORDS_LOST;
}

/* Records are followed: their events are all there. */
static inline int tls_records_follows(const struct tls_records *r)
{
	return r->state < TLS_RECORDS_LATE;
}

/* An operation begins: one that was joined in the middle looks for a header here. */
static inline void tls_records_begin(struct tls_records *r)
{
	if (r->state != TLS_RECORDS_LATE)
		return;
	r->state = TLS_RECORDS_HEADER;
	r->have = 0;
}

/* Bytes from here on that need not be seen, whatever they are. */
static inline __u64 tls_records_opaque(const struct tls_records *r)
{
	if (r->state == TLS_RECORDS_BODY)
		return r->left;
	return r->state < TLS_RECORDS_BODY || r->state == TLS_RECORDS_HELLO ? 0 : ~0ULL;
}

/* Bytes that are worth copying for the next tls_records_feed(), at most. */
static inline __u32 tls_records_wants(const struct tls_records *r)
{
	return r->state == TLS_RECORDS_HELLO  ? r->left :
	       r->state == TLS_RECORDS_HEADER ? TLS_HEADER_BYTES - r->have :
						0;
}

/* 0 < n <= tls_records_opaque() bytes went by. Returns enum tls_event. */
static inline __u32 tls_records_pass(struct tls_records *r, __u64 n)
{
	if (r->state != TLS_RECORDS_BODY)
		return TLS_EV_NONE;
	r->left = n < r->left ? r->left - (__u16)n : 0;
	if (r->left)
		return TLS_EV_NONE;
	r->state = TLS_RECORDS_HEADER;
	r->have = 0;
	return TLS_EV_RECORD;
}

/* Bytes went by unseen that are not opaque. Headers are looked for where operations begin, from the next one on. */
static inline void tls_records_lost(struct tls_records *r, struct tls_hello *hello,
				    enum tls_from from)
{
	if (r->state != TLS_RECORDS_LOST)
		r->state = TLS_RECORDS_LATE;
	r->late = 1;
	tls_hello_miss(hello, from);
}

static inline __u32 tls_records_bad(struct tls_records *r, struct tls_hello *hello,
				    enum tls_from from)
{
	r->state = r->late ? TLS_RECORDS_LATE : TLS_RECORDS_LOST;
	tls_hello_miss(hello, from);
	return TLS_EV_LOST;
}

/* One byte of a header. In the middle of a connection it must be one of those that all of today's stacks write. */
static inline int tls_records_header_byte(struct tls_records *r, __u8 c)
{
	switch (r->have++) {
	case 0:
		r->type = c;
		return c >= TLS_CHANGE_CIPHER_SPEC &&
		       c <= (r->late ? TLS_APPLICATION_DATA : TLS_HEARTBEAT);
	case 1:
		return c == TLS_MAJOR;
	case 2:
		return c <= TLS_MINOR_MAX && (!r->late || c == 3);
	case 3:
		r->length = (__u16)(c << 8);
		return 1;
	default:
		r->length |= c;
		return r->length && r->length <= TLS_LENGTH_MAX;
	}
}

/* The header is whole. */
static inline void tls_records_body_begin(struct tls_records *r, struct tls_hello *hello,
					  enum tls_from from)
{
	r->left = r->length;
	r->state = TLS_RECORDS_BODY;
	if (r->type == TLS_APPLICATION_DATA)
		tls_hello_miss(hello, from);
	else if (r->type == TLS_HANDSHAKE && tls_hello_waited(hello, from))
		r->state = TLS_RECORDS_HELLO;
}

static inline __u32 tls_records_hello_byte(struct tls_records *r, struct tls_hello *hello,
					   enum tls_from from, __u8 c)
{
	__u32 events = TLS_EV_NONE;

	r->left--;
	if (tls_hello_byte(hello, from, c)) {
		events = TLS_EV_HELLO;
		r->state = TLS_RECORDS_BODY;
	}
	if (r->left)
		return events;
	r->state = TLS_RECORDS_HEADER;
	r->have = 0;
	return events | TLS_EV_RECORD;
}

/* The next byte, which is not opaque. Returns enum tls_event. */
static inline __u32 tls_records_byte(struct tls_records *r, struct tls_hello *hello,
				     enum tls_from from, __u8 c)
{
	if (r->state == TLS_RECORDS_HELLO)
		return tls_records_hello_byte(r, hello, from, c);
	if (!tls_records_header_byte(r, c))
		return tls_records_bad(r, hello, from);
	if (r->have == TLS_HEADER_BYTES)
		tls_records_body_begin(r, hello, from);
	return TLS_EV_NONE;
}

/* One walk. Lies on the stack: but for `events`, nothing in it changes from one step to the next. */
struct tls_walk {
	struct tls_records *records;
	struct tls_hello *hello;
	tls_bytes buf;
	__u32 *pos;
	__u32 len;
	__u32 from; /* enum tls_from */
	__u32 events; /* of the last step */
};

static long tls_walk_step(__u32 i, struct tls_walk *walk)
{
	__u32 pos = *walk->pos;

	(void)i;
	if (pos >= walk->len)
		return 1;
	walk->events = tls_records_byte(walk->records, walk->hello, (enum tls_from)walk->from,
					TLS_AT(walk->buf, pos));
	*walk->pos = pos + 1;
	return walk->events || tls_records_opaque(walk->records);
}

/* Byte by byte, up to the first event, opaque bytes, or the end. */
TLS_SEPARATE __u32 tls_walk(struct tls_records *r, struct tls_hello *hello, tls_bytes buf,
			    __u32 *pos, __u32 len_and_from)
{
	struct tls_walk walk = {
		.records = r,
		.hello = hello,
		.buf = buf,
		.pos = pos,
		.len = len_and_from >> 1,
		.from = len_and_from & 1,
	};

	if (!r || !hello || !buf || !pos)
		return TLS_EV_NONE;
	TLS_REPEAT(walk.len, tls_walk_step, &walk);
	return walk.events;
}

/*
 * Feeds buf[*pos .. len), *pos < len < 2^31, up to the first event, and returns it (enum tls_event). Consumes at least
 * one byte, and moves *pos behind the bytes consumed. It may leave bytes, also without an event. In the kernel *pos
 * must not lie on the stack: see http1/feed.h.
 */
static inline __attribute__((always_inline)) __u32 tls_records_feed(struct tls_records *r,
								    struct tls_hello *hello,
								    enum tls_from from,
								    tls_bytes buf, __u32 *pos,
								    __u32 len)
{
	__u64 opaque = tls_records_opaque(r);
	__u64 n = len - *pos;

	if (!opaque)
		return tls_walk(r, hello, buf, pos, len << 1 | (__u32)from);
	n = n < opaque ? n : opaque;
	*pos += n;
	return tls_records_pass(r, n);
}

#endif
