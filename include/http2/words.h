/* SPDX-License-Identifier: GPL-2.0-only */
/* Private to the HTTP/2 follower: bytes of a piece, and results. */
#ifndef SLIPROBE_HTTP2_WORDS_H
#define SLIPROBE_HTTP2_WORDS_H

#include "types.h"

/* The kernel has a definition of its own of each of these, for its verifier: see parse.h. */
#ifndef HTTP2_AT
typedef const __u8 *http2_bytes;

static inline __u64 http2_load64(const __u8 *at, __s32 n)
{
	__u64 word = 0;

	if (n > 0)
		__builtin_memcpy(&word, at, (__u32)n < sizeof(word) ? (__u32)n : sizeof(word));
	return word;
}

#define HTTP2_AT(buf, pos) ((buf)[pos])
#define HTTP2_LOAD64(buf, pos, len) http2_load64(&(buf)[pos], (__s32)((len) - (pos)))
#define HTTP2_FORGET(pos, other) (pos)
#define HTTP2_HIDE(number) (number)
#define HTTP2_HOLD(pointer)
#define HTTP2_REPEAT(n, step, context)                                                             \
	for (__u32 i_ = 0; i_ < (n) && !step(i_, context); i_++)                                   \
		;
#define HTTP2_LOOP
#define HTTP2_SEPARATE static inline
#endif

#endif
