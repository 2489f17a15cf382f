/* SPDX-License-Identifier: GPL-2.0-only */
/* What bytes are that begin no request of HTTP/1.x: the protocols that are known, but not measured. */
#ifndef SLIPROBE_PROTOCOL_FOREIGN_BPF_H
#define SLIPROBE_PROTOCOL_FOREIGN_BPF_H

#include "http2/parse.h"
#include "kernel/helpers.bpf.h"
#include "protocol/chunk.bpf.h"
#include "tls/state.h"

struct foreign {
	bool is_tls;
	bool is_http2;
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

/* Begins a frame of HTTP/2 that a client sends behind its preface. */
static __always_inline bool foreign_is_http2(struct piece *piece, __u32 pos)
{
	__u32 length = foreign_at(piece, pos + 1) << 8 | foreign_at(piece, pos + 2);
	__u32 odd = foreign_at(piece, pos + 8) & 1; /* the stream: a client's have odd numbers */

	/* longer than 16384 bytes only if the server allows it, which hardly any does */
	if (piece->len < pos + HTTP2_HEADER_BYTES || foreign_at(piece, pos) ||
	    foreign_at(piece, pos + 5) >> 7)
		return false;
	switch (foreign_at(piece, pos + 3)) {
	case HTTP2_DATA:
	case HTTP2_HEADERS:
		return length && odd;
	case HTTP2_RST_STREAM:
		return length == 4 && odd;
	case HTTP2_WINDOW_UPDATE:
		return length == 4;
	case HTTP2_PING:
		return length == 8 && !odd;
	default:
		return false;
	}
}

/* The protocol of the bytes that the parser has taken for the beginning of a request, until it got lost. */
static __always_inline struct foreign foreign_of(struct piece *piece, const struct http1 *request)
{
	/* behind a 0 it looks one byte further, for a PROXY header */
	__u32 pos = piece->pos - (http1_lost_in(request) == HTTP1_PROXY ? 2 : 1);
	struct foreign foreign = {
		.is_tls = foreign_is_tls(piece, pos),
		.is_http2 = foreign_is_http2(piece, pos),
	};

	return foreign;
}

#endif
