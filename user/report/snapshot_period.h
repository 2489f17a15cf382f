/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What services were asked in a span of time, in Unix time: cells (slo/cells) by service, route and
 * method. Plain data, rendered as "window" and "before" of services.
 */
#ifndef SLIPROBE_REPORT_SNAPSHOT_PERIOD_H
#define SLIPROBE_REPORT_SNAPSHOT_PERIOD_H

#include <stdbool.h>
#include <stddef.h>

#include "slo/cells.h"

struct snapshot_merged;

/* What one key of the cells stands for. */
struct snapshot_asked {
	const char *service;
	const char *route;
	const char *method;
	size_t first; /* its cells, by index */
	size_t end;
};

struct snapshot_period {
	double from_unix;
	double to_unix;
	double covered_seconds; /* of it there was counting; 0: nothing is known */
	struct cells cells; /* settled */
	struct snapshot_asked *asked; /* sorted by service, route, method */
	size_t n_asked;
};

/*
 * Sets `asked` by the cells' keys. name: fills in the texts of a key, which outlive the period.
 * Returns 0 or -ENOMEM.
 */
int snapshot_period_sort(struct snapshot_period *period,
			 void (*name)(void *context, uint32_t key, struct snapshot_asked *ret),
			 void *context);
void snapshot_period_clear(struct snapshot_period *period);

/*
 * Adds up what the service was asked under that route and method (NULL: under all). Routes that are
 * not met have nothing.
 */
void snapshot_period_merge(const struct snapshot_period *period, const char *service,
			   const char *route, const char *method, struct snapshot_merged *ret);

/* The index of the first entry of the service, and of the one after its last. */
size_t snapshot_period_find(const struct snapshot_period *period, const char *service,
			    size_t *ret_end);

#endif
