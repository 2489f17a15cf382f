/* SPDX-License-Identifier: GPL-2.0-only */
#include "match/spans.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int array_reserve(void *array_at, size_t *capacity, size_t want, size_t element_bytes)
{
	void **array = array_at;
	size_t bigger = *capacity ? *capacity : 64;
	void *moved;

	if (want <= *capacity)
		return 0;
	while (bigger < want)
		bigger *= 2;
	moved = realloc(*array, bigger * element_bytes);
	if (!moved)
		return -ENOMEM;
	*array = moved;
	*capacity = bigger;
	return 0;
}

void spans_clear(struct spans *spans)
{
	free(spans->items);
	free(spans->spans);
	free(spans->slots);
	*spans = (struct spans){};
}

static __u32 hash_words(const __u32 *words, size_t len)
{
	__u64 hash = len;

	for (size_t i = 0; i < len; i++) {
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 32;
	}
	return (__u32)hash;
}

static int spans_grow_slots(struct spans *spans)
{
	size_t n_slots = spans->n_slots ? spans->n_slots * 2 : 64;
	__u32 *slots = calloc(n_slots, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < spans->n; i++) {
		size_t slot = spans->spans[i].hash & (n_slots - 1);

		while (slots[slot])
			slot = (slot + 1) & (n_slots - 1);
		slots[slot] = (__u32)i + 1;
	}
	free(spans->slots);
	spans->slots = slots;
	spans->n_slots = n_slots;
	return 0;
}

int spans_intern(struct spans *spans, const __u32 *words, size_t len, size_t max, __u32 *ret_number)
{
	__u32 hash = hash_words(words, len);
	size_t slot;
	int r;

	if (spans->n * 2 >= spans->n_slots) {
		r = spans_grow_slots(spans);
		if (r)
			return r;
	}
	slot = hash & (spans->n_slots - 1);
	for (; spans->slots[slot]; slot = (slot + 1) & (spans->n_slots - 1)) {
		const struct span *span = &spans->spans[spans->slots[slot] - 1];

		if (span->hash == hash && span->len == len &&
		    (!len || !memcmp(spans->items + span->first, words, len * sizeof(*words)))) {
			*ret_number = spans->slots[slot] - 1;
			return 0;
		}
	}

	if (spans->n >= max || len > SPANS_MAX_ITEMS - spans->n_items)
		return -E2BIG;
	r = array_reserve(&spans->items, &spans->items_capacity, spans->n_items + len,
			  sizeof(*spans->items));
	if (!r)
		r = array_reserve(&spans->spans, &spans->capacity, spans->n + 1,
				  sizeof(*spans->spans));
	if (r)
		return r;
	if (len)
		memcpy(spans->items + spans->n_items, words, len * sizeof(*words));
	spans->spans[spans->n] =
		(struct span){.first = spans->n_items, .len = (__u32)len, .hash = hash};
	spans->n_items += len;
	spans->slots[slot] = (__u32)++spans->n;
	*ret_number = (__u32)spans->n - 1;
	return 0;
}
