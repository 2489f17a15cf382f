/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An encoder of header blocks that does all that RFC 7541 lets an encoder do, at random: any representation, names by any
 * index that has them, integers longer than they need be, tables of any size, changes of that size, entries that
 * are larger than the table. It has a real dynamic table, with sizes and evictions, which the follower does without.
 */
#ifndef SLIPROBE_TESTS_HTTP2_ENCODER_H
#define SLIPROBE_TESTS_HTTP2_ENCODER_H

#include <stdbool.h>

#include "http2/huffman.h"
#include "http2/state.h"
#include "tests/unit/fixtures/random.h"
#include "tests/vectors/http2_expect.h"

enum {
	ENCODER_ENTRIES = 8193, /* of a table of 256 KiB */
	ENCODER_TEXT = 5000, /* of a string, at most */
	ENCODER_OVERHEAD = 32, /* of an entry: RFC 7541, section 4.1 */
};

/* RFC 7541, appendix A */
static const struct field encoder_static[HTTP2_STATIC] = {
	{TEXT(":authority"), TEXT("")},
	{TEXT(":method"), TEXT("GET")},
	{TEXT(":method"), TEXT("POST")},
	{TEXT(":path"), TEXT("/")},
	{TEXT(":path"), TEXT("/index.html")},
	{TEXT(":scheme"), TEXT("http")},
	{TEXT(":scheme"), TEXT("https")},
	{TEXT(":status"), TEXT("200")},
	{TEXT(":status"), TEXT("204")},
	{TEXT(":status"), TEXT("206")},
	{TEXT(":status"), TEXT("304")},
	{TEXT(":status"), TEXT("400")},
	{TEXT(":status"), TEXT("404")},
	{TEXT(":status"), TEXT("500")},
	{TEXT("accept-charset"), TEXT("")},
	{TEXT("accept-encoding"), TEXT("gzip, deflate")},
	{TEXT("accept-language"), TEXT("")},
	{TEXT("accept-ranges"), TEXT("")},
	{TEXT("accept"), TEXT("")},
	{TEXT("access-control-allow-origin"), TEXT("")},
	{TEXT("age"), TEXT("")},
	{TEXT("allow"), TEXT("")},
	{TEXT("authorization"), TEXT("")},
	{TEXT("cache-control"), TEXT("")},
	{TEXT("content-disposition"), TEXT("")},
	{TEXT("content-encoding"), TEXT("")},
	{TEXT("content-language"), TEXT("")},
	{TEXT("content-length"), TEXT("")},
	{TEXT("content-location"), TEXT("")},
	{TEXT("content-range"), TEXT("")},
	{TEXT("content-type"), TEXT("")},
	{TEXT("cookie"), TEXT("")},
	{TEXT("date"), TEXT("")},
	{TEXT("etag"), TEXT("")},
	{TEXT("expect"), TEXT("")},
	{TEXT("expires"), TEXT("")},
	{TEXT("from"), TEXT("")},
	{TEXT("host"), TEXT("")},
	{TEXT("if-match"), TEXT("")},
	{TEXT("if-modified-since"), TEXT("")},
	{TEXT("if-none-match"), TEXT("")},
	{TEXT("if-range"), TEXT("")},
	{TEXT("if-unmodified-since"), TEXT("")},
	{TEXT("last-modified"), TEXT("")},
	{TEXT("link"), TEXT("")},
	{TEXT("location"), TEXT("")},
	{TEXT("max-forwards"), TEXT("")},
	{TEXT("proxy-authenticate"), TEXT("")},
	{TEXT("proxy-authorization"), TEXT("")},
	{TEXT("range"), TEXT("")},
	{TEXT("referer"), TEXT("")},
	{TEXT("refresh"), TEXT("")},
	{TEXT("retry-after"), TEXT("")},
	{TEXT("server"), TEXT("")},
	{TEXT("set-cookie"), TEXT("")},
	{TEXT("strict-transport-security"), TEXT("")},
	{TEXT("transfer-encoding"), TEXT("")},
	{TEXT("user-agent"), TEXT("")},
	{TEXT("vary"), TEXT("")},
	{TEXT("via"), TEXT("")},
	{TEXT("www-authenticate"), TEXT("")},
};

/* The texts of what it encodes live as long as it does. */
struct encoder {
	struct field table[ENCODER_ENTRIES]; /* a ring */
	__u32 newest; /* place behind the newest one */
	__u32 n;
	size_t bytes, room;
	/* of the block being made */
	__u8 *out;
	size_t n_out;
};

static inline void encoder_put(struct encoder *e, __u32 byte)
{
	e->out[e->n_out++] = (__u8)byte;
}

static inline const struct field *encoder_entry(const struct encoder *e, __u32 age)
{
	return &e->table[(e->newest + ENCODER_ENTRIES - 1 - age) % ENCODER_ENTRIES];
}

static inline size_t field_bytes(const struct field *field)
{
	return field->name.len + field->value.len + ENCODER_OVERHEAD;
}

static inline void encoder_evict(struct encoder *e, size_t room)
{
	while (e->n && e->bytes > room)
		e->bytes -= field_bytes(encoder_entry(e, --e->n));
}

static inline void encoder_insert(struct encoder *e, struct field field)
{
	size_t n = field_bytes(&field);

	if (n > e->room) {
		encoder_evict(e, 0);
		return;
	}
	encoder_evict(e, e->room - n);
	e->table[e->newest] = field;
	e->newest = (e->newest + 1) % ENCODER_ENTRIES;
	e->n++;
	e->bytes += n;
}

/* `first`: the bits ahead of it. At times longer than it need be. */
static inline void encoder_integer(struct encoder *e, __u32 first, __u32 prefix, __u32 number)
{
	const __u32 most = (1U << prefix) - 1;
	__u32 bytes = 1;

	if (number < most) {
		encoder_put(e, first | number);
		return;
	}
	encoder_put(e, first | most);
	number -= most;
	while (number > 0x7f || (bytes < 5 && !random_below(16))) {
		encoder_put(e, 0x80 | (number & 0x7f));
		number >>= 7;
		bytes++;
	}
	encoder_put(e, number);
}

/* Huffman's code of a symbol: the bits, and how many in *ret_n. */
static inline __u32 encoder_code(__u8 symbol, __u32 *ret_n)
{
	for (__u32 i = 0; i < 256; i++) {
		__u32 n = http2_short_codes[i] >> 8;

		if (!n || (http2_short_codes[i] & 0xff) != symbol)
			continue;
		*ret_n = n;
		return i >> (8 - n);
	}
	for (__u32 row = 0; row < HTTP2_CODE_LENGTHS; row++) {
		const struct http2_codes *at = &http2_long_codes[row];
		__u32 end = row + 1 < HTTP2_CODE_LENGTHS ? at[1].first : HTTP2_LONG_EOS;

		for (__u32 i = at->first; i < end; i++) {
			if (http2_long_symbols[i] != symbol)
				continue;
			*ret_n = at->length;
			return (at->begin >> (32 - at->length)) + i - at->first;
		}
	}
	abort();
}

/* Puts it to `ret`, of four times the room; returns its length. */
static inline size_t encoder_huffman(struct text text, __u8 *ret)
{
	__u64 bits = 0;
	__u32 have = 0;
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		__u32 n, code = encoder_code((__u8)text.bytes[i], &n);

		bits = bits << n | code;
		have += n;
		for (; have >= 8; have -= 8)
			ret[len++] = (__u8)(bits >> (have - 8));
	}
	if (have)
		ret[len++] = (__u8)(bits << (8 - have) | 0xff >> have);
	return len;
}

static inline void encoder_string(struct encoder *e, struct text text)
{
	static __u8 coded[4 * ENCODER_TEXT];
	size_t n;

	if (random_below(2)) {
		encoder_integer(e, 0, 7, (__u32)text.len);
		memcpy(e->out + e->n_out, text.bytes, text.len);
		e->n_out += text.len;
		return;
	}
	n = encoder_huffman(text, coded);
	encoder_integer(e, 0x80, 7, (__u32)n);
	memcpy(e->out + e->n_out, coded, n);
	e->n_out += n;
}

/* The entry of that index; NULL: there is none. */
static inline const struct field *encoder_at(const struct encoder *e, __u32 index)
{
	if (index <= HTTP2_STATIC)
		return &encoder_static[index - 1];
	return index - HTTP2_STATIC <= e->n ? encoder_entry(e, index - HTTP2_STATIC - 1) : NULL;
}

/* Any index that has the name, and the value if that is asked for; 0: there is none. */
static inline __u32 encoder_find(const struct encoder *e, const struct field *field, bool value)
{
	__u32 end = HTTP2_STATIC + e->n, start = (__u32)random_below(end);

	for (__u32 i = 0; i < end; i++) {
		__u32 index = 1 + (start + i) % end;
		const struct field *at = encoder_at(e, index);

		if (text_same(at->name, field->name) &&
		    (!value || text_same(at->value, field->value)))
			return index;
	}
	return 0;
}

static inline void encoder_field(struct encoder *e, struct field field)
{
	__u32 index = random_below(8) ? encoder_find(e, &field, true) : 0;
	__u32 way = (__u32)random_below(4);

	if (index) {
		encoder_integer(e, 0x80, 7, index);
		return;
	}
	index = random_below(4) ? encoder_find(e, &field, false) : 0;
	if (way < 2)
		encoder_integer(e, 0x40, 6, index);
	else
		encoder_integer(e, way == 2 ? 0x10 : 0, 4, index);
	if (!index)
		encoder_string(e, field.name);
	encoder_string(e, field.value);
	if (way < 2)
		encoder_insert(e, field);
}

/* The table changes to that size: only at the beginning of a block. */
static inline void encoder_resize(struct encoder *e, size_t room)
{
	encoder_integer(e, 0x20, 5, (__u32)room);
	e->room = room;
	encoder_evict(e, room);
}

#endif
