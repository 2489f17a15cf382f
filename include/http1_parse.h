/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP/1.x message parser: incremental, allocation-free, the same code in the kernel and in user
 * space. The caller feeds bytes in pieces of any size; http1_step() consumes at least one byte of a
 * piece and reports what that completed. Messages: RFC 9112; methods and statuses: RFC 9110.
 *
 * Lenient where servers are lenient (bare LF, leading empty lines, any token as a method, junk in
 * the target), strict where the framing would be lost.
 *
 * The including file defines `http1_dfa_next(state, byte)`, one step of the automata of
 * include/dfa.h, and may define HTTP1_AT and HTTP1_LOAD64 (the kernel masks its offsets).
 */
#ifndef SLIPROBE_HTTP1_PARSE_H
#define SLIPROBE_HTTP1_PARSE_H

#include "http1.h"

static inline __u32 http1_dfa_next(__u32 state, __u8 byte);

#ifndef HTTP1_AT
#define HTTP1_AT(buf, pos) ((buf)[pos])
#endif
#ifndef HTTP1_LOAD64
static inline __u64 http1_load64(const __u8 *at)
{
	__u64 word;

	__builtin_memcpy(&word, at, sizeof(word));
	return word;
}
#define HTTP1_LOAD64(buf, pos) http1_load64(&(buf)[pos])
#endif

/* enum http1_name, lower case; 0 ends each */
static const char http1_names[4][32] = {"content-length", "transfer-encoding", "user-agent", ""};
/* not of 8 bytes: clang would put them into a mergeable section, which BTF cannot describe */
static const char http1_version[12] = "HTTP/1.";
static const char http1_chunked[12] = "chunked";

/* `body` while a Content-Length is read that has no value yet */
#define HTTP1_NO_LENGTH (~0ULL)

#define HTTP1_RESULT(event, consumed) ((__u32)(event) << 16 | (consumed))

static inline enum http1_event http1_result_event(__u32 result)
{
	return (enum http1_event)(result >> 16);
}

static inline __u32 http1_result_consumed(__u32 result)
{
	return result & 0xffff;
}

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

/* tchar of RFC 9110, section 5.6.2 */
static inline int http1_is_token(__u8 c)
{
	const __u64 low = 0x03ff6cfa00000000ULL; /* !#$%&'*+-.0-9 */
	const __u64 high = 0x57ffffffc7fffffeULL; /* A-Z^_`a-z|~ */

	if (c >= 128)
		return 0;
	return (c < 64 ? low >> c : high >> (c - 64)) & 1;
}

#define HTTP1_TOKEN3(a, b, c) ((__u64)(a) << 16 | (b) << 8 | (c))
#define HTTP1_TOKEN4(a, b, c, d) (HTTP1_TOKEN3(a, b, c) << 8 | (d))
#define HTTP1_TOKEN5(a, b, c, d, e) (HTTP1_TOKEN4(a, b, c, d) << 8 | (e))
#define HTTP1_TOKEN6(a, b, c, d, e, f) (HTTP1_TOKEN5(a, b, c, d, e) << 8 | (f))
#define HTTP1_TOKEN7(a, b, c, d, e, f, g) (HTTP1_TOKEN6(a, b, c, d, e, f) << 8 | (g))

/* `token`: up to 8 bytes, the last one lowest; 0 for a longer one */
static inline __u8 http1_method(__u64 token)
{
	if (token == HTTP1_TOKEN3('G', 'E', 'T'))
		return HTTP_METHOD_GET;
	if (token == HTTP1_TOKEN4('P', 'O', 'S', 'T'))
		return HTTP_METHOD_POST;
	if (token == HTTP1_TOKEN4('H', 'E', 'A', 'D'))
		return HTTP_METHOD_HEAD;
	if (token == HTTP1_TOKEN3('P', 'U', 'T'))
		return HTTP_METHOD_PUT;
	if (token == HTTP1_TOKEN6('D', 'E', 'L', 'E', 'T', 'E'))
		return HTTP_METHOD_DELETE;
	if (token == HTTP1_TOKEN5('P', 'A', 'T', 'C', 'H'))
		return HTTP_METHOD_PATCH;
	if (token == HTTP1_TOKEN7('O', 'P', 'T', 'I', 'O', 'N', 'S'))
		return HTTP_METHOD_OPTIONS;
	if (token == HTTP1_TOKEN7('C', 'O', 'N', 'N', 'E', 'C', 'T'))
		return HTTP_METHOD_CONNECT;
	if (token == HTTP1_TOKEN5('T', 'R', 'A', 'C', 'E'))
		return HTTP_METHOD_TRACE;
	if (token == HTTP1_TOKEN5('Q', 'U', 'E', 'R', 'Y'))
		return HTTP_METHOD_QUERY;
	return HTTP_METHOD_OTHER;
}

static inline __u32 http1_bad(struct http1 *p)
{
	p->sub = p->state;
	p->state = HTTP1_BAD;
	return HTTP1_RESULT(HTTP1_EV_BAD, 1);
}

/* True for the states of a request line whose target has begun. */
static inline int http1_has_path(__u8 state)
{
	return state == HTTP1_PATH || state == HTTP1_QUERY || state == HTTP1_VERSION;
}

static inline __u32 http1_go(struct http1 *p, enum http1_state state)
{
	p->state = state;
	p->sub = 0;
	return HTTP1_RESULT(HTTP1_EV_NONE, 1);
}

/*
 * Consumes up to and including the next LF, eight bytes at a time: the classic test for a zero byte
 * in a word (Hacker's Delight, 6-1) on the word xor-ed with LFs. Sets *ret_found.
 */
static inline __u32 http1_skip_line(const __u8 *buf, __u32 pos, __u32 len, int *ret_found)
{
	const __u64 ones = 0x0101010101010101ULL;
	__u64 word, zero;

	if (pos + 8 > len) {
		*ret_found = HTTP1_AT(buf, pos) == '\n';
		return 1;
	}
	word = HTTP1_LOAD64(buf, pos) ^ (ones * '\n');
	zero = (word - ones) & ~word & (ones << 7);
	*ret_found = zero != 0;
	if (!zero)
		return 8;
	/* the lowest set bit marks the first LF: count the bytes up to and with it */
	return ((zero - 1) & ~zero & ones) * ones >> 56;
}

static inline __u32 http1_start(struct http1 *p, __u8 c)
{
	if (c == '\r' || c == '\n')
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	if (p->flags & HTTP1_RESPONSE) {
		if (c != 'H')
			return http1_bad(p);
		p->state = HTTP1_STATUS_VERSION;
		p->sub = 1;
		return HTTP1_RESULT(HTTP1_EV_BEGIN, 1);
	}
	if (!http1_is_token(c)) {
		if (c == 0x16)
			p->flags |= HTTP1_TLS;
		return http1_bad(p);
	}
	p->state = HTTP1_METHOD;
	p->left = c;
	p->sub = 1;
	return HTTP1_RESULT(HTTP1_EV_BEGIN, 1);
}

static inline __u32 http1_read_method(struct http1 *p, __u8 c)
{
	if (c == ' ') {
		p->method = http1_method(p->left);
		/* the preface's method token, kept until the version is read */
		p->name = p->left == HTTP1_TOKEN3('P', 'R', 'I');
		p->left = 0;
		p->sub = 0;
		p->state = HTTP1_TARGET;
		return HTTP1_RESULT(HTTP1_EV_METHOD, 1);
	}
	if (!http1_is_token(c) || p->sub >= HTTP1_METHOD_MAX)
		return http1_bad(p);
	p->left = p->sub < 8 ? p->left << 8 | c : 0;
	p->sub++;
	return HTTP1_RESULT(HTTP1_EV_NONE, 1);
}

/* RFC 9112, section 3.2: origin-form, or absolute-form whose path begins at the third '/' */
static inline __u32 http1_read_absolute(struct http1 *p, __u8 c)
{
	if (c == '/') {
		if (++p->sub < 3)
			return HTTP1_RESULT(HTTP1_EV_NONE, 1);
		p->dfa = http1_dfa_next(p->dfa, '/');
		return http1_go(p, HTTP1_PATH);
	}
	if (c == ' ' || c == '?' || c == '#') {
		/* "http://host" has the path "/"; "host:443" and "*" have none */
		p->dfa = p->sub == 2 ? http1_dfa_next(p->dfa, '/') : 0;
		return http1_go(p, c == ' ' ? HTTP1_VERSION : HTTP1_QUERY);
	}
	if (c < ' ')
		return http1_bad(p);
	return HTTP1_RESULT(HTTP1_EV_NONE, 1);
}

static inline __u32 http1_read_path(struct http1 *p, const __u8 *buf, __u32 pos, __u32 len)
{
	__u32 state = p->dfa;
	__u32 n;

	for (n = 0; n < HTTP1_STEP_MAX; n++) {
		__u8 c;

		if (pos + n >= len)
			break;
		c = HTTP1_AT(buf, pos + n);
		if (c == ' ' || c == '?' || c == '#') {
			p->dfa = state;
			p->state = c == ' ' ? HTTP1_VERSION : HTTP1_QUERY;
			p->sub = 0;
			return HTTP1_RESULT(HTTP1_EV_NONE, n + 1);
		}
		if (c < ' ')
			return http1_bad(p); /* HTTP/0.9, or not HTTP */
		if (state)
			state = http1_dfa_next(state, c);
	}
	p->dfa = state;
	return HTTP1_RESULT(HTTP1_EV_NONE, n);
}

static inline __u32 http1_read_version(struct http1 *p, __u8 c)
{
	if (p->sub == 7) {
		if (c < '0' || c > '9')
			return http1_bad(p);
		return http1_go(p, HTTP1_START_LINE_REST);
	}
	if (c == http1_version[p->sub & 7]) {
		p->sub++;
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	}
	if (p->sub == 5 && c == '2' && p->name && !(p->flags & HTTP1_RESPONSE))
		p->flags |= HTTP1_PREFACE;
	if (p->sub >= 5 || c < ' ' || (p->flags & HTTP1_RESPONSE))
		return http1_bad(p); /* another major version; or a line without one */
	/* spaces inside the target: the version may follow any of them */
	return http1_go(p, c == ' ' ? HTTP1_VERSION : HTTP1_QUERY);
}

static inline __u32 http1_read_status(struct http1 *p, __u8 c)
{
	if (p->sub == 0 && c == ' ')
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	if (p->sub == 3) {
		/* the byte after the code: there is no fourth digit */
		if ((c >= '0' && c <= '9') || p->status < 100)
			return http1_bad(p);
		if (c != '\n')
			return http1_go(p, HTTP1_START_LINE_REST);
		p->state = HTTP1_LINE;
		p->name = HTTP1_NAME_OTHER;
		return HTTP1_RESULT(HTTP1_EV_LINE, 1);
	}
	if (c < '0' || c > '9')
		return http1_bad(p);
	p->status = p->status * 10 + (c - '0');
	p->sub++;
	return HTTP1_RESULT(HTTP1_EV_NONE, 1);
}

static inline __u32 http1_read_line(struct http1 *p, __u8 c)
{
	__u8 lower = c | 0x20;

	if (c == '\n') {
		p->state = HTTP1_HEAD_LF;
		return HTTP1_RESULT(HTTP1_EV_HEAD, 1);
	}
	if (c == '\r')
		return http1_go(p, HTTP1_HEAD_LF);
	/* obs-fold (RFC 9112, section 5.2): the line before goes on */
	if ((c == ' ' || c == '\t') && p->name == HTTP1_NAME_LENGTH)
		return http1_go(p, HTTP1_LENGTH);
	if ((c == ' ' || c == '\t') && p->name == HTTP1_NAME_CODING)
		return http1_go(p, HTTP1_CODING);
	p->name = HTTP1_NAME_OTHER;
	if (lower == 'c')
		p->name = HTTP1_NAME_LENGTH;
	else if (lower == 't')
		p->name = HTTP1_NAME_CODING;
	else if (lower == 'u' && p->ua)
		p->name = HTTP1_NAME_AGENT;
	else
		return http1_go(p, HTTP1_SKIP);
	p->state = HTTP1_NAME;
	p->sub = 1;
	return HTTP1_RESULT(HTTP1_EV_NONE, 1);
}

static inline __u32 http1_read_name(struct http1 *p, __u8 c)
{
	__u8 expected = http1_names[p->name & 3][p->sub & 31];

	/* a control character never stands for '-' */
	if (expected && c >= ' ' && (c | 0x20) == expected) {
		p->sub++;
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	}
	if (expected || c != ':') {
		p->name = HTTP1_NAME_OTHER;
		return http1_go(p, c == '\n' ? HTTP1_LINE : HTTP1_SKIP);
	}
	if (p->name == HTTP1_NAME_LENGTH) {
		if (!(p->flags & HTTP1_HAS_LENGTH))
			p->body = HTTP1_NO_LENGTH;
		p->flags |= HTTP1_HAS_LENGTH;
		p->left = 0;
		return http1_go(p, HTTP1_LENGTH);
	}
	if (p->name == HTTP1_NAME_CODING) {
		p->flags |= HTTP1_HAS_CODING;
		return http1_go(p, HTTP1_CODING);
	}
	return http1_go(p, HTTP1_AGENT);
}

/* Ends one length of a list, or of a repeated header: all have to be equal. */
static inline void http1_length_end(struct http1 *p)
{
	if (!p->sub)
		return;
	if (p->body != HTTP1_NO_LENGTH && p->body != p->left)
		p->flags |= HTTP1_BAD_LENGTH;
	p->body = p->left;
	p->left = 0;
	p->sub = 0;
}

/*
 * RFC 9112, section 6.3: a list of equal lengths counts as that length, anything else is an error.
 * `sub`: 0 before the digits, 1 in them, 2 behind them.
 */
static inline __u32 http1_read_length(struct http1 *p, __u8 c)
{
	if (c == '\n') {
		http1_length_end(p);
		return http1_go(p, HTTP1_LINE);
	}
	if (c == ',') {
		http1_length_end(p);
	} else if (c == ' ' || c == '\t' || c == '\r') {
		p->sub = p->sub ? 2 : 0;
	} else if (c < '0' || c > '9' || p->sub == 2 || p->left >> 59) {
		p->flags |= HTTP1_BAD_LENGTH;
	} else {
		p->left = p->left * 10 + (c - '0');
		p->sub = 1;
	}
	return HTTP1_RESULT(HTTP1_EV_NONE, 1);
}

/* Chunked counts only as the last coding (RFC 9112, section 6.1). */
static inline __u32 http1_read_coding(struct http1 *p, __u8 c)
{
	if (c == '\n')
		return http1_go(p, HTTP1_LINE);
	if (c == ' ' || c == '\t' || c == '\r') {
		if (p->sub && p->sub < 7)
			p->sub = 8; /* the coding's name is over */
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	}
	if (c == ',') {
		p->sub = 0; /* what follows may be empty, then it does not count */
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	}
	p->flags &= ~HTTP1_CHUNKED;
	if (p->sub < 7 && (c | 0x20) == http1_chunked[p->sub & 7]) {
		if (++p->sub == 7)
			p->flags |= HTTP1_CHUNKED;
	} else {
		p->sub = 8;
	}
	return HTTP1_RESULT(HTTP1_EV_NONE, 1);
}

static inline __u32 http1_read_agent(struct http1 *p, const __u8 *buf, __u32 pos, __u32 len)
{
	__u32 n;

	for (n = 0; n < HTTP1_STEP_MAX; n++) {
		__u8 c;

		if (pos + n >= len)
			break;
		c = HTTP1_AT(buf, pos + n);
		if (c == '\n') {
			p->state = HTTP1_LINE;
			return HTTP1_RESULT(HTTP1_EV_NONE, n + 1);
		}
		if (c == '\r' || (!p->sub && (c == ' ' || c == '\t')))
			continue;
		p->sub = 1;
		p->ua = http1_dfa_next(p->ua, c);
	}
	return HTTP1_RESULT(HTTP1_EV_NONE, n);
}

static inline __u32 http1_read_chunk_size(struct http1 *p, __u8 c)
{
	__u8 lower = c | 0x20;
	__u8 digit;

	if (c == '\n') {
		if (!p->sub)
			return http1_bad(p);
		return http1_go(p, p->left ? HTTP1_CHUNK_DATA : HTTP1_TRAILER);
	}
	if (c == ';' || c == ' ' || c == '\t' || c == '\r') {
		if (!p->sub)
			return http1_bad(p);
		p->state = HTTP1_CHUNK_EXTENSION;
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	}
	if (c >= '0' && c <= '9')
		digit = c - '0';
	else if (lower >= 'a' && lower <= 'f')
		digit = lower - 'a' + 10;
	else
		return http1_bad(p);
	if (p->left >> 59)
		return http1_bad(p);
	p->left = p->left << 4 | digit;
	p->sub = 1;
	return HTTP1_RESULT(HTTP1_EV_NONE, 1);
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
static inline enum http1_event http1_pass(struct http1 *p, __u64 n)
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
static inline enum http1_event http1_body_begin(struct http1 *p, int bodyless)
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
static inline __u32 http1_step(struct http1 *p, const __u8 *buf, __u32 pos, __u32 len)
{
	__u8 c = HTTP1_AT(buf, pos);
	int found;
	__u32 n;

	switch (p->state) {
	case HTTP1_SKIP:
		n = http1_skip_line(buf, pos, len, &found);
		if (found)
			p->state = HTTP1_LINE;
		return HTTP1_RESULT(HTTP1_EV_NONE, n);
	case HTTP1_PATH:
		return http1_read_path(p, buf, pos, len);
	case HTTP1_LINE:
		return http1_read_line(p, c);
	case HTTP1_NAME:
		return http1_read_name(p, c);
	case HTTP1_START:
		return http1_start(p, c);
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
		if (c == ' ')
			return http1_go(p, HTTP1_VERSION);
		return c == '\n' ? http1_bad(p) : HTTP1_RESULT(HTTP1_EV_NONE, 1);
	case HTTP1_VERSION:
		return http1_read_version(p, c);
	case HTTP1_STATUS_VERSION:
		n = http1_read_version(p, c);
		if (p->state == HTTP1_START_LINE_REST)
			return http1_go(p, HTTP1_STATUS_CODE);
		return n;
	case HTTP1_STATUS_CODE:
		return http1_read_status(p, c);
	case HTTP1_START_LINE_REST:
		n = http1_skip_line(buf, pos, len, &found);
		if (!found)
			return HTTP1_RESULT(HTTP1_EV_NONE, n);
		p->state = HTTP1_LINE;
		p->name = HTTP1_NAME_OTHER;
		return HTTP1_RESULT(HTTP1_EV_LINE, n);
	case HTTP1_LENGTH:
		return http1_read_length(p, c);
	case HTTP1_CODING:
		return http1_read_coding(p, c);
	case HTTP1_AGENT:
		return http1_read_agent(p, buf, pos, len);
	case HTTP1_HEAD_LF:
		if (c == '\n')
			return HTTP1_RESULT(HTTP1_EV_HEAD, 1);
		return http1_go(p, HTTP1_SKIP);
	case HTTP1_CHUNK_SIZE:
		return http1_read_chunk_size(p, c);
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
