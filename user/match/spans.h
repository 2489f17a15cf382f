/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers for sequences of words, so that equal subsets of positions become one state. */
#ifndef SLIPROBE_MATCH_SPANS_H
#define SLIPROBE_MATCH_SPANS_H

#include <linux/types.h>
#include <stddef.h>

enum {
	SPANS_MAX_ITEMS = 1 << 24, /* words in all: 64 MiB */
};

/* Distinct sequences, numbered in order of arrival. Starts as all 0. */
struct spans {
	__u32 *items; /* all sequences, one after the other */
	size_t n_items, items_capacity;
	struct span {
		size_t first;
		__u32 len;
		__u32 hash;
	} * spans;
	size_t n, capacity;
	__u32 *slots; /* hash table with linear probing: number + 1, or 0 */
	size_t n_slots; /* a power of two, or 0 */
};

void spans_clear(struct spans *spans);

/*
 * Returns 0 and the sequence's number, -ENOMEM, or -E2BIG if it would be one more than `max`
 * sequences or pass SPANS_MAX_ITEMS.
 */
int spans_intern(struct spans *spans, const __u32 *words, size_t len, size_t max,
		 __u32 *ret_number);

/*
 * Makes room for `want` elements in the array that array_at points to, by doubling *capacity.
 * Returns 0 or -ENOMEM.
 */
int array_reserve(void *array_at, size_t *capacity, size_t want, size_t element_bytes);

#endif
