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
 * short cut (`http1_..._whole`), for when all of it is in the piece: it does at once what the bytes
 * would do one by one, and leaves the parser exactly as they would.
 *
 * The including file defines `http1_dfa_next(state, byte)`, one step of the automata of
 * include/dfa.h. Little-endian machines only.
 */
#ifndef SLIPROBE_HTTP1_PARSE_H
#define SLIPROBE_HTTP1_PARSE_H

#include "http1.h"

static inline __u32 http1_dfa_next(__u32 state, __u8 byte);

#define HTTP1_ONES 0x0101010101010101ULL

/*
 * The kernel has a definition of its own of each of these (bpf/chunk.bpf.h), for its verifier.
 *
 * HTTP1_LOAD64   eight bytes from pos on; those at len and behind it are line feeds
 * HTTP1_WITHIN   the same offset
 * HTTP1_LOOP     before a loop: unrolled, it would be larger than the kernel takes
 * HTTP1_SEPARATE of a function: verified once, not in each place it is called
 */
#ifndef HTTP1_AT
typedef const __u8 *http1_bytes;

static inline __u64 http1_load64(const __u8 *at, __s32 n)
{
	__u64 word = HTTP1_ONES * '\n';

	if (n > 0)
		__builtin_memcpy(&word, at, (__u32)n < sizeof(word) ? (__u32)n : sizeof(word));
	return word;
}

#define HTTP1_AT(buf, pos) ((buf)[pos])
#define HTTP1_LOAD64(buf, pos, len) http1_load64(&(buf)[pos], (len) - (pos))
#define HTTP1_WITHIN(pos) (pos)
#define HTTP1_LOOP
#define HTTP1_SEPARATE static inline
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

/* Between messages: the automata for the next request are known already, no need to ask. */
static inline void http1_ready(struct http1 *p, __u32 dfa, __u32 ua)
{
	p->dfa = dfa;
	p->ua = ua;
	p->flags |= HTTP1_READY;
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

/* ---- words of eight bytes, the first one lowest ---- */

#define HTTP1_WORD4(a, b, c, d) ((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24)
#define HTTP1_WORD8(a, b, c, d, e, f, g, h)                                                        \
	(HTTP1_WORD4(a, b, c, d) | HTTP1_WORD4(e, f, g, h) << 32)
#define HTTP1_LOWEST(n) (~0ULL >> (64 - 8 * (n))) /* mask of the first n bytes */

/* A bit in each byte that is `c`, and perhaps in bytes behind the first that is (Hacker's Delight, 6-1) */
static inline __u64 http1_bytes_equal(__u64 word, __u8 c)
{
	word ^= HTTP1_ONES * c;
	return (word - HTTP1_ONES) & ~word & (HTTP1_ONES << 7);
}

/* Bytes before the first that is marked. */
static inline __u32 http1_bytes_before(__u64 marks)
{
	return (((marks - 1) & ~marks & HTTP1_ONES) * HTTP1_ONES >> 56) - 1;
}

/*
 * Consumes up to and including the next LF; all that there is, if none is there. Sets *ret_found.
 */
static inline __u32 http1_skip_line(http1_bytes buf, __u32 pos, __u32 len, int *ret_found)
{
	*ret_found = 0;
	HTTP1_LOOP
	for (__u32 n = 0; n < HTTP1_STEP_MAX; n += 8) {
		__u64 marks;
		__u32 end;

		if (pos + n >= len)
			return len - pos;
		marks = http1_bytes_equal(HTTP1_LOAD64(buf, pos + n, len), '\n');
		if (!marks)
			continue;
		end = n + http1_bytes_before(marks) + 1;
		if (pos + end > len)
			return len - pos;
		*ret_found = 1;
		return end;
	}
	return HTTP1_STEP_MAX;
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
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	}
	if (!http1_is_token(c)) {
		if (c == 0x16)
			p->flags |= HTTP1_TLS;
		return http1_bad(p);
	}
	p->state = HTTP1_METHOD;
	p->left = c;
	p->sub = 1;
	return HTTP1_RESULT(HTTP1_EV_NONE, 1);
}

static inline enum http1_event http1_method_end(struct http1 *p)
{
	p->left = 0;
	p->sub = 0;
	p->state = HTTP1_TARGET;
	return p->flags & HTTP1_READY ? HTTP1_EV_NONE : HTTP1_EV_METHOD;
}

static inline __u32 http1_read_method(struct http1 *p, __u8 c)
{
	if (c == ' ') {
		p->method = http1_method(p->left);
		/* the preface's method token, kept until the version is read */
		p->name = p->left == HTTP1_TOKEN3('P', 'R', 'I');
		return HTTP1_RESULT(http1_method_end(p), 1);
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

static inline __u32 http1_read_path(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	__u32 state = p->dfa;
	__u32 n;

	HTTP1_LOOP
	for (n = 0; n < HTTP1_WALK_MAX; n++) {
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
		p->name = HTTP1_NAME_OTHER;
		return http1_go(p, HTTP1_LINE);
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

/* The colon behind a name that matters. */
static inline __u32 http1_name_end(struct http1 *p)
{
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
	return http1_name_end(p);
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

static inline __u32 http1_read_agent(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	__u32 n;

	HTTP1_LOOP
	for (n = 0; n < HTTP1_WALK_MAX; n++) {
		__u8 c;

		if (pos + n >= len)
			break;
		c = HTTP1_AT(buf, pos + n);
		if (c == '\n') {
			http1_go(p, HTTP1_LINE);
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

/* ---- short cuts ---- */

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
	for (__u32 i = 0; i < 17; i++) { /* what surely does not overflow */
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
	case HTTP1_SKIP:
	case HTTP1_START_LINE_REST:
		return http1_lines(p, buf, pos, len, p->state);
	case HTTP1_PATH:
		return http1_path_whole(p, buf, pos, len);
	case HTTP1_LINE:
		return http1_lines(p, buf, pos, len, 0);
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
		return http1_coding_whole(p, buf, pos, len);
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
