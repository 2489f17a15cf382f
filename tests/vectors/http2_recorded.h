/* SPDX-License-Identifier: GPL-2.0-only */
/* Connections whose header blocks other encoders have made: reads what http2_recordings.py writes. */
#ifndef SLIPROBE_TESTS_HTTP2_RECORDED_H
#define SLIPROBE_TESTS_HTTP2_RECORDED_H

#include "tests/vectors/http2_traffic.h"

static inline bool recorded_number(FILE *file, __u32 *ret)
{
	return fread(ret, sizeof(*ret), 1, file) == 1;
}

/* A string that lives as long as the traffic. */
static inline bool recorded_text(FILE *file, struct traffic *t, struct text *ret)
{
	static char bytes[1 << 17];
	__u32 len;

	if (!recorded_number(file, &len) || len > sizeof(bytes) ||
	    fread(bytes, 1, len, file) != len)
		return false;
	*ret = traffic_text(t, bytes, len);
	return true;
}

static inline bool recorded_block(FILE *file, struct traffic *t)
{
	struct http2_result block = traffic_block_begin(t);
	struct field field;
	struct text wire;
	__u32 n;

	if (!recorded_text(file, t, &wire) || !recorded_number(file, &n))
		return false;
	while (n--) {
		if (!recorded_text(file, t, &field.name) || !recorded_text(file, t, &field.value))
			return false;
		http2_expect(t->plan.side, &t->segments[t->n_segments - 1].starts, field, &block);
	}
	memcpy(t->block, wire.bytes, wire.len);
	t->encoder.n_out = wire.len;
	/* a table above the usual size is announced ahead of everything else */
	for (size_t i = 0; i < wire.len && (t->block[i] & 0xe0) == 0x20; i++) {
		__u32 room = t->block[i] & 0x1f, shift = 0;

		while (room >= 0x1f && (!shift || t->block[i] & 0x80)) {
			i++;
			room += (t->block[i] & 0x7fU) << shift;
			shift += 7;
		}
		if (room > HTTP2_TABLE_BYTES)
			traffic_event(t, HTTP2_EV_GROW, 0, 0)->number = room;
	}
	traffic_block_end(t, block);
	return true;
}

/* The next connection, in frames made at random. Returns false if there is none, or it is not whole. */
static inline bool recorded_next(FILE *file, __u64 seed, struct traffic *t)
{
	struct traffic_plan plan = {.seed = seed, .room = HTTP2_TABLE_BYTES};
	__u8 kind[2];
	__u32 n;

	if (fread(kind, sizeof(kind), 1, file) != 1 || !recorded_number(file, &n))
		return false;
	plan.side = kind[0] ? HTTP2_RESPONSES : HTTP2_REQUESTS;
	if (kind[1])
		plan.room = HTTP2_WIDE_BYTES;
	traffic_begin(t, &plan);
	for (__u32 i = 0; i < n; i++) {
		if (i == n / 2)
			traffic_segment(t);
		traffic_between(t);
		if (!recorded_block(file, t))
			return false;
	}
	traffic_end(t);
	return true;
}

/* What http2_recordings.py writes with these arguments; NULL: it cannot be started. */
static inline FILE *recording_open(const char *arguments)
{
	char command[512];

	(void)snprintf(command, sizeof(command),
		       "/usr/bin/python3 -B tests/vectors/http2_recordings.py %s", arguments);
	return popen(command, "re"); /* NOLINT(cert-env33-c): no input of anybody's */
}

#endif
