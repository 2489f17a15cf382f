/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Short cuts of the HTTP/1.x parser: what nearly all messages consist of, when all of it is in the
 * piece. Each does at once what http1_bytes.h would do byte by byte, leaves the parser exactly as
 * that would, and leaves to it what is any different.
 */
#ifndef SLIPROBE_HTTP1_WHOLE_H
#define SLIPROBE_HTTP1_WHOLE_H

#include "http1_bytes.h"

/* "GET ", "POST " and the like: returns the length, or 0 if it is none of them. */
static inline __u32 http1_method_whole(struct http1 *p, __u64 word)
{
	__u32 n = 4;
	__u8 method;

	if ((__u32)word == HTTP1_WORD4('G', 'E', 'T', ' ')) {
		method = HTTP_METHOD_GET;
	} else if ((__u32)word == HTTP1_WORD4('P', 'U', 'T', ' ')) {
		method = HTTP_METHOD_PUT;
	} else {
		n = 5;
		word &= HTTP1_LOWEST(5);
		if (word == (HTTP1_WORD4('P', 'O', 'S', 'T') | (__u64)' ' << 32))
			method = HTTP_METHOD_POST;
		else if (word == (HTTP1_WORD4('H', 'E', 'A', 'D') | (__u64)' ' << 32))
			method = HTTP_METHOD_HEAD;
		else
			return 0;
	}
	p->method = method;
	p->name = 0;
	return n;
}

/* "HTTP/1.1\r\n": returns the length, or 0 if it is something else. */
static inline __u32 http1_version_whole(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	__u64 word;

	if (pos + 10 > len)
		return 0;
	word = HTTP1_LOAD64(buf, pos, len) - HTTP1_WORD8('H', 'T', 'T', 'P', '/', '1', '.', '0');
	if (word & HTTP1_LOWEST(7) || word >> 56 > 9 || HTTP1_AT(buf, pos + 8) != '\r' ||
	    HTTP1_AT(buf, pos + 9) != '\n')
		return 0;
	p->name = HTTP1_NAME_OTHER;
	http1_go(p, HTTP1_LINE);
	return 10;
}

enum {
	HTTP1_NAME_MAX = 18, /* bytes http1_name_whole() looks at */
};

/*
 * A header that matters, up to its colon, whatever its case; returns the length, or 0 if it is
 * another. `first`: its first eight bytes, `lower`: their first, as a small letter.
 */
static inline __u32 http1_name_whole(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len,
				     __u64 first, __u8 lower)
{
	const __u64 fold = HTTP1_ONES * 0x20; /* letters only; '-' and ':' stay as they are */
	__u64 second;

	if (lower == 'c') {
		if ((first | fold >> 8) != HTTP1_WORD8('c', 'o', 'n', 't', 'e', 'n', 't', '-'))
			return 0;
		second = HTTP1_LOAD64(buf, pos + 8, len);
		if (((second | fold >> 16) & HTTP1_LOWEST(7)) !=
		    HTTP1_WORD8('l', 'e', 'n', 'g', 't', 'h', ':', 0))
			return 0;
		p->name = HTTP1_NAME_LENGTH;
		return 15;
	}
	if (lower == 't') {
		if ((first | fold) != HTTP1_WORD8('t', 'r', 'a', 'n', 's', 'f', 'e', 'r'))
			return 0;
		second = HTTP1_LOAD64(buf, pos + 8, len);
		if ((second | fold << 8) != HTTP1_WORD8('-', 'e', 'n', 'c', 'o', 'd', 'i', 'n') ||
		    (HTTP1_AT(buf, pos + 16) | 0x20) != 'g' || HTTP1_AT(buf, pos + 17) != ':')
			return 0;
		p->name = HTTP1_NAME_CODING;
		return 18;
	}
	if ((first | (fold ^ 0x20ULL << 32)) != HTTP1_WORD8('u', 's', 'e', 'r', '-', 'a', 'g', 'e'))
		return 0;
	second = HTTP1_LOAD64(buf, pos + 8, len);
	if (((second | 0x2020) & HTTP1_LOWEST(3)) != HTTP1_WORD4('n', 't', ':', 0))
		return 0;
	p->name = HTTP1_NAME_AGENT;
	return 11;
}

/* " 123\r\n", the first there is: returns its length, or 0 if it is something else. */
HTTP1_SEPARATE __u32 http1_length_whole(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	__u64 length = 0;
	__u32 at = pos;

	if (!p || !buf || p->sub || p->body != HTTP1_NO_LENGTH || pos >= len)
		return 0;
	if (HTTP1_AT(buf, at) == ' ')
		at++;
	HTTP1_LOOP
	for (__u32 i = 0; i < 11; i++) { /* what surely does not overflow */
		__u8 c;

		if (at + 2 > len)
			return 0;
		c = HTTP1_AT(buf, at) - '0';
		if (c > 9) {
			if (!i || c != (__u8)('\r' - '0') || HTTP1_AT(buf, at + 1) != '\n')
				return 0;
			p->body = length;
			p->state = HTTP1_LINE;
			return at + 2 - pos;
		}
		length = length * 10 + c;
		at++;
	}
	return 0;
}

/* Marks bytes that are control characters, among those before the first that is not ASCII. */
static inline __u64 http1_bytes_control(__u64 word)
{
	return (word - HTTP1_ONES * ' ') & (HTTP1_ONES << 7);
}

/*
 * Lines of a head, up to one that matters, or its end. `inside`: the state of being in the line that
 * pos is in, 0 at the beginning of one. Behind len, line feeds are read: a scan ends there at last.
 */
HTTP1_SEPARATE __u32 http1_lines(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len,
				 __u8 inside)
{
	__u32 at = pos;

	if (!p || !buf)
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	HTTP1_LOOP
	for (__u32 i = 0; i < HTTP1_LINES_MAX; i++) {
		__u64 word, marks;
		__u32 n;

		at = HTTP1_WITHIN(at);
		word = HTTP1_LOAD64(buf, at, len);
		if (!inside) {
			__u8 c = word, lower = c | 0x20;

			if (at >= len)
				break;
			if (c <= ' ') {
				if ((word & 0xffff) != ('\r' | '\n' << 8) || at + 2 > len)
					break;
				http1_go(p, HTTP1_HEAD_LF);
				return HTTP1_RESULT(HTTP1_EV_HEAD, at + 2 - pos);
			}
			if (lower == 'c' || lower == 't' || (lower == 'u' && p->ua)) {
				if (at + HTTP1_NAME_MAX > len)
					break;
				n = http1_name_whole(p, buf, at, len, word, lower);
				if (n) {
					http1_name_end(p);
					at += n;
					n = p->state == HTTP1_LENGTH
						    ? http1_length_whole(p, buf, at, len)
						    : 0;
					if (!n)
						return HTTP1_RESULT(HTTP1_EV_NONE, at - pos);
					at += n;
					continue;
				}
			}
			inside = HTTP1_SKIP;
		}
		/* four words at most: a word without a line feed ends before len, and one begins there */
		marks = http1_bytes_control(word);
		for (n = 0; !marks && n < 3; n++) {
			at = HTTP1_WITHIN(at + 8);
			word = HTTP1_LOAD64(buf, at, len);
			marks = http1_bytes_control(word);
		}
		if (marks) {
			n = http1_bytes_before(marks);
			marks = word >> 8 * n;
			if ((marks & 0xffff) == ('\r' | '\n' << 8)) {
				n += 2;
			} else if ((marks & 0xff) == '\n') {
				n += 1;
			} else {
				/* another control character, or not ASCII */
				marks = http1_bytes_equal(word, '\n');
				if (!marks) {
					at += 8;
					continue;
				}
				n = http1_bytes_before(marks) + 1;
			}
			at += n;
			if (at > len) {
				at = len;
				break;
			}
			p->name = HTTP1_NAME_OTHER;
			inside = 0;
		} else {
			at += 8;
		}
	}
	/* on in this line, or one byte of the next, which matters or may do so */
	if (at == pos)
		return http1_read_line(p, HTTP1_AT(buf, pos));
	if (inside == HTTP1_SKIP)
		p->name = HTTP1_NAME_OTHER;
	p->state = inside ? inside : HTTP1_LINE;
	return HTTP1_RESULT(HTTP1_EV_NONE, at - pos);
}

/* " chunked\r\n" */
static inline __u32 http1_coding_whole(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	if (p->sub || pos + 10 > len ||
	    HTTP1_LOAD64(buf, pos, len) != HTTP1_WORD8(' ', 'c', 'h', 'u', 'n', 'k', 'e', 'd') ||
	    HTTP1_AT(buf, pos + 8) != '\r' || HTTP1_AT(buf, pos + 9) != '\n')
		return http1_read_coding(p, HTTP1_AT(buf, pos));
	p->flags |= HTTP1_CHUNKED;
	http1_go(p, HTTP1_LINE);
	return HTTP1_RESULT(HTTP1_EV_NONE, 10);
}

/* "1f4\r\n" */
static inline __u32 http1_chunk_size_whole(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	__u64 size = 0;
	__u32 at = pos;

	if (p->sub)
		return http1_read_chunk_size(p, HTTP1_AT(buf, pos));
	HTTP1_LOOP
	for (__u32 i = 0; i < 8; i++) { /* what surely does not overflow */
		__u8 c, lower;

		if (at + 2 > len)
			break;
		c = HTTP1_AT(buf, at);
		lower = c | 0x20;
		if (c >= '0' && c <= '9') {
			size = size << 4 | (c - '0');
		} else if (lower >= 'a' && lower <= 'f') {
			size = size << 4 | (lower - 'a' + 10);
		} else {
			if (!i || c != '\r' || HTTP1_AT(buf, at + 1) != '\n')
				break;
			p->left = size;
			p->sub = 1;
			p->state = size ? HTTP1_CHUNK_DATA : HTTP1_TRAILER;
			return HTTP1_RESULT(HTTP1_EV_NONE, at + 2 - pos);
		}
		at++;
	}
	return http1_read_chunk_size(p, HTTP1_AT(buf, pos));
}

/* The path, the version, and on */
HTTP1_SEPARATE __u32 http1_path_whole(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	__u32 result, at, n;

	if (!p || !buf)
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	result = http1_read_path(p, buf, pos, len);
	at = pos + http1_result_consumed(result);

	if (p->state != HTTP1_VERSION)
		return result;
	n = http1_version_whole(p, buf, at, len);
	at += n;
	if (!n || at >= len)
		return HTTP1_RESULT(HTTP1_EV_NONE, at - pos);
	return http1_lines(p, buf, at, len, 0) + (at - pos);
}

/* Up to the space that may end the target. */
HTTP1_SEPARATE __u32 http1_query_whole(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	__u32 n = 0;

	if (!p || !buf)
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);

	HTTP1_LOOP
	for (__u32 i = 0; i < HTTP1_STEP_MAX / 8; i++, n += 8) {
		__u64 word, marks;
		__u8 c;

		if (pos + n >= len)
			return HTTP1_RESULT(HTTP1_EV_NONE, len - pos);
		word = HTTP1_LOAD64(buf, pos + n, len);
		marks = http1_bytes_equal(word, ' ') | http1_bytes_equal(word, '\n');
		if (!marks)
			continue;
		n += http1_bytes_before(marks);
		if (pos + n >= len)
			return HTTP1_RESULT(HTTP1_EV_NONE, len - pos);
		c = HTTP1_AT(buf, pos + n);
		if (c == '\n')
			return HTTP1_RESULT(HTTP1_EV_NONE, n) + http1_bad(p);
		http1_go(p, HTTP1_VERSION);
		n++;
		return HTTP1_RESULT(HTTP1_EV_NONE, n + http1_version_whole(p, buf, pos + n, len));
	}
	return HTTP1_RESULT(HTTP1_EV_NONE, HTTP1_STEP_MAX);
}

static inline __u32 http1_request_line_whole(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	__u32 n;

	if (pos + 8 > len)
		return http1_start(p, HTTP1_AT(buf, pos));
	n = http1_method_whole(p, HTTP1_LOAD64(buf, pos, len));
	if (!n)
		return http1_start(p, HTTP1_AT(buf, pos));
	if (http1_method_end(p) != HTTP1_EV_NONE)
		return HTTP1_RESULT(HTTP1_EV_METHOD, n);
	if (HTTP1_AT(buf, pos + n) != '/')
		return HTTP1_RESULT(HTTP1_EV_NONE, n);
	p->dfa = http1_dfa_next(p->dfa, '/');
	http1_go(p, HTTP1_PATH);
	n++;
	return http1_path_whole(p, buf, pos + n, len) + n;
}

/* "HTTP/1.1 200 ", and on */
static inline __u32 http1_status_line_whole(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	__u64 version, code;
	__u32 status, at;

	if (pos + 13 > len)
		return http1_start(p, HTTP1_AT(buf, pos));
	version = HTTP1_LOAD64(buf, pos, len) - HTTP1_WORD8('H', 'T', 'T', 'P', '/', '1', '.', '0');
	code = HTTP1_LOAD64(buf, pos + 5, len) >> 24;
	/* " 000 ", in which digits differ by their low four bits only */
	if (version & HTTP1_LOWEST(7) || version >> 56 > 9 ||
	    (code & 0xfff0f0f0ffULL) != (HTTP1_WORD4(' ', '0', '0', '0') | (__u64)' ' << 32))
		return http1_start(p, HTTP1_AT(buf, pos));
	status = (code >> 8 & 15) * 100 + (code >> 16 & 15) * 10 + (code >> 24 & 15);
	if (status < 100 || (code >> 8 & 15) > 9 || (code >> 16 & 15) > 9 || (code >> 24 & 15) > 9)
		return http1_start(p, HTTP1_AT(buf, pos));
	p->status = status;
	http1_go(p, HTTP1_START_LINE_REST);
	at = pos + 13;
	if (at >= len)
		return HTTP1_RESULT(HTTP1_EV_NONE, 13);
	return http1_lines(p, buf, at, len, HTTP1_START_LINE_REST) + 13;
}

/* http1_step() in HTTP1_START. */
static inline __attribute__((always_inline)) __u32 http1_begin(struct http1 *p, http1_bytes buf,
							       __u32 pos, __u32 len)
{
	return p->flags & HTTP1_RESPONSE ? http1_status_line_whole(p, buf, pos, len)
					 : http1_request_line_whole(p, buf, pos, len);
}

#endif
