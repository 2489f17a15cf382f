/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading traffic (record/traffic), from memory and disk: span by span, or the sum over any span of
 * time. Functions return 0 or -errno, as there.
 */
#ifndef SLIPROBE_RECORD_TRAFFIC_SPANS_H
#define SLIPROBE_RECORD_TRAFFIC_SPANS_H

#include "record/traffic.h"

/* A span with all requests of the steps that end in (from, until]. */
struct traffic_sum {
	/* wider than asked for, where it is no more known to the step when its requests came */
	double from_seconds;
	double until_seconds;
	struct cells cells; /* settled */
};

/*
 * An edge is exact to a step for the last 90 minutes at least (at steps of 10 s), to a minute for
 * 26 h, to an hour before. Not before the first step. store: NULL if it cannot be read. The caller
 * clears ret->cells.
 */
int traffic_sum(struct traffic *traffic, struct store *store, double from_seconds,
		double until_seconds, struct traffic_sum *ret);

/*
 * Calls back for each span of a tier that ends in (from, until], oldest first, with numbers of
 * traffic_keys(). The span is gone after the call.
 */
int traffic_each(struct traffic *traffic, struct store *store, enum store_traffic which,
		 double from_seconds, double until_seconds,
		 int (*fn)(void *context, const struct store_traffic_span *span), void *context);

/* The time since which all requests are known; +infinity before the first step. */
double traffic_known_from(const struct traffic *traffic, const struct store *store);

/*
 * When the oldest span of a tier begins that is complete: before it, not even finer ones are kept;
 * +infinity without any.
 */
double traffic_first(const struct traffic *traffic, struct store *store, enum store_traffic which);
/* All spans of the tier that end up to then have been made; +infinity for steps. */
double traffic_made_until(const struct traffic *traffic, enum store_traffic which);

#endif
