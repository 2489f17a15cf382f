/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs the HTTP/2 follower in the kernel, over inputs that tests/bpf/test_http2.c puts into the globals. */
#include "abi.h"
#include "kernel/dfa.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/chunk.bpf.h"

/* need what the two above define */
#include "http2/feed.h"
#include "http2/join.h"
#include "http2/redecide.h"

#include "tests/vectors/http2_driver.h"

char LICENSE[] SEC("license") = "GPL";

enum {
	INPUT_ROOM = 1 << 20, /* a power of two */
};

/* ---- written by the test ---- */

__u8 input[INPUT_ROOM];
__u32 piece_end[INPUT_ROOM]; /* offsets; the last one is the input's length */
__u32 n_pieces;
__u32 next; /* offset of the next byte to feed; from there on the test leaves it as it is */
__u32 path_start, agent_start;

/* ---- read by the test ---- */

struct http2_run run; /* set up by the test, too */
__u32 copies_failed;
__u32 frames; /* http2_frames_at() of the first piece */

/* In maps and not on the stack: see tests/bpf/parser.bpf.c. */
static struct chunk chunk;
__u32 piece_now;

/* Copies the next bytes of the input, n at most. Returns how many; 0: it failed. */
static __always_inline __u32 copy_next(__u32 n)
{
	__u32 size = n > CHUNK_BYTES ? CHUNK_BYTES : n;

	barrier_var(size);
	if (size > CHUNK_BYTES)
		return 0;
	if (bpf_probe_read_kernel(&chunk, size, &input[next & (INPUT_ROOM - 1)])) {
		copies_failed++;
		return 0;
	}
	return size;
}

/* As bpf/stream: opaque bytes are passed by length, the others copied. */
static long follow_step(__u32 i, void *ctx)
{
	__u32 end, n, size;

	if (piece_now >= n_pieces || piece_now >= INPUT_ROOM)
		return 1;
	end = piece_end[piece_now];
	if (next >= end) {
		piece_now++;
		return 0;
	}
	n = end - next;
	size = http2_run_unseen(&run, n);
	if (!size) {
		size = copy_next(n);
		if (!size)
			return 1;
		http2_run_feed(&run, &chunk, size);
	}
	next += size;
	return 0;
}

/* From where the state of `run` is. */
SEC("syscall")
int follow(void *ctx)
{
	piece_now = 0;
	bpf_loop(1 << 22, follow_step, NULL, 0);
	return 0;
}

SEC("syscall")
int redecide(void *ctx)
{
	http2_redecide(&run.conn, run.wide_used ? &run.wide : NULL, path_start, agent_start);
	return 0;
}

SEC("syscall")
int look(void *ctx)
{
	__u32 size;

	next = 0;
	frames = 0;
	size = copy_next(piece_end[0]);
	if (size)
		frames = http2_frames_at(&chunk, 0, size, run.side & 1);
	return 0;
}

/* ---- cost ---- */

__u32 rounds; /* the chunk is fed so often */
__u32 n_events;
static __u32 chunk_len;

static long round_step(__u32 i, void *ctx)
{
	if (run.pos >= chunk_len)
		return 1;
	if (http2_feed(&run.conn, NULL, (enum http2_side)(run.side & 1), &chunk, &run.pos,
		       chunk_len))
		n_events++;
	return 0;
}

static long measure_step(__u32 i, void *ctx)
{
	run.pos = 0;
	bpf_loop(CHUNK_ROOM, round_step, NULL, 0);
	return 0;
}

/* Feeds one piece again and again. */
SEC("syscall")
int measure(void *ctx)
{
	next = 0;
	n_events = 0;
	chunk_len = copy_next(piece_end[0]);
	bpf_loop(rounds, measure_step, NULL, 0);
	return 0;
}
