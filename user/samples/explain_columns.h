/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events as columns, for explain/: a row for each event, a dimension for each of its fields that can be a cause. What
 * defines bad (status, outcome, the time that a latency SLO judges) and what comes of it (bytes of an error page) is no
 * dimension: it would explain everything, and nothing.
 *
 * Memory: at most EXPLAIN_COLUMNS_ROWS rows, some 15 MB of numbers, and EXPLAIN_COLUMNS_TEXT_BYTES of texts.
 */
#ifndef SLIPROBE_SAMPLES_EXPLAIN_COLUMNS_H
#define SLIPROBE_SAMPLES_EXPLAIN_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "explain/explain.h"
#include "explain/kind.h"
#include "samples/event.h"

enum {
	EXPLAIN_COLUMNS_ROWS = 100000,
	EXPLAIN_COLUMNS_TEXT_BYTES = 24 << 20,
	EXPLAIN_COLUMNS_STRATA = 60, /* times that are told apart, at most */
	EXPLAIN_COLUMNS_STRATUM_SECONDS = 5, /* and at least so long */
	EXPLAIN_COLUMNS_STRATUM_ROWS =
		10, /* bad ones, and good ones, that one has at least, on average */
};

struct explain_columns;

/* Events in [since, until] of the SLO. Returns 0 or -ENOMEM. */
int explain_columns_new(const char *slo, double since, double until, struct explain_columns **ret);
void explain_columns_free(struct explain_columns *columns);

static inline void explain_columns_freep(struct explain_columns **columns)
{
	explain_columns_free(*columns);
}

/*
 * Adds an event, if it is one of the SLO's. `earlier`: it is from before the onset, to compare with where since then
 * hardly anything was good; only good ones are taken then. Returns 0; -ENOSPC: that many are enough; -ENOMEM.
 */
int explain_columns_add(struct explain_columns *columns, const struct event *event, bool earlier);

size_t explain_columns_bad(const struct explain_columns *columns);
size_t explain_columns_good(const struct explain_columns *columns);

/* When the first of its rows ended, as Unix seconds; NAN: there is none. */
double explain_columns_first(const struct explain_columns *columns);

/* The times of its rows, for explain_kind_of(). */
const struct explain_times *explain_columns_times(const struct explain_columns *columns,
						  size_t *ret_n);

/* Why bad rows are bad, as far as they tell; latency_seconds: NAN if the SLO has none. */
void explain_columns_reasons(const struct explain_columns *columns, double latency_seconds,
			     uint64_t ret[BAD_REASON_COUNT]);

/* The status (include/status.h) that most of the bad rows have, by weight; 0: none does. */
unsigned int explain_columns_status(const struct explain_columns *columns);

/*
 * The dimensions that may explain something of this kind. With earlier rows only those that a change of the service
 * brings (version, container, pod): what is asked for may be something else at another time. The result lives as long as
 * the columns, until the next call.
 */
const struct explain_samples *explain_columns_samples(struct explain_columns *columns,
						      enum explain_kind kind);

#endif
