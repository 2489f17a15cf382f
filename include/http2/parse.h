/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Passive follower of HTTP/2 connections: incremental, allocation-free, the same code in the kernel and in user
 * space. Frames: RFC 9113; header blocks: RFC 7541. Little-endian machines only.
 *
 * It is strict where it would lose its place, or a table; what is malformed otherwise is for the two peers.
 *
 *	http2_init(conn, n)                              n bytes of the client's preface went by already
 *	http2_redecide(conn, NULL, path, agent)          where the automata start: redecide.h
 *
 * The caller then feeds each direction's bytes in pieces of any size (feed.h), and acts upon each event:
 *
 *	while (pos < len)
 *		switch (http2_feed(conn, wide, side, buf, &pos, len)) { ... }
 *
 * Bytes that no one has to see need not be there: http2_opaque() says how many, http2_pass() passes them.
 * A connection that is older than the caller: join.h.
 *
 * `wide` is NULL, or what http2_widen() was called with for that direction; from then on each call has it.
 *
 * Before it includes feed.h or redecide.h, a caller defines a step of the automata of dfa.h:
 *
 *	http2_dfa_next(state, byte)   the state behind one byte
 *
 * and, for the kernel's verifier, a type and the macros that words.h has for user space:
 *
 *	http2_bytes                   a piece's bytes
 *	HTTP2_AT(buf, pos)            one byte
 *	HTTP2_LOAD64(buf, pos, len)   eight bytes from pos on; those at len and behind are of any value
 *	HTTP2_FORGET(pos, other)      the same offset, within bounds that the verifier sees: it forgets the range
 *	HTTP2_HIDE(number)            the same number, of which compiler and verifier know nothing
 *	HTTP2_HOLD(pointer)           the compiler computes no address from it before this point
 *	HTTP2_REPEAT(n, step, context) calls step(i, context) up to n times, until it returns not 0
 *	HTTP2_LOOP                    before a loop that must not be unrolled
 *	HTTP2_SEPARATE                of a function that is verified once, not in each caller
 */
#ifndef SLIPROBE_HTTP2_PARSE_H
#define SLIPROBE_HTTP2_PARSE_H

#include "terms.h"
#include "http2/state.h"

/* RFC 9113, section 6 */
enum http2_type {
	HTTP2_DATA,
	HTTP2_HEADERS,
	HTTP2_PRIORITY,
	HTTP2_RST_STREAM,
	HTTP2_SETTINGS,
	HTTP2_PUSH_PROMISE,
	HTTP2_PING,
	HTTP2_GOAWAY,
	HTTP2_WINDOW_UPDATE,
	HTTP2_CONTINUATION,
};

enum http2_flag {
	HTTP2_END_STREAM = 0x01,
	HTTP2_ACK = 0x01,
	HTTP2_END_HEADERS = 0x04,
	HTTP2_PADDED = 0x08,
	HTTP2_HAS_PRIORITY = 0x20,
};

enum {
	HTTP2_PRIORITY_BYTES = 5, /* before the block of HEADERS that has it */
};

/*
 * All are of the direction that was fed. A stream has ended with HEADERS or DATA for which http2_ends_stream(), whatever
 * their length.
 */
enum http2_event {
	HTTP2_EV_NONE,
	HTTP2_EV_HEADERS, /* a header block is complete: a request, an answer, 1xx, trailers, or http2_is_promise() */
	HTTP2_EV_DATA, /* a DATA frame is over: http2_data_bytes() */
	HTTP2_EV_RESET, /* RST_STREAM: http2_error_code() */
	HTTP2_EV_GOAWAY, /* http2_last_stream() */
	HTTP2_EV_GROW, /* the sender has a table of http2_table_bytes() > HTTP2_TABLE_BYTES: http2_widen() helps */
	HTTP2_EV_BAD, /* not HTTP/2, or it cannot be followed: http2_is_lost() from here on */
};

/* ---- what a caller may ask of a direction ---- */

static inline int http2_is_lost(const struct http2 *p)
{
	return p->state == HTTP2_BAD;
}

/* No frame was read of it. */
static inline int http2_is_new(const struct http2 *p)
{
	return !p->begun;
}

/* Between frames, and outside of header blocks. */
static inline int http2_at_start(const struct http2 *p)
{
	return p->state == HTTP2_HEADER && !p->have && !p->block;
}

/* A header block has begun, and goes on, perhaps in a frame that has not come yet. */
static inline int http2_in_block(const struct http2 *p)
{
	return p->block;
}

/* The first bytes of a frame's header were read, and not all: it may begin a header block. */
static inline int http2_in_frame_header(const struct http2 *p)
{
	return p->state == HTTP2_HEADER && p->have;
}

/*
 * All that header blocks may refer to was seen: since the direction began, or because what the table had at http2_join(),
 * and what was inserted with a name from it, has left the table. `wide`: http2_widen() was called for it. That a table is
 * larger than HTTP2_TABLE_BYTES is known if its sender has told so since.
 */
static inline int http2_knows_table(const struct http2 *p, int wide)
{
	__u32 bytes = p->table > HTTP2_TABLE_BYTES ? p->table : HTTP2_TABLE_BYTES;
	__u32 kept = wide ? HTTP2_RING_WIDE : HTTP2_RING;
	__u32 most = bytes / HTTP2_ENTRY_BYTES;

	return p->joined ? most <= kept && p->inserted - p->unseen >= most :
			   most <= kept || p->inserted <= kept;
}

/* ---- at an event ---- */

/* Of all but GOAWAY, GROW and BAD; of a promise it is the stream that it came on. */
static inline __u32 http2_stream(const struct http2 *p)
{
	return p->stream;
}

/* At HEADERS or DATA: its stream has ended in this direction. */
static inline int http2_ends_stream(const struct http2 *p)
{
	return (p->type == HTTP2_DATA ? p->flags : p->block_flags) & HTTP2_END_STREAM;
}

/* At HEADERS: the block is that of a PUSH_PROMISE. */
static inline int http2_is_promise(const struct http2 *p)
{
	return p->block_type == HTTP2_PUSH_PROMISE;
}

/* At DATA: without padding. */
static inline __u32 http2_data_bytes(const struct http2 *p)
{
	return p->bytes;
}

/* Bytes of the DATA frame being read that went by so far, without padding; 0: none is being read. */
static inline __u32 http2_data_so_far(const struct http2 *p)
{
	return p->type == HTTP2_DATA && (p->state == HTTP2_PAYLOAD || p->state == HTTP2_PADDING) ?
		       p->bytes - (p->state == HTTP2_PAYLOAD ? p->left : 0) :
		       0;
}

/*
 * At HEADERS, or in a header block, whose frame was HEADERS: bytes of it that went by so far, without padding, which is
 * *ret_padding bytes so far.
 */
static inline __attribute__((always_inline)) __u32 http2_block_so_far(const struct http2 *p,
								      __u32 *ret_padding)
{
	__u32 bytes = p->bytes - (p->flags & HTTP2_HAS_PRIORITY ? HTTP2_PRIORITY_BYTES : 0);

	*ret_padding = 0;
	if (p->state == HTTP2_BLOCK)
		return bytes - p->left;
	*ret_padding = p->state == HTTP2_PADDING ? p->pad - p->left : p->pad;
	return bytes;
}

static inline __u32 http2_error_code(const struct http2 *p)
{
	return p->last;
}

static inline __u32 http2_last_stream(const struct http2 *p)
{
	return p->last;
}

static inline __u32 http2_table_bytes(const struct http2 *p)
{
	return p->table;
}

/* ---- the last header block, from HEADERS up to the direction's next feed ---- */

static inline int http2_has(const struct http2 *p, enum http2_name name)
{
	return p->seen >> name & 1;
}

/* An index was referred to that was not seen: fields that are not there may have been. */
static inline int http2_hidden(const struct http2 *p)
{
	return http2_has(p, HTTP2_NAME_HIDDEN);
}

/* HTTP2_UNKNOWN, if it is hidden; `absent`, if there is none. */
static inline __u32 http2_value(const struct http2 *p, enum http2_name name, __u32 absent)
{
	if (http2_has(p, name))
		return p->value[name];
	return http2_hidden(p) ? HTTP2_UNKNOWN : absent;
}

/* Of a request */

static inline enum http_method http2_method(const struct http2_conn *conn)
{
	__u32 method =
		http2_value(&conn->side[HTTP2_REQUESTS], HTTP2_NAME_METHOD, HTTP_METHOD_OTHER);

	return method == HTTP2_UNKNOWN ? HTTP_METHOD_UNKNOWN : (enum http_method)method;
}

/* The automaton's state behind the path, up to '?' or '#'; DFA_DEAD: it has none; HTTP2_UNKNOWN. */
static inline __u32 http2_path(const struct http2_conn *conn)
{
	return http2_value(&conn->side[HTTP2_REQUESTS], HTTP2_NAME_PATH, 0);
}

/* The automaton's state behind the user agent, its start if there is none; HTTP2_UNKNOWN. */
static inline __u32 http2_agent(const struct http2_conn *conn)
{
	return http2_value(&conn->side[HTTP2_REQUESTS], HTTP2_NAME_AGENT, conn->agent_start);
}

/* It asks for another protocol on its stream: RFC 8441. */
static inline int http2_has_protocol(const struct http2 *p)
{
	return http2_has(p, HTTP2_NAME_PROTOCOL);
}

/* Of either direction */

/* Its content-type; HTTP2_MEDIA_OTHER also if that is hidden. */
static inline enum http2_media http2_media(const struct http2 *p)
{
	__u32 media = http2_value(p, HTTP2_NAME_CONTENT_TYPE, HTTP2_MEDIA_OTHER);

	return media == HTTP2_UNKNOWN ? HTTP2_MEDIA_OTHER : (enum http2_media)media;
}

static inline int http2_is_grpc(const struct http2 *p)
{
	return http2_media(p) == HTTP2_MEDIA_GRPC;
}

/* An answer of gRPC-Web without a body: its status is in its head. */
static inline int http2_is_grpc_web_status(const struct http2 *p)
{
	return http2_media(p) == HTTP2_MEDIA_GRPC_WEB && http2_has(p, HTTP2_NAME_STATUS) &&
	       http2_has(p, HTTP2_NAME_GRPC_STATUS);
}

/* Of an answer, or of trailers */

/* 0: there is none, or it is not known. */
static inline __u32 http2_status(const struct http2 *p)
{
	__u32 status = http2_value(p, HTTP2_NAME_STATUS, 0);

	return status == HTTP2_UNKNOWN ? 0 : status;
}

/* Bytes of its content; HTTP2_UNKNOWN: it does not say so, that is hidden, or they are HTTP2_UNKNOWN or more. */
static inline __u32 http2_content_length(const struct http2 *p)
{
	return http2_value(p, HTTP2_NAME_CONTENT_LENGTH, HTTP2_UNKNOWN);
}

/* The UDP port at which it announces HTTP/3; 0: none, or it is hidden. */
static inline __u32 http2_announced(const struct http2 *p)
{
	return http2_has(p, HTTP2_NAME_ALT_SVC) ? p->value[HTTP2_NAME_ALT_SVC] : 0;
}

/* enum grpc_status */
static inline __u32 http2_grpc_status(const struct http2 *p)
{
	__u32 status = http2_value(p, HTTP2_NAME_GRPC_STATUS, GRPC_ABSENT);

	return status == HTTP2_UNKNOWN ? GRPC_HIDDEN : status;
}

/* ---- what a caller does to the state ---- */

/*
 * The connection is zeroed, and begins. `n`: bytes of the client's preface that went by already, at most
 * HTTP2_PREFACE_BYTES.
 */
static inline void http2_init(struct http2_conn *conn, __u32 n)
{
	struct http2 *requests = &conn->side[HTTP2_REQUESTS];

	if (n >= HTTP2_PREFACE_BYTES)
		return;
	requests->state = HTTP2_PREFACE;
	requests->have = (__u8)n;
}

/* Bytes went by that the caller could not see, and that are not opaque. Only http2_join() gets it back. */
static inline void http2_lose(struct http2 *p)
{
	p->state = HTTP2_BAD;
	p->fault = HTTP2_FAULT_UNSEEN;
	p->block = 0;
}

/*
 * The next byte begins a frame of a connection of which bytes went by unseen: what they have inserted is hidden. The
 * state may be zeroed, followed, or lost.
 */
static inline void http2_join(struct http2 *p)
{
	p->state = HTTP2_HEADER;
	p->fault = HTTP2_NO_FAULT;
	p->have = 0;
	p->block = 0;
	p->field = HTTP2_FIELD;
	p->begun = 1;
	p->joined = 1;
	p->inserted = 0;
	p->unseen = 0;
	p->grows = 0;
}

/* Of a zeroed direction: frames went by unseen, and none of them was of a header block. */
static inline void http2_join_early(struct http2 *p)
{
	p->begun = 1;
}

#endif
