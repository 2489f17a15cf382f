/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/discover.h"

#include <errno.h>
#include <stdlib.h>

int endpoints_add(void *context, const struct endpoint_key *key, const struct endpoint *endpoint)
{
	struct endpoints *endpoints = context;
	struct found_endpoint *grown =
		realloc(endpoints->list, (endpoints->n + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	endpoints->list = grown;
	grown[endpoints->n++] = (struct found_endpoint){*key, *endpoint};
	return 0;
}

void endpoints_clear(struct endpoints *endpoints)
{
	free(endpoints->list);
	*endpoints = (struct endpoints){};
}

/* In the order in which they were found. */
static int endpoint_order(const void *a, const void *b)
{
	const struct found_endpoint *x = a, *y = b;

	return x->endpoint.number < y->endpoint.number ? -1 :
							 x->endpoint.number > y->endpoint.number;
}

static int take_endpoint(const struct found_endpoint *found, struct services *services,
			 struct applied *applied)
{
	__u32 id = found->endpoint.service;
	const char *configured =
		id < SERVICE_FOUND ? ids_name(applied->numbers.services, id) : NULL;
	int r;

	if (id == SERVICE_NONE)
		return 0; /* being registered at this moment */
	if (id >= SERVICE_FOUND && !services_by_id(services, id) &&
	    services_wait(services, id, &found->key))
		return 0;
	r = service_seen(services, id, configured, &found->key, &found->endpoint);
	if (r || id < SERVICE_FOUND)
		return r;
	return applied_found(applied, services_by_id(services, id)->name, id - SERVICE_FOUND,
			     found->endpoint.number);
}

int discover_configured(struct services *services, struct applied *applied)
{
	const struct config *config = &applied->in_force.config;
	struct service *service;
	int r = 0;

	for (size_t i = 0; !r && i < config->n_services; i++)
		r = services_add(services,
				 ids_number(applied->numbers.services, config->services[i].name),
				 config->services[i].name, &service);
	return r;
}

int discover_overflow(struct services *services, struct applied *applied)
{
	struct service *service;
	int r = services_add(services, SERVICE_FOUND, SERVICE_OVERFLOW, &service);

	return r ?: applied_found(applied, service->name, 0, 0);
}

int discover_endpoints(struct endpoints *endpoints, struct services *services,
		       struct applied *applied)
{
	int r = 0;

	if (endpoints->n)
		qsort(endpoints->list, endpoints->n, sizeof(*endpoints->list), endpoint_order);
	for (size_t i = 0; !r && i < endpoints->n; i++)
		r = take_endpoint(&endpoints->list[i], services, applied);
	return r;
}
