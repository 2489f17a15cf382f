/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "slo.h"

/*
 * Three resolutions ("tiers") see every step. A tier keeps the running total at the end of each of
 * its buckets that had events, so that a sum over any span is the difference of two look-ups, and
 * sums over the parts of a span add up to the whole by construction.
 *
 * Running totals are kept in blocks: 64 bit for the block's first bucket, 32 bit relative to it for
 * the others. That is 11 bytes a bucket: at most about 190 kB for an SLO over 92 days that has
 * traffic all the time, 48 MB for 256 of them; idle buckets take nothing.
 */
enum {
	BLOCK_BUCKETS = 30,
	TIERS = 3,
	US_PER_SECOND = 1000000,
};

#define TIME_LIMIT_SECONDS 1e12 /* either side of 0; microseconds of it fit 64 bits */
#define WINDOW_MIN_SECONDS 3600ULL
#define WINDOW_MAX_SECONDS (92ULL * 86400)
#define EXTRA_SECONDS (31ULL * 86400)

struct slo_block {
	int64_t bucket; /* of entry 0 */
	struct slo_events first; /* running total at the end of entry 0 */
	uint32_t n;
	uint32_t good[BLOCK_BUCKETS]; /* running total at the end of the entry, minus `first` */
	uint32_t bad[BLOCK_BUCKETS];
	uint16_t offset[BLOCK_BUCKETS]; /* the entry's bucket, minus `bucket` */
};

struct tier {
	int64_t width_us; /* bucket b covers ((b - 1) * width, b * width] */
	int64_t keep_buckets;
	struct slo_block **blocks; /* oldest first */
	size_t n_blocks;
	size_t max_blocks;
	struct slo_block *spare; /* so that adding cannot fail half-way */
	bool dropped_any;
	int64_t dropped_bucket; /* the last one dropped */
	struct slo_events dropped; /* running total at its end */
};

struct slo_history {
	struct tier tiers[TIERS]; /* finest first */
	bool any;
	int64_t first_us; /* of the first step ever */
	int64_t last_us; /* of the last step */
	struct slo_events total;
};

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t ceil_div(int64_t a, int64_t b)
{
	return a / b + (a % b > 0);
}

/* Whole microseconds, so that 10 s steps computed in floating point fall on 10 s boundaries. */
static int64_t seconds_to_us(double seconds)
{
	if (seconds > TIME_LIMIT_SECONDS)
		seconds = TIME_LIMIT_SECONDS;
	if (seconds < -TIME_LIMIT_SECONDS)
		seconds = -TIME_LIMIT_SECONDS;
	return (int64_t)llround(seconds * US_PER_SECOND);
}

static struct slo_events events_minus(struct slo_events a, struct slo_events b)
{
	return (struct slo_events){.good = a.good - b.good, .bad = a.bad - b.bad};
}

static struct slo_events block_total(const struct slo_block *block, size_t i)
{
	return (struct slo_events){.good = block->first.good + block->good[i],
				   .bad = block->first.bad + block->bad[i]};
}

static bool block_fits(const struct slo_block *block, int64_t bucket, struct slo_events total)
{
	struct slo_events since = events_minus(total, block->first);

	return bucket - block->bucket <= UINT16_MAX && since.good <= UINT32_MAX &&
	       since.bad <= UINT32_MAX;
}

static void block_set(struct slo_block *block, size_t i, int64_t bucket, struct slo_events total)
{
	struct slo_events since = events_minus(total, block->first);

	block->offset[i] = (uint16_t)(bucket - block->bucket);
	block->good[i] = (uint32_t)since.good;
	block->bad[i] = (uint32_t)since.bad;
}

/* Afterwards tier_add() can take one step without allocating. */
static int tier_reserve(struct tier *tier)
{
	if (!tier->spare) {
		tier->spare = malloc(sizeof(*tier->spare));
		if (!tier->spare)
			return -ENOMEM;
	}
	if (tier->n_blocks == tier->max_blocks) {
		size_t max = tier->max_blocks ? tier->max_blocks * 2 : 4;
		struct slo_block **blocks = realloc(tier->blocks, max * sizeof(struct slo_block *));

		if (!blocks)
			return -ENOMEM;
		tier->blocks = blocks;
		tier->max_blocks = max;
	}
	return 0;
}

static void tier_append_block(struct tier *tier, int64_t bucket, struct slo_events total)
{
	struct slo_block *block = tier->spare;

	tier->spare = NULL;
	memset(block, 0, sizeof(*block));
	block->bucket = bucket;
	block->first = total;
	block->n = 1;
	tier->blocks[tier->n_blocks++] = block;
}

static void tier_drop_old(struct tier *tier, int64_t newest_bucket)
{
	size_t n = 0;

	while (n + 1 < tier->n_blocks) {
		struct slo_block *block = tier->blocks[n];
		int64_t last = block->bucket + block->offset[block->n - 1];

		if (last > newest_bucket - tier->keep_buckets)
			break;
		tier->dropped_any = true;
		tier->dropped_bucket = last;
		tier->dropped = block_total(block, block->n - 1);
		if (tier->spare)
			free(block);
		else
			tier->spare = block;
		n++;
	}
	if (!n)
		return;
	tier->n_blocks -= n;
	memmove(tier->blocks, tier->blocks + n, tier->n_blocks * sizeof(*tier->blocks));
}

/* `total`: everything added up to and including the step that ends at t_us. */
static void tier_add(struct tier *tier, int64_t t_us, struct slo_events total)
{
	int64_t bucket = ceil_div(t_us, tier->width_us);
	struct slo_block *block = tier->n_blocks ? tier->blocks[tier->n_blocks - 1] : NULL;

	if (block && block->bucket + block->offset[block->n - 1] == bucket) {
		if (block->n == 1) {
			block->first = total;
			return;
		}
		if (block_fits(block, bucket, total)) {
			block_set(block, block->n - 1, bucket, total);
			return;
		}
		block->n--; /* it moves to a block of its own, where 64 bits hold it */
	} else if (block && block->n < BLOCK_BUCKETS && block_fits(block, bucket, total)) {
		block_set(block, block->n++, bucket, total);
		return;
	}
	tier_append_block(tier, bucket, total);
	tier_drop_old(tier, bucket);
}

/* The running total at the end of `bucket`. */
static struct slo_events tier_total(const struct tier *tier, int64_t bucket)
{
	size_t low = 0, high = tier->n_blocks;
	const struct slo_block *block;

	/* the number of blocks that begin at or before `bucket` */
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (tier->blocks[mid]->bucket <= bucket)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return tier->dropped;
	block = tier->blocks[low - 1];
	low = 1;
	high = block->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (block->bucket + block->offset[mid] <= bucket)
			low = mid + 1;
		else
			high = mid;
	}
	return block_total(block, low - 1);
}

/*
 * Everything in the steps that ended at or before t_us, at the finest resolution that reaches back
 * to it. It depends on the moment alone, not on the span asked for: that is what makes sums over
 * adjacent spans add up.
 */
static struct slo_events history_total(const struct slo_history *history, int64_t t_us)
{
	const struct tier *tier = history->tiers;

	if (!history->any || t_us < history->first_us)
		return (struct slo_events){0};
	if (t_us >= history->last_us)
		return history->total;
	for (;; tier++) {
		int64_t bucket = floor_div(t_us, tier->width_us);

		if (!tier->dropped_any || bucket >= tier->dropped_bucket ||
		    tier == &history->tiers[TIERS - 1])
			return tier_total(tier, bucket);
	}
}

int slo_history_new(uint64_t window_seconds, struct slo_history **ret)
{
	struct slo_history *history;
	const struct {
		int64_t width_seconds;
		uint64_t keep_seconds;
	} shapes[TIERS] = {
		{10, 6 * 3600},
		{60, 8 * 86400},
		{3600, window_seconds + EXTRA_SECONDS},
	};

	if (window_seconds < WINDOW_MIN_SECONDS || window_seconds > WINDOW_MAX_SECONDS)
		return -EINVAL;
	history = calloc(1, sizeof(*history));
	if (!history)
		return -ENOMEM;
	for (size_t i = 0; i < TIERS; i++) {
		history->tiers[i].width_us = shapes[i].width_seconds * US_PER_SECOND;
		/* one more, for the bucket that a span begins in */
		history->tiers[i].keep_buckets =
			(int64_t)shapes[i].keep_seconds / shapes[i].width_seconds + 1;
	}
	*ret = history;
	return 0;
}

void slo_history_free(struct slo_history *history)
{
	if (!history)
		return;
	for (size_t i = 0; i < TIERS; i++) {
		struct tier *tier = &history->tiers[i];

		for (size_t k = 0; k < tier->n_blocks; k++)
			free(tier->blocks[k]);
		free(tier->blocks);
		free(tier->spare);
	}
	free(history);
}

int slo_history_add(struct slo_history *history, double t_seconds, struct slo_events events)
{
	int64_t t_us;

	if (!isfinite(t_seconds) || fabs(t_seconds) > TIME_LIMIT_SECONDS)
		return -EINVAL;
	for (size_t i = 0; i < TIERS; i++) {
		if (tier_reserve(&history->tiers[i]))
			return -ENOMEM;
	}
	t_us = seconds_to_us(t_seconds);
	if (!history->any)
		history->first_us = t_us;
	else if (t_us < history->last_us)
		t_us = history->last_us;
	history->any = true;
	history->last_us = t_us;
	if (!events.good && !events.bad)
		return 0;
	history->total.good += events.good;
	history->total.bad += events.bad;
	for (size_t i = 0; i < TIERS; i++)
		tier_add(&history->tiers[i], t_us, history->total);
	return 0;
}

struct slo_events slo_history_sum(const struct slo_history *history, double now_seconds,
				  double span_seconds)
{
	if (isnan(now_seconds) || isnan(span_seconds) || span_seconds <= 0)
		return (struct slo_events){0};
	return events_minus(history_total(history, seconds_to_us(now_seconds)),
			    history_total(history, seconds_to_us(now_seconds - span_seconds)));
}

/*
 * Objectives are decimal numbers (99.9 %), and 1 - 0.999 is 0.0010000000000000009 in binary. The
 * budget is therefore taken in whole units of 1e-12, and products of counts are made before the one
 * division, in long double, whose 64-bit mantissa holds them: 1000 eligible at 99.9 % allow 1.0.
 * 0: there is no budget (an objective outside 0..1, or within 5e-13 of 1).
 */
#define BUDGET_UNITS 1e12L

static long double budget_units(double objective)
{
	if (!(objective > 0 && objective < 1))
		return 0;
	return roundl((1 - (long double)objective) * BUDGET_UNITS);
}

static struct slo_ratio ratio(long double value)
{
	return (struct slo_ratio){.known = true, .value = (double)value};
}

static long double eligible(struct slo_events events)
{
	return (long double)events.good + (long double)events.bad;
}

struct slo_ratio slo_availability(struct slo_events events)
{
	if (!events.good && !events.bad)
		return (struct slo_ratio){0};
	return ratio((long double)events.good / eligible(events));
}

struct slo_ratio slo_burn_rate(struct slo_events events, double objective)
{
	long double allowed_units = budget_units(objective) * eligible(events);

	if (allowed_units <= 0)
		return (struct slo_ratio){0};
	return ratio((long double)events.bad * BUDGET_UNITS / allowed_units);
}

struct slo_budget slo_budget(struct slo_events events, double objective, double window_seconds,
			     struct slo_ratio burn_rate)
{
	long double allowed_units = budget_units(objective) * eligible(events);
	long double spent_units = (long double)events.bad * BUDGET_UNITS;
	struct slo_budget budget = {.allowed_events = (double)(allowed_units / BUDGET_UNITS)};

	if (allowed_units <= 0)
		return budget;
	budget.spent_ratio = ratio(spent_units / allowed_units);
	budget.remaining_ratio = ratio((allowed_units - spent_units) / allowed_units);
	if (allowed_units <= spent_units)
		budget.exhausted_in_seconds = ratio(0);
	else if (burn_rate.known && burn_rate.value > 0 && isfinite(burn_rate.value) &&
		 isfinite(window_seconds) && window_seconds > 0)
		budget.exhausted_in_seconds = ratio((long double)budget.remaining_ratio.value *
						    window_seconds / burn_rate.value);
	if (!isfinite(budget.exhausted_in_seconds.value))
		budget.exhausted_in_seconds = (struct slo_ratio){0};
	return budget;
}
