/* SPDX-License-Identifier: GPL-2.0-only */
/* Private to the HTTP/1.x parser: one step of each state, by its short cut or byte by byte. */
#ifndef SLIPROBE_HTTP1_STEP_H
#define SLIPROBE_HTTP1_STEP_H

#include "http1/bytes.h"
#include "http1/parse.h"
#include "http1/shortcuts.h"
#include "http1/words.h"

/*
 * Consumes at least one byte of buf[pos .. len), pos < len. Not to be called between messages, nor in
 * a state whose bytes are opaque.
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
	case HTTP1_PROXY_LINE:
		n = http1_skip_line(buf, pos, len, &found);
		return HTTP1_RESULT(found ? HTTP1_EV_END : HTTP1_EV_NONE, n);
	case HTTP1_PROXY:
		return http1_read_proxy(p, c);
	case HTTP1_PROXY_REST:
		return http1_skip_proxy(p, len - pos);
	case HTTP1_METHOD:
		return http1_read_method(p, c);
	case HTTP1_TARGET:
		if (c == '/') {
			p->dfa = http1_dfa_next(p->dfa, '/');
			return http1_go(p, HTTP1_PATH);
		}
		if (c < ' ')
			return http1_bad(p);
		/* "PROXY TCP4 ...", "PROXY UNKNOWN": version 1 of the PROXY protocol */
		if (p->name == HTTP1_TOKEN_PROXY && (c == 'T' || c == 'U'))
			return http1_go(p, HTTP1_PROXY_LINE);
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
	case HTTP1_CONNECTION:
		n = http1_connection_whole(p, buf, pos, len);
		return n ? HTTP1_RESULT(HTTP1_EV_NONE, n) : http1_read_connection(p, c);
	case HTTP1_AGENT:
		return http1_read_agent(p, buf, pos, len);
	case HTTP1_ALT_SVC:
		return http1_read_alt_svc(p, buf, pos, len);
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
