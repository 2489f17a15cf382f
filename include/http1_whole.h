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

/*
 * " 123\r\n", the first there is, of up to 7 digits: returns its length, or 0 if it is something else.
 * All digits at once: D. Lemire, "Quickly parsing eight digits" (2018).
 */
static inline __u32 http1_length_whole(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	__u64 digits, others;
	__u32 at = pos, n;

	if (p->sub || p->body != HTTP1_NO_LENGTH || pos >= len)
		return 0;
	if (HTTP1_AT(buf, at) == ' ')
		at++;
	digits = HTTP1_LOAD64(buf, at, len) ^ HTTP1_ONES * '0';
	others = (((digits & ~(HTTP1_ONES << 7)) + HTTP1_ONES * 0x76) | digits) & HTTP1_ONES << 7;
	n = http1_bytes_before(others);
	at += n;
	if (!n || n > 7 || at + 2 > len || HTTP1_AT(buf, at) != '\r' ||
	    HTTP1_AT(buf, at + 1) != '\n')
		return 0;
	digits <<= (64 - 8 * n) & 63;
	digits = digits * 2561 >> 8 & 0x00ff00ff00ff00ffULL;
	digits = digits * 6553601 >> 16 & 0x0000ffff0000ffffULL;
	p->body = digits * 42949672960001ULL >> 32;
	p->state = HTTP1_LINE;
	return at + 2 - pos;
}

/* Three words more, up to one that has a control character in it: which one it was, and its marks. */
static inline __attribute__((always_inline)) __u64 http1_scan(http1_bytes buf, __u32 at, __u32 len,
							      __u64 *ret_word, __u32 *ret_n)
{
	__u64 marks;

	*ret_n = 8;
	*ret_word = HTTP1_LOAD64_ON(buf, at, 8, len);
	marks = http1_bytes_below(*ret_word, ' ');
	if (marks)
		return marks;
	*ret_n = 16;
	*ret_word = HTTP1_LOAD64_ON(buf, at, 16, len);
	marks = http1_bytes_below(*ret_word, ' ');
	if (marks)
		return marks;
	*ret_n = 24;
	*ret_word = HTTP1_LOAD64_ON(buf, at, 24, len);
	return http1_bytes_below(*ret_word, ' ');
}

/*
 * Lines of a head, up to one that matters, or its end. `inside`: the state of being in the line that
 * pos is in, 0 at the beginning of one. Behind len, line feeds are read: a scan ends there at last.
 */
static inline __attribute__((always_inline)) __u32 http1_lines_here(struct http1 *p,
								    http1_bytes buf, __u32 pos,
								    __u32 len, __u8 inside)
{
	__u32 at = pos;

	HTTP1_LOOP
	for (__u32 i = 0; i < HTTP1_LINES_MAX; i++) {
		__u64 word, marks;
		__u32 n;

		word = HTTP1_LOAD64(buf, at, len);
		at = HTTP1_ANY(at, word);
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
		marks = http1_bytes_below(word, ' ');
		n = 0;
		if (!marks)
			marks = http1_scan(buf, at, len, &word, &n);
		at = HTTP1_ANY(at + n, word);
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

/* By itself, for those that are in the middle of a head. */
HTTP1_SEPARATE __u32 http1_lines(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len,
				 __u8 inside)
{
	if (!p || !buf)
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	return http1_lines_here(p, buf, pos, len, inside);
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
static inline __attribute__((always_inline)) __u32 http1_path_here(struct http1 *p, http1_bytes buf,
								   __u32 pos, __u32 len)
{
	__u32 result, at, n;

	result = http1_read_path(p, buf, pos, len);
	at = pos + http1_result_consumed(result);

	if (p->state != HTTP1_VERSION)
		return result;
	n = http1_version_whole(p, buf, at, len);
	at += n;
	if (!n || at >= len)
		return HTTP1_RESULT(HTTP1_EV_NONE, at - pos);
	return http1_lines_here(p, buf, at, len, 0) + (at - pos);
}

HTTP1_SEPARATE __u32 http1_path_whole(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	if (!p || !buf)
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	return http1_path_here(p, buf, pos, len);
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

/* "GET /", and on: http1_step() in HTTP1_START */
static inline __attribute__((always_inline)) __u32 http1_begin_request(struct http1 *p,
								       http1_bytes buf, __u32 pos,
								       __u32 len, const int here)
{
	__u64 word;
	__u32 at, n;

	if (pos + 8 > len)
		return http1_start(p, HTTP1_AT(buf, pos));
	word = HTTP1_LOAD64(buf, pos, len);
	n = http1_method_whole(p, word);
	if (!n)
		return http1_start(p, HTTP1_AT(buf, pos));
	if (http1_method_end(p) != HTTP1_EV_NONE)
		return HTTP1_RESULT(HTTP1_EV_METHOD, n);
	at = HTTP1_ANY(pos + n, word);
	if (HTTP1_AT(buf, at) != '/')
		return HTTP1_RESULT(HTTP1_EV_NONE, at - pos);
	p->dfa = http1_dfa_next(p->dfa, '/');
	http1_go(p, HTTP1_PATH);
	at++;
	if (here)
		return http1_path_here(p, buf, at, len) + (at - pos);
	return http1_path_whole(p, buf, at, len) + (at - pos);
}

/* "HTTP/1.1 200 ", and on: http1_step() in HTTP1_START */
static inline __attribute__((always_inline)) __u32 http1_begin_response(struct http1 *p,
									http1_bytes buf, __u32 pos,
									__u32 len, const int here)
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
	if (here)
		return http1_lines_here(p, buf, at, len, HTTP1_START_LINE_REST) + 13;
	return http1_lines(p, buf, at, len, HTTP1_START_LINE_REST) + 13;
}

/* http1_step() in HTTP1_START. */
HTTP1_SEPARATE __u32 http1_begin(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	if (!p || !buf)
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	return p->flags & HTTP1_RESPONSE ? http1_begin_response(p, buf, pos, len, 0)
					 : http1_begin_request(p, buf, pos, len, 0);
}

#endif
