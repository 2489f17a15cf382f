/* SPDX-License-Identifier: GPL-2.0-only */
/* The spans of traffic in memory: packed, the newest of each tier, within a bound of bytes. */
#ifndef SLIPROBE_RECORD_TIERS_H
#define SLIPROBE_RECORD_TIERS_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

enum { RECORD_TIERS_BYTES = 16 << 20 };

/* How long a minute or an hour is; 0 for steps. */
extern const double record_tier_width_seconds[STORE_TRAFFIC_TIERS];

/* A span: its cells are packed (slo/cells). */
struct record_packed {
	double from_seconds;
	double to_seconds;
	unsigned char *bytes;
	size_t n;
	bool written;
};

struct record_tier {
	struct record_packed *list; /* oldest first */
	size_t n;
	size_t max;
	double known_from; /* all that end after it are in memory */
	double rolled; /* the end of the newest span that ever was */
	double lost_until; /* spans that end up to then may be on neither side */
};

struct record_tiers {
	struct record_tier list[STORE_TRAFFIC_TIERS];
	size_t bytes;
};

void record_tiers_init(struct record_tiers *tiers);
void record_tiers_clear(struct record_tiers *tiers);

/* Packs the span as the newest of its tier. written: it is on disk. Returns 0 or -ENOMEM. */
int record_tiers_add(struct record_tiers *tiers, enum store_traffic which,
		     const struct store_traffic_span *span, bool written);
/* Packs other cells, settled, into a span of a tier. Returns 0, or -ENOMEM: the span has its own. */
int record_tiers_replace(struct record_tiers *tiers, struct record_packed *packed,
			 const struct cells *cells);
/* Adds the span's cells to *ret. Returns 0 or -errno, as cells_unpack(). */
int record_unpack(const struct record_packed *packed, struct cells *ret);

/* The place of the first span that ends after `seconds`; the number of spans if none does. */
size_t record_tier_after(const struct record_tier *tier, double seconds);

/*
 * Drops what is too old, and then, of the finest tier first, half of what there is too much. Returns
 * true if a step went that was not on disk.
 */
bool record_tiers_trim(struct record_tiers *tiers, double now_seconds);

/* All spans are on disk. */
void record_tiers_written(struct record_tiers *tiers);
/* None is on disk. */
void record_tiers_forget(struct record_tiers *tiers);

#endif
