/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As stream/stream, for a connection of HTTP/2: the bytes of one of its sides, in order, an operation at a time. A walk of
 * its own, as it is a program's of its own.
 */
#ifndef SLIPROBE_STREAM_FRAMES_BPF_H
#define SLIPROBE_STREAM_FRAMES_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "protocol/chunk.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/http2.bpf.h"
#include "protocol/http2_head.bpf.h"
#include "stream/io.bpf.h"
#include "stream/stream.bpf.h"

struct frames_walk {
	struct flow *flow;
	struct http2_followed *followed;
	struct io *io;
};

/*
 * Copies bytes of the segment to the piece. A frame's header that a server writes by itself gets what it is of, which is
 * mostly the next segment, behind it. Returns false if they cannot be read.
 */
static __always_inline bool frames_copy(struct frames_walk *walk, const enum side side, __u64 n)
{
	struct io *io = walk->io;
	struct piece *piece = &io->piece;

	if (!io_copy(io, n, CHUNK_FIRST))
		return false;
	if (side == SIDE_RESPONSE && piece->len == HTTP2_HEADER_BYTES && !io->segment_left &&
	    io->left && piece->chunk.bytes[HTTP2_TYPE_AT] == HTTP2_HEADERS &&
	    http2_side_begins_frame(walk->followed, side) &&
	    !io_append(io, HTTP2_HEADER_BYTES, CHUNK_FIRST))
		return false;
	piece->behind = io->segment;
	return true;
}

/* Whether there is more of the operation behind the piece, which ends here. */
static __always_inline bool frames_go_on(struct frames_walk *walk, const enum side side)
{
	struct io *io = walk->io;

	if (io->left && io->segment_left)
		return true;
	if (side == SIDE_REQUEST)
		http2_head_pause(walk->flow, walk->followed);
	if (!io->left || !io_next_segment(io))
		return false;
	io->piece.segment = io->segment;
	io->piece.behind = io->segment;
	return true;
}

/* One step of the walk. Returns 1 when there is nothing left to do, or bytes cannot be read. */
static __always_inline long frames_step(struct frames_walk *walk, const enum side side,
					const enum writer writer)
{
	struct io *io = walk->io;
	struct piece *piece = &io->piece;
	__u64 opaque, n;

	if (piece->pos >= piece->len) {
		if (!frames_go_on(walk, side))
			return 1;
		n = io->segment_left < io->left ? io->segment_left : io->left;
		if (!n)
			return 0; /* an empty segment */
		opaque = http2_side_opaque(walk->followed, side);
		if (opaque) {
			n = n < opaque ? n : opaque;
			io_advance(io, n);
			piece->behind = io->segment;
			http2_side_pass(walk->followed, side, n);
			goto act;
		}
		if (!frames_copy(walk, side, n))
			return 1;
	}
	http2_side_feed(walk->flow, walk->followed, side, piece);
act:
	http2_act(walk->flow, walk->followed, side, http2_side_event(walk->followed, side), writer);
	/* a request's block that ends here is noted by frames_go_on() */
	return piece->pos >= piece->len && !io->left &&
	       !(side == SIDE_REQUEST && http2_side_in_block(walk->followed, side));
}

static long frames_step_request(__u32 i, struct frames_walk *walk)
{
	return frames_step(walk, SIDE_REQUEST, WRITER_RECV);
}

static long frames_step_send(__u32 i, struct frames_walk *walk)
{
	return frames_step(walk, SIDE_RESPONSE, WRITER_SEND);
}

static long frames_step_shared(__u32 i, struct frames_walk *walk)
{
	return frames_step(walk, SIDE_RESPONSE, WRITER_SHARED);
}

/* All bytes of the operation. Returns false if some were lost. */
static __always_inline bool frames_bytes(struct flow *flow, struct http2_followed *followed,
					 struct io *io, const enum side side,
					 const enum writer writer)
{
	struct frames_walk walk = {.flow = flow, .followed = followed, .io = io};
	long steps;

	flow->piece = &io->piece;
	io->piece.behind = io->segment;
	io->piece.segment = io->segment - io->piece.len;
	if (side == SIDE_REQUEST)
		steps = bpf_loop(STREAM_STEPS, frames_step_request, &walk, 0);
	else if (writer == WRITER_SEND)
		steps = bpf_loop(STREAM_STEPS, frames_step_send, &walk, 0);
	else
		steps = bpf_loop(STREAM_STEPS, frames_step_shared, &walk, 0);
	if (!io->left)
		return true;
	if (steps == STREAM_STEPS)
		stat_error(KERR_FRAGMENTED);
	return false;
}

/* `n` bytes passed that could not be read. Returns false if the side can no longer be followed. */
static __always_inline bool frames_unseen(struct flow *flow, struct http2_followed *followed,
					  __u64 n, const enum side side, const enum writer writer)
{
	if (http2_side_opaque(followed, side) < n)
		return false;
	http2_side_pass(followed, side, n);
	http2_act(flow, followed, side, http2_side_event(followed, side), writer);
	return true;
}

#endif
