/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP/1.x message parser: incremental, allocation-free, the same code in the kernel and in user
 * space. Messages: RFC 9112; methods and statuses: RFC 9110. Little-endian machines only.
 *
 * Lenient where servers are lenient (bare LF, leading empty lines, any token as a method, junk in
 * the target), strict where the framing would be lost.
 *
 * The caller feeds bytes in pieces of any size (feed.h), and acts upon each event:
 *
 *	while (pos < len)
 *		switch (http1_feed(p, buf, &pos, len)) { ... }
 *
 * Bytes of a body need not be there: http1_opaque() says how many, http1_pass() passes them.
 *
 * Before it includes feed.h, a caller defines two steps of the automata of dfa.h:
 *
 *	http1_dfa_next(state, byte)   the state behind one byte
 *	http1_dfa_state(state)        the state itself; NULL: the dead one
 *
 * and, for the kernel's verifier, a type and nine macros, which words.h has for user space:
 *
 *	http1_bytes                       a piece's bytes
 *	HTTP1_AT(buf, pos)                one byte
 *	HTTP1_LOAD64(buf, pos, len)       eight bytes from pos on; those at len and behind are line feeds
 *	HTTP1_LOAD64_ON(buf, pos, n, len) the same from pos + n on; n is a constant
 *	HTTP1_WITHIN(pos)                 the same offset, within bounds that the verifier sees
 *	HTTP1_FORGET(pos, other)          the same offset, but the verifier forgets its range: else it verifies
 *	                                  a loop for each value. `other`: a register not loaded just before
 *	HTTP1_MEET()                      where paths have met that the verifier need not follow apart
 *	HTTP1_REPEAT(n, step, context)    calls step(i, context) up to n times, until it returns not 0
 *	HTTP1_LOOP                        before a loop that must not be unrolled
 *	HTTP1_UNROLL                      before a loop that must be unrolled
 *	HTTP1_SEPARATE                    of a function that is verified once, not in each caller
 */
#ifndef SLIPROBE_HTTP1_PARSE_H
#define SLIPROBE_HTTP1_PARSE_H

#include "alt_svc.h"
#include "terms.h"
#include "http1/state.h"

enum http1_event {
	HTTP1_EV_NONE,
	HTTP1_EV_METHOD, /* `method` is known; the caller sets `dfa` and `ua`. Not if http1_ready() */
	HTTP1_EV_HEAD, /* the head is complete; the caller calls http1_body_begin() */
	HTTP1_EV_END, /* the message, or PROXY header, is complete; the caller calls http1_reset() */
	HTTP1_EV_BAD, /* not HTTP, or its framing cannot be known: http1_is_lost() from here on */
};

enum {
	HTTP1_SCAN_BYTES = 32, /* from any offset on, that HTTP1_LOAD64_ON() may be asked for */
};

/* `body` while a Content-Length is read that has no value yet */
#define HTTP1_NO_LENGTH (~0ULL)

/* ---- states that a caller may ask for ---- */

/* Between messages. */
static inline int http1_at_start(const struct http1 *p)
{
	return p->state == HTTP1_START;
}

/* Bytes of the message have gone by, if only interim responses ahead of it. */
static inline int http1_has_begun(const struct http1 *p)
{
	return p->state != HTTP1_START || p->sub;
}

/* A head has begun, and goes on. */
static inline int http1_in_head(const struct http1 *p)
{
	return p->state > HTTP1_START && p->state < HTTP1_BODY;
}

/* In or behind a header of the PROXY protocol, which is no message. */
static inline int http1_in_proxy(const struct http1 *p)
{
	return p->state > HTTP1_START && p->state < HTTP1_METHOD;
}

/* In a request's path: `dfa` is not final. */
static inline int http1_in_path(const struct http1 *p)
{
	return p->state == HTTP1_PATH;
}

/* The version of a request line, or the code of a status line, is known: this is HTTP/1.x. */
static inline int http1_has_start_line(const struct http1 *p)
{
	return p->state >= HTTP1_START_LINE_REST && p->state < HTTP1_BAD;
}

/* Behind a head, and not at the end of the body. */
static inline int http1_in_body(const struct http1 *p)
{
	return p->state >= HTTP1_BODY && p->state < HTTP1_BAD;
}

/* In a body that ends with the connection. */
static inline int http1_until_close(const struct http1 *p)
{
	return p->state == HTTP1_BODY_CLOSE;
}

static inline int http1_is_lost(const struct http1 *p)
{
	return p->state == HTTP1_BAD;
}

/* Where the parser was when it got lost; HTTP1_BAD: the caller lost it. */
static inline enum http1_state http1_lost_in(const struct http1 *p)
{
	return (enum http1_state)p->sub;
}

/* Lost by the caller. */
static inline int http1_was_unseen(const struct http1 *p)
{
	return http1_is_lost(p) && http1_lost_in(p) == HTTP1_BAD;
}

/* What was read so far may be the beginning of HTTP/2's connection preface. */
static inline int http1_may_be_preface(const struct http1 *p)
{
	return p->method == HTTP_METHOD_OTHER && p->state <= HTTP1_VERSION &&
	       p->state != HTTP1_PATH && p->state != HTTP1_QUERY;
}

/* In a request line, behind the first byte of its path, or lost there. */
static inline int http1_has_path(const struct http1 *p)
{
	enum http1_state state = http1_is_lost(p) ? http1_lost_in(p) : (enum http1_state)p->state;

	return state == HTTP1_PATH || state == HTTP1_QUERY || state == HTTP1_VERSION;
}

/*
 * At the end of a head: its sender closes the connection behind this message, or, if it is a request, wants
 * that to be done behind the answer (RFC 9112, section 9.3).
 */
static inline int http1_closes(const struct http1 *p)
{
	/* told at once from nearly all heads */
	if (!(p->connection & (HTTP1_OLD | HTTP1_CLOSE)))
		return 0;
	return (p->connection & HTTP1_CLOSE) || !(p->connection & HTTP1_KEEP_ALIVE);
}

/* At the end of a response's head, before http1_body_begin(): the UDP port at which it announces HTTP/3; 0: none. */
static inline __u32 http1_announced(const struct http1 *p)
{
	return alt_svc_port(p->dfa);
}

/* ---- what a caller does to the state ---- */

/* The next byte begins a message. */
static inline void http1_reset(struct http1 *p)
{
	p->state = HTTP1_START;
	p->flags &= HTTP1_RESPONSE;
	p->sub = 0;
	p->status = 0;
	p->method = HTTP_METHOD_OTHER;
	p->dfa = 0;
	p->ua = 0;
	p->left = 0;
	p->body = 0;
}

/* Behind an interim response: the next byte begins another one, or the final response. */
static inline void http1_go_on(struct http1 *p)
{
	http1_reset(p);
	p->sub = 1;
}

/* Between messages: the automata of the next request start here. It will not ask: HTTP1_EV_METHOD. */
static inline void http1_ready(struct http1 *p, __u32 dfa, __u32 ua)
{
	p->dfa = dfa;
	p->ua = ua;
	p->flags |= HTTP1_READY;
}

/* Bytes went by that the caller could not see, and that are not opaque. */
static inline void http1_lose(struct http1 *p)
{
	p->sub = HTTP1_BAD;
	p->state = HTTP1_BAD;
}

/* Bytes from here on that need not be looked at, whatever they are. */
static inline __u64 http1_opaque(const struct http1 *p)
{
	if (p->state == HTTP1_BODY || p->state == HTTP1_CHUNK_DATA)
		return p->left;
	if (p->state == HTTP1_BODY_CLOSE || p->state == HTTP1_BAD)
		return ~0ULL;
	return 0;
}

/* Reads the body of a response as chunks that should last until the close: chunked is not its last coding. */
static inline void http1_try_chunks(struct http1 *p)
{
	p->left = 0;
	p->state = HTTP1_CHUNK_SIZE;
}

/* Of a response in chunks: the length that its head says, too; 0: it says none. See http1_body_begin(). */
static inline __u64 http1_other_length(const struct http1 *p)
{
	return p->state >= HTTP1_CHUNK_SIZE && (p->flags & HTTP1_HAS_LENGTH) &&
			       !(p->flags & HTTP1_BAD_LENGTH) ?
		       (__u64)p->ua << 32 | p->dfa :
		       0;
}

/*
 * In a body: no more of it will come behind the `unread` bytes that are there. `tail`: the last eight of
 * these, the last one highest; 0 for those that are not known. A chunked body with trailers is not seen to end.
 */
static inline int http1_body_is_there(const struct http1 *p, __u64 unread, __u64 tail)
{
	const __u64 end = 0x0a0d0a0d30ULL; /* "0\r\n\r\n" */
	__u8 before = tail >> 16 & 0xff;

	if (p->state == HTTP1_BODY)
		return p->left <= unread;
	return tail >> 24 == end && (before == '\n' || !before);
}

/* Passes n <= http1_opaque() bytes, n > 0, unseen. */
static inline __attribute__((always_inline)) enum http1_event http1_pass(struct http1 *p, __u64 n)
{
	if (p->state == HTTP1_BAD)
		return HTTP1_EV_NONE;
	p->body += n;
	if (p->state == HTTP1_BODY_CLOSE)
		return HTTP1_EV_NONE;
	p->left -= n;
	if (p->left)
		return HTTP1_EV_NONE;
	if (p->state == HTTP1_BODY)
		return HTTP1_EV_END;
	p->state = HTTP1_CHUNK_END;
	return HTTP1_EV_NONE;
}

/*
 * Chooses the body's framing once the head is complete (RFC 9112, section 6.3). `bodyless`: the
 * response to HEAD, or 1xx, 204, 304. Returns HTTP1_EV_END if there is no body, HTTP1_EV_BAD if a
 * request's framing cannot be known, else HTTP1_EV_NONE.
 */
static inline __attribute__((always_inline)) enum http1_event http1_body_begin(struct http1 *p,
									       int bodyless)
{
	int response = p->flags & HTTP1_RESPONSE;

	if ((p->flags & HTTP1_HAS_LENGTH) && p->body == HTTP1_NO_LENGTH)
		p->flags |= HTTP1_BAD_LENGTH;
	p->left = p->body;
	p->body = 0;
	p->sub = 0;
	if (bodyless)
		return HTTP1_EV_END;
	if (p->flags & HTTP1_CHUNKED) {
		if (response && (p->flags & HTTP1_HAS_LENGTH)) {
			p->dfa = p->left;
			p->ua = p->left >> 32;
		}
		p->left = 0;
		p->state = HTTP1_CHUNK_SIZE;
		return HTTP1_EV_NONE;
	}
	if (p->flags & (HTTP1_HAS_CODING | HTTP1_BAD_LENGTH)) {
		p->state = response ? HTTP1_BODY_CLOSE : HTTP1_BAD;
		return response ? HTTP1_EV_NONE : HTTP1_EV_BAD;
	}
	if (p->flags & HTTP1_HAS_LENGTH) {
		p->state = HTTP1_BODY;
		return p->left ? HTTP1_EV_NONE : HTTP1_EV_END;
	}
	if (!response)
		return HTTP1_EV_END;
	p->state = HTTP1_BODY_CLOSE;
	return HTTP1_EV_NONE;
}

#endif
