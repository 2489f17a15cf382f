/* SPDX-License-Identifier: GPL-2.0-only */
/* What bytes are that begin no request of HTTP/1.x: the protocols that are known, but not measured. */
#ifndef SLIPROBE_PROTOCOL_FOREIGN_BPF_H
#define SLIPROBE_PROTOCOL_FOREIGN_BPF_H

#include "kernel/helpers.bpf.h"
#include "protocol/chunk.bpf.h"
#include "tls/state.h"

/* needs what chunk.bpf.h defines */
#include "http2/join.h"

enum foreign {
	FOREIGN_UNKNOWN,
	FOREIGN_TLS,
	FOREIGN_HTTP2,
};

static __always_inline __u8 foreign_at(struct piece *piece, __u32 pos)
{
	return HTTP1_AT(&piece->chunk, pos);
}

/* Begins a TLS record. */
static __always_inline bool foreign_is_tls(struct piece *piece, __u32 pos)
{
	__u8 type = foreign_at(piece, pos);
	__u32 length = foreign_at(piece, pos + 3) << 8 | foreign_at(piece, pos + 4);

	return piece->len >= pos + 5 && type >= TLS_CHANGE_CIPHER_SPEC &&
	       type <= TLS_APPLICATION_DATA && foreign_at(piece, pos + 1) == TLS_MAJOR &&
	       foreign_at(piece, pos + 2) <= TLS_MINOR_MAX && length && length <= TLS_LENGTH_MAX;
}

/*
 * Begins frames of HTTP/2: two at least, or one that is all there is. Binary data may look like one that goes on behind
 * what is known; but `inner`, inside of TLS, some read each header by a call of its own (Go).
 */
static __always_inline bool foreign_is_http2(struct piece *piece, __u32 pos, enum http2_side side,
					     bool inner)
{
	__u32 n = http2_frames_at(&piece->chunk, pos, piece->len, side);
	__u32 length = foreign_at(piece, pos) << 16 | foreign_at(piece, pos + 1) << 8 |
		       foreign_at(piece, pos + 2);

	if (n && inner && !pos && piece->len == HTTP2_HEADER_BYTES)
		return true;
	return n > 1 || (n && pos + HTTP2_HEADER_BYTES + length == piece->len);
}

/* Where the bytes are that the parser has taken for the beginning of a request, until it got lost. */
static __always_inline __u32 foreign_begins(const struct piece *piece, const struct http1 *request)
{
	/* behind a 0 it looks one byte further, for a PROXY header */
	return piece->pos - (http1_lost_in(request) == HTTP1_PROXY ? 2 : 1);
}

/*
 * The protocol of the bytes that the parser has taken for the beginning of a request, until it got lost. Not inlined: its
 * stack is not its callers'.
 */
__noinline __u32 foreign_of(struct piece *piece, const struct http1 *request, __u32 inner)
{
	__u32 pos;

	if (!piece || !request)
		return FOREIGN_UNKNOWN;
	pos = foreign_begins(piece, request);
	if (foreign_is_tls(piece, pos))
		return FOREIGN_TLS;
	return foreign_is_http2(piece, pos, HTTP2_REQUESTS, inner) ? FOREIGN_HTTP2 :
								     FOREIGN_UNKNOWN;
}

#endif
