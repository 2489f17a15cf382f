/* SPDX-License-Identifier: GPL-2.0-only */
#include "slo/cells.h"

#include <errno.h>
#include <stdlib.h>

enum {
	VARINT_BYTES = 10, /* of 64 bits, 7 in each */
	VARINT_MORE = 0x80,
};

void cells_clear(struct cells *cells)
{
	free(cells->list);
	*cells = (struct cells){};
}

int cells_add(struct cells *cells, uint32_t key, uint16_t code, uint64_t n)
{
	if (cells->n == cells->max) {
		size_t max = cells->max ? 2 * cells->max : 64;
		struct cell *grown = reallocarray(cells->list, max, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		cells->list = grown;
		cells->max = max;
	}
	cells->list[cells->n++] = (struct cell){key, code, n};
	return 0;
}

static int order(const struct cell *a, const struct cell *b)
{
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (int)a->code - (int)b->code;
}

static int order_at(const void *a, const void *b)
{
	return order(a, b);
}

void cells_settle(struct cells *cells)
{
	size_t n = 0;

	if (cells->n)
		qsort(cells->list, cells->n, sizeof(*cells->list), order_at);
	for (size_t i = 0; i < cells->n; i++) {
		if (n && !order(&cells->list[n - 1], &cells->list[i]))
			cells->list[n - 1].n += cells->list[i].n;
		else if (cells->list[i].n)
			cells->list[n++] = cells->list[i];
	}
	cells->n = n;
}

/* The index after the last cell with the key of cell `first`. */
static size_t key_end(const struct cells *cells, size_t first)
{
	size_t end = first;

	while (end < cells->n && cells->list[end].key == cells->list[first].key)
		end++;
	return end;
}

/* Two settled lists are walked together, key by key: the cells of one key in each. */
struct walk {
	const struct cells *before;
	const struct cells *now;
	size_t before_from, before_to;
	size_t now_from, now_to;
};

static bool next_key(struct walk *walk)
{
	uint32_t key = UINT32_MAX;

	walk->before_from = walk->before_to;
	walk->now_from = walk->now_to;
	if (walk->before_from == walk->before->n && walk->now_from == walk->now->n)
		return false;
	if (walk->before_from < walk->before->n)
		key = walk->before->list[walk->before_from].key;
	if (walk->now_from < walk->now->n && walk->now->list[walk->now_from].key < key)
		key = walk->now->list[walk->now_from].key;
	if (walk->before_from < walk->before->n && walk->before->list[walk->before_from].key == key)
		walk->before_to = key_end(walk->before, walk->before_from);
	if (walk->now_from < walk->now->n && walk->now->list[walk->now_from].key == key)
		walk->now_to = key_end(walk->now, walk->now_from);
	return true;
}

/* Whether a counter of the key has fallen: then all began anew. */
static bool key_fell(const struct walk *walk)
{
	size_t at = walk->now_from;

	for (size_t i = walk->before_from; i < walk->before_to; i++) {
		const struct cell *before = &walk->before->list[i];

		while (at < walk->now_to && walk->now->list[at].code < before->code)
			at++;
		if (at == walk->now_to || walk->now->list[at].code != before->code ||
		    walk->now->list[at].n < before->n)
			return true;
	}
	return false;
}

bool cells_fell(const struct cells *before, const struct cells *now)
{
	struct walk walk = {.before = before, .now = now};

	while (next_key(&walk)) {
		if (key_fell(&walk))
			return true;
	}
	return false;
}

static int add_growth(const struct walk *walk, struct cells *ret)
{
	size_t at = key_fell(walk) ? walk->before_to : walk->before_from;
	int r = 0;

	for (size_t i = walk->now_from; !r && i < walk->now_to; i++) {
		const struct cell *now = &walk->now->list[i];
		uint64_t known = 0;

		while (at < walk->before_to && walk->before->list[at].code < now->code)
			at++;
		if (at < walk->before_to && walk->before->list[at].code == now->code)
			known = walk->before->list[at].n;
		if (now->n > known)
			r = cells_add(ret, now->key, now->code, now->n - known);
	}
	return r;
}

int cells_growth(const struct cells *before, const struct cells *now, struct cells *ret)
{
	struct walk walk = {.before = before, .now = now};
	struct cells growth = {};
	int r = 0;

	while (!r && next_key(&walk))
		r = add_growth(&walk, &growth);
	if (r) {
		cells_clear(&growth);
		return r;
	}
	*ret = growth;
	return 0;
}

/* ---- packed: for each cell the steps of key and code, and the number, in LEB128 ---- */

static unsigned char *put_varint(unsigned char *at, uint64_t value)
{
	for (; value >= VARINT_MORE; value >>= 7)
		*at++ = (unsigned char)(value | VARINT_MORE);
	*at++ = (unsigned char)value;
	return at;
}

/* Returns false at the end of the bytes, and for more than 64 bits. */
static bool take_varint(const unsigned char **at, const unsigned char *end, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; *at < end && shift < 64; shift += 7) {
		unsigned char byte = *(*at)++;

		value |= (uint64_t)(byte & (VARINT_MORE - 1)) << shift;
		if (!(byte & VARINT_MORE)) {
			*ret = value;
			return true;
		}
	}
	return false;
}

/*
 * A cell begins with the step of its code, doubled, and one more if it is of another key: then the
 * step of the key follows, and the code is from 0.
 */
int cells_pack(const struct cells *cells, unsigned char **ret_bytes, size_t *ret_n)
{
	unsigned char *bytes = malloc(cells->n * 3 * VARINT_BYTES + 1), *at = bytes, *fitted;
	uint32_t key = 0, code = 0;
	bool first = true;

	if (!bytes)
		return -ENOMEM;
	for (size_t i = 0; i < cells->n; i++) {
		const struct cell *cell = &cells->list[i];
		bool other = first || cell->key != key;

		at = put_varint(at, 2ULL * (other ? cell->code : cell->code - code) + other);
		if (other)
			at = put_varint(at, cell->key - key);
		at = put_varint(at, cell->n);
		key = cell->key;
		code = cell->code;
		first = false;
	}
	*ret_n = (size_t)(at - bytes);
	fitted = realloc(bytes, *ret_n + 1);
	*ret_bytes = fitted ? fitted : bytes;
	return 0;
}

int cells_unpack(const unsigned char *bytes, size_t n, struct cells *cells)
{
	const unsigned char *end = n ? bytes + n : bytes; /* NULL, if there are none */
	uint64_t key = 0, code = 0, step, number;
	int r = 0;

	while (!r && bytes < end) {
		if (!take_varint(&bytes, end, &step))
			return -EUCLEAN;
		code = step & 1 ? step >> 1 : code + (step >> 1);
		if (step & 1) {
			if (!take_varint(&bytes, end, &step) || step > UINT32_MAX - key)
				return -EUCLEAN;
			key += step;
		}
		if (code >= CELL_CODES || !take_varint(&bytes, end, &number))
			return -EUCLEAN;
		r = cells_add(cells, (uint32_t)key, (uint16_t)code, number);
	}
	return r;
}
