/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory between two pages that nobody may touch, so that a read beyond either end of an input is a
 * crash, whatever the compiler made of it.
 */
#ifndef SLIPROBE_TESTS_GUARD_H
#define SLIPROBE_TESTS_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
	uint8_t *first; /* behind the page below */
	size_t room; /* a whole number of pages */
};

/* Room for inputs of up to `len` bytes. Returns false if there is no memory. */
static inline bool guard_init(struct guard *guard, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (len + page) / page * page;
	uint8_t *map = mmap(NULL, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return false;
	if (mprotect(map + page, room, PROT_READ | PROT_WRITE)) {
		munmap(map, room + 2 * page);
		return false;
	}
	guard->first = map + page;
	guard->room = room;
	return true;
}

static inline void guard_clear(struct guard *guard)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	munmap(guard->first - page, guard->room + 2 * page);
	guard->first = NULL;
}

/* Copies the input to where its last byte is the last one before the page above. */
static inline const uint8_t *guard_at_end(const struct guard *guard, const uint8_t *bytes,
					  size_t len)
{
	uint8_t *at = guard->first + guard->room - len;

	memcpy(at, bytes, len);
	return at;
}

/* Copies the input to where its first byte is the first one behind the page below. */
static inline const uint8_t *guard_at_start(const struct guard *guard, const uint8_t *bytes,
					    size_t len)
{
	memcpy(guard->first, bytes, len);
	return guard->first;
}

#endif
