/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP/1.x message parser: incremental, allocation-free, the same code in the kernel and in user
 * space. The caller feeds bytes in pieces of any size; http1_step() consumes at least one byte of a
 * piece and reports what that completed. Messages: RFC 9112; methods and statuses: RFC 9110.
 *
 * Lenient where servers are lenient (bare LF, leading empty lines, any token as a method, junk in
 * the target), strict where the framing would be lost.
 *
 * Each state knows what to do with one byte. Beside that, what nearly all messages consist of has a
 * short cut, for when all of it is in the piece: http1_bytes.h and http1_whole.h.
 *
 * The including file defines `http1_dfa_next(state, byte)`, one step of the automata of
 * include/dfa.h, and `http1_dfa_state(state)`, NULL for the dead one. Little-endian machines only.
 */
#ifndef SLIPROBE_HTTP1_PARSE_H
#define SLIPROBE_HTTP1_PARSE_H

#include "dfa.h"
#include "http1.h"

static inline __u32 http1_dfa_next(__u32 state, __u8 byte);
static inline const struct dfa_state *http1_dfa_state(__u32 state);

#include "http1_bytes.h"
#include "http1_whole.h"

/* A head has begun, and goes on. */
static inline int http1_in_head(const struct http1 *p)
{
	return p->state > HTTP1_START && p->state < HTTP1_BODY;
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

/*
 * Consumes bytes of buf[pos .. len), pos < len, as far as one step goes. After HTTP1_EV_END the
 * caller calls http1_reset() before the next step. Not to be called in a state whose bytes are
 * opaque: see http1_opaque().
 */
static inline __u32 http1_step(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	__u8 c = HTTP1_AT(buf, pos);
	int found;
	__u32 n;

	switch (p->state) {
	case HTTP1_START_LINE_REST:
	case HTTP1_SKIP:
		return http1_lines(p, buf, pos, len);
	case HTTP1_PATH:
		return http1_path_whole(p, buf, pos, len);
	case HTTP1_LINE:
		return http1_line_begin(p, buf, pos, len);
	case HTTP1_NAME:
		return http1_read_name(p, c);
	case HTTP1_START:
		return http1_begin(p, buf, pos, len);
	case HTTP1_METHOD:
		return http1_read_method(p, c);
	case HTTP1_TARGET:
		if (c == '/') {
			p->dfa = http1_dfa_next(p->dfa, '/');
			return http1_go(p, HTTP1_PATH);
		}
		if (c < ' ')
			return http1_bad(p);
		return c == ' ' ? HTTP1_RESULT(HTTP1_EV_NONE, 1) : http1_go(p, HTTP1_ABSOLUTE);
	case HTTP1_ABSOLUTE:
		return http1_read_absolute(p, c);
	case HTTP1_QUERY:
		return http1_query_whole(p, buf, pos, len);
	case HTTP1_VERSION:
		return http1_read_version(p, c);
	case HTTP1_STATUS_VERSION:
		n = http1_read_version(p, c);
		if (p->state == HTTP1_START_LINE_REST)
			return http1_go(p, HTTP1_STATUS_CODE);
		return n;
	case HTTP1_STATUS_CODE:
		return http1_read_status(p, c);
	case HTTP1_LENGTH:
		n = http1_length_whole(p, buf, pos, len);
		return n ? HTTP1_RESULT(HTTP1_EV_NONE, n) : http1_read_length(p, c);
	case HTTP1_CODING:
		n = http1_coding_whole(p, buf, pos, len);
		return n ? HTTP1_RESULT(HTTP1_EV_NONE, n) : http1_read_coding(p, c);
	case HTTP1_AGENT:
		return http1_read_agent(p, buf, pos, len);
	case HTTP1_HEAD_LF:
		if (c == '\n')
			return HTTP1_RESULT(HTTP1_EV_HEAD, 1);
		return http1_go(p, HTTP1_SKIP);
	case HTTP1_CHUNK_SIZE:
		return http1_chunk_size_whole(p, buf, pos, len);
	case HTTP1_CHUNK_EXTENSION:
		n = http1_skip_line(buf, pos, len, &found);
		if (found)
			p->state = p->left ? HTTP1_CHUNK_DATA : HTTP1_TRAILER;
		return HTTP1_RESULT(HTTP1_EV_NONE, n);
	case HTTP1_CHUNK_END:
		if (c == '\r')
			return HTTP1_RESULT(HTTP1_EV_NONE, 1);
		return c == '\n' ? http1_go(p, HTTP1_CHUNK_SIZE) : http1_bad(p);
	case HTTP1_TRAILER:
		if (c == '\n')
			return HTTP1_RESULT(HTTP1_EV_END, 1);
		return http1_go(p, c == '\r' ? HTTP1_TRAILER_LF : HTTP1_TRAILER_SKIP);
	case HTTP1_TRAILER_LF:
		if (c == '\n')
			return HTTP1_RESULT(HTTP1_EV_END, 1);
		return http1_go(p, HTTP1_TRAILER_SKIP);
	case HTTP1_TRAILER_SKIP:
		n = http1_skip_line(buf, pos, len, &found);
		if (found)
			p->state = HTTP1_TRAILER;
		return HTTP1_RESULT(HTTP1_EV_NONE, n);
	default:
		return http1_bad(p);
	}
}

#endif
