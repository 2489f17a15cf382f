/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs include/tls in the kernel, over recordings that tests/bpf/test_tls_records.c puts into the globals. */
#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "protocol/chunk.bpf.h"

/* needs what that defines */
#include "tests/vectors/tls_play.h"

char LICENSE[] SEC("license") = "GPL";

enum {
	INPUT_ROOM = 1 << 20, /* powers of two */
	STEPS_ROOM = 4096,
};

/* ---- written by the test ---- */

__u8 input[INPUT_ROOM];
struct tls_step steps[STEPS_ROOM];
__u32 n_steps;
__u32 piece_most; /* bytes of an operation */

/* ---- read by the test ---- */

struct tls_play play; /* set up by the test, too */
__u32 copies_failed;

/* In maps and not on the stack, as in the hooks. */
static struct piece piece;
static struct tls_step step;
__u32 step_now;
__u32 next; /* offset of the step's next byte */
__u32 piece_end;

static __always_inline long wire_bytes(const enum tls_way way)
{
	__u32 size;

	if (next >= piece_end)
		return 1;
	size = tls_play_unseen(&play, way, piece_end - next, step.nested);
	next += size;
	if (size)
		return 0;
	size = piece_end - next;
	if (size > CHUNK_BYTES)
		size = CHUNK_BYTES;
	barrier_var(size);
	if (size > CHUNK_BYTES)
		return 1;
	if (bpf_probe_read_kernel(&piece.chunk, size, &input[next & (INPUT_ROOM - 1)])) {
		copies_failed++;
		return 1;
	}
	piece.pos = 0;
	piece.len = size;
	tls_play_feed(&play, way, &piece.chunk, &piece.pos, piece.len, step.nested);
	next += piece.pos;
	return 0;
}

static long wire_bytes_read(__u32 i, void *ctx)
{
	return wire_bytes(TLS_WAY_READ);
}

static long wire_bytes_written(__u32 i, void *ctx)
{
	return wire_bytes(TLS_WAY_WRITE);
}

/* One operation: a piece of the step's bytes. Returns 1 if there is none. */
static long wire_piece(__u32 i, void *ctx)
{
	__u32 n = step.at + step.n - next;

	if (!n)
		return 1;
	piece_end = next + (n < piece_most ? n : piece_most);
	tls_records_begin(&play.records[step.way & 1]);
	if (step.way == TLS_WAY_READ)
		bpf_loop(1 << 20, wire_bytes_read, NULL, 0);
	else
		bpf_loop(1 << 20, wire_bytes_written, NULL, 0);
	return 0;
}

static __noinline int told(void)
{
	if (step.way == TLS_WAY_READ)
		tls_play_told(&play, TLS_WAY_READ, step.n, step.asked);
	else
		tls_play_told(&play, TLS_WAY_WRITE, step.n, step.asked);
	return 0;
}

static __noinline int settled(__u32 end)
{
	tls_play_settled(&play, (enum tls_end)end);
	return 0;
}

static long run_step(__u32 i, void *ctx)
{
	if (step_now >= n_steps)
		return 1;
	step = steps[step_now++ & (STEPS_ROOM - 1)];
	if (step.kind == TLS_STEP_TOLD)
		return told();
	if (step.kind == TLS_STEP_SETTLED)
		return settled(TLS_GOES_ON);
	next = step.at;
	bpf_loop(1 << 20, wire_piece, NULL, 0);
	return 0;
}

SEC("syscall")
int run(void *ctx)
{
	step_now = 0;
	bpf_loop(STEPS_ROOM, run_step, NULL, 0);
	settled(TLS_ENDED);
	return 0;
}
