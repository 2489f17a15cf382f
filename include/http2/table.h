/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private to the HTTP/2 follower: what an index of a header block refers to, the static table of RFC 7541, appendix A,
 * or an insertion.
 */
#ifndef SLIPROBE_HTTP2_TABLE_H
#define SLIPROBE_HTTP2_TABLE_H

#include "terms.h"
#include "http2/state.h"
#include "http2/words.h"

enum {
	HTTP2_STATIC =
		61, /* entries of the static table; those of the dynamic one come behind it */

	/* values that depend on the automata: places in http2_conn.fixed */
	HTTP2_FIXED_ROOT = 0,
	HTTP2_FIXED_INDEX = 1,
	HTTP2_FIXED_AGENT = 2,
};

/* `text`: one more than the place in http2_conn.fixed */
static const struct http2_entry http2_static[64] = {
	[1] = {.name = HTTP2_NAME_AUTHORITY},
	[2] = {.name = HTTP2_NAME_METHOD, .value = HTTP_METHOD_GET},
	[3] = {.name = HTTP2_NAME_METHOD, .value = HTTP_METHOD_POST},
	[4] = {.name = HTTP2_NAME_PATH, .text = HTTP2_FIXED_ROOT + 1},
	[5] = {.name = HTTP2_NAME_PATH, .text = HTTP2_FIXED_INDEX + 1},
	[8] = {.name = HTTP2_NAME_STATUS, .value = 200},
	[9] = {.name = HTTP2_NAME_STATUS, .value = 204},
	[10] = {.name = HTTP2_NAME_STATUS, .value = 206},
	[11] = {.name = HTTP2_NAME_STATUS, .value = 304},
	[12] = {.name = HTTP2_NAME_STATUS, .value = 400},
	[13] = {.name = HTTP2_NAME_STATUS, .value = 404},
	[14] = {.name = HTTP2_NAME_STATUS, .value = 500},
	[28] = {.name = HTTP2_NAME_CONTENT_LENGTH, .value = HTTP2_UNKNOWN},
	[31] = {.name = HTTP2_NAME_CONTENT_TYPE},
	[58] = {.name = HTTP2_NAME_AGENT, .text = HTTP2_FIXED_AGENT + 1},
};

/* The block has this field. */
static inline __attribute__((always_inline)) void http2_take(struct http2 *p, __u32 name,
							     __u32 value)
{
	name &= HTTP2_NAMES - 1;
	p->value[name] = value;
	p->seen |= 1 << name;
}

/* The insertion that is `age` insertions older than the last one; NULL: it is hidden. */
static inline __attribute__((always_inline)) const struct http2_entry *http2_inserted(
	const struct http2 *p, const struct http2_wide *wide, __u32 age)
{
	__u32 number = p->inserted - 1 - age;

	if (age >= p->inserted)
		return 0;
	if (age < HTTP2_RING)
		return &p->ring[number & (HTTP2_RING - 1)];
	if (wide && age < HTTP2_RING_WIDE && age < p->inserted - wide->from)
		return &wide->ring[number & (HTTP2_RING_WIDE - 1)];
	return 0;
}

/* The block has the field of that index, not 0. */
static inline __attribute__((always_inline)) void http2_take_index(const struct http2_conn *conn,
								   struct http2 *p,
								   const struct http2_wide *wide,
								   __u32 index)
{
	const struct http2_entry *entry;

	if (index <= HTTP2_STATIC) {
		entry = &http2_static[index];
		http2_take(p, entry->name,
			   entry->text ? conn->fixed[(entry->text - 1) & 3] : entry->value);
		return;
	}
	entry = http2_inserted(p, wide, index - HTTP2_STATIC - 1);
	if (entry) {
		http2_take(p, entry->name, entry->value);
		p->from[entry->name & (HTTP2_NAMES - 1)] = p->inserted - (index - HTTP2_STATIC - 1);
	} else {
		http2_take(p, HTTP2_NAME_HIDDEN, 0);
	}
}

/* The name of that index, not 0. */
static inline __attribute__((always_inline)) __u32 http2_name_at(const struct http2 *p,
								 const struct http2_wide *wide,
								 __u32 index)
{
	const struct http2_entry *entry;

	if (index <= HTTP2_STATIC)
		return http2_static[index].name;
	entry = http2_inserted(p, wide, index - HTTP2_STATIC - 1);
	return entry ? entry->name : HTTP2_NAME_HIDDEN;
}

static inline __attribute__((always_inline)) void http2_insert(struct http2 *p,
							       struct http2_wide *wide, __u32 name,
							       __u32 value, __u32 at, __u32 text)
{
	struct http2_entry entry = {
		.value = value,
		.at = at,
		.text = (__u16)(text < 0xffff ? text : 0xffff),
		.name = (__u8)name,
	};

	p->ring[p->inserted & (HTTP2_RING - 1)] = entry;
	if (wide)
		wide->ring[p->inserted & (HTTP2_RING_WIDE - 1)] = entry;
	p->inserted++;
	if (name == HTTP2_NAME_HIDDEN) {
		p->joined = 1;
		p->unseen = p->inserted;
	}
}

/*
 * The field of the last block is an entry of the dynamic table. Returns its text's bytes, which begin at *ret_at; 0: it is
 * none, or it is hidden by now.
 */
static inline __u32 http2_entry_text(const struct http2 *p, const struct http2_wide *wide,
				     enum http2_name name, __u32 *ret_at)
{
	__u32 from = p->from[name];
	const struct http2_entry *entry = from ? http2_inserted(p, wide, p->inserted - from) : 0;

	if (!entry)
		return 0;
	*ret_at = entry->at;
	return entry->text;
}

/* At GROW, with `wide` zeroed: keeps what was inserted, and from then on is passed with each call. */
static inline void http2_widen(const struct http2 *p, struct http2_wide *wide)
{
	__u32 n = p->inserted < HTTP2_RING ? p->inserted : HTTP2_RING;

	wide->from = p->inserted - n;
	HTTP2_LOOP
	for (__u32 i = 0; i < HTTP2_RING; i++) {
		__u32 number = p->inserted - 1 - i;

		wide->ring[number & (HTTP2_RING_WIDE - 1)] = p->ring[number & (HTTP2_RING - 1)];
	}
}

#endif
