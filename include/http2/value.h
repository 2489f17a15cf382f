/* SPDX-License-Identifier: GPL-2.0-only */
/* Private to the HTTP/2 follower: the value of a field of interest, from its text. */
#ifndef SLIPROBE_HTTP2_VALUE_H
#define SLIPROBE_HTTP2_VALUE_H

#include "alt_svc.h"
#include "dfa.h"
#include "terms.h"
#include "http2/huffman.h"
#include "http2/parse.h"
#include "http2/state.h"
#include "http2/table.h"
#include "http2/words.h"

/* The including file's, see parse.h. */
__u32 http2_dfa_next(__u32 state, __u8 byte);

#define HTTP2_TEXT4(a, b, c, d) ((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24)
#define HTTP2_TEXT8(a, b, c, d, e, f, g, h)                                                        \
	(HTTP2_TEXT4(a, b, c, d) | HTTP2_TEXT4(e, f, g, h) << 32)

/* `word`: the token, the first byte lowest, and its length on top; n < 8 */
static inline __u32 http2_method_value(__u64 word)
{
	if (word == HTTP2_TEXT8('G', 'E', 'T', 0, 0, 0, 0, 3))
		return HTTP_METHOD_GET;
	if (word == HTTP2_TEXT8('P', 'O', 'S', 'T', 0, 0, 0, 4))
		return HTTP_METHOD_POST;
	if (word == HTTP2_TEXT8('H', 'E', 'A', 'D', 0, 0, 0, 4))
		return HTTP_METHOD_HEAD;
	if (word == HTTP2_TEXT8('P', 'U', 'T', 0, 0, 0, 0, 3))
		return HTTP_METHOD_PUT;
	if (word == HTTP2_TEXT8('D', 'E', 'L', 'E', 'T', 'E', 0, 6))
		return HTTP_METHOD_DELETE;
	if (word == HTTP2_TEXT8('P', 'A', 'T', 'C', 'H', 0, 0, 5))
		return HTTP_METHOD_PATCH;
	if (word == HTTP2_TEXT8('O', 'P', 'T', 'I', 'O', 'N', 'S', 7))
		return HTTP_METHOD_OPTIONS;
	if (word == HTTP2_TEXT8('C', 'O', 'N', 'N', 'E', 'C', 'T', 7))
		return HTTP_METHOD_CONNECT;
	if (word == HTTP2_TEXT8('T', 'R', 'A', 'C', 'E', 0, 0, 5))
		return HTTP_METHOD_TRACE;
	if (word == HTTP2_TEXT8('Q', 'U', 'E', 'R', 'Y', 0, 0, 5))
		return HTTP_METHOD_QUERY;
	return HTTP_METHOD_OTHER;
}

/* Three digits, the first of them not 0. */
static inline __u32 http2_status_value(__u64 word, __u32 n)
{
	__u32 a = (word & 0xff) - '0', b = (word >> 8 & 0xff) - '0', c = (word >> 16 & 0xff) - '0';

	if (n != 3 || a - 1 > 8 || b > 9 || c > 9)
		return 0;
	return a * 100 + b * 10 + c;
}

/* enum grpc_status: a number up to 16, without zeros ahead */
static inline __u32 http2_grpc_status_value(__u64 word, __u32 n)
{
	__u32 a = (word & 0xff) - '0', b = (word >> 8 & 0xff) - '0';

	if (n == 1 && a <= 9)
		return a;
	if (n == 2 && a == 1 && b <= 6)
		return 10 + b;
	return GRPC_OTHER;
}

/* enum http2_media. Media types are of any case: that is a bit of letters, and of no other byte. */
static inline __u32 http2_type_value(const struct http2 *p)
{
	const __u64 letters = 0x2020202020202020ULL, but_fourth = 0x2020202000202020ULL;

	if (p->n < 16 ||
	    (p->words[0] | letters) != HTTP2_TEXT8('a', 'p', 'p', 'l', 'i', 'c', 'a', 't') ||
	    (p->words[1] | but_fourth) != HTTP2_TEXT8('i', 'o', 'n', '/', 'g', 'r', 'p', 'c'))
		return HTTP2_MEDIA_OTHER;
	return ((__u32)p->words[2] | 0x20202000) == (__u32)HTTP2_TEXT4('-', 'w', 'e', 'b') ?
		       HTTP2_MEDIA_GRPC_WEB :
		       HTTP2_MEDIA_GRPC;
}

/* Eight digits, the first one lowest. HTTP2_UNKNOWN: they are none. */
static inline __u32 http2_eight_digits(__u64 word)
{
	const __u64 high = 0xf0f0f0f0f0f0f0f0ULL, zeros = 0x3030303030303030ULL;

	if (((word & high) ^ zeros) | (((word + 0x0606060606060606ULL) & high) ^ zeros))
		return HTTP2_UNKNOWN;
	/* numbers of two digits, of four, of eight: each from a lower one and its neighbour */
	word = ((word ^ zeros) * (1 + (10 << 8)) >> 8) & 0x00ff00ff00ff00ffULL;
	word = (word * (1 + (100 << 16)) >> 16) & 0x0000ffff0000ffffULL;
	return (__u32)(word * (1 + (10000ULL << 32)) >> 32);
}

/* RFC 9110, section 8.6. HTTP2_UNKNOWN: it is no number, or none that is known. */
static inline __u32 http2_length_value(const struct http2 *p)
{
	const __u64 zeros = 0x3030303030303030ULL;
	__u32 n = p->n, tens = (p->words[1] & 0xff) - '0', ones = (p->words[1] >> 8 & 0xff) - '0';
	__u64 length;

	if (!n || n > 10)
		return HTTP2_UNKNOWN;
	if (n < 8)
		return http2_eight_digits(p->words[0] << (64 - 8 * n) | zeros >> 8 * n);
	length = http2_eight_digits(p->words[0]);
	if (n == 8 || length == HTTP2_UNKNOWN)
		return (__u32)length;
	if (tens > 9 || (n == 10 && ones > 9))
		return HTTP2_UNKNOWN;
	length = length * 10 + tens;
	if (n == 10)
		length = length * 10 + ones;
	return length < HTTP2_UNKNOWN ? (__u32)length : HTTP2_UNKNOWN;
}

/* The port that is announced at the beginning of the value; 0: none. No automaton of a response needs `dfa`. */
static inline __u32 http2_announced_value(struct http2 *p)
{
	p->dfa = 0;
	HTTP2_LOOP
	for (__u32 i = 0; i < HTTP2_SCRATCH; i++) {
		if (i >= p->n)
			break;
		p->dfa = alt_svc_next(p->dfa, p->scratch[i]);
	}
	return alt_svc_port(p->dfa);
}

/* What is there of a content type is not how gRPC's begins: by its first symbol, or by its first four. */
static inline int http2_type_is_other(const struct http2 *p)
{
	__u32 first = (__u32)p->words[0] | 0x20202020;

	if (p->name != HTTP2_NAME_CONTENT_TYPE || !p->n)
		return 0;
	return (first & 0xff) != 'a' ||
	       (p->n >= 4 && first != (__u32)HTTP2_TEXT4('a', 'p', 'p', 'l'));
}

static inline void http2_scratch_clear(struct http2 *p)
{
	p->n = 0;
	p->words[0] = 0;
	p->words[1] = 0;
	p->words[2] = 0;
	p->words[3] = 0;
}

/* From `scratch`, which has all of the text, or its first HTTP2_SCRATCH bytes. */
HTTP2_SEPARATE __u32 http2_short_value(struct http2 *p)
{
	__u64 word;

	if (!p)
		return 0;
	word = p->words[0];
	if (p->name == HTTP2_NAME_METHOD)
		return p->n < 8 ? http2_method_value(word | (__u64)p->n << 56) : HTTP_METHOD_OTHER;
	if (p->name == HTTP2_NAME_STATUS)
		return http2_status_value(word, p->n);
	if (p->name == HTTP2_NAME_GRPC_STATUS)
		return http2_grpc_status_value(word, p->n);
	if (p->name == HTTP2_NAME_CONTENT_LENGTH)
		return http2_length_value(p);
	if (p->name == HTTP2_NAME_ALT_SVC)
		return http2_announced_value(p);
	return http2_type_value(p);
}

/* The value of the field being read is known: what is still to come of it is skipped. */
static inline __attribute__((always_inline)) void http2_settle(struct http2_conn *conn,
							       struct http2 *p,
							       struct http2_wide *wide, __u32 value,
							       __u32 text)
{
	p->field = p->string ? HTTP2_VALUE_SKIP : HTTP2_FIELD;
	http2_take(p, p->name, value);
	if (!p->insert)
		return;
	http2_insert(p, wide, p->name, value, conn->text_end, text);
	conn->text_end += text;
	p->from[p->name & (HTTP2_NAMES - 1)] = p->inserted;
}

/* The length of the value is known: `string`. */
static inline __attribute__((always_inline)) void http2_value_begin(struct http2_conn *conn,
								    __u32 side, struct http2 *p,
								    struct http2_wide *wide)
{
	__u32 value = 0;

	p->n_bits = 0;
	p->bits = 0;
	p->automaton = 0;
	p->keeps = 0;
	p->undecided = 0;
	p->field = HTTP2_VALUE;
	switch (p->name) {
	case HTTP2_NAME_PATH:
	case HTTP2_NAME_AGENT:
		if (side != HTTP2_REQUESTS) {
			value = HTTP2_UNKNOWN;
			break;
		}
		p->n = 0;
		p->automaton = 1;
		p->keeps = p->insert;
		p->dfa = p->name == HTTP2_NAME_PATH ? conn->path_start : conn->agent_start;
		if (p->string && (p->keeps || p->dfa != DFA_DEAD))
			return;
		value = p->name == HTTP2_NAME_PATH ? DFA_DEAD : p->dfa;
		break;
	case HTTP2_NAME_AUTHORITY:
		if (side != HTTP2_REQUESTS || !p->insert || !p->string)
			break;
		p->n = 0;
		p->automaton = 1;
		p->keeps = 1;
		p->dfa = DFA_DEAD;
		return;
	case HTTP2_NAME_METHOD:
	case HTTP2_NAME_STATUS:
	case HTTP2_NAME_GRPC_STATUS:
	case HTTP2_NAME_CONTENT_TYPE:
	case HTTP2_NAME_CONTENT_LENGTH:
		http2_scratch_clear(p);
		if (p->string)
			return;
		value = http2_short_value(p);
		break;
	case HTTP2_NAME_ALT_SVC:
		value = side == HTTP2_RESPONSES ? p->value[HTTP2_NAME_ALT_SVC] : 0;
		http2_scratch_clear(p);
		if (side == HTTP2_RESPONSES && p->string && !value)
			return;
		break;
	case HTTP2_NAME_PROTOCOL:
		value = 1;
		break;
	default:
		break;
	}
	http2_settle(conn, p, wide, value, 0);
}

/* The next code of the value: HTTP2_CODE(). */
static inline __attribute__((always_inline)) __u32 http2_next_code(const struct http2 *p,
								   __u64 bits)
{
	return p->huffman ? http2_code(bits) : HTTP2_CODE(bits >> 56, 8);
}

/* "*", or no path: as in HTTP/1.x, no route is one. */
static inline __attribute__((always_inline)) void http2_path_begin(struct http2 *p, __u64 bits,
								   __u32 n_bits)
{
	__u32 code = http2_next_code(p, bits);

	if (p->name == HTTP2_NAME_PATH && http2_code_length(code) <= n_bits &&
	    http2_code_symbol(code) != '/')
		p->dfa = DFA_DEAD;
}

/* Flags are loaded for each symbol: the verifier follows a loop apart for each value that it knows. */
#define HTTP2_LOADED(flag) (*(volatile const __u8 *)&(flag))

/* What the codes in `bits` are, those that are whole. Returns 1 if the value is known, 2 if there is no such code. */
static inline __attribute__((always_inline)) __u32 http2_automaton_codes(struct http2_conn *conn)
{
	struct http2 *p = &conn->side[HTTP2_REQUESTS];
	__u32 n_bits = p->n_bits, at, dfa, known = 0;
	__u64 bits = p->bits;

	if (!p->n)
		http2_path_begin(p, bits, n_bits);
	at = conn->text_end + p->n;
	dfa = p->dfa;
	HTTP2_LOOP
	for (__u32 i = 0; i < HTTP2_CODE_SYMBOLS; i++) {
		__u32 code = http2_next_code(p, bits), length = http2_code_length(code);
		__u32 symbol = http2_code_symbol(code);

		if (length > n_bits)
			break;
		if (symbol == HTTP2_EOS)
			return 2;
		bits <<= length;
		n_bits -= length;
		if ((symbol == '?' || symbol == '#') && HTTP2_LOADED(p->name) == HTTP2_NAME_PATH) {
			known = 1;
			break;
		}
		if (HTTP2_LOADED(p->keeps)) {
			conn->text[at & (HTTP2_TEXT - 1)] = (__u8)symbol;
		} else if (dfa == DFA_DEAD) {
			known = 1;
			break;
		}
		at++;
		dfa = http2_dfa_next(dfa, (__u8)symbol);
	}
	p->dfa = dfa;
	p->n = at - conn->text_end;
	p->bits = bits;
	p->n_bits = n_bits;
	return known;
}

/* Likewise of a short text. */
static inline __attribute__((always_inline)) __u32 http2_scratch_codes(struct http2 *p)
{
	__u32 n = p->n, n_bits = p->n_bits;
	__u64 bits = p->bits;

	HTTP2_LOOP
	for (__u32 i = 0; i < HTTP2_CODE_SYMBOLS; i++) {
		__u32 code = http2_next_code(p, bits), length = http2_code_length(code);

		if (length > n_bits)
			break;
		if (http2_code_symbol(code) == HTTP2_EOS)
			return 2;
		bits <<= length;
		n_bits -= length;
		p->scratch[n & (HTTP2_SCRATCH - 1)] = (__u8)code;
		n++;
		if (n >= HTTP2_SCRATCH)
			break;
	}
	p->n = n;
	p->bits = bits;
	p->n_bits = n_bits;
	return n >= HTTP2_SCRATCH || http2_type_is_other(p);
}

/* The value of the text that was read is known. */
static inline __attribute__((always_inline)) void http2_value_end(struct http2_conn *conn,
								  struct http2 *p,
								  struct http2_wide *wide)
{
	__u32 value;

	if (!p->automaton)
		value = http2_short_value(p);
	else if (p->undecided)
		value = HTTP2_UNKNOWN;
	else
		value = p->n ? p->dfa : DFA_DEAD;
	http2_settle(conn, p, wide, value, p->keeps ? p->n : 0);
}

/* RFC 7541, section 5.2: what pads the last byte is less than a byte, of ones. */
static inline int http2_is_padding(__u64 bits, __u32 n_bits)
{
	return n_bits < 8 && (!n_bits || !(~bits >> (64 - n_bits)));
}

/*
 * Reads up to HTTP2_CODE_BYTES of those bytes of a value of interest that are there, from pos on; there is one, at least.
 * Returns how many, or 0 if Huffman's code has no such value. All symbols are read whose codes are whole then.
 */
HTTP2_SEPARATE __u32 http2_value_bytes(struct http2_conn *conn, struct http2_wide *wide,
				       http2_bytes buf, __u32 pos, __u32 len_and_side)
{
	__u32 word, known, n, len = len_and_side >> 1;
	struct http2 *p;

	if (!conn || !buf)
		return 0;
	p = &conn->side[len_and_side & 1];
	n = len - pos;
	if (n > p->left)
		n = p->left;
	if (n > p->string)
		n = p->string;
	if (n > HTTP2_CODE_BYTES)
		n = HTTP2_CODE_BYTES;
	p->string -= n;
	p->left -= n;
	p->turn = (__u8)n;
	/* those that are not there become zeros */
	word = __builtin_bswap32((__u32)HTTP2_LOAD64(buf, pos, len)) & ~0U << (32 - 8 * n);
	p->bits |= (__u64)word << (32 - p->n_bits);
	p->n_bits += 8 * n;
	known = p->automaton ? http2_automaton_codes(conn) : http2_scratch_codes(p);
	if (known == 2)
		return 0;
	if (!known) {
		if (p->string)
			return p->turn;
		if (!http2_is_padding(p->bits, p->n_bits))
			return 0;
	}
	http2_value_end(conn, p, wide);
	return p->turn;
}

#endif
