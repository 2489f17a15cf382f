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

	if (pos >= len || pos >= IO_CHUNK || len > IO_CHUNK)
		return 1;
	result = http1_step(parse->parser, io->buf, pos, len);
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
	bpf_loop(IO_CHUNK, parse_step, &parse, 0);
	return parse.event;
}

/* One step of the walk over an operation's bytes. Returns 1 when there is nothing left to do. */
static __always_inline long pump_step(struct pump *pump, const bool sending)
{
	struct http1 *parser = sending ? &pump->conn->tx : &pump->conn->rx;
	struct io *io = &pump->scratch->io;
	__u64 opaque = http1_opaque(parser);
	__u32 event;
	__u64 n;

	if (io->pos < io->len) {
		n = io->len - io->pos;
		if (opaque) {
			n = n < opaque ? n : opaque;
			io->pos += n;
			event = http1_pass(parser, n);
		} else {
			event = parse_chunk(parser, io);
		}
	} else {
		if (!io->left)
			return 1;
		if (!io->segment_left)
			return !io_next_segment(io);
		n = io->segment_left < io->left ? io->segment_left : io->left;
		if (!opaque)
			return !io_copy(io, n);
		n = n < opaque ? n : opaque;
		io_advance(io, n);
		event = http1_pass(parser, n);
	}
	if (event == HTTP1_EV_NONE)
		return 0;
	if (sending ? tx_event(pump, event) : rx_event(pump, event)) {
		io->left = 0; /* on purpose: the rest is not looked at */
		return 1;
	}
	return 0;
}

static long rx_pump_step(__u32 i, struct pump *pump)
{
	return pump_step(pump, false);
}

static long tx_pump_step(__u32 i, struct pump *pump)
{
	return pump_step(pump, true);
}

/*
 * `n` bytes passed without their payload being readable. Inside a body that is all the same;
 * elsewhere the direction can no longer be followed. Returns false then.
 */
static __always_inline bool rx_unseen(struct pump *pump, __u64 n)
{
	struct http1 *rx = &pump->conn->rx;

	if (http1_opaque(rx) < n)
		return false;
	rx_event(pump, http1_pass(rx, n));
	return true;
}

static __always_inline bool tx_unseen(struct pump *pump, __u64 n)
{
	struct http1 *tx = &pump->conn->tx;

	if (http1_opaque(tx) < n)
		return false;
	tx_event(pump, http1_pass(tx, n));
	return true;
}

#endif
