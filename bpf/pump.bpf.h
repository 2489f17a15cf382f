/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Walks over the bytes of a finished operation: copies what the parser must see in chunks, passes
 * what it need not see by length.
 */
#ifndef SLIPROBE_PUMP_BPF_H
#define SLIPROBE_PUMP_BPF_H

enum {
	PUMP_STEPS = 1 << 20,
};

struct parse {
	struct http1 *parser;
	struct io *io;
	__u32 event; /* enum http1_event of the last step */
};

static long parse_step(__u32 i, struct parse *parse)
{
	struct io *io = parse->io;
	__u32 pos = io->pos, len = io->len;
	__u32 result;

	if (pos >= len || pos >= CHUNK_BYTES || len > CHUNK_BYTES)
		return 1;
	result = http1_step(parse->parser, &io->chunk, pos, len);
	io->pos = pos + http1_result_consumed(result);
	parse->event = http1_result_event(result);
	return parse->event != HTTP1_EV_NONE || http1_opaque(parse->parser);
}

/* Parses the copied bytes up to the first event, opaque bytes, or their end. */
__noinline __u32 parse_chunk(struct http1 *parser, struct io *io)
{
	struct parse parse = {.parser = parser, .io = io};

	if (!parser || !io)
		return HTTP1_EV_NONE;
	bpf_loop(CHUNK_BYTES, parse_step, &parse, 0);
	return parse.event;
}

/*
 * Makes bytes ready for the parser, in io->chunk, or passes those that it need not see, with what that
 * completed in *ret_event. Returns false if there are no more.
 */
static __always_inline bool pump_fill(struct http1 *parser, struct io *io, __u32 *ret_event)
{
	__u64 opaque = http1_opaque(parser);
	__u64 n;

	if (io->pos < io->len)
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
static __always_inline long pump_step(struct pump *pump, const bool sending)
{
	struct http1 *parser = sending ? &pump->conn->tx : &pump->conn->rx;
	struct io *io = &pump->scratch->io;
	__u32 event = HTTP1_EV_NONE;
	bool stop = false;

	if (!pump_fill(parser, io, &event))
		return 1;
	if (io->pos < io->len) {
		__u64 opaque = http1_opaque(parser);

		if (opaque) {
			__u64 n = io->len - io->pos;

			n = n < opaque ? n : opaque;
			io->pos += n;
			event = http1_pass(parser, n);
		} else if (parser->state != HTTP1_START) {
			event = parse_chunk(parser, io);
		} else if (!sending) {
			event = rx_first(pump->conn, io, pump->now_ns,
					 pump->now_ns - pump->arrived_ns);
		} else if (HTTP1_AT(&io->chunk, io->pos) == 'H' && tx_begin(pump)) {
			stop = true;
		} else {
			event = tx_first(pump->conn, io, pump->now_ns,
					 pump->sk->__sk_common.skc_state == TCP_CLOSE_WAIT);
		}
	}
	if (event != HTTP1_EV_NONE)
		stop = sending ? tx_event(pump, event, true) : rx_event(pump, event);
	if (stop) {
		io->left = 0; /* on purpose: the rest is not looked at */
		return 1;
	}
	return io->pos >= io->len && !io->left;
}

static long rx_pump_step(__u32 i, struct pump *pump)
{
	return pump_step(pump, false);
}

static long tx_pump_step(__u32 i, struct pump *pump)
{
	return pump_step(pump, true);
}

/* All bytes of the operation: mostly it is one message, and one step. */
static __always_inline void rx_pump(struct pump *pump)
{
	if (!pump_step(pump, false))
		bpf_loop(PUMP_STEPS, rx_pump_step, pump, 0);
}

static __always_inline void tx_pump(struct pump *pump)
{
	if (!pump_step(pump, true))
		bpf_loop(PUMP_STEPS, tx_pump_step, pump, 0);
}

/*
 * `n` bytes passed without their payload being readable. Inside a body that is all the same;
 * elsewhere the direction can no longer be followed. Returns false then.
 */
static __always_inline bool rx_unseen(struct pump *pump, __u64 n)
{
	struct http1 *rx = &pump->conn->rx;
	enum http1_event event;

	if (http1_opaque(rx) < n)
		return false;
	event = http1_pass(rx, n);
	if (event != HTTP1_EV_NONE)
		rx_event(pump, event);
	return true;
}

static __always_inline bool tx_unseen(struct pump *pump, __u64 n, bool own)
{
	struct http1 *tx = &pump->conn->tx;
	enum http1_event event;

	if (http1_opaque(tx) < n)
		return false;
	event = http1_pass(tx, n);
	if (event != HTTP1_EV_NONE)
		tx_event(pump, event, own);
	return true;
}

#endif
