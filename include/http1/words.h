/* SPDX-License-Identifier: GPL-2.0-only */
/* Private to the HTTP/1.x parser: bytes, one at a time and as words of eight, the first one lowest. */
#ifndef SLIPROBE_HTTP1_WORDS_H
#define SLIPROBE_HTTP1_WORDS_H

#include "types.h"

enum {
	HTTP1_STEP_MAX = 128, /* bytes that one step skips at most; a multiple of 8 */
};

#define HTTP1_ONES 0x0101010101010101ULL

/* The kernel has a definition of its own of each of these, for its verifier: see parse.h. */
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
#define HTTP1_LOAD64_ON(buf, pos, n, len) HTTP1_LOAD64(buf, (pos) + (n), len)
#define HTTP1_WITHIN(pos) (pos)
#define HTTP1_FORGET(pos, other) (pos)
#define HTTP1_MEET()
#define HTTP1_REPEAT(n, step, context)                                                             \
	for (__u32 i_ = 0; i_ < (n) && !step(i_, context); i_++)                                   \
		;
#define HTTP1_LOOP
#define HTTP1_UNROLL
#define HTTP1_SEPARATE static inline
#endif

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

/* A bit in each byte below `c`, and perhaps in others: behind the first such one, or not ASCII */
static inline __u64 http1_bytes_below(__u64 word, __u8 c)
{
	return (word - HTTP1_ONES * c) & (HTTP1_ONES << 7);
}

/* Bytes before the first that is marked; 8: none is. */
static inline __u32 http1_bytes_before(__u64 marks)
{
	marks >>= 7;
	return ((marks - 1) & ~marks & HTTP1_ONES) * HTTP1_ONES >> 56;
}

/* http1_bytes_before() for marks != 0: shifts the right one of a table of answers to the top. */
static inline __u32 http1_bytes_first(__u64 marks)
{
	return ((marks & -marks) >> 7) * 0x0020406080a0c0e0ULL >> 61;
}

/*
 * The number of bytes up to the next line feed, with it; *ret_found is 1 then. If there is none, the
 * number of bytes that may be skipped; *ret_found is 0 then.
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

#endif
