/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private to the HTTP/2 follower: what is there as a whole, as it mostly is, in one step. What is not, is read by the steps of
 * feed.h. Whichever reads it, the state behind it is the same.
 */
#ifndef SLIPROBE_HTTP2_SHORTCUTS_H
#define SLIPROBE_HTTP2_SHORTCUTS_H

#include "http2/field.h"
#include "http2/frame.h"
#include "http2/huffman.h"
#include "http2/state.h"
#include "http2/table.h"
#include "http2/value.h"
#include "http2/words.h"

enum {
	HTTP2_FIELDS_MAX = 12, /* that one step reads: see http2_whole_fields() */
	HTTP2_PLAIN_TEXT = 16, /* bytes of a value that is told by two words */
};

/* The first `n` > 0 bytes of a word, zeros behind. */
static inline __u64 http2_first_bytes(__u64 word, __u64 n)
{
	return n < 8 ? word & ((1ULL << 8 * n) - 1) : word;
}

/* The text of a value, 0 < length <= HTTP2_PLAIN_TEXT, goes to `scratch`. */
static inline __attribute__((always_inline)) void http2_scratch_set(struct http2 *p,
								    http2_bytes buf, __u64 pos,
								    __u64 length)
{
	p->n = (__u32)length;
	p->words[0] = http2_first_bytes(HTTP2_LOAD64(buf, pos, pos + length), length);
	p->words[1] = 0;
	if (length > 8)
		p->words[1] =
			http2_first_bytes(HTTP2_LOAD64(buf, pos + 8, pos + length), length - 8);
}

/* The first symbol of a content type is not how gRPC's begins: http2_type_is_other(). */
static inline int http2_type_begins_otherwise(__u64 head, __u64 c)
{
	if (head & 0x80) {
		c = http2_short_codes[c];
		if (!(c >> 8))
			return 0; /* not known yet */
	}
	return (c & 0xdf) != 'A';
}

/*
 * The value of a field of interest, whose `length` bytes are all there, at `pos`: `head` is the byte before them. Returns 0 if
 * it takes more than one look.
 */
static inline __attribute__((always_inline)) int http2_whole_value(struct http2 *p, http2_bytes buf,
								   __u64 pos, __u64 name,
								   __u64 head, __u64 *ret_value)
{
	__u64 length = head & 0x7f;

	if (!length)
		return 0;
	switch (name) {
	case HTTP2_NAME_CONTENT_TYPE:
		*ret_value = HTTP2_MEDIA_OTHER;
		return http2_type_begins_otherwise(head, HTTP2_AT(buf, pos));
	case HTTP2_NAME_METHOD:
	case HTTP2_NAME_STATUS:
	case HTTP2_NAME_GRPC_STATUS:
	case HTTP2_NAME_CONTENT_LENGTH:
		if (length != head || length > HTTP2_PLAIN_TEXT)
			return 0;
		p->name = (__u8)name;
		http2_scratch_set(p, buf, pos, length);
		*ret_value = http2_short_value(p);
		return 1;
	default:
		return 0;
	}
}

/* The insertion of that index > HTTP2_STATIC; NULL: it is not in `ring`. */
static inline __attribute__((always_inline)) const struct http2_entry *http2_near(
	const struct http2 *p, __u64 index)
{
	__u64 age = index - HTTP2_STATIC - 1, inserted = p->inserted;

	if (age >= inserted || age >= HTTP2_RING)
		return 0;
	return &p->ring[(inserted - 1 - age) & (HTTP2_RING - 1)];
}

/* The block has the field of that index, 0 < index < HTTP2_STATIC + HTTP2_RING. */
static inline __attribute__((always_inline)) void http2_whole_index(const struct http2_conn *conn,
								    struct http2 *p, __u64 index)
{
	__u64 age = index - HTTP2_STATIC - 1, inserted = p->inserted;
	const struct http2_entry *entry;

	if (index <= HTTP2_STATIC) {
		entry = &http2_static[index];
		if (entry->text)
			http2_take(p, entry->name, conn->fixed[(entry->text - 1) & 3]);
		else if (entry->name != HTTP2_NAME_OTHER)
			http2_take(p, entry->name, entry->value);
	} else if (age < inserted) {
		entry = &p->ring[(inserted - 1 - age) & (HTTP2_RING - 1)];
		if (entry->name == HTTP2_NAME_OTHER)
			return;
		http2_take(p, entry->name, entry->value);
		p->from[entry->name & (HTTP2_NAMES - 1)] = (__u32)(inserted - age);
	} else {
		http2_take(p, HTTP2_NAME_HIDDEN, 0);
	}
}

/*
 * A field that is not an index alone, and whose name is one: `n` bytes are there from `pos` on, the first eight of them are
 * `word`. Returns how many it has; 0: not all of them are there, or it takes more than one look.
 */
static inline __attribute__((always_inline)) __u64 http2_whole_field(struct http2 *p,
								     http2_bytes buf, __u64 pos,
								     __u64 n, __u64 word)
{
	__u64 inserts = word & 0x40, mask = inserts ? 0x3f : 0x0f, index = word & mask, at = 2;
	__u64 head, name, value = 0;
	const struct http2_entry *entry;

	/* an index of two bytes at most, a length of one */
	if (index == mask) {
		word >>= 8;
		if (word & 0x80)
			return 0;
		index += word & 0x7f;
		at = 3;
	}
	head = word >> 8 & 0xff;
	at = HTTP2_FORGET(at + (head & 0x7f), n);
	if (!index || (head & 0x7f) == 0x7f || at > n)
		return 0;
	entry = index <= HTTP2_STATIC ? &http2_static[index] : http2_near(p, index);
	if (!entry)
		return 0;
	name = HTTP2_FORGET(entry->name, n);
	/* an authority's text is of use where others may refer to it */
	if (name != HTTP2_NAME_OTHER && (name != HTTP2_NAME_AUTHORITY || inserts)) {
		if (!http2_whole_value(p, buf, pos + at - (head & 0x7f), name, head, &value))
			return 0;
		http2_take(p, HTTP2_HIDE(name), (__u32)value);
	}
	if (inserts)
		http2_insert(p, 0, (__u32)name, (__u32)value, 0, 0);
	return at;
}

/*
 * Fields from `pos` on, of which `n` bytes are there: up to HTTP2_FIELDS_MAX that are read as one. Returns how many bytes.
 */
static inline __attribute__((always_inline)) __u64 http2_whole_fields(struct http2_conn *conn,
								      struct http2 *p,
								      http2_bytes buf, __u64 pos,
								      __u64 n)
{
	__u64 at = 0;

	HTTP2_LOOP
	for (__u64 i = 0; i < HTTP2_FIELDS_MAX; i++) {
		__u64 word, used = 1;

		HTTP2_HOLD(p);
		if (at >= n)
			break;
		word = HTTP2_LOAD64(buf, pos + at, pos + n);
		if (word & 0x80) {
			if ((word & 0x7f) == 0 || (word & 0x7f) == 0x7f)
				break;
			http2_whole_index(conn, p, word & 0x7f);
		} else {
			/* the table's size is no field */
			if ((word & 0xe0) == 0x20)
				break;
			used = http2_whole_field(p, buf, pos + at, n - at, word);
			if (!used)
				break;
		}
		at = HTTP2_FORGET(at + used, n);
	}
	p->left -= (__u32)at;
	return at;
}

/* What was inserted from number `from` on goes to `wide`, too: at most HTTP2_FIELDS_MAX. */
HTTP2_SEPARATE __u32 http2_wide_catch_up(const struct http2 *p, struct http2_wide *wide, __u32 from)
{
	if (!p || !wide)
		return 0;
	HTTP2_LOOP
	for (__u32 i = 0; i < HTTP2_FIELDS_MAX; i++) {
		__u32 number = from + i;

		if (number == p->inserted)
			break;
		wide->ring[number & (HTTP2_RING_WIDE - 1)] = p->ring[number & (HTTP2_RING - 1)];
	}
	return 0;
}

/* What comes next may be read by http2_whole(): `n` bytes are there. A growth that waits comes before a frame. */
static inline int http2_whole_is_next(const struct http2 *p, __u32 n)
{
	if (p->state == HTTP2_BLOCK)
		return p->field == HTTP2_FIELD;
	return p->state == HTTP2_HEADER && !p->have && !p->grows && n >= HTTP2_HEADER_BYTES;
}

/*
 * The frame's header, as in http2_frame_begin(), of a whole header block without padding: as most are. Returns 0 if it is
 * another one.
 */
static inline __attribute__((always_inline)) int http2_block_begins(struct http2 *p, __u64 head,
								    __u32 last)
{
	const __u64 mask = 0xff | (HTTP2_END_HEADERS | HTTP2_PADDED | HTTP2_HAS_PRIORITY) << 8;
	__u32 length = __builtin_bswap32((__u32)head << 8);
	__u32 stream = (__builtin_bswap32((__u32)(head >> 40) << 8) << 8 | last) & 0x7fffffff;

	if ((head >> 24 & mask) != (HTTP2_HEADERS | HTTP2_END_HEADERS << 8) || !length || !stream ||
	    !p->begun || p->block)
		return 0;
	p->state = HTTP2_BLOCK;
	p->type = HTTP2_HEADERS;
	p->flags = (__u8)(head >> 32);
	p->have = 0;
	p->pad = 0;
	p->stream = stream;
	p->left = p->bytes = length;
	http2_block_begin(p);
	return 1;
}

/*
 * Where http2_whole_is_next(): a frame, or what is left of a header block, as far as it is read as one. Returns how many bytes
 * that are, perhaps none, and enum http2_event in `event` of that direction.
 */
HTTP2_SEPARATE __u32 http2_whole(struct http2_conn *conn, struct http2_wide *wide, http2_bytes buf,
				 __u32 begin, __u32 len_and_side)
{
	__u64 side = len_and_side & 1, len = len_and_side >> 1, pos = begin, n = len - pos;
	__u32 event = HTTP2_EV_NONE, inserted, last;
	struct http2 *p;

	if (!conn || !buf)
		return 0;
	p = &conn->side[side];
	inserted = p->inserted;
	if (p->state == HTTP2_HEADER) {
		__u64 head = HTTP2_LOAD64(buf, pos, len);

		last = HTTP2_AT(buf, pos + 8);
		if (!http2_block_begins(p, head, last))
			event = http2_frame_begin(conn, (__u32)side, head, last);
		pos += HTTP2_HEADER_BYTES;
		n -= HTTP2_HEADER_BYTES;
	}
	if (n > p->left)
		n = p->left;
	if (event != HTTP2_EV_NONE || !n)
		n = 0;
	else if (p->state == HTTP2_PAYLOAD)
		event = http2_payload_pass(p, (__u32)n);
	else if (p->state == HTTP2_BLOCK && p->field == HTTP2_FIELD)
		n = http2_whole_fields(conn, p, buf, pos, n);
	else
		n = 0;
	if (n && p->state == HTTP2_BLOCK && !p->left)
		event = http2_payload_end(p);
	if (wide && p->inserted != inserted)
		http2_wide_catch_up(p, wide, inserted);
	p->event = (__u8)event;
	return (__u32)(pos + n) - begin;
}

#endif
