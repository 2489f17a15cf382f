/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What services were asked in a span of time, as cells: a number of requests under a key (a service's
 * route and method) and a code (an outcome with its status, or a bucket of a histogram). Few of the
 * cells that there could be are ever used. Packed, a cell takes about 2 bytes. Pure.
 */
#ifndef SLIPROBE_SLO_CELLS_H
#define SLIPROBE_SLO_CELLS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hist.h"
#include "terms.h"

/* Codes, which are on disk: outcomes (include/terms.h) keep their numbers. */
enum {
	CELL_STATUSES = 1000,
	CELL_TOTAL = 0x4000, /* and the bucket of the latency's histogram (include/hist.h) */
	CELL_QUEUE = 0x6000, /* and the bucket of the time in the queue */
	CELL_CODES = 0x8000,
};

static_assert(OUTCOME_COUNT * CELL_STATUSES <= CELL_TOTAL &&
		      CELL_TOTAL + HIST_BUCKETS <= CELL_QUEUE,
	      "codes do not overlap");
static_assert(OUTCOME_COMPLETE == 0 && OUTCOME_SERVER_ABORT == 1 && OUTCOME_CLIENT_ABORT == 2 &&
		      OUTCOME_UNANSWERED == 3,
	      "outcomes are added at the end: their numbers are on disk");

struct cell {
	uint32_t key;
	uint16_t code;
	uint64_t n;
};

struct cells {
	struct cell *list;
	size_t n;
	size_t max;
};

static inline uint16_t cell_of_outcome(unsigned int outcome, unsigned int status)
{
	return (uint16_t)(outcome * CELL_STATUSES + (status < CELL_STATUSES ? status : 0));
}

static inline bool cell_is_count(uint16_t code)
{
	return code < CELL_TOTAL;
}

void cells_clear(struct cells *cells);

/* Adds a cell; it need not be the only one of its key and code. Returns 0 or -ENOMEM. */
int cells_add(struct cells *cells, uint32_t key, uint16_t code, uint64_t n);

/* Sorts by key, then code, and adds up those that have both in common. Cells of 0 go. */
void cells_settle(struct cells *cells);

/*
 * What `now` has grown by since `before`, both settled counters. A key of which a counter has fallen
 * began anew at 0. Returns 0 or -ENOMEM. The caller clears *ret, which is settled.
 */
int cells_growth(const struct cells *before, const struct cells *now, struct cells *ret);

/* True if `now` lacks a key of `before`, or has a counter that has fallen. Both are settled. */
bool cells_fell(const struct cells *before, const struct cells *now);

/* Settled cells as bytes, malloc()ed. Returns 0 or -ENOMEM. */
int cells_pack(const struct cells *cells, unsigned char **ret_bytes, size_t *ret_n);

/*
 * Adds the packed cells to `cells`. Returns 0; -ENOMEM; -EUCLEAN if the bytes are none that
 * cells_pack() makes: some may have been added.
 */
int cells_unpack(const unsigned char *bytes, size_t n, struct cells *cells);

#endif
