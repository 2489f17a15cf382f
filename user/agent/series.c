/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/series.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/route_name.h"
#include "base/term_names.h"

int series_init(struct series_list *series, const struct services *services,
		const struct ids *routes)
{
	*series = (struct series_list){.services = services, .routes = routes};
	series->requests = calloc(SERIES_SERVICES, sizeof(*series->requests));
	return series->requests ? 0 : -ENOMEM;
}

void series_clear(struct series_list *series)
{
	free(series->list);
	free(series->requests);
	*series = (struct series_list){};
}

static int make_room(struct series_list *series)
{
	size_t max = series->max * 2 ?: 256;
	struct store_series *grown;

	if (series->n < series->max)
		return 0;
	grown = realloc(series->list, max * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	series->list = grown;
	series->max = max;
	return 0;
}

int series_add(void *context, __u32 id, const struct series_key *key,
	       const struct series_value *value)
{
	struct series_list *series = context;
	const struct service *service = services_by_id(series->services, key->service);
	const char *method = method_name(key->method), *outcome = outcome_name(series_outcome(key));

	(void)id;
	series->requests[key->service] += value->requests;
	if (!service || !method || !outcome)
		return 0;
	if (make_room(series))
		return -ENOMEM;
	series->list[series->n++] = (struct store_series){
		.service = service->name,
		.route = route_name(series->routes, key->route),
		.method = method,
		.outcome = outcome,
		.status = key->status,
		.role = series_role(key),
		.requests = value->requests,
		.ends = service->stay == SERVICE_GOES,
	};
	return 0;
}
