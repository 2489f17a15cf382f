/* SPDX-License-Identifier: GPL-2.0-only */
/* A chunk of bytes, as the parser of include/http1_parse.h reads it in the kernel. */
#ifndef SLIPROBE_CHUNK_BPF_H
#define SLIPROBE_CHUNK_BPF_H

enum {
	CHUNK_BYTES = 512, /* a power of two: offsets are masked */
};

struct chunk {
	__u8 bytes[CHUNK_BYTES];
	__u8 overrun[8]; /* room for a word read at the last byte */
	__u32 forget[2]; /* see chunk_forget() */
};

typedef struct chunk *http1_bytes;

/* What comes from a map, the verifier knows nothing of: it follows a loop once, not with each value. */
static __always_inline __u32 chunk_forget(struct chunk *chunk, __u32 number)
{
	volatile __u32 *forget = &chunk->forget[0];

	*forget = number;
	return *forget;
}

/* One load: from an address that may be odd, the compiler would put the word together of bytes. */
static __always_inline __u64 chunk_word(const __u8 *at)
{
	__u64 word;

	asm volatile("%0 = *(u64 *)(%1 + 0)" : "=r"(word) : "r"(at));
	return word;
}

#define HTTP1_AT(chunk, pos) ((chunk)->bytes[(pos) & (CHUNK_BYTES - 1)])
#define HTTP1_LOAD64(chunk, pos, len) chunk_word(&HTTP1_AT(chunk, pos))
#define HTTP1_FORGET(chunk, number) chunk_forget(chunk, number)
#define HTTP1_LOOP _Pragma("clang loop unroll(disable)")
#define HTTP1_SEPARATE __noinline

#endif
