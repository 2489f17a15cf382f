/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/snapshot_period.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/snapshot.h"

void snapshot_period_clear(struct snapshot_period *period)
{
	cells_clear(&period->cells);
	free(period->asked);
	*period = (struct snapshot_period){};
}

static int order(const void *a, const void *b)
{
	const struct snapshot_asked *left = a, *right = b;
	int by = strcmp(left->service, right->service);

	by = by ?: strcmp(left->route, right->route);
	return by ?: strcmp(left->method, right->method);
}

int snapshot_period_sort(struct snapshot_period *period,
			 void (*name)(void *context, uint32_t key, struct snapshot_asked *ret),
			 void *context)
{
	const struct cells *cells = &period->cells;
	struct snapshot_asked *asked = calloc(cells->n ?: 1, sizeof(*asked));
	size_t n = 0;

	if (!asked)
		return -ENOMEM;
	for (size_t i = 0, end; i < cells->n; i = end) {
		for (end = i; end < cells->n && cells->list[end].key == cells->list[i].key; end++)
			;
		name(context, cells->list[i].key, &asked[n]);
		asked[n].first = i;
		asked[n++].end = end;
	}
	qsort(asked, n, sizeof(*asked), order);
	period->asked = asked;
	period->n_asked = n;
	return 0;
}

size_t snapshot_period_find(const struct snapshot_period *period, const char *service,
			    size_t *ret_end)
{
	size_t low = 0, high = period->n_asked, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(period->asked[middle].service, service) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < period->n_asked && !strcmp(period->asked[end].service, service);)
		end++;
	*ret_end = end;
	return low;
}

static void merge(const struct cell *cell, struct snapshot_merged *ret)
{
	if (cell_is_count(cell->code)) {
		if (cell_outcome(cell->code) < OUTCOME_COUNT)
			snapshot_merge_add(ret, (enum outcome)cell_outcome(cell->code),
					   cell_status(cell->code), cell->n);
	} else if (cell->code >= CELL_QUEUE) {
		if (cell->code < CELL_QUEUE + HIST_BUCKETS)
			ret->queue[cell->code - CELL_QUEUE] += cell->n;
	} else if (cell->code < CELL_TOTAL + HIST_BUCKETS) {
		ret->total[cell->code - CELL_TOTAL] += cell->n;
	}
}

void snapshot_period_merge(const struct snapshot_period *period, const char *service,
			   const char *route, const char *method, struct snapshot_merged *ret)
{
	size_t end;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = snapshot_period_find(period, service, &end); i < end; i++) {
		const struct snapshot_asked *asked = &period->asked[i];

		if (route &&
		    (strcmp(asked->route, route) != 0 || strcmp(asked->method, method) != 0))
			continue;
		for (size_t k = asked->first; k < asked->end; k++)
			merge(&period->cells.list[k], ret);
	}
}
