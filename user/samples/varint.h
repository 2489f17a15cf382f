/* SPDX-License-Identifier: GPL-2.0-only */
/* Unsigned numbers in as few bytes as they need, seven bits each: LEB128 (DWARF 5, section 7.6). */
#ifndef SLIPROBE_SAMPLES_VARINT_H
#define SLIPROBE_SAMPLES_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VARINT_MAX = 10 };

/* Writes at most VARINT_MAX bytes. Returns how many. */
static inline size_t varint_write(uint64_t value, uint8_t *to)
{
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		to[n++] = (uint8_t)(value | 0x80);
	to[n++] = (uint8_t)value;
	return n;
}

/* Bytes from outside. After the end, or a number beyond 64 bits, `bad` is set, and every number is 0. */
struct varint_reader {
	const uint8_t *bytes;
	size_t at, end;
	bool bad;
};

static inline uint64_t varint_read(struct varint_reader *in)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64 && in->at < in->end && !in->bad; shift += 7) {
		const uint8_t byte = in->bytes[in->at++];

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	in->bad = true;
	return 0;
}

#endif
