/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bytes of one side of a connection, in order, an operation at a time: copies bytes that the
 * protocol must see, in chunks, passes by length those that it need not see, and reports lost ones.
 */
#ifndef SLIPROBE_STREAM_STREAM_BPF_H
#define SLIPROBE_STREAM_STREAM_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "protocol/chunk.bpf.h"
#include "protocol/conn.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/protocol.bpf.h"
#include "stream/io.bpf.h"

enum {
	STREAM_STEPS = 1 << 23, /* of an operation: segments, chunks and events */
};

struct stream_walk {
	struct flow *flow;
	struct io *io;
};

/* Copies bytes to the piece, or passes those that need not be seen. Returns false if there are no more. */
static __always_inline bool stream_fill(struct flow *flow, struct io *io, const enum side side)
{
	__u64 opaque, n;

	if (!io->left)
		return false;
	if (!io->segment_left && !io_next_segment(io))
		return false;
	n = io->segment_left < io->left ? io->segment_left : io->left;
	if (!n)
		return true; /* an empty segment */
	opaque = protocol_opaque(flow, side);
	if (!opaque)
		return io_copy(io, n, protocol_wants(flow, side));
	n = n < opaque ? n : opaque;
	io_advance(io, n);
	protocol_pass(flow, side, n, WRITER_SEND);
	return true;
}

/* One step of the walk. Returns 1 when there is nothing left to do. */
static __always_inline long stream_step(struct flow *flow, struct io *io, const enum side side)
{
	struct piece *piece = &io->piece;

	if (piece->pos >= piece->len && !stream_fill(flow, io, side))
		return 1;
	if (piece->pos < piece->len && protocol_feed(flow, side)) {
		io->unread = io->left + piece->len - piece->pos;
		io->left = 0; /* on purpose: the rest is not looked at */
		return 1;
	}
	return piece->pos >= piece->len && !io->left;
}

static long stream_step_request(__u32 i, struct stream_walk *walk)
{
	return stream_step(walk->flow, walk->io, SIDE_REQUEST);
}

static long stream_step_response(__u32 i, struct stream_walk *walk)
{
	return stream_step(walk->flow, walk->io, SIDE_RESPONSE);
}

/* All bytes of the operation: mostly it is one message, and one step. Returns false if some were lost. */
static __always_inline bool stream_bytes(struct flow *flow, struct io *io, const enum side side)
{
	struct stream_walk walk = {.flow = flow, .io = io};
	long steps = 0;

	flow->piece = &io->piece;
	if (stream_step(flow, io, side))
		return !io->left;
	if (side == SIDE_REQUEST)
		steps = bpf_loop(STREAM_STEPS, stream_step_request, &walk, 0);
	else
		steps = bpf_loop(STREAM_STEPS, stream_step_response, &walk, 0);
	if (!io->left)
		return true;
	if (steps == STREAM_STEPS)
		stat_error(KERR_FRAGMENTED);
	return false;
}

/*
 * `n` bytes passed that could not be read. Inside a body that does no harm. Elsewhere the side can
 * no longer be followed: returns false.
 */
static __always_inline bool stream_unseen(struct flow *flow, __u64 n, const enum side side,
					  const enum writer writer)
{
	if (protocol_opaque(flow, side) < n)
		return false;
	protocol_pass(flow, side, n, writer);
	return true;
}

#endif
