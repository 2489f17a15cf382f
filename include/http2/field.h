/* SPDX-License-Identifier: GPL-2.0-only */
/* Private to the HTTP/2 follower: the fields of a header block, RFC 7541, section 6. */
#ifndef SLIPROBE_HTTP2_FIELD_H
#define SLIPROBE_HTTP2_FIELD_H

#include "http2/names.h"
#include "http2/parse.h"
#include "http2/state.h"
#include "http2/table.h"
#include "http2/value.h"
#include "http2/words.h"

enum {
	HTTP2_SHIFT_MAX = 28, /* of an integer's last byte */
	HTTP2_NAME_STEP = 4, /* bytes of a name that one step reads */
};

static inline __u32 http2_bad(struct http2 *p, enum http2_fault fault)
{
	p->state = HTTP2_BAD;
	p->fault = fault;
	p->block = 0;
	return HTTP2_EV_BAD;
}

/* The integer is whole. Returns enum http2_event. */
static inline __attribute__((always_inline)) __u32 http2_integer_end(struct http2_conn *conn,
								     __u32 side, struct http2 *p,
								     struct http2_wide *wide,
								     __u32 number)
{
	switch (p->integer) {
	case HTTP2_INT_FIELD:
		if (!number)
			return http2_bad(p, HTTP2_FAULT_INDEX);
		p->field = HTTP2_FIELD;
		http2_take_index(conn, p, wide, number);
		return HTTP2_EV_NONE;
	case HTTP2_INT_NAME:
		p->field = number ? HTTP2_VALUE_LENGTH : HTTP2_NAME_LENGTH;
		if (number)
			p->name = (__u8)http2_name_at(p, wide, number);
		return HTTP2_EV_NONE;
	case HTTP2_INT_SIZE:
		p->field = HTTP2_FIELD;
		p->table = number;
		p->grows |= number > HTTP2_TABLE_BYTES;
		return HTTP2_EV_NONE;
	case HTTP2_INT_NAME_LENGTH:
		p->string = number;
		p->name = HTTP2_NAME_OTHER;
		p->field = number ? HTTP2_NAME_SKIP : HTTP2_VALUE_LENGTH;
		if (http2_name_may_matter(number)) {
			p->field = HTTP2_NAME;
			http2_scratch_clear(p);
		}
		return HTTP2_EV_NONE;
	default:
		p->string = number;
		http2_value_begin(conn, side, p, wide);
		return HTTP2_EV_NONE;
	}
}

/* The first byte of an integer: `mask` has the bits that are of it. */
static inline __attribute__((always_inline)) __u32 http2_integer_begin(struct http2_conn *conn,
								       __u32 side, struct http2 *p,
								       struct http2_wide *wide,
								       __u32 c, __u32 mask)
{
	c &= mask;
	if (c != mask)
		return http2_integer_end(conn, side, p, wide, c);
	p->number = c;
	p->shift = 0;
	p->field = HTTP2_INTEGER;
	return HTTP2_EV_NONE;
}

/* A byte behind it. */
static inline __attribute__((always_inline)) __u32 http2_integer_byte(struct http2_conn *conn,
								      __u32 side, struct http2 *p,
								      struct http2_wide *wide,
								      __u32 c)
{
	__u64 number;

	if (p->shift > HTTP2_SHIFT_MAX)
		return http2_bad(p, HTTP2_FAULT_INTEGER);
	number = p->number + ((__u64)(c & 0x7f) << p->shift);
	if (number >> 32)
		return http2_bad(p, HTTP2_FAULT_INTEGER);
	p->shift += 7;
	p->number = (__u32)number;
	if (c & 0x80)
		return HTTP2_EV_NONE;
	return http2_integer_end(conn, side, p, wide, (__u32)number);
}

/*
 * A byte that is no part of a string: the first one of a field, or of a string, or one of an integer. Returns enum
 * http2_event.
 */
HTTP2_SEPARATE __u32 http2_field_byte(struct http2_conn *conn, struct http2_wide *wide, __u32 side,
				      __u32 c)
{
	__u32 mask = 0x7f;
	struct http2 *p;

	if (!conn)
		return HTTP2_EV_NONE;
	side &= 1;
	p = &conn->side[side];
	p->left--;
	if (p->field == HTTP2_INTEGER)
		return http2_integer_byte(conn, side, p, wide, c);
	if (p->field == HTTP2_FIELD) {
		p->insert = 0;
		if (c & 0x80) {
			p->integer = HTTP2_INT_FIELD;
		} else if (c & 0x40) {
			p->integer = HTTP2_INT_NAME;
			p->insert = 1;
			mask = 0x3f;
		} else if (c & 0x20) {
			p->integer = HTTP2_INT_SIZE;
			mask = 0x1f;
		} else {
			p->integer = HTTP2_INT_NAME;
			mask = 0x0f;
		}
	} else {
		p->huffman = (__u8)(c >> 7);
		p->integer = p->field == HTTP2_NAME_LENGTH ? HTTP2_INT_NAME_LENGTH :
							     HTTP2_INT_VALUE_LENGTH;
	}
	return http2_integer_begin(conn, side, p, wide, c, mask);
}

/*
 * Reads up to HTTP2_NAME_STEP of those bytes of a name that may matter that are there, from pos on; there is one, at least.
 * Returns how many.
 */
HTTP2_SEPARATE __u32 http2_name_bytes(struct http2_conn *conn, http2_bytes buf, __u32 pos,
				      __u32 len, __u32 side)
{
	struct http2 *p;
	__u32 i, n;

	if (!conn || !buf)
		return 0;
	p = &conn->side[side & 1];
	n = len - pos;
	if (n > p->left)
		n = p->left;
	if (n > p->string)
		n = p->string;
	HTTP2_LOOP
	for (i = 0; i < HTTP2_NAME_STEP; i++) {
		if (i >= n)
			break;
		p->scratch[(p->n + i) & (HTTP2_SCRATCH - 1)] = HTTP2_AT(buf, pos + i);
	}
	p->n += i;
	p->string -= i;
	p->left -= i;
	if (p->string)
		return i;
	p->name = (__u8)http2_spelled(p->words[0], p->words[1],
				      p->n | (p->huffman ? HTTP2_IN_HUFFMAN : 0));
	p->field = HTTP2_VALUE_LENGTH;
	return i;
}

/* `n` <= `string` bytes of a string that does not matter went by. */
static inline __attribute__((always_inline)) void http2_skip(struct http2 *p, __u32 n)
{
	p->left -= n;
	p->string -= n;
	if (!p->string)
		p->field = p->field == HTTP2_NAME_SKIP ? HTTP2_VALUE_LENGTH : HTTP2_FIELD;
}

static inline int http2_skips(const struct http2 *p)
{
	return p->field == HTTP2_NAME_SKIP || p->field == HTTP2_VALUE_SKIP;
}

#endif
