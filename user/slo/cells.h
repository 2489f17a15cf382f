/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What services were asked in a span of time, as cells: a number of requests under a key (a service's
 * route and method) and a code (an outcome with its status, or a bucket of a histogram). Few of the
 * cells that there could be are ever used. Packed, a cell takes about 2 bytes, one of gRPC 3. Pure.
 */
#ifndef SLIPROBE_SLO_CELLS_H
#define SLIPROBE_SLO_CELLS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hist.h"
#include "status.h"
#include "terms.h"

/* Codes, which are on disk: outcomes and statuses of gRPC (include/terms.h) keep their numbers. */
enum {
	CELL_STATUSES = 1000, /* of HTTP, by outcome */
	CELL_TOTAL = 0x4000, /* and the bucket of the latency's histogram (include/hist.h) */
	CELL_QUEUE = 0x6000, /* and the bucket of the time in the queue */
	CELL_GRPC = 0x8000, /* complete requests of gRPC: and the status of HTTP, by that of gRPC */
	CELL_CODES = CELL_GRPC + GRPC_STATUS_COUNT * CELL_STATUSES,
};

static_assert(OUTCOME_COUNT * CELL_STATUSES <= CELL_TOTAL &&
		      CELL_TOTAL + HIST_BUCKETS <= CELL_QUEUE &&
		      CELL_QUEUE + HIST_BUCKETS <= CELL_GRPC && CELL_CODES <= UINT16_MAX,
	      "codes do not overlap");
static_assert(GRPC_OTHER == 17 && GRPC_ABSENT == 18 && GRPC_HIDDEN == 19,
	      "statuses of gRPC are added at the end: their numbers are on disk");
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

/* `status`: include/status.h. What it cannot be is not known. */
static inline uint16_t cell_of_outcome(unsigned int outcome, unsigned int status)
{
	unsigned int http = status_http(status) < CELL_STATUSES ? status_http(status) : 0;

	if (outcome == OUTCOME_COMPLETE && status_is_grpc(status) &&
	    (unsigned int)status_grpc(status) < GRPC_STATUS_COUNT)
		return (uint16_t)(CELL_GRPC + (unsigned int)status_grpc(status) * CELL_STATUSES +
				  http);
	return (uint16_t)(outcome * CELL_STATUSES + http);
}

static inline bool cell_is_count(uint16_t code)
{
	return code < CELL_TOTAL || code >= CELL_GRPC;
}

/* Of a count. The outcome may be none of OUTCOMES: codes are read from the disk. */
static inline unsigned int cell_outcome(uint16_t code)
{
	return code >= CELL_GRPC ? OUTCOME_COMPLETE : code / CELL_STATUSES;
}

static inline uint16_t cell_status(uint16_t code)
{
	unsigned int grpc = (code - CELL_GRPC) / CELL_STATUSES;

	if (code < CELL_GRPC)
		return code % CELL_STATUSES;
	return status_of((code - CELL_GRPC) % CELL_STATUSES, (enum grpc_status)grpc);
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
