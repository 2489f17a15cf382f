/* SPDX-License-Identifier: GPL-2.0-only */
#include "record/keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum { SLOTS = 2 * RECORD_KEYS_MAX }; /* a power of two */

static uint64_t hash(const struct store_traffic_key *key)
{
	return hash_fnv1a(key->service, strlen(key->service)) * 31 +
	       hash_fnv1a(key->route, strlen(key->route)) * 7 +
	       hash_fnv1a(key->method, strlen(key->method)) + key->role;
}

static bool same(const struct store_traffic_key *a, const struct store_traffic_key *b)
{
	return a->role == b->role && !strcmp(a->method, b->method) && !strcmp(a->route, b->route) &&
	       !strcmp(a->service, b->service);
}

/* The slot that has the key, or the empty one where it belongs. */
static uint32_t *find(const struct record_keys *keys, const struct store_traffic_key *key)
{
	uint64_t at = hash(key);

	for (;; at++) {
		uint32_t *slot = &keys->slots[at % SLOTS];

		if (!*slot || same(&keys->list[*slot - 1], key))
			return slot;
	}
}

static void key_free(struct store_traffic_key *key)
{
	free((char *)key->service);
	free((char *)key->route);
	free((char *)key->method);
	*key = (struct store_traffic_key){};
}

static int put(struct record_keys *keys, uint32_t number, const struct store_traffic_key *key,
	       uint32_t *slot)
{
	struct store_traffic_key copy = {
		.service = strdup(key->service),
		.route = strdup(key->route),
		.method = strdup(key->method),
		.role = key->role,
	};

	if (!copy.service || !copy.route || !copy.method) {
		key_free(&copy);
		return -ENOMEM;
	}
	keys->list[number] = copy;
	*slot = number + 1;
	return 0;
}

int record_keys_init(struct record_keys *keys)
{
	const struct store_traffic_key others = {"", "", "", 0};

	keys->list = calloc(RECORD_KEYS_MAX, sizeof(*keys->list));
	keys->slots = calloc(SLOTS, sizeof(*keys->slots));
	keys->free = calloc(RECORD_KEYS_MAX, sizeof(*keys->free));
	if (!keys->list || !keys->slots || !keys->free)
		return -ENOMEM;
	keys->n = 1;
	return put(keys, 0, &others, find(keys, &others));
}

void record_keys_clear(struct record_keys *keys)
{
	for (size_t i = 0; keys->list && i < keys->n; i++)
		key_free(&keys->list[i]);
	free(keys->list);
	free(keys->slots);
	free(keys->free);
	*keys = (struct record_keys){};
}

int record_keys_number(struct record_keys *keys, const struct store_traffic_key *key, uint32_t *ret)
{
	uint32_t *slot = find(keys, key), number;
	int r;

	if (*slot) {
		*ret = *slot - 1;
		return 0;
	}
	if (!keys->n_free && keys->n == RECORD_KEYS_MAX) {
		*ret = 0;
		return 0;
	}
	number = keys->n_free ? keys->free[keys->n_free - 1] : (uint32_t)keys->n;
	r = put(keys, number, key, slot);
	if (r)
		return r;
	if (keys->n_free)
		keys->n_free--;
	else
		keys->n++;
	*ret = number;
	return 0;
}

void record_keys_drop(struct record_keys *keys, const bool in_use[RECORD_KEYS_MAX])
{
	memset(keys->slots, 0, SLOTS * sizeof(*keys->slots));
	keys->n_free = 0;
	for (uint32_t i = 0; i < keys->n; i++) {
		if (i && !in_use[i] && keys->list[i].service)
			key_free(&keys->list[i]);
		if (keys->list[i].service)
			*find(keys, &keys->list[i]) = i + 1;
		else
			keys->free[keys->n_free++] = i;
	}
}
