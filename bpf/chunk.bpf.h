/* SPDX-License-Identifier: GPL-2.0-only */
/* A chunk of bytes, as the parser of include/http1_parse.h reads it in the kernel. */
#ifndef SLIPROBE_CHUNK_BPF_H
#define SLIPROBE_CHUNK_BPF_H

enum {
	CHUNK_ROOM = 1024, /* a power of two: offsets are masked, for the verifier */
	CHUNK_BYTES = CHUNK_ROOM - 8, /* so that the end is an offset, too */
};

struct chunk {
	__u8 bytes[CHUNK_ROOM + 8]; /* room for a word read at the last offset */
};

typedef struct chunk *http1_bytes;

/* One load or store: at an address that may be odd, the compiler would take the word byte by byte. */
static __always_inline __u64 chunk_word(const __u8 *at)
{
	__u64 word;

	asm volatile("%0 = *(u64 *)(%1 + 0)" : "=r"(word) : "r"(at));
	return word;
}

/* What the parser is to read behind the bytes: line feeds. */
static __always_inline void chunk_end(struct chunk *chunk, __u32 len)
{
	__u64 word = 0x0a0a0a0a0a0a0a0aULL;

	asm volatile("*(u64 *)(%0 + 0) = %1"
		     :
		     : "r"(&chunk->bytes[len & (CHUNK_ROOM - 1)]), "r"(word)
		     : "memory");
}

#define HTTP1_AT(chunk, pos) ((chunk)->bytes[(pos) & (CHUNK_ROOM - 1)])
#define HTTP1_LOAD64(chunk, pos, len) chunk_word(&HTTP1_AT(chunk, pos))
#define HTTP1_WITHIN(pos) ((pos) & (CHUNK_ROOM - 1))
#define HTTP1_LOOP _Pragma("clang loop unroll(disable)")
#define HTTP1_SEPARATE __noinline

#endif
