/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the endpoints that the kernel has met to services, and to the SLOs that every found service
 * has.
 */
#ifndef SLIPROBE_AGENT_DISCOVER_H
#define SLIPROBE_AGENT_DISCOVER_H

#include "abi.h"
#include "agent/services.h"
#include "apply/applied.h"

struct endpoints {
	struct found_endpoint {
		struct endpoint_key key;
		struct endpoint endpoint;
	} * list;
	size_t n;
};

/* The service of all endpoints that found no id of their own: ENDPOINTS_MAX is the limit. */
#define SERVICE_OVERFLOW "_overflow"

/* A probe_endpoint_fn; context: a struct endpoints. Returns 0 or -ENOMEM. */
int endpoints_add(void *context, const struct endpoint_key *key, const struct endpoint *endpoint);
void endpoints_clear(struct endpoints *endpoints);

/* Makes the services of the configuration in force. Returns 0 or -errno. */
int discover_configured(struct services *services, struct applied *applied);

/* Makes SERVICE_OVERFLOW and its tracks, as far as they are missing. Returns 0 or -errno. */
int discover_overflow(struct services *services, struct applied *applied);

/*
 * Makes the services of the endpoints and the tracks of found services, as far as they are missing.
 * Sorts the endpoints in the order they were found: names that depend on it are the same after a
 * restart. Returns 0 or -errno.
 */
int discover_endpoints(struct endpoints *endpoints, struct services *services,
		       struct applied *applied);

#endif
