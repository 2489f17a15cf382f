/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private to the HTTP/1.x parser: each state's step over one byte, or over a run of bytes alike.
 * Each function returns an HTTP1_RESULT(): the event that it completed, and the bytes it consumed.
 */
#ifndef SLIPROBE_HTTP1_BYTES_H
#define SLIPROBE_HTTP1_BYTES_H

#include "alt_svc.h"
#include "dfa.h"
#include "http1/parse.h"
#include "http1/words.h"

/* The including file's, see parse.h. */
__u32 http1_dfa_next(__u32 state, __u8 byte);
const struct dfa_state *http1_dfa_state(__u32 state);

enum {
	HTTP1_METHOD_MAX = 32, /* bytes of a method token; a longer one is not HTTP */
	HTTP1_SKIPS_MAX = 8, /* words in one step through an automaton */
	HTTP1_ALT_SVC_STEP = 16, /* bytes in one step through the value of Alt-Svc */

	/* method tokens that are none of HTTP/1.x: kept in `name` until what follows them is read */
	HTTP1_TOKEN_PRI = 1,
	HTTP1_TOKEN_PROXY = 2,
};

/* enum http1_name, lower case; 0 ends each */
static const char http1_names[8][32] = {"content-length", "transfer-encoding", "user-agent",
					"connection",	  "alt-svc",	       ""};
/* not of 8 bytes: clang would put them into a mergeable section, which BTF cannot describe */
static const char http1_version[12] = "HTTP/1.";
static const char http1_chunked[12] = "chunked";
static const char http1_proxy[12] = "\r\nQUIT\n";
/* by the upper half of `sub` while a Connection header is read, see http1_read_connection() */
static const char http1_options[4][16] = {"", "close", "keep-alive", ""};

enum {
	HTTP1_OPTION_CLOSE = 1 << 4,
	HTTP1_OPTION_KEEP_ALIVE = 2 << 4,
	HTTP1_OPTION_OTHER = 3 << 4,
};

#define HTTP1_RESULT(event, consumed) ((__u32)(event) << 16 | (consumed))

static inline enum http1_event http1_result_event(__u32 result)
{
	return (enum http1_event)(result >> 16);
}

static inline __u32 http1_result_consumed(__u32 result)
{
	return result & 0xffff;
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
	p->sub = p->state; /* http1_lost_in() */
	p->state = HTTP1_BAD;
	return HTTP1_RESULT(HTTP1_EV_BAD, 1);
}

static inline __u32 http1_go(struct http1 *p, enum http1_state state)
{
	p->state = state;
	p->sub = 0;
	return HTTP1_RESULT(HTTP1_EV_NONE, 1);
}

/* The version of a request line, or the code of a status line, is complete: no header line yet. */
static inline __u32 http1_start_line_known(struct http1 *p)
{
	p->name = HTTP1_NAME_OTHER;
	return http1_go(p, HTTP1_START_LINE_REST);
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
		if (!c)
			return http1_go(p, HTTP1_PROXY);
		if (c == 0x16)
			p->flags |= HTTP1_TLS;
		return http1_bad(p);
	}
	p->state = HTTP1_METHOD;
	p->left = c;
	p->sub = 1;
	return HTTP1_RESULT(HTTP1_EV_NONE, 1);
}

/*
 * The header of the PROXY protocol, version 2: "\r\n\r\n\0\r\nQUIT\n", of which all up to the 0 has been
 * read, version and command, family, and a length of two bytes.
 * https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt, section 2.2
 */
static inline __u32 http1_read_proxy(struct http1 *p, __u8 c)
{
	if (p->sub < 7 ? c != http1_proxy[p->sub & 7] : p->sub == 7 && c >> 4 != 2)
		return http1_bad(p);
	p->left = p->left << 8 | c; /* at last the length alone */
	if (++p->sub < 11)
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	p->left &= 0xffff;
	p->state = HTTP1_PROXY_REST;
	return HTTP1_RESULT(p->left ? HTTP1_EV_NONE : HTTP1_EV_END, 1);
}

static inline __u32 http1_skip_proxy(struct http1 *p, __u32 n)
{
	if (n > p->left)
		n = p->left;
	p->left -= n;
	return HTTP1_RESULT(p->left ? HTTP1_EV_NONE : HTTP1_EV_END, n);
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
		p->name = p->left == HTTP1_TOKEN3('P', 'R', 'I')	   ? HTTP1_TOKEN_PRI :
			  p->left == HTTP1_TOKEN5('P', 'R', 'O', 'X', 'Y') ? HTTP1_TOKEN_PROXY :
									     0;
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

/*
 * How many bytes of `word` the automaton at *state may pass at once; *state is then the state behind
 * them. 0: the next byte has to go through http1_dfa_next(). `ends` marks bytes never to be passed, and
 * perhaps others.
 */
static inline __u32 http1_skip_by_dfa(__u32 *state, __u64 word, __u64 ends)
{
	const struct dfa_state *from = http1_dfa_state(*state);

	if (from && from->kind == DFA_RUN) {
		if ((word ^ from->bytes) << ((64 - 8 * from->n) & 63))
			return 0;
		*state = from->run_next;
		return from->n;
	}
	if (from) {
		if (from->kind != DFA_LOOP)
			return 0;
		ends |= http1_bytes_equal(word, from->bytes) |
			http1_bytes_equal(word, from->bytes >> 8);
		if (from->n > 2)
			ends |= http1_bytes_equal(word, from->bytes >> 16) |
				http1_bytes_equal(word, from->bytes >> 24);
	}
	return http1_bytes_before(ends);
}

static inline __attribute__((always_inline)) __u32 http1_read_path(struct http1 *p, http1_bytes buf,
								   __u32 pos, __u32 len)
{
	__u32 state = p->dfa;
	__u32 at = pos;

	HTTP1_LOOP
	for (__u32 i = 0; i < HTTP1_SKIPS_MAX; i++) {
		__u64 word;
		__u32 passed = 0;
		__u8 c;

		if (at >= len)
			break;
		word = HTTP1_LOAD64(buf, at, len);
		at = HTTP1_FORGET(at, len);
		c = word;
		if (c != ' ')
			passed = http1_skip_by_dfa(&state, word,
						   http1_bytes_below(word, ' ' + 1) |
							   http1_bytes_equal(word, '?') |
							   http1_bytes_equal(word, '#'));
		at += passed;
		if (passed)
			continue;
		at++;
		if (c == ' ' || c == '?' || c == '#') {
			p->dfa = state;
			p->state = c == ' ' ? HTTP1_VERSION : HTTP1_QUERY;
			p->sub = 0;
			return HTTP1_RESULT(HTTP1_EV_NONE, at - pos);
		}
		if (c < ' ')
			return http1_bad(p); /* HTTP/0.9, or not HTTP */
		state = http1_dfa_next(state, c);
	}
	p->dfa = state;
	return HTTP1_RESULT(HTTP1_EV_NONE, at - pos);
}

static inline __u32 http1_read_version(struct http1 *p, __u8 c)
{
	if (p->sub == 7) {
		if (c < '0' || c > '9')
			return http1_bad(p);
		p->connection = c == '0' ? HTTP1_OLD : 0;
		return http1_start_line_known(p);
	}
	if (c == http1_version[p->sub & 7]) {
		p->sub++;
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	}
	if (p->sub == 5 && c == '2' && p->name == HTTP1_TOKEN_PRI && !(p->flags & HTTP1_RESPONSE))
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
		http1_start_line_known(p);
		return c == '\n' ? http1_go(p, HTTP1_LINE) : HTTP1_RESULT(HTTP1_EV_NONE, 1);
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
	if ((c == ' ' || c == '\t') && p->name == HTTP1_NAME_CONNECTION)
		return http1_go(p, HTTP1_CONNECTION);
	p->name = HTTP1_NAME_OTHER;
	if (lower == 'c')
		p->name = HTTP1_NAME_LENGTH; /* or Connection: see http1_read_name() */
	else if (lower == 't')
		p->name = HTTP1_NAME_CODING;
	else if (lower == 'u' && p->ua)
		p->name = HTTP1_NAME_AGENT;
	else if (lower == 'a' && p->flags & HTTP1_RESPONSE)
		p->name = HTTP1_NAME_ALT_SVC;
	else
		return http1_go(p, HTTP1_SKIP);
	p->state = HTTP1_NAME;
	p->sub = 1;
	return HTTP1_RESULT(HTTP1_EV_NONE, 1);
}

/* The colon behind a name that matters, but for Alt-Svc. */
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
	return http1_go(p, p->name == HTTP1_NAME_CONNECTION ? HTTP1_CONNECTION : HTTP1_AGENT);
}

static inline __u32 http1_read_name(struct http1 *p, __u8 c)
{
	__u8 expected;

	if (p->name == HTTP1_NAME_LENGTH && p->sub == 3 && (c | 0x20) == 'n')
		p->name = HTTP1_NAME_CONNECTION; /* begins alike */
	expected = http1_names[p->name & 7][p->sub & 31];
	/* a control character never stands for '-' */
	if (expected && c >= ' ' && (c | 0x20) == expected) {
		p->sub++;
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	}
	if (expected || c != ':') {
		p->name = HTTP1_NAME_OTHER;
		return http1_go(p, c == '\n' ? HTTP1_LINE : HTTP1_SKIP);
	}
	if (p->name != HTTP1_NAME_ALT_SVC)
		return http1_name_end(p);
	if (!alt_svc_port(p->dfa))
		p->dfa = 0;
	return http1_go(p, HTTP1_ALT_SVC);
}

/* Another digit would make it 2^64 or more. */
static inline int http1_length_is_full(__u64 length, __u8 digit)
{
	const __u64 tenth = ~0ULL / 10; /* 2^64 - 1 ends in 5 */

	return length > tenth || (length == tenth && digit > '5');
}

/* Ends one length of a list, or of a repeated header: all have to be equal. */
static inline void http1_length_end(struct http1 *p)
{
	if (!p->sub)
		return;
	if (p->left == HTTP1_NO_LENGTH)
		p->left--; /* no body is so long that this would show */
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
	} else if (c < '0' || c > '9' || p->sub == 2 || http1_length_is_full(p->left, c)) {
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
	if (p->flags & HTTP1_CHUNKED)
		p->connection |= HTTP1_CHUNKED_ONCE;
	p->flags &= ~HTTP1_CHUNKED;
	if (p->sub < 7 && (c | 0x20) == http1_chunked[p->sub & 7]) {
		if (++p->sub == 7)
			p->flags |= HTTP1_CHUNKED;
	} else {
		p->sub = 8;
	}
	return HTTP1_RESULT(HTTP1_EV_NONE, 1);
}

/*
 * Options of a connection: RFC 9110, section 7.6.1. `sub`: 0 before an option, else which one it begins
 * as (enum above), and the length of what is read of it.
 */
static inline __u32 http1_read_connection(struct http1 *p, __u8 c)
{
	__u8 lower = c | 0x20, expected;

	if (c == '\n' || c == '\r' || c == ',' || c == ' ' || c == '\t') {
		if (p->sub == HTTP1_OPTION_CLOSE + 5)
			p->connection |= HTTP1_CLOSE;
		if (p->sub == HTTP1_OPTION_KEEP_ALIVE + 10)
			p->connection |= HTTP1_KEEP_ALIVE;
		p->sub = 0;
		return c == '\n' ? http1_go(p, HTTP1_LINE) : HTTP1_RESULT(HTTP1_EV_NONE, 1);
	}
	if (!p->sub)
		p->sub = lower == 'k' ? HTTP1_OPTION_KEEP_ALIVE : HTTP1_OPTION_CLOSE;
	expected = http1_options[p->sub >> 4 & 3][p->sub & 15];
	p->sub = expected && c >= ' ' && lower == expected ? p->sub + 1 : HTTP1_OPTION_OTHER;
	return HTTP1_RESULT(HTTP1_EV_NONE, 1);
}

HTTP1_SEPARATE __u32 http1_read_agent(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	__u32 at = pos;
	__u32 state;

	if (!p || !buf)
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	state = p->ua;
	HTTP1_LOOP
	for (__u32 i = 0; i < HTTP1_SKIPS_MAX; i++) {
		__u64 word;
		__u32 passed = 0;
		__u8 c;

		if (at >= len)
			break;
		word = HTTP1_LOAD64(buf, at, len);
		at = HTTP1_FORGET(at, len);
		if (p->sub)
			passed = http1_skip_by_dfa(&state, word, http1_bytes_below(word, ' '));
		at += passed;
		if (passed)
			continue;
		at++;
		c = word;
		if (c == '\n') {
			/* leaves it to http1_lines(), which then goes on with the next line */
			p->ua = state;
			if (at - pos == 1)
				return http1_go(p, HTTP1_LINE);
			http1_go(p, HTTP1_SKIP);
			return HTTP1_RESULT(HTTP1_EV_NONE, at - 1 - pos);
		}
		if (c == '\r' || (!p->sub && (c == ' ' || c == '\t')))
			continue;
		p->sub = 1;
		state = http1_dfa_next(state, c);
	}
	p->ua = state;
	return HTTP1_RESULT(HTTP1_EV_NONE, at - pos);
}

/* Up to the line feed, or to the port: what follows, http1_lines() passes. */
HTTP1_SEPARATE __u32 http1_read_alt_svc(struct http1 *p, http1_bytes buf, __u32 pos, __u32 len)
{
	__u32 n = 0;

	if (!p || !buf)
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	if (HTTP1_AT(buf, pos) == '\n')
		return http1_go(p, HTTP1_LINE);
	HTTP1_LOOP
	for (__u32 i = 0; i < HTTP1_ALT_SVC_STEP; i++) {
		if (pos + i >= len)
			break;
		if (HTTP1_AT(buf, pos + i) == '\n' || alt_svc_port(p->dfa)) {
			p->state = HTTP1_SKIP;
			break;
		}
		p->dfa = alt_svc_next(p->dfa, HTTP1_AT(buf, pos + i));
		n++;
	}
	/* a byte, at least */
	return HTTP1_RESULT(HTTP1_EV_NONE, n ?: 1);
}

/* No chunk size. `left`: the bytes read of it. */
static inline __u32 http1_bad_chunk_size(struct http1 *p)
{
	p->left = p->sub + 1;
	return http1_bad(p);
}

static inline __u32 http1_read_chunk_size(struct http1 *p, __u8 c)
{
	__u8 lower = c | 0x20;
	__u8 digit;

	if (c == '\n') {
		if (!p->sub)
			return http1_bad_chunk_size(p);
		return http1_go(p, p->left ? HTTP1_CHUNK_DATA : HTTP1_TRAILER);
	}
	if (c == ';' || c == ' ' || c == '\t' || c == '\r') {
		if (!p->sub)
			return http1_bad_chunk_size(p);
		p->state = HTTP1_CHUNK_EXTENSION;
		return HTTP1_RESULT(HTTP1_EV_NONE, 1);
	}
	if (c >= '0' && c <= '9')
		digit = c - '0';
	else if (lower >= 'a' && lower <= 'f')
		digit = lower - 'a' + 10;
	else
		return http1_bad_chunk_size(p);
	if (p->left >> 60)
		return http1_bad_chunk_size(p);
	p->left = p->left << 4 | digit;
	p->sub += p->sub < 255;
	return HTTP1_RESULT(HTTP1_EV_NONE, 1);
}

#endif
