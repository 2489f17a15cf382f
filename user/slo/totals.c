/* SPDX-License-Identifier: GPL-2.0-only */
#include "slo/totals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	ADVANCE_MAX = 8, /* entries a look-up goes forward before it searches */
};

static struct slo_events block_total(const struct slo_block *block, size_t i)
{
	return (struct slo_events){.good = block->first.good + block->good[i],
				   .bad = block->first.bad + block->bad[i]};
}

static int64_t block_bucket(const struct slo_block *block, size_t i)
{
	return block->bucket + block->offset[i];
}

static bool block_append(struct slo_block *block, int64_t bucket, struct slo_events total)
{
	struct slo_events since = slo_events_minus(total, block->first);

	if (block->n == SLO_BLOCK_BUCKETS || bucket - block->bucket > UINT16_MAX ||
	    since.good > UINT32_MAX || since.bad > UINT32_MAX)
		return false;
	block->offset[block->n] = (uint16_t)(bucket - block->bucket);
	block->good[block->n] = (uint32_t)since.good;
	block->bad[block->n] = (uint32_t)since.bad;
	block->n++;
	return true;
}

int slo_totals_grow(struct slo_totals *totals, size_t n)
{
	size_t wanted = totals->n_blocks + n;

	if (totals->max_blocks < wanted) {
		size_t max = totals->max_blocks ? totals->max_blocks : 4;
		struct slo_block **blocks;

		while (max < wanted)
			max *= 2;
		blocks = realloc(totals->blocks, max * sizeof(struct slo_block *));
		if (!blocks)
			return -ENOMEM;
		totals->blocks = blocks;
		totals->max_blocks = max;
	}
	while (totals->n_ready < wanted) {
		struct slo_block *block = malloc(sizeof(*block));

		if (!block)
			return -ENOMEM;
		totals->blocks[totals->n_ready++] = block;
	}
	return 0;
}

void slo_totals_trim(struct slo_totals *totals)
{
	while (totals->n_ready > totals->n_blocks + 1)
		free(totals->blocks[--totals->n_ready]);
}

void slo_totals_clear(struct slo_totals *totals)
{
	for (size_t i = 0; i < totals->n_ready; i++)
		free(totals->blocks[i]);
	free(totals->blocks);
	memset(totals, 0, sizeof(*totals));
}

bool slo_totals_append(struct slo_totals *totals, int64_t bucket, struct slo_events total)
{
	struct slo_block *block = totals->n_blocks ? totals->blocks[totals->n_blocks - 1] : NULL;

	if (block && block_append(block, bucket, total))
		return false;
	block = totals->blocks[totals->n_blocks++];
	block->bucket = bucket;
	block->first = total;
	block->n = 0;
	block_append(block, bucket, total);
	return true;
}

void slo_totals_drop(struct slo_totals *totals, int64_t bucket)
{
	size_t n = 0;

	while (n < totals->n_blocks &&
	       block_bucket(totals->blocks[n], totals->blocks[n]->n - 1) <= bucket) {
		totals->dropped = block_total(totals->blocks[n], totals->blocks[n]->n - 1);
		free(totals->blocks[n]);
		n++;
	}
	if (!n)
		return;
	totals->n_dropped += n;
	totals->n_blocks -= n;
	totals->n_ready -= n;
	memmove(totals->blocks, totals->blocks + n, totals->n_ready * sizeof(*totals->blocks));
}

void slo_totals_rebase(struct slo_totals *totals, struct slo_events base)
{
	for (size_t i = 0; i < totals->n_blocks; i++) {
		totals->blocks[i]->first.good += base.good;
		totals->blocks[i]->first.bad += base.bad;
	}
	totals->dropped.good += base.good;
	totals->dropped.bad += base.bad;
}

/*
 * An entry of a block. Blocks count from the oldest that is kept, entries from the block's first.
 */
struct place {
	size_t block;
	size_t entry;
};

static struct slo_events stay_at(const struct slo_totals *totals, struct place place,
				 int64_t next_us, struct slo_stay *stay)
{
	const struct slo_block *block = totals->blocks[place.block];

	stay->block = totals->n_dropped + place.block;
	stay->entry = (uint32_t)place.entry;
	stay->from_us = block_bucket(block, place.entry) * totals->width_us;
	if (place.entry + 1 < block->n)
		stay->until_us = block_bucket(block, place.entry + 1) * totals->width_us;
	else if (place.block + 1 < totals->n_blocks)
		stay->until_us = totals->blocks[place.block + 1]->bucket * totals->width_us;
	else
		stay->until_us = next_us;
	stay->total = block_total(block, place.entry);
	return stay->total;
}

/* Goes a few entries on from the last look-up. False if the place is further away. */
static bool place_near(const struct slo_totals *totals, int64_t t_us, const struct slo_stay *stay,
		       struct place *ret)
{
	struct place place = {(size_t)(stay->block - totals->n_dropped), stay->entry};
	const struct slo_block *block;

	/* also true of a block that was dropped: the difference wraps */
	if (place.block >= totals->n_blocks)
		return false;
	block = totals->blocks[place.block];
	if (block_bucket(block, place.entry) * totals->width_us > t_us)
		return false;
	for (int i = 0; i < ADVANCE_MAX; i++) {
		if (place.entry + 1 < block->n) {
			if (block_bucket(block, place.entry + 1) * totals->width_us > t_us)
				goto found;
			place.entry++;
			continue;
		}
		if (place.block + 1 == totals->n_blocks)
			goto found;
		block = totals->blocks[place.block + 1];
		if (block->bucket * totals->width_us > t_us)
			goto found;
		place.block++;
		place.entry = 0;
	}
	return false;
found:
	*ret = place;
	return true;
}

/* The number of blocks that begin at or before t_us. */
static size_t blocks_until(const struct slo_totals *totals, int64_t t_us)
{
	size_t low = 0, high = totals->n_blocks;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (totals->blocks[mid]->bucket * totals->width_us <= t_us)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct slo_events slo_totals_find(const struct slo_totals *totals, int64_t t_us, int64_t next_us,
				  struct slo_stay *stay)
{
	size_t n, low = 1, high;
	const struct slo_block *block;
	struct place place;

	if (place_near(totals, t_us, stay, &place))
		return stay_at(totals, place, next_us, stay);
	n = blocks_until(totals, t_us);
	if (!n) {
		*stay = (struct slo_stay){
			.from_us = t_us,
			.until_us = totals->n_blocks ?
					    totals->blocks[0]->bucket * totals->width_us :
					    next_us,
			.total = totals->dropped,
			/* the nearest place: the first block that is kept */
			.block = totals->n_dropped,
		};
		return stay->total;
	}
	block = totals->blocks[n - 1];
	high = block->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (block_bucket(block, mid) * totals->width_us <= t_us)
			low = mid + 1;
		else
			high = mid;
	}
	return stay_at(totals, (struct place){n - 1, low - 1}, next_us, stay);
}

static bool block_ends_before(const struct slo_totals *totals, size_t i, int64_t t_us)
{
	const struct slo_block *block = totals->blocks[i];

	return block_bucket(block, block->n - 1) * totals->width_us < t_us;
}

/* `before`: the running total before the block; afterwards, at its end. */
static int block_each(const struct slo_block *block, int64_t from_bucket, slo_totals_fn fn,
		      void *context, struct slo_events *before)
{
	int r = 0;

	for (size_t i = 0; !r && i < block->n; i++) {
		struct slo_events total = block_total(block, i);

		if (block_bucket(block, i) >= from_bucket)
			r = fn(context, block_bucket(block, i), *before, total);
		*before = total;
	}
	return r;
}

int slo_totals_each(const struct slo_totals *totals, int64_t from_us, slo_totals_fn fn,
		    void *context, struct slo_events *ret_last)
{
	struct slo_events before = totals->dropped;
	int64_t from_bucket = ceil_div(from_us, totals->width_us);
	size_t i = totals->n_blocks;
	int r = 0;

	/* from the end, as mostly the newest are asked for */
	while (i && !block_ends_before(totals, i - 1, from_us))
		i--;
	if (i)
		before = block_total(totals->blocks[i - 1], totals->blocks[i - 1]->n - 1);
	for (; !r && i < totals->n_blocks; i++)
		r = block_each(totals->blocks[i], from_bucket, fn, context, &before);
	if (!r)
		*ret_last = before;
	return r;
}
