/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of traffic's cells: a number for each service, role, route and method. */
#ifndef SLIPROBE_RECORD_KEYS_H
#define SLIPROBE_RECORD_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

enum {
	RECORD_KEYS_MAX = 32768, /* beyond, new ones are key 0, whose texts are "" */
};

struct record_keys {
	struct store_traffic_key *list; /* by number; texts NULL: the number is free */
	size_t n; /* numbers ever given out, 0 included */
	uint32_t *slots; /* a hash table: number + 1, or 0 */
	uint32_t *free; /* numbers to be given out again */
	size_t n_free;
};

/* Returns 0 or -ENOMEM. */
int record_keys_init(struct record_keys *keys);
void record_keys_clear(struct record_keys *keys);

/* The key's number. Returns 0 or -ENOMEM. */
int record_keys_number(struct record_keys *keys, const struct store_traffic_key *key,
		       uint32_t *ret);

/* True if so many are given out that those not in use should be found and dropped. */
static inline bool record_keys_crowded(const struct record_keys *keys)
{
	return keys->n - keys->n_free > RECORD_KEYS_MAX / 4 * 3;
}

/* Drops the numbers that are not in use. in_use: by number. */
void record_keys_drop(struct record_keys *keys, const bool in_use[RECORD_KEYS_MAX]);

#endif
