/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether bytes are frames of HTTP/2: for connections of which bytes went by unseen, then http2_join(). No text, and no
 * record of TLS, is taken for a frame: it would be longer than HTTP2_JOIN_MAX.
 */
#ifndef SLIPROBE_HTTP2_JOIN_H
#define SLIPROBE_HTTP2_JOIN_H

#include "http2/frame.h"
#include "http2/parse.h"
#include "http2/state.h"
#include "http2/words.h"

enum {
	HTTP2_JOIN_MAX = 1 << 20, /* bytes of a frame */
	HTTP2_JOIN_FRAMES = 8, /* that are looked at */
};

/* The flags that a type of frame has; of one that is not known: any. */
static inline __u32 http2_flags_of(__u32 type)
{
	switch (type) {
	case HTTP2_DATA:
		return HTTP2_END_STREAM | HTTP2_PADDED;
	case HTTP2_HEADERS:
		return HTTP2_END_STREAM | HTTP2_END_HEADERS | HTTP2_PADDED | HTTP2_HAS_PRIORITY;
	case HTTP2_PUSH_PROMISE:
		return HTTP2_END_HEADERS | HTTP2_PADDED;
	case HTTP2_SETTINGS:
	case HTTP2_PING:
		return HTTP2_ACK;
	case HTTP2_CONTINUATION:
		return HTTP2_END_HEADERS;
	default:
		return 0;
	}
}

/* A frame of either direction may have this header. Clients open the odd streams, servers the even ones. */
static inline int http2_may_be_frame(__u64 head, __u32 last, __u32 side)
{
	__u32 length = __builtin_bswap32((__u32)head << 8);
	__u32 type = head >> 24 & 0xff, flags = head >> 32 & 0xff;
	__u32 stream = __builtin_bswap32((__u32)(head >> 40) << 8) << 8 | last;

	if (length >= HTTP2_JOIN_MAX || type > HTTP2_CONTINUATION || stream >> 31 ||
	    flags & ~http2_flags_of(type) || http2_is_no_frame(type, flags, length, stream, side))
		return 0;
	if (type == HTTP2_PRIORITY)
		return length == HTTP2_PRIORITY_BYTES;
	if (side == HTTP2_REQUESTS && (type == HTTP2_DATA || type == HTTP2_HEADERS))
		return stream & 1;
	return 1;
}

/*
 * The number of frames, HTTP2_JOIN_FRAMES at most, whose headers stand one behind the other in buf[pos .. len), the first
 * one at pos; the payload of the last one may go on behind len. 0: there is none at pos, or what follows one
 * is none. It does not begin in the middle of a header block.
 */
HTTP2_SEPARATE __u32 http2_frames_at(http2_bytes buf, __u32 pos, __u32 len, __u32 side)
{
	__u32 n, at = pos;

	if (!buf)
		return 0;
	HTTP2_LOOP
	for (n = 0; n < HTTP2_JOIN_FRAMES; n++) {
		__u64 head;

		if (at >= len || len - at < HTTP2_HEADER_BYTES)
			break;
		at = HTTP2_FORGET(at, len);
		head = HTTP2_LOAD64(buf, at, len);
		if (!http2_may_be_frame(head, HTTP2_AT(buf, at + 8), side))
			return 0;
		if (!n && (head >> 24 & 0xff) == HTTP2_CONTINUATION)
			return 0;
		at += HTTP2_HEADER_BYTES + __builtin_bswap32((__u32)head << 8);
	}
	return n;
}

#endif
