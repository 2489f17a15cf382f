/* SPDX-License-Identifier: GPL-2.0-only */
/* FNV-1a, 64 bit: http://www.isthe.com/chongo/tech/comp/fnv/ */
#ifndef SLIPROBE_BASE_HASH_H
#define SLIPROBE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t hash_fnv1a(const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * 0x100000001b3;
	return hash;
}

#endif
