/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/counters.h"

#include <errno.h>

#include "base/term_names.h"

static int add_hist(struct cells *cells, uint32_t key, unsigned int code,
		    const struct snapshot_hist *hist)
{
	int r = 0;

	for (size_t i = 0; i < hist->n_octaves; i++) {
		const struct snapshot_octave *octave = &hist->octaves[i];
		unsigned int first = octave->octave * HIST_PER_OCTAVE;

		for (unsigned int k = 0; !r && k < HIST_PER_OCTAVE && first + k < HIST_BUCKETS;
		     k++) {
			if (octave->n[k])
				r = cells_add(cells, key, (uint16_t)(code + first + k),
					      octave->n[k]);
		}
	}
	return r;
}

/* As snapshot_merge(): those without an answer are counted, but not timed. */
static int add_series(struct cells *cells, struct traffic *traffic, const char *service,
		      enum role role, const struct snapshot_series *series)
{
	const struct store_traffic_key names = {service, series->route, method_name(series->method),
						(uint8_t)role};
	uint32_t key;
	int r = traffic_key(traffic, &names, &key);

	r = r	  ?:
		    cells_add(cells, key, cell_of_outcome(series->outcome, series->status),
			      series->requests);
	if (r || !outcome_is_timed(series->outcome))
		return r;
	r = add_hist(cells, key, CELL_TOTAL, &series->total);
	return r ?: add_hist(cells, key, CELL_QUEUE, &series->queue);
}

/* Gives the cells away, or frees them if something failed. */
static int settled(struct cells *cells, int r, struct cells *ret)
{
	if (r) {
		cells_clear(cells);
		return r;
	}
	cells_settle(cells);
	*ret = *cells;
	return 0;
}

int counters_take(const struct collection *collection, const struct services *services,
		  struct traffic *traffic, struct cells *ret)
{
	const struct service *service = NULL;
	struct cells cells = {};
	int r = 0;

	for (size_t i = 0; !r && i < collection->n; i++) {
		const struct collected *collected = &collection->list[i];

		/* they are in the order of services */
		if (!service || service->id != collected->key.service)
			service = services_by_id(services, collected->key.service);
		if (service)
			r = add_series(&cells, traffic, service->name, series_role(&collected->key),
				       collected->series);
	}
	return settled(&cells, r, ret);
}

int counters_of_snapshot(const struct snapshot *snapshot, struct traffic *traffic,
			 struct cells *ret)
{
	struct cells cells = {};
	int r = 0;

	for (size_t i = 0; i < snapshot->n_services; i++) {
		const struct snapshot_service *service = &snapshot->services[i];

		for (size_t k = 0; !r && k < service->n_series; k++)
			r = add_series(&cells, traffic, service->name, service->role,
				       service->series[k]);
	}
	return settled(&cells, r, ret);
}
