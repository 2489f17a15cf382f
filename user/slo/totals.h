/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running totals of events at the ends of time buckets of one width: a sum over any span is the
 * difference of two look-ups, and sums over the parts of a span add up to the whole by
 * construction. Part of slo/history. Times are microseconds; the bucket of number b ends at
 * b * width.
 *
 * Totals are kept in blocks: 64 bit for the first bucket of a block, 32 bit relative to it for the
 * others. That is less than 11 bytes a bucket. Buckets without events take nothing.
 */
#ifndef SLIPROBE_SLO_TOTALS_H
#define SLIPROBE_SLO_TOTALS_H

#include <stddef.h>
#include <stdint.h>

#include "slo/slo.h"

enum { SLO_BLOCK_BUCKETS = 62 };

struct slo_block {
	int64_t bucket; /* of entry 0 */
	struct slo_events first; /* running total at the end of entry 0 */
	uint32_t n;
	uint32_t good[SLO_BLOCK_BUCKETS]; /* running total at the end of the entry, minus `first` */
	uint32_t bad[SLO_BLOCK_BUCKETS];
	uint16_t offset[SLO_BLOCK_BUCKETS]; /* the entry's bucket, minus `bucket` */
};

struct slo_totals {
	int64_t width_us;
	struct slo_block **blocks; /* oldest first; those from n_blocks to n_ready are unused */
	size_t n_blocks;
	size_t n_ready;
	size_t max_blocks;
	uint64_t n_dropped; /* blocks */
	struct slo_events dropped; /* running total at the end of the last bucket dropped */
};

/*
 * Where a look-up ended. All times in [from, until) have that total, and a later look-up goes on
 * from there. All zero: nowhere.
 */
struct slo_stay {
	int64_t from_us;
	int64_t until_us;
	struct slo_events total;
	uint64_t block; /* counted from the first ever */
	uint32_t entry; /* of the block */
};

static inline struct slo_events slo_events_minus(struct slo_events a, struct slo_events b)
{
	return (struct slo_events){.good = a.good - b.good, .bad = a.bad - b.bad};
}

static inline int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static inline int64_t ceil_div(int64_t a, int64_t b)
{
	return a / b + (a % b > 0);
}

int slo_totals_grow(struct slo_totals *totals, size_t n);

/* Afterwards `n` buckets that each need a block can be appended. Returns 0 or -ENOMEM. */
static inline int slo_totals_reserve(struct slo_totals *totals, size_t n)
{
	return totals->n_ready - totals->n_blocks >= n ? 0 : slo_totals_grow(totals, n);
}

/* Frees the reserved blocks, but for one. */
void slo_totals_trim(struct slo_totals *totals);

void slo_totals_clear(struct slo_totals *totals);

/*
 * Adds the running total at the end of `bucket`, which is later than the last one. Returns true if
 * it took a reserved block.
 */
bool slo_totals_append(struct slo_totals *totals, int64_t bucket, struct slo_events total);

/* Drops the blocks that have no bucket after `bucket`. */
void slo_totals_drop(struct slo_totals *totals, int64_t bucket);

/* Adds `base` to all totals so far, which were counted from 0. */
void slo_totals_rebase(struct slo_totals *totals, struct slo_events base);

/*
 * The running total at the end of the last bucket that ends at or before t_us. `next_us`: the end
 * of the bucket that will be appended next, later than t_us. `stay`: where the last look-up ended;
 * this one leaves its own.
 */
struct slo_events slo_totals_find(const struct slo_totals *totals, int64_t t_us, int64_t next_us,
				  struct slo_stay *stay);

/*
 * Calls back with each bucket that ends at or after from_us, oldest first. `total` is its running
 * total, `before` that of the bucket before it. A return other than 0 stops it and is returned.
 * *ret_last: the last bucket's running total, set if it is not stopped.
 */
typedef int (*slo_totals_fn)(void *context, int64_t bucket, struct slo_events before,
			     struct slo_events total);
int slo_totals_each(const struct slo_totals *totals, int64_t from_us, slo_totals_fn fn,
		    void *context, struct slo_events *ret_last);

#endif
