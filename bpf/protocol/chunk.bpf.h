/* SPDX-License-Identifier: GPL-2.0-only */
/* A chunk of bytes, as a parser reads it in the kernel. */
#ifndef SLIPROBE_PROTOCOL_CHUNK_BPF_H
#define SLIPROBE_PROTOCOL_CHUNK_BPF_H

#include "http1/parse.h"
#include "kernel/helpers.bpf.h"

enum {
	CHUNK_ROOM = 4096, /* a power of two: offsets are masked, for the verifier */
	CHUNK_BYTES = CHUNK_ROOM - 8, /* so that the end is an offset, too */
	CHUNK_FIRST = 1016, /* of a message: what is behind a head is copied for nothing */
};

struct chunk {
	__u8 bytes[CHUNK_ROOM + HTTP1_SCAN_BYTES]; /* room for what is read at the last offset */
};

/* Bytes of an operation that have been copied. */
struct piece {
	__u32 pos; /* in chunk: the next byte to look at */
	__u32 len;
	/* user addresses, of HTTP/2: where the segment that it is of begins, and behind its bytes */
	__u64 segment;
	__u64 behind;
	struct chunk chunk;
};

typedef struct chunk *http1_bytes;
typedef struct chunk *tls_bytes; /* of tls/records.h */
typedef struct chunk *http2_bytes; /* of http2/words.h */

/* One load or store: at an address that may be odd, the compiler would take the word byte by byte. */
#define CHUNK_WORD(at, n)                                                                          \
	({                                                                                         \
		__u64 word_;                                                                       \
		asm volatile("%0 = *(u64 *)(%1 + %2)" : "=r"(word_) : "r"(at), "i"(n));            \
		word_;                                                                             \
	})

/* Returns `pos`. The verifier forgets its range: it is XORed twice with a value it does not know. */
static __always_inline __u64 chunk_forget(__u64 pos, __u64 other)
{
	asm volatile("%0 ^= %1" : "+r"(pos) : "r"(other));
	asm volatile("%0 ^= %1" : "+r"(pos) : "r"(other));
	return pos;
}

/* Puts line feeds behind the bytes, for a parser that reads a word at a time. */
static __always_inline void chunk_end(struct chunk *chunk, __u32 len)
{
	__u64 word = 0x0a0a0a0a0a0a0a0aULL;

	asm volatile("*(u64 *)(%0 + 0) = %1"
		     :
		     : "r"(&chunk->bytes[len & (CHUNK_ROOM - 1)]), "r"(word)
		     : "memory");
}

#define HTTP1_AT(chunk, pos) ((chunk)->bytes[(pos) & (CHUNK_ROOM - 1)])
#define HTTP1_LOAD64(chunk, pos, len) CHUNK_WORD(&HTTP1_AT(chunk, pos), 0)
#define HTTP1_LOAD64_ON(chunk, pos, n, len) CHUNK_WORD(&HTTP1_AT(chunk, pos), n)
#define HTTP1_WITHIN(pos) ((pos) & (CHUNK_ROOM - 1))
#define HTTP1_FORGET(pos, other) HTTP1_WITHIN(chunk_forget(pos, other))
#define HTTP1_MEET() MEET_PATHS()
#define HTTP1_REPEAT(n, step, context) bpf_loop(n, step, context, 0)
#define HTTP1_LOOP _Pragma("clang loop unroll(disable)")
#define HTTP1_UNROLL _Pragma("clang loop unroll(full)")
#define HTTP1_SEPARATE __noinline
#define TLS_AT(chunk, pos) HTTP1_AT(chunk, pos)
#define TLS_REPEAT(n, step, context) bpf_loop(n, step, context, 0)
#define HTTP2_AT(chunk, pos) HTTP1_AT(chunk, pos)
#define HTTP2_LOAD64(chunk, pos, len) HTTP1_LOAD64(chunk, pos, len)
#define HTTP2_FORGET(pos, other) HTTP1_FORGET(pos, other)
#define HTTP2_HIDE(number)                                                                         \
	({                                                                                         \
		__u64 hidden_ = (number);                                                          \
		barrier_var(hidden_);                                                              \
		(__u32) hidden_;                                                                   \
	})
#define HTTP2_HOLD(pointer) barrier_var(pointer)
#define HTTP2_REPEAT(n, step, context) bpf_loop(n, step, context, 0)
#define HTTP2_LOOP _Pragma("clang loop unroll(disable)")
#define HTTP2_SEPARATE __noinline

#endif
