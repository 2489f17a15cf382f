/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private to the HTTP/1.x parser: short cuts for the parts that nearly all messages consist of, if
 * all of a part is in the piece. Each reads at once the bytes that bytes.h reads one by one, and
 * leaves the parser in the same state. Anything unusual is left to bytes.h.
 */
#ifndef SLIPROBE_HTTP1_SHORTCUTS_H
#define SLIPROBE_HTTP1_SHORTCUTS_H

#include "http1/bytes.h"
#include "http1/parse.h"
#include "http1/words.h"

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

/* "HTTP/1.1": returns the length, or 0 if it is something else. */
static inline __u32 http1_version_whole(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	__u64 word;

	if (pos + 8 > len)
		return 0;
	word = HTTP1_LOAD64(buf, pos, len) - HTTP1_WORD8('H', 'T', 'T', 'P', '/', '1', '.', '0');
	if (word & HTTP1_LOWEST(7) || word >> 56 > 9)
		return 0;
	p->connection = word >> 56 ? 0 : HTTP1_OLD;
	http1_start_line_known(p);
	return 8;
}

enum {
	HTTP1_NAME_MAX = 18, /* bytes http1_name_whole() looks at */
	HTTP1_LINES_MAX = 16, /* lines, or parts of lines, that one step passes */
};

/* The first letters of names that may matter, c, t and u, and of a response a, small or capital: by their low six bits. */
static inline __u64 http1_letters(const struct http1 *p)
{
	const __u64 of_both = 0x0030000800300008ULL, of_response = 0x0000000200000002ULL;

	return of_both | (of_response & -(__u64)(p->flags & HTTP1_RESPONSE));
}

/* Told by the first letter; a few other characters pass as well. */
static inline int http1_name_may_matter(__u64 letters, __u64 word)
{
	return letters >> (word & 63) & 1;
}

/* The first six bytes of a line are those of Alt-Svc, in any case. http1_line_begin() reads it: it is rare. */
static inline int http1_is_alt_svc(__u64 word)
{
	return ((word | 0x202000202020ULL) & HTTP1_LOWEST(6)) ==
	       HTTP1_WORD8('a', 'l', 't', '-', 's', 'v', 0, 0);
}

/*
 * The length of a header's name and colon, in any case, if that header matters; else 0. Alt-Svc is not among them:
 * each more is read on ways of its own, which the verifier follows.
 */
static inline __u32 http1_name_whole(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	const __u64 fold = HTTP1_ONES * 0x20; /* letters only; '-' and ':' stay as they are */
	__u64 first = HTTP1_LOAD64(buf, pos, len);
	__u64 second = HTTP1_LOAD64(buf, pos + 8, len);

	if ((first | fold >> 8) == HTTP1_WORD8('c', 'o', 'n', 't', 'e', 'n', 't', '-')) {
		if (((second | fold >> 16) & HTTP1_LOWEST(7)) !=
		    HTTP1_WORD8('l', 'e', 'n', 'g', 't', 'h', ':', 0))
			return 0;
		p->name = HTTP1_NAME_LENGTH;
		return 15;
	}
	if ((first | fold) == HTTP1_WORD8('c', 'o', 'n', 'n', 'e', 'c', 't', 'i')) {
		if (((second | 0x2020) & HTTP1_LOWEST(3)) != HTTP1_WORD4('o', 'n', ':', 0))
			return 0;
		p->name = HTTP1_NAME_CONNECTION;
		return 11;
	}
	if ((first | fold) == HTTP1_WORD8('t', 'r', 'a', 'n', 's', 'f', 'e', 'r')) {
		if ((second | fold << 8) != HTTP1_WORD8('-', 'e', 'n', 'c', 'o', 'd', 'i', 'n') ||
		    (HTTP1_AT(buf, pos + 16) | 0x20) != 'g' || HTTP1_AT(buf, pos + 17) != ':')
			return 0;
		p->name = HTTP1_NAME_CODING;
		return 18;
	}
	if ((first | (fold ^ 0x20ULL << 32)) !=
		    HTTP1_WORD8('u', 's', 'e', 'r', '-', 'a', 'g', 'e') ||
	    ((second | 0x2020) & HTTP1_LOWEST(3)) != HTTP1_WORD4('n', 't', ':', 0) || !p->ua)
		return 0;
	p->name = HTTP1_NAME_AGENT;
	return 11;
}

/*
 * The length of " 123" at the end of its line, if it is the first Content-Length and has up to 7 digits; 0
 * if it is something else. Reads all digits at once: D. Lemire, "Quickly parsing eight digits" (2018).
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
	return at - pos;
}

/* The first " chunked", at the end of a line: returns its length, or 0 if it is something else. */
static inline __u32 http1_coding_whole(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	if (p->sub || p->flags & HTTP1_CHUNKED || pos + 10 > len ||
	    HTTP1_LOAD64(buf, pos, len) != HTTP1_WORD8(' ', 'c', 'h', 'u', 'n', 'k', 'e', 'd') ||
	    HTTP1_AT(buf, pos + 8) != '\r' || HTTP1_AT(buf, pos + 9) != '\n')
		return 0;
	p->flags |= HTTP1_CHUNKED;
	return 8;
}

/* " close" or " keep-alive" at the end of a line: returns its length, or 0 if it is something else. */
static inline __u32 http1_connection_whole(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	const __u64 five = 0x0000202020202000ULL; /* folds the letters behind the first character */
	const __u64 seven = 0x2020002020202000ULL; /* likewise, but for the hyphen */
	__u64 word = HTTP1_LOAD64(buf, pos, len);

	if (p->sub)
		return 0;
	if ((word | five) == HTTP1_WORD8(' ', 'c', 'l', 'o', 's', 'e', '\r', '\n')) {
		p->connection |= HTTP1_CLOSE;
		return 6;
	}
	if ((word | seven) != HTTP1_WORD8(' ', 'k', 'e', 'e', 'p', '-', 'a', 'l') ||
	    (HTTP1_LOAD64_ON(buf, pos, 5, len) | five) !=
		    HTTP1_WORD8('-', 'a', 'l', 'i', 'v', 'e', '\r', '\n'))
		return 0;
	p->connection |= HTTP1_KEEP_ALIVE;
	return 11;
}

/* Behind a name that matters: its value, if it is all there; returns the length, or 0. */
static inline __u32 http1_value_whole(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	if (p->state == HTTP1_LENGTH)
		return http1_length_whole(p, buf, pos, len);
	if (p->state == HTTP1_CODING)
		return http1_coding_whole(p, buf, pos, len);
	if (p->state == HTTP1_CONNECTION)
		return http1_connection_whole(p, buf, pos, len);
	return 0;
}

/*
 * Looks for a byte that may end a line. Returns the marks of the first word that has one, with the word's
 * offset in *ret_n; 0: none of the next HTTP1_SCAN_BYTES may.
 */
static inline __attribute__((always_inline)) __u64 http1_scan(http1_bytes buf, __u32 at, __u32 len,
							      __u32 *ret_n)
{
	HTTP1_UNROLL
	for (__u32 n = 0; n < HTTP1_SCAN_BYTES; n += 8) {
		__u64 marks = http1_bytes_below(HTTP1_LOAD64_ON(buf, at, n, len), ' ');

		*ret_n = n;
		if (marks)
			return marks;
	}
	return 0;
}

/*
 * Passes lines of a head, up to the first that matters, or to the head's end. pos is in a line that does
 * not matter. What is behind len reads as line feeds, so each scan ends there at the latest.
 */
static inline __attribute__((always_inline)) __u32 http1_lines_inline(struct http1 *p,
								      http1_bytes buf, __u32 pos,
								      __u32 len)
{
	const __u64 letters = http1_letters(p);
	__u32 at = pos;
	__u32 line = 0; /* where the line begins that `at` is in; 0: before pos */

	HTTP1_LOOP
	for (__u32 i = 0; i < HTTP1_LINES_MAX; i++) {
		__u64 word, marks;
		__u32 n;

		marks = http1_scan(buf, at, len, &n);
		if (!marks) {
			at = HTTP1_FORGET(at + HTTP1_SCAN_BYTES, len);
			continue;
		}
		at = HTTP1_WITHIN(at + n + http1_bytes_first(marks));
		word = HTTP1_LOAD64(buf, at, len);
		if ((word & 0xffff) == ('\r' | '\n' << 8)) {
			at = HTTP1_FORGET(at + 2, len);
			word >>= 16;
		} else {
			if ((word & 0xff) != '\n') {
				/* another control character, or not ASCII: on to a line feed */
				at += http1_bytes_before(http1_bytes_equal(word, '\n'));
				at = HTTP1_FORGET(at, len);
				continue;
			}
			at = HTTP1_FORGET(at + 1, len);
			word >>= 8;
		}
		if ((word & 0xff) <= ' ') {
			/* the end of all bytes, or of the head, or the line goes on */
			if (at > len) {
				at = len;
				break;
			}
			if (line)
				p->name = HTTP1_NAME_OTHER;
			if ((word & 0xffff) == ('\r' | '\n' << 8) && at + 2 <= len) {
				http1_go(p, HTTP1_HEAD_LF);
				return HTTP1_RESULT(HTTP1_EV_HEAD, at + 2 - pos);
			}
			p->state = HTTP1_LINE;
			p->sub = 0;
			return HTTP1_RESULT(HTTP1_EV_NONE, at - pos);
		}
		line = at;
		if (http1_name_may_matter(letters, word)) {
			if (at + HTTP1_NAME_MAX > len)
				break;
			n = http1_name_whole(p, buf, at, len);
			if (!n && http1_is_alt_svc(word))
				break;
			if (!n)
				continue;
			line = 0;
			at += n;
			http1_name_end(p);
			n = http1_value_whole(p, buf, at, len);
			at = HTTP1_FORGET(at + n, len);
			if (!n)
				break;
		}
	}
	if (line) {
		/* its name may be cut off */
		if (line + HTTP1_NAME_MAX > len)
			at = line;
		p->state = at == line ? HTTP1_LINE : HTTP1_SKIP;
		p->name = HTTP1_NAME_OTHER;
		p->sub = 0;
	}
	return HTTP1_RESULT(HTTP1_EV_NONE, at - pos);
}

/* http1_lines_inline() as a function of its own, for a walk that is inside a head. */
HTTP1_SEPARATE __u32 http1_lines(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	if (!p || !buf)
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	return http1_lines_inline(p, buf, pos, len);
}

/* The first byte of a line, or its name up to the colon. */
static inline __u32 http1_line_begin(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	__u32 n = pos + HTTP1_NAME_MAX <= len ? http1_name_whole(p, buf, pos, len) : 0;

	if (!n)
		return http1_read_line(p, HTTP1_AT(buf, pos));
	http1_name_end(p);
	return HTTP1_RESULT(HTTP1_EV_NONE, n);
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
			p->sub = (__u8)i;
			p->state = size ? HTTP1_CHUNK_DATA : HTTP1_TRAILER;
			return HTTP1_RESULT(HTTP1_EV_NONE, at + 2 - pos);
		}
		at++;
	}
	return http1_read_chunk_size(p, HTTP1_AT(buf, pos));
}

/* The path and the version */
static inline __attribute__((always_inline)) __u32 http1_path_inline(struct http1 *p,
								     http1_bytes buf, __u32 pos,
								     __u32 len)
{
	__u32 result = http1_read_path(p, buf, pos, len);

	if (p->state == HTTP1_VERSION)
		result += http1_version_whole(p, buf, pos + http1_result_consumed(result), len);
	return result;
}

HTTP1_SEPARATE __u32 http1_path_whole(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	if (!p || !buf)
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	return http1_path_inline(p, buf, pos, len);
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

/* Between messages: "GET /index HTTP/1.1" and the head behind it, as far as that goes. */
static inline __attribute__((always_inline)) __u32 http1_begin_request(struct http1 *p,
								       http1_bytes buf, __u32 pos,
								       __u32 len)
{
	__u64 word;
	__u32 at, n, result;

	if (pos + 8 > len)
		return http1_start(p, HTTP1_AT(buf, pos));
	word = HTTP1_LOAD64(buf, pos, len);
	n = http1_method_whole(p, word);
	if (!n)
		return http1_start(p, HTTP1_AT(buf, pos));
	if (http1_method_end(p) != HTTP1_EV_NONE)
		return HTTP1_RESULT(HTTP1_EV_METHOD, n);
	at = HTTP1_FORGET(pos + n, len);
	if (HTTP1_AT(buf, at) != '/')
		return HTTP1_RESULT(HTTP1_EV_NONE, at - pos);
	p->dfa = http1_dfa_next(p->dfa, '/');
	http1_go(p, HTTP1_PATH);
	at++;
	result = http1_path_inline(p, buf, at, len);
	if (p->state != HTTP1_START_LINE_REST)
		return result + (at - pos);
	at = HTTP1_FORGET(at + http1_result_consumed(result), len);
	if (at >= len)
		return HTTP1_RESULT(HTTP1_EV_NONE, at - pos);
	len = HTTP1_FORGET(len, word); /* the comparisons above have narrowed its range */
	HTTP1_MEET();
	return http1_lines_inline(p, buf, at, len) + (at - pos);
}

/* Between messages: "HTTP/1.1 200 " and the head behind it, as far as that goes. */
static inline __attribute__((always_inline)) __u32 http1_begin_response(struct http1 *p,
									http1_bytes buf, __u32 pos,
									__u32 len)
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
	p->connection = version >> 56 ? 0 : HTTP1_OLD;
	http1_start_line_known(p);
	at = pos + 13;
	if (at >= len)
		return HTTP1_RESULT(HTTP1_EV_NONE, 13);
	return http1_lines_inline(p, buf, at, len) + 13;
}

#endif
