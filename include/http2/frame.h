/* SPDX-License-Identifier: GPL-2.0-only */
/* Private to the HTTP/2 follower: frames, RFC 9113, sections 4 and 6. */
#ifndef SLIPROBE_HTTP2_FRAME_H
#define SLIPROBE_HTTP2_FRAME_H

#include "http2/field.h"
#include "http2/parse.h"
#include "http2/state.h"

enum {
	HTTP2_PROMISED_BYTES = 4,
	HTTP2_SETTING_BYTES = 6,
	HTTP2_PING_BYTES = 8,
	HTTP2_GOAWAY_BYTES = 8, /* at least */
	HTTP2_CONTROL_BYTES = 4, /* of RST_STREAM or GOAWAY: those of interest */
};

/* longer than its text: clang would put it into a mergeable section, which BTF cannot describe */
static const char http2_preface[28] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/* No peer may send such a header: for each, section 6 has the connection ended. */
static inline int http2_is_no_frame(__u32 type, __u32 flags, __u32 length, __u32 stream, __u32 side)
{
	switch (type) {
	case HTTP2_DATA:
	case HTTP2_HEADERS:
	case HTTP2_PRIORITY:
	case HTTP2_CONTINUATION:
		return !stream;
	case HTTP2_PUSH_PROMISE:
		return !stream || side == HTTP2_REQUESTS;
	case HTTP2_RST_STREAM:
		return !stream || length != 4;
	case HTTP2_SETTINGS:
		return stream || length % HTTP2_SETTING_BYTES || ((flags & HTTP2_ACK) && length);
	case HTTP2_PING:
		return stream || length != HTTP2_PING_BYTES;
	case HTTP2_GOAWAY:
		return stream || length < HTTP2_GOAWAY_BYTES;
	case HTTP2_WINDOW_UPDATE:
		return length != 4;
	default:
		return 0;
	}
}

/* The frame is over. Returns enum http2_event. */
static inline __u32 http2_frame_end(struct http2 *p)
{
	p->state = HTTP2_HEADER;
	p->have = 0;
	switch (p->type) {
	case HTTP2_DATA:
		return HTTP2_EV_DATA;
	case HTTP2_RST_STREAM:
		return HTTP2_EV_RESET;
	case HTTP2_GOAWAY:
		return HTTP2_EV_GOAWAY;
	case HTTP2_HEADERS:
	case HTTP2_PUSH_PROMISE:
	case HTTP2_CONTINUATION:
		if (!(p->flags & HTTP2_END_HEADERS))
			return HTTP2_EV_NONE;
		if (p->field != HTTP2_FIELD)
			return http2_bad(p, HTTP2_FAULT_CUT);
		p->block = 0;
		return HTTP2_EV_HEADERS;
	default:
		return HTTP2_EV_NONE;
	}
}

/* The payload is over, but for padding. */
static inline __u32 http2_payload_end(struct http2 *p)
{
	if (!p->pad)
		return http2_frame_end(p);
	p->state = HTTP2_PADDING;
	p->left = p->pad;
	return HTTP2_EV_NONE;
}

/* The length of the padding is known: what comes behind it? */
static inline __u32 http2_payload_begin(struct http2 *p)
{
	p->have = 0;
	p->bytes = p->left;
	switch (p->type) {
	case HTTP2_RST_STREAM:
	case HTTP2_GOAWAY:
		p->state = HTTP2_CONTROL;
		p->last = 0;
		p->have = HTTP2_CONTROL_BYTES;
		return HTTP2_EV_NONE;
	case HTTP2_HEADERS:
	case HTTP2_PUSH_PROMISE:
		if (p->type == HTTP2_PUSH_PROMISE)
			p->have = HTTP2_PROMISED_BYTES;
		else if (p->flags & HTTP2_HAS_PRIORITY)
			p->have = HTTP2_PRIORITY_BYTES;
		if (p->left < p->have)
			return http2_bad(p, HTTP2_FAULT_FRAME);
		p->state = p->have ? HTTP2_PREFIX : HTTP2_BLOCK;
		break;
	case HTTP2_CONTINUATION:
		p->state = HTTP2_BLOCK;
		break;
	default:
		p->state = HTTP2_PAYLOAD;
	}
	return p->left ? HTTP2_EV_NONE : http2_payload_end(p);
}

static inline __u32 http2_pad_length(struct http2 *p, __u32 c)
{
	p->left--;
	if (c > p->left)
		return http2_bad(p, HTTP2_FAULT_PADDING);
	p->pad = (__u8)c;
	p->left -= c;
	return http2_payload_begin(p);
}

/* A header block begins. */
static inline void http2_block_begin(struct http2 *p)
{
	p->block = 1;
	p->block_type = p->type;
	p->block_flags = p->type == HTTP2_HEADERS ? p->flags & HTTP2_END_STREAM : 0;
	p->field = HTTP2_FIELD;
	p->seen = 0;
	p->from[HTTP2_NAME_PATH] = 0;
	p->from[HTTP2_NAME_AGENT] = 0;
	p->from[HTTP2_NAME_AUTHORITY] = 0;
}

/* A frame's header is whole: its first eight bytes, the first one lowest, and the last one. */
HTTP2_SEPARATE __u32 http2_frame_begin(struct http2_conn *conn, __u32 side, __u64 head, __u32 last)
{
	__u32 length = __builtin_bswap32((__u32)head << 8);
	__u32 type = head >> 24 & 0xff, flags = head >> 32 & 0xff;
	__u32 stream = (__builtin_bswap32((__u32)(head >> 40) << 8) << 8 | last) & 0x7fffffff;
	struct http2 *p;
	int first;

	if (!conn)
		return HTTP2_EV_NONE;
	side &= 1;
	p = &conn->side[side];
	first = !p->begun;
	if (http2_is_no_frame(type, flags, length, stream, side))
		return http2_bad(p, HTTP2_FAULT_FRAME);
	/* section 3.4 */
	if (first && (type != HTTP2_SETTINGS || (flags & HTTP2_ACK)))
		return http2_bad(p, HTTP2_FAULT_FRAME);
	/* section 6.10 */
	if (p->block != (type == HTTP2_CONTINUATION) || (p->block && stream != p->stream))
		return http2_bad(p, HTTP2_FAULT_ORDER);
	p->begun = 1;
	p->type = (__u8)type;
	p->flags = (__u8)flags;
	p->stream = stream;
	p->left = length;
	p->pad = 0;
	if (type == HTTP2_HEADERS || type == HTTP2_PUSH_PROMISE)
		http2_block_begin(p);
	if ((flags & HTTP2_PADDED) &&
	    (type == HTTP2_DATA || type == HTTP2_HEADERS || type == HTTP2_PUSH_PROMISE)) {
		if (!length)
			return http2_bad(p, HTTP2_FAULT_PADDING);
		p->state = HTTP2_PAD_LENGTH;
		return HTTP2_EV_NONE;
	}
	return http2_payload_begin(p);
}

/* One byte of a frame's header. */
static inline __attribute__((always_inline)) __u32 http2_header_byte(struct http2_conn *conn,
								     __u32 side, __u32 c)
{
	struct http2 *p = &conn->side[side];
	__u32 n = p->have++;

	if (n < 8) {
		p->header_bytes[n & 7] = (__u8)c;
		return HTTP2_EV_NONE;
	}
	p->have = 0;
	return http2_frame_begin(conn, side, p->header, c);
}

/* One byte of the client's preface. */
static inline __u32 http2_preface_byte(struct http2 *p, __u32 c)
{
	__u32 n = p->have;

	if (n >= HTTP2_PREFACE_BYTES || (char)c != http2_preface[n])
		return http2_bad(p, HTTP2_FAULT_PREFACE);
	p->have++;
	if (p->have == HTTP2_PREFACE_BYTES) {
		p->have = 0;
		p->state = HTTP2_HEADER;
	}
	return HTTP2_EV_NONE;
}

/* One byte of a prefix, or of what is of interest of a control frame. */
static inline __u32 http2_prefix_byte(struct http2 *p, __u32 c)
{
	p->left--;
	p->have--;
	if (p->state == HTTP2_CONTROL)
		p->last = p->last << 8 | c;
	if (p->have)
		return HTTP2_EV_NONE;
	if (p->type == HTTP2_GOAWAY)
		p->last &= 0x7fffffff;
	p->state = p->state == HTTP2_CONTROL ? HTTP2_PAYLOAD : HTTP2_BLOCK;
	return p->left ? HTTP2_EV_NONE : http2_payload_end(p);
}

/* `n` <= `left` bytes of no interest went by. Returns enum http2_event. */
static inline __u32 http2_payload_pass(struct http2 *p, __u32 n)
{
	p->left -= n;
	if (p->left)
		return HTTP2_EV_NONE;
	return p->state == HTTP2_PADDING ? http2_frame_end(p) : http2_payload_end(p);
}

#endif
