/* SPDX-License-Identifier: GPL-2.0-only */
#include "record/tiers.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OVERHEAD_BYTES = 64 }; /* of a packed span */

const double record_tier_width_seconds[STORE_TRAFFIC_TIERS] = {
	[STORE_TRAFFIC_1MIN] = 60,
	[STORE_TRAFFIC_1H] = 3600,
};

void record_tiers_init(struct record_tiers *tiers)
{
	*tiers = (struct record_tiers){};
	for (size_t i = 0; i < STORE_TRAFFIC_TIERS; i++)
		tiers->list[i].known_from = tiers->list[i].rolled = tiers->list[i].lost_until =
			-INFINITY;
}

void record_tiers_clear(struct record_tiers *tiers)
{
	for (size_t t = 0; t < STORE_TRAFFIC_TIERS; t++) {
		for (size_t i = 0; i < tiers->list[t].n; i++)
			free(tiers->list[t].list[i].bytes);
		free(tiers->list[t].list);
	}
	*tiers = (struct record_tiers){};
}

int record_tiers_add(struct record_tiers *tiers, enum store_traffic which,
		     const struct store_traffic_span *span, bool written)
{
	struct record_tier *tier = &tiers->list[which];
	struct record_packed packed = {
		.from_seconds = span->from_seconds,
		.to_seconds = span->to_seconds,
		.written = written,
	};
	int r;

	if (tier->n == tier->max) {
		size_t max = tier->max ? 2 * tier->max : 64;
		struct record_packed *grown = reallocarray(tier->list, max, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		tier->list = grown;
		tier->max = max;
	}
	r = cells_pack(&span->cells, &packed.bytes, &packed.n);
	if (r)
		return r;
	tier->list[tier->n++] = packed;
	tier->rolled = fmax(tier->rolled, packed.to_seconds);
	tiers->bytes += packed.n + OVERHEAD_BYTES;
	return 0;
}

int record_tiers_replace(struct record_tiers *tiers, struct record_packed *packed,
			 const struct cells *cells)
{
	unsigned char *bytes;
	size_t n;
	int r = cells_pack(cells, &bytes, &n);

	if (r)
		return r;
	tiers->bytes += n - packed->n;
	free(packed->bytes);
	packed->bytes = bytes;
	packed->n = n;
	return 0;
}

int record_unpack(const struct record_packed *packed, struct cells *ret)
{
	return cells_unpack(packed->bytes, packed->n, ret);
}

size_t record_tier_after(const struct record_tier *tier, double seconds)
{
	size_t low = 0, high = tier->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tier->list[middle].to_seconds <= seconds)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* True if a step went that was not on disk. */
static bool drop_oldest(struct record_tiers *tiers, enum store_traffic which, size_t n)
{
	struct record_tier *tier = &tiers->list[which];
	bool steps_lost = false;

	for (size_t i = 0; i < n; i++) {
		struct record_packed *packed = &tier->list[i];

		if (which == STORE_TRAFFIC_STEP && !packed->written)
			steps_lost = true;
		if (!packed->written)
			tier->lost_until = packed->to_seconds;
		tier->known_from = fmax(tier->known_from, packed->to_seconds);
		tiers->bytes -= packed->n + OVERHEAD_BYTES;
		free(packed->bytes);
	}
	tier->n -= n;
	if (n)
		memmove(tier->list, tier->list + n, tier->n * sizeof(*tier->list));
	return steps_lost;
}

/* Those that the next tier has, too. */
static size_t count_rolled(const struct record_tiers *tiers, enum store_traffic which)
{
	const struct record_tier *tier = &tiers->list[which];

	if (which + 1 == STORE_TRAFFIC_TIERS)
		return tier->n ? tier->n - 1 : 0;
	return record_tier_after(tier, tiers->list[which + 1].rolled);
}

bool record_tiers_trim(struct record_tiers *tiers, double now_seconds)
{
	bool steps_lost = false;

	for (size_t i = 0; i < STORE_TRAFFIC_TIERS; i++) {
		double before = now_seconds - (double)store_traffic_keep_seconds[i];

		steps_lost |= drop_oldest(tiers, i, record_tier_after(&tiers->list[i], before));
	}
	for (size_t i = 0; i < STORE_TRAFFIC_TIERS && tiers->bytes > RECORD_TIERS_BYTES; i++) {
		size_t n;

		while (tiers->bytes > RECORD_TIERS_BYTES && (n = count_rolled(tiers, i)))
			steps_lost |= drop_oldest(tiers, i, (n + 1) / 2);
	}
	return steps_lost;
}

void record_tiers_written(struct record_tiers *tiers)
{
	for (size_t t = 0; t < STORE_TRAFFIC_TIERS; t++) {
		struct record_tier *tier = &tiers->list[t];

		for (size_t i = tier->n; i-- && !tier->list[i].written;)
			tier->list[i].written = true;
	}
}

void record_tiers_forget(struct record_tiers *tiers)
{
	for (size_t t = 0; t < STORE_TRAFFIC_TIERS; t++) {
		for (size_t i = 0; i < tiers->list[t].n; i++)
			tiers->list[t].list[i].written = false;
	}
}
