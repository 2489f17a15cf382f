/* SPDX-License-Identifier: GPL-2.0-only */
/* The counted series at a step, as they are recorded, and how many requests each service has had. */
#ifndef SLIPROBE_AGENT_SERIES_H
#define SLIPROBE_AGENT_SERIES_H

#include "abi.h"
#include "agent/services.h"
#include "base/ids.h"
#include "store/store.h"

enum {
	SERIES_SERVICES = 1 << 8 * sizeof(((struct series_key *)NULL)->service),
};

struct series_list {
	const struct services *services;
	const struct ids *routes;
	struct store_series *list; /* texts are the services' and the routes' */
	size_t n;
	size_t max;
	__u64 *requests; /* by the service's id: SERIES_SERVICES of them */
};

/* Without any. Returns 0 or -ENOMEM. */
int series_init(struct series_list *series, const struct services *services,
		const struct ids *routes);
void series_clear(struct series_list *series);

/*
 * Adds what the kernel has counted. Of a service that is not known yet, it is only added to
 * `requests`. A probe_series_fn; context: a struct series_list. Returns 0 or -ENOMEM.
 */
int series_add(void *context, __u32 id, const struct series_key *key,
	       const struct series_value *value);

#endif
