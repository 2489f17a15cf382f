/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private to the HTTP/2 follower: Huffman's code of RFC 7541, appendix B. The code is canonical: in the order of length
 * and symbol, each code is the one before it plus one. So the order of the symbols is all of it.
 */
#ifndef SLIPROBE_HTTP2_HUFFMAN_H
#define SLIPROBE_HTTP2_HUFFMAN_H

#include "http2/words.h"

enum {
	HTTP2_CODE_BYTES = 4, /* that are decoded at once */
	/*
	 * Symbols of that many bytes and of the bits left from those before, at most: the latter begin a code that
	 * is longer than they are, and those behind it have five bits at least.
	 */
	HTTP2_CODE_SYMBOLS = 7,
	HTTP2_CODE_LENGTHS = 17, /* of codes above eight bits */
	HTTP2_EOS = 256,
};

/* A code's symbol and length, together */
#define HTTP2_CODE(symbol, length) ((__u32)(length) << 16 | (__u32)(symbol))

static inline __u32 http2_code_symbol(__u32 code)
{
	return code & 0xffff;
}

static inline __u32 http2_code_length(__u32 code)
{
	return code >> 16;
}

/* By the next eight bits: symbol, and length << 8; length 0: the code is longer. */
#define C8(c) (8 << 8 | (c))
#define C7(c) (7 << 8 | (c)), (7 << 8 | (c))
#define C6(c) (6 << 8 | (c)), (6 << 8 | (c)), (6 << 8 | (c)), (6 << 8 | (c))
#define C5_HALF(c) (5 << 8 | (c)), (5 << 8 | (c)), (5 << 8 | (c)), (5 << 8 | (c))
#define C5(c) C5_HALF(c), C5_HALF(c)
static const __u16 http2_short_codes[256] = {
	/* clang-format off */
	C5('0'), C5('1'), C5('2'), C5('a'), C5('c'), C5('e'), C5('i'), C5('o'), C5('s'), C5('t'),
	C6(' '), C6('%'), C6('-'), C6('.'), C6('/'), C6('3'), C6('4'), C6('5'), C6('6'), C6('7'),
	C6('8'), C6('9'), C6('='), C6('A'), C6('_'), C6('b'), C6('d'), C6('f'), C6('g'), C6('h'),
	C6('l'), C6('m'), C6('n'), C6('p'), C6('r'), C6('u'),
	C7(':'), C7('B'), C7('C'), C7('D'), C7('E'), C7('F'), C7('G'), C7('H'), C7('I'), C7('J'),
	C7('K'), C7('L'), C7('M'), C7('N'), C7('O'), C7('P'), C7('Q'), C7('R'), C7('S'), C7('T'),
	C7('U'), C7('V'), C7('W'), C7('Y'), C7('j'), C7('k'), C7('q'), C7('v'), C7('w'), C7('x'),
	C7('y'), C7('z'),
	C8('&'), C8('*'), C8(','), C8(';'), C8('X'), C8('Z'),
	/* clang-format on */
};
#undef C8
#undef C7
#undef C6
#undef C5_HALF
#undef C5

/* The codes of one length above eight bits. */
struct http2_codes {
	__u32 begin; /* the first one, and zeros behind it: 32 bits */
	__u16 first; /* its symbol's place among http2_long_symbols */
	__u16 length;
};

static const struct http2_codes http2_long_codes[HTTP2_CODE_LENGTHS] = {
	{0xfe000000, 0, 10},   {0xff400000, 5, 11},   {0xffa00000, 8, 12},   {0xffc00000, 10, 13},
	{0xfff00000, 16, 14},  {0xfff80000, 18, 15},  {0xfffe0000, 21, 19},  {0xfffe6000, 24, 20},
	{0xfffee000, 32, 21},  {0xffff4800, 45, 22},  {0xffffb000, 71, 23},  {0xffffea00, 100, 24},
	{0xfffff600, 112, 25}, {0xfffff800, 116, 26}, {0xfffffbc0, 131, 27}, {0xfffffe20, 150, 28},
	{0xfffffff0, 179, 30},
};

/* In the order of their codes. Behind the last one stands EOS. */
static const __u8 http2_long_symbols[184] =
	"!\"()?'+|#>\0$@[]~^}<`{\\\xc3\xd0"
	"\x80\x82\x83\xa2\xb8\xc2\xe0\xe2"
	"\x99\xa1\xa7\xac\xb0\xb1\xb3\xd1\xd8\xd9\xe3\xe5\xe6"
	"\x81\x84\x85\x86\x88\x92\x9a\x9c\xa0\xa3\xa4\xa9\xaa\xad\xb2\xb5\xb9\xba\xbb\xbd\xbe\xc4\xc6"
	"\xe4\xe8\xe9"
	"\x01\x87\x89\x8a\x8b\x8c\x8d\x8f\x93\x95\x96\x97\x98\x9b\x9d\x9e\xa5\xa6\xa8\xae\xaf\xb4\xb6"
	"\xb7\xbc\xbf\xc5\xe7\xef"
	"\x09\x8e\x90\x91\x94\x9f\xab\xce\xd7\xe1\xec\xed"
	"\xc7\xcf\xea\xeb"
	"\xc0\xc1\xc8\xc9\xca\xcd\xd2\xd5\xda\xdb\xee\xf0\xf2\xf3\xff"
	"\xcb\xcc\xd3\xd4\xd6\xdd\xde\xdf\xf1\xf4\xf5\xf6\xf7\xf8\xfa\xfb\xfc\xfd\xfe"
	"\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x17\x18\x19\x1a\x1b\x1c"
	"\x1d\x1e\x1f\x7f\xdc\xf9"
	"\x0a\x0d\x16";

enum {
	HTTP2_LONG_EOS = 182,
};

/* The code that `bits`, 32 of them, begin with: it is longer than eight bits. Returns HTTP2_CODE(). */
HTTP2_SEPARATE __u32 http2_long_code(__u32 bits)
{
	__u32 row = 0, at;

	HTTP2_LOOP
	for (__u32 i = 1; i < HTTP2_CODE_LENGTHS; i++)
		row += ((__u64)http2_long_codes[i].begin - 1 - bits) >> 63;
	row = HTTP2_HIDE(row);
	if (row >= HTTP2_CODE_LENGTHS)
		return HTTP2_CODE(HTTP2_EOS, 30);
	at = http2_long_codes[row].first +
	     ((bits - http2_long_codes[row].begin) >> (32 - http2_long_codes[row].length));
	at = HTTP2_HIDE(at);
	if (at >= HTTP2_LONG_EOS)
		return HTTP2_CODE(HTTP2_EOS, 30);
	return HTTP2_CODE(http2_long_symbols[at], http2_long_codes[row].length);
}

/* The code that `bits` begin with, at the upper end. Returns HTTP2_CODE(). */
static inline __attribute__((always_inline)) __u32 http2_code(__u64 bits)
{
	__u32 code = http2_short_codes[bits >> 56];

	if (code >> 8)
		return HTTP2_CODE(code & 0xff, code >> 8);
	return http2_long_code(bits >> 32);
}

#endif
