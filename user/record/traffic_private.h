/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of traffic, for the files that work on it: record/traffic makes its steps, minutes and
 * hours, record/traffic_spans reads them, record/traffic_disk loads and writes them.
 */
#ifndef SLIPROBE_RECORD_TRAFFIC_PRIVATE_H
#define SLIPROBE_RECORD_TRAFFIC_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "record/keys.h"
#include "record/tiers.h"
#include "record/traffic.h"

struct traffic {
	struct record_keys keys;
	struct record_tiers tiers;
	struct cells counters; /* the kernel's, at the last step */
	char instance[64]; /* that they are of; "": none yet */
	double stepped_seconds; /* -infinity: no step yet */
	double first_to_seconds; /* the end of the first step, which had all of its kernel instance */
	double since_seconds; /* when it began to be kept; +infinity: not yet */
	bool loaded; /* the disk's counters are known */
	bool counters_due;
	size_t n_steps; /* since the counters were put */
	size_t n_puts; /* since keys were dropped */
};

/* As traffic_each(), of the spans on disk alone; -ENOENT as store_each_traffic(). */
int traffic_each_on_disk(struct traffic *traffic, struct store *store, enum store_traffic which,
			 double from_seconds, double until_seconds,
			 int (*fn)(void *context, const struct store_traffic_span *span),
			 void *context);

#endif
