/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walk over the bytes of one direction of an HTTP/2 connection, from one event to the next: the follower's entrance.
 * Its contract is in parse.h, as are the definitions that the including file must have.
 */
#ifndef SLIPROBE_HTTP2_FEED_H
#define SLIPROBE_HTTP2_FEED_H

#include "http2/field.h"
#include "http2/frame.h"
#include "http2/parse.h"
#include "http2/shortcuts.h"
#include "http2/state.h"
#include "http2/words.h"

/* Bytes from here on that need not be looked at, whatever they are. */
static inline __u64 http2_opaque(const struct http2 *p)
{
	if (p->state == HTTP2_BAD)
		return ~0ULL;
	if (p->state == HTTP2_PAYLOAD || p->state == HTTP2_PADDING)
		return p->left;
	if (p->state == HTTP2_BLOCK && http2_skips(p))
		return p->string < p->left ? p->string : p->left;
	return 0;
}

/* Passes n <= http2_opaque() bytes, n > 0, unseen. Returns enum http2_event, as a feed. */
static inline __u32 http2_pass(struct http2 *p, __u64 n)
{
	if (p->state == HTTP2_BAD)
		return HTTP2_EV_NONE;
	if (p->state != HTTP2_BLOCK)
		return http2_payload_pass(p, (__u32)n);
	http2_skip(p, (__u32)n);
	return p->left ? HTTP2_EV_NONE : http2_payload_end(p);
}

/* The bytes of a string that does not matter, as far as they are there: `n`, perhaps none. Returns how many. */
static inline __attribute__((always_inline)) __u32 http2_skip_bytes(struct http2 *p, __u32 n)
{
	if (!http2_skips(p))
		return 0;
	if (n > p->string)
		n = p->string;
	http2_skip(p, n);
	return n;
}

/* Reads bytes of a header block; n > 0 are there. Returns how many, and the event in *ret_event. */
static inline __attribute__((always_inline)) __u32 http2_block_bytes(
	struct http2_conn *conn, __u32 side, struct http2 *p, struct http2_wide *wide,
	http2_bytes buf, __u32 pos, __u32 len, __u32 n, __u32 *ret_event)
{
	__u32 used;

	switch (p->field) {
	case HTTP2_NAME_SKIP:
	case HTTP2_VALUE_SKIP:
		return http2_skip_bytes(p, n);
	case HTTP2_NAME:
		return http2_name_bytes(conn, buf, pos, len, side);
	case HTTP2_VALUE:
		used = http2_value_bytes(conn, wide, buf, pos, len << 1 | side);
		if (used)
			return used;
		*ret_event = http2_bad(p, HTTP2_FAULT_HUFFMAN);
		return p->turn;
	default:
		break;
	}
	*ret_event = http2_field_byte(conn, wide, side, HTTP2_AT(buf, pos));
	if (p->field != HTTP2_VALUE_LENGTH || n == 1)
		return 1;
	/* mostly that is the length of a value that does not matter, and the value is there, too */
	*ret_event = http2_field_byte(conn, wide, side, HTTP2_AT(buf, pos + 1));
	return 2 + http2_skip_bytes(p, n - 2);
}

/* Consumes at least one byte of buf[pos .. len), pos < len. Returns how many, and the event in *ret_event. */
static inline __attribute__((always_inline)) __u32 http2_step(struct http2_conn *conn, __u32 side,
							      struct http2_wide *wide,
							      http2_bytes buf, __u32 pos, __u32 len,
							      __u32 *ret_event)
{
	struct http2 *p = &conn->side[side];
	__u32 n = len - pos, used = 1;

	switch (p->state) {
	case HTTP2_HEADER:
		*ret_event = http2_header_byte(conn, side, HTTP2_AT(buf, pos));
		return 1;
	case HTTP2_BLOCK:
		if (n > p->left)
			n = p->left;
		used = http2_block_bytes(conn, side, p, wide, buf, pos, len, n, ret_event);
		if (!p->left && p->state == HTTP2_BLOCK)
			*ret_event = http2_payload_end(p);
		return used;
	case HTTP2_PAYLOAD:
	case HTTP2_PADDING:
		if (n > p->left)
			n = p->left;
		*ret_event = http2_payload_pass(p, n);
		return n;
	case HTTP2_PREFIX:
	case HTTP2_CONTROL:
		*ret_event = http2_prefix_byte(p, HTTP2_AT(buf, pos));
		return 1;
	case HTTP2_PREFACE:
		*ret_event = http2_preface_byte(p, HTTP2_AT(buf, pos));
		return 1;
	case HTTP2_PAD_LENGTH:
		*ret_event = http2_pad_length(p, HTTP2_AT(buf, pos));
		return 1;
	default:
		return n;
	}
}

/* A table has grown, which waits where another event came at the same byte. */
static inline __u32 http2_grow(struct http2 *p)
{
	if (!p->grows)
		return HTTP2_EV_NONE;
	p->grows = 0;
	return HTTP2_EV_GROW;
}

/* One walk. Lies on the stack: nothing in it changes from one step to the next. */
struct http2_walk {
	struct http2_conn *conn;
	struct http2_wide *wide;
	http2_bytes buf;
	__u32 *pos;
	__u32 len;
	__u32 side; /* enum http2_side */
};

static long http2_walk_step(__u32 i, struct http2_walk *walk)
{
	struct http2_conn *conn = walk->conn;
	__u32 pos = *walk->pos, side = walk->side & 1, event = HTTP2_EV_NONE;

	(void)i;
	if (pos >= walk->len)
		return 1;
	*walk->pos = pos + http2_step(conn, side, walk->wide, walk->buf, pos, walk->len, &event);
	if (event == HTTP2_EV_NONE)
		event = http2_grow(&conn->side[side]);
	conn->side[side].event = (__u8)event;
	return event != HTTP2_EV_NONE ||
	       http2_whole_is_next(&conn->side[side], walk->len - *walk->pos);
}

/* Step by step, up to the first event, or to where http2_whole() goes on, or the end. `wide` may be NULL. */
HTTP2_SEPARATE __u32 http2_steps(struct http2_conn *conn, struct http2_wide *wide, http2_bytes buf,
				 __u32 *pos, __u32 len_and_side)
{
	struct http2_walk walk = {
		.conn = conn,
		.wide = wide,
		.buf = buf,
		.pos = pos,
		.len = len_and_side >> 1,
		.side = len_and_side & 1,
	};

	if (!conn || !buf || !pos)
		return HTTP2_EV_NONE;
	HTTP2_REPEAT(walk.len, http2_walk_step, &walk);
	return conn->side[len_and_side & 1].event;
}

/*
 * Feeds buf[*pos .. len), *pos < len < 2^31, up to the first event, and returns that, or HTTP2_EV_NONE. It consumes at
 * least one byte, and moves *pos behind the bytes consumed. In the kernel *pos must not lie on the stack: Linux 6.1
 * verifies the walk as if it were one step. `wide`: see parse.h.
 */
static inline __attribute__((always_inline)) enum http2_event http2_feed(struct http2_conn *conn,
									 struct http2_wide *wide,
									 enum http2_side side,
									 http2_bytes buf,
									 __u32 *pos, __u32 len)
{
	struct http2 *p = &conn->side[side & 1];

	if (http2_whole_is_next(p, len - *pos)) {
		__u32 used = http2_whole(conn, wide, buf, *pos, len << 1 | (__u32)side);

		*pos += used;
		if (used)
			return (enum http2_event)p->event;
	}
	return (enum http2_event)http2_steps(conn, wide, buf, pos, len << 1 | (__u32)side);
}

#endif
