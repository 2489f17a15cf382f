/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Walks over the bytes of a finished operation: copies what the parser must see in chunks, passes
 * what it need not see by length.
 */
#ifndef SLIPROBE_STREAM_STREAM_BPF_H
#define SLIPROBE_STREAM_STREAM_BPF_H

#include "kernel/conn.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/chunk.bpf.h"
#include "protocol/flow.bpf.h"
#include "protocol/http1.bpf.h"
#include "stream/io.bpf.h"

enum {
	PUMP_STEPS = 1 << 20,
};

struct pump {
	struct flow *flow;
	struct io *io;
};

/*
 * Makes bytes ready for the parser, in io->piece, or passes those that it need not see, with what that
 * completed in *ret_event. Returns false if there are no more.
 */
static __always_inline bool pump_fill(struct http1 *parser, struct io *io, __u32 *ret_event)
{
	__u64 opaque = http1_opaque(parser);
	__u64 n;

	if (io->piece.pos < io->piece.len)
		return true;
	if (!io->left)
		return false;
	if (!io->segment_left && !io_next_segment(io))
		return false;
	n = io->segment_left < io->left ? io->segment_left : io->left;
	if (!n)
		return true; /* an empty segment */
	if (!opaque)
		return io_copy(io, n, http1_in_head(parser) ? CHUNK_BYTES : CHUNK_FIRST);
	n = n < opaque ? n : opaque;
	io_advance(io, n);
	*ret_event = http1_pass(parser, n);
	return true;
}

/* One step of the walk over an operation's bytes. Returns 1 when there is nothing left to do. */
static __always_inline long pump_step(struct flow *flow, struct io *io, const bool sending)
{
	struct http1 *parser = sending ? &flow->conn->tx : &flow->conn->rx;
	struct piece *piece = &io->piece;
	__u32 event = HTTP1_EV_NONE;
	bool stop = false;

	if (!pump_fill(parser, io, &event))
		return 1;
	if (piece->pos < piece->len) {
		if (!http1_at_start(parser))
			event = http1_feed_on(parser, &piece->chunk, &piece->pos, piece->len);
		else if (!sending)
			event = rx_first(flow->conn, piece, flow->now_ns,
					 flow->now_ns - flow->arrived_ns);
		else if (HTTP1_AT(&piece->chunk, piece->pos) == 'H' && tx_begin(flow))
			stop = true;
		else
			event = tx_first(flow->conn, piece, flow->now_ns,
					 flow->sk->__sk_common.skc_state == TCP_CLOSE_WAIT);
	}
	if (event != HTTP1_EV_NONE)
		stop = sending ? tx_event(flow, event, true) : rx_event(flow, event);
	if (stop) {
		io->left = 0; /* on purpose: the rest is not looked at */
		return 1;
	}
	return piece->pos >= piece->len && !io->left;
}

static long rx_pump_step(__u32 i, struct pump *pump)
{
	return pump_step(pump->flow, pump->io, false);
}

static long tx_pump_step(__u32 i, struct pump *pump)
{
	return pump_step(pump->flow, pump->io, true);
}

/* All bytes of the operation: mostly it is one message, and one step. */
static __always_inline void rx_pump(struct flow *flow, struct io *io)
{
	struct pump pump = {.flow = flow, .io = io};

	if (!pump_step(flow, io, false))
		bpf_loop(PUMP_STEPS, rx_pump_step, &pump, 0);
}

static __always_inline void tx_pump(struct flow *flow, struct io *io)
{
	struct pump pump = {.flow = flow, .io = io};

	if (!pump_step(flow, io, true))
		bpf_loop(PUMP_STEPS, tx_pump_step, &pump, 0);
}

/*
 * `n` bytes passed without their payload being readable. Inside a body that is all the same;
 * elsewhere the direction can no longer be followed. Returns false then.
 */
static __always_inline bool rx_unseen(struct flow *flow, __u64 n)
{
	struct http1 *rx = &flow->conn->rx;
	enum http1_event event;

	if (http1_opaque(rx) < n)
		return false;
	event = http1_pass(rx, n);
	if (event != HTTP1_EV_NONE)
		rx_event(flow, event);
	return true;
}

static __always_inline bool tx_unseen(struct flow *flow, __u64 n, bool own)
{
	struct http1 *tx = &flow->conn->tx;
	enum http1_event event;

	if (http1_opaque(tx) < n)
		return false;
	event = http1_pass(tx, n);
	if (event != HTTP1_EV_NONE)
		tx_event(flow, event, own);
	return true;
}

#endif
