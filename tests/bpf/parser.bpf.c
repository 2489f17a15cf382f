/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs the parser, the automata and the histogram in the kernel, over inputs that
 * tests/bpf/test_parser.c puts into the globals.
 */
#include "abi.h"
#include "kernel/dfa.bpf.h" /* here `value` of `accepts` is the accept set's own number */
#include "kernel/helpers.bpf.h"
#include "protocol/chunk.bpf.h"

/* needs what the two above define */
#include "http1/feed.h"

#include "tests/vectors/http1_driver.h"

char LICENSE[] SEC("license") = "GPL";

enum {
	INPUT_ROOM = 128 << 10, /* a power of two */
	HIST_VALUES = 512,
};

/* ---- written by the test ---- */

__u8 input[INPUT_ROOM];
__u32 piece_end[INPUT_ROOM]; /* offsets; the last one is the input's length */
__u32 n_pieces;
__u64 hist_ns[HIST_VALUES];
__u32 n_hist;

/* ---- read by the test ---- */

struct http1_run run; /* set up by the test, too */
__u32 hist_buckets[HIST_VALUES];
__u32 copies_failed;

/*
 * In a map and not on the stack: Linux 6.1 verifies a loop's callback as if it ran once, and removes
 * code that the values it knows then never reach.
 */
static struct chunk chunk;
__u32 piece_now;
__u32 next; /* offset of the next byte to feed */

static inline __u32 http1_test_accept(__u32 state)
{
	struct accept *accept = dfa_accept(state);

	return accept ? accept->value : 0;
}

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
	chunk_end(&chunk, size);
	return size;
}

/* As bpf/stream: opaque bytes are passed by length, the others copied. */
static long parse_step(__u32 i, void *ctx)
{
	__u32 end, n, size;

	if (run.stopped || piece_now >= n_pieces || piece_now >= INPUT_ROOM)
		return 1;
	end = piece_end[piece_now];
	if (next >= end) {
		piece_now++;
		return 0;
	}
	n = end - next;
	size = http1_run_unseen(&run, n);
	if (!size) {
		size = copy_next(n);
		if (!size)
			return 1;
		http1_run_feed(&run, &chunk, size);
	}
	next += size;
	return 0;
}

SEC("syscall")
int parse(void *ctx)
{
	piece_now = 0;
	next = 0;
	bpf_loop(1 << 20, parse_step, NULL, 0);
	http1_run_finish(&run);
	return 0;
}

static long hist_step(__u32 i, void *ctx)
{
	if (i >= HIST_VALUES)
		return 1;
	hist_buckets[i] = hist_bucket(hist_ns[i]);
	return 0;
}

SEC("syscall")
int bucket(void *ctx)
{
	bpf_loop(n_hist, hist_step, NULL, 0);
	return 0;
}
