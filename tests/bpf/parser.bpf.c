/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs the parser, the automata and the histogram in the kernel, over inputs that
 * tests/bpf/test_parser.c puts into the globals. The walk over the pieces is that of
 * bpf/stream/stream.bpf.h.
 */
#include "abi.h"
#include "kernel/dfa.bpf.h" /* here `value` of `accepts` is the accept set's own number */
#include "kernel/helpers.bpf.h"
#include "protocol/chunk.bpf.h"

/* needs what the two above define */
#include "http1_parse.h"

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

struct copy {
	__u32 pos;
	__u32 len;
	struct chunk chunk;
};

static struct copy copy;

/*
 * In a map and not on the stack: Linux 6.1 verifies a loop's callback as if it ran once, and takes
 * what its known values then lead nowhere to for dead code.
 */
__u32 pump_piece;
__u32 pump_next; /* offset of the next byte to copy */
__u32 pump_event;

static inline __u32 http1_test_accept(__u32 state)
{
	struct accept *accept = dfa_accept(state);

	return accept ? accept->value : 0;
}

static long parse_step(__u32 i, void *ctx)
{
	__u32 pos = copy.pos, len = copy.len;
	__u32 result, consumed;

	if (pos >= len || pos >= CHUNK_BYTES || len > CHUNK_BYTES)
		return 1;
	result = http1_step(&run.parser, &copy.chunk, pos, len);
	consumed = http1_result_consumed(result);
	if (!consumed || consumed > len - pos) {
		run.faulty = 1;
		run.stopped = 1;
		return 1;
	}
	copy.pos = pos + consumed;
	run.offset += consumed;
	pump_event = http1_result_event(result);
	return pump_event != HTTP1_EV_NONE || http1_opaque(&run.parser);
}

/* Copies what comes next of the current piece. Returns false if that fails. */
static __always_inline bool copy_next(__u32 n)
{
	__u32 size = n > CHUNK_BYTES ? CHUNK_BYTES : n;

	barrier_var(size);
	if (size > CHUNK_BYTES)
		return false;
	if (bpf_probe_read_kernel(&copy.chunk, size, &input[pump_next & (INPUT_ROOM - 1)])) {
		copies_failed++;
		return false;
	}
	chunk_end(&copy.chunk, size);
	copy.pos = 0;
	copy.len = size;
	pump_next += size;
	return true;
}

static long pump_step(__u32 i, void *ctx)
{
	__u64 opaque = http1_opaque(&run.parser);
	__u32 end, n;

	if (run.stopped)
		return 1;
	pump_event = HTTP1_EV_NONE;
	if (copy.pos < copy.len) {
		n = copy.len - copy.pos;
		if (opaque) {
			n = n < opaque ? n : opaque;
			copy.pos += n;
			run.offset += n;
			pump_event = http1_pass(&run.parser, n);
		} else {
			bpf_loop(CHUNK_BYTES, parse_step, NULL, 0);
		}
	} else {
		if (pump_piece >= n_pieces || pump_piece >= INPUT_ROOM)
			return 1;
		end = piece_end[pump_piece];
		if (pump_next >= end) {
			pump_piece++;
			return 0;
		}
		n = end - pump_next;
		if (!opaque)
			return !copy_next(n);
		n = n < opaque ? n : opaque;
		pump_next += n;
		run.offset += n;
		pump_event = http1_pass(&run.parser, n);
	}
	if (pump_event != HTTP1_EV_NONE)
		http1_run_event(&run, pump_event);
	return 0;
}

SEC("syscall")
int parse(void *ctx)
{
	pump_piece = 0;
	pump_next = 0;
	copy.pos = 0;
	copy.len = 0;
	bpf_loop(1 << 20, pump_step, NULL, 0);
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
