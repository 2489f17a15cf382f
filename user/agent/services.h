/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The services on the host, as the kernel has found them: who serves them, and how fast they are
 * asked.
 */
#ifndef SLIPROBE_AGENT_SERVICES_H
#define SLIPROBE_AGENT_SERVICES_H

#include <linux/types.h>
#include <stdbool.h>

#include "abi.h"
#include "base/maybe.h"
#include "slo/slo.h"

enum {
	SERVICE_RATE_STEPS = 64, /* steps of requests kept for the rate */
};

enum service_stay {
	SERVICE_STAYS,
	SERVICE_GONE, /* its endpoint is no longer listed: its last counts are waited for */
	SERVICE_GOES, /* with this step: nobody counts for it any more */
};

struct service {
	enum service_stay stay; /* see agent/retire */
	bool told; /* in the journal, that it was found */
	bool folds; /* likewise, that it has met its quota of series */
	__u32 id; /* as in struct series_key */
	char *name;
	__u16 port;
	char process[COMM_BYTES];
	char *exe;
	__u32 pid;
	__u32 netns;
	bool foreign; /* the mount namespace of the process is */
	struct who_owner owner;
	char *user; /* its name, NULL if it has none here */
	__u32 near; /* the id of the configured service that it would be but for near_lacks; 0: none */
	__u32 near_lacks; /* bits: enum near_lack */
	char *container;
	struct {
		double t_seconds[SERVICE_RATE_STEPS];
		__u64 requests[SERVICE_RATE_STEPS];
		size_t n;
	} rate;
};

struct services {
	struct service **list;
	size_t n;
};

void services_clear(struct services *services);

struct service *services_by_id(const struct services *services, __u32 id);

/*
 * The service of that id, made if need be. A found service that has the name already is renamed.
 * Returns 0 or -ENOMEM.
 */
int services_add(struct services *services, __u32 id, const char *name, struct service **ret);

/* Takes the service of that id off the list, if it is there. */
void services_remove(struct services *services, __u32 id);

/* True if another service of that endpoint is about to go: its name is not free yet. */
bool services_wait(const struct services *services, __u32 id, const struct endpoint_key *key);

/*
 * Takes over what is known of an endpoint of the service. A found service (configured_name NULL) is
 * named after process and port, "nginx:8080". Where another one has that name, "@" and the network namespace
 * follow, and if need be ":" and the user, and "#" and a number. Of several endpoints the first stands for all while its process lives.
 * Returns 0 or -ENOMEM.
 */
int service_seen(struct services *services, __u32 id, const char *configured_name,
		 const struct endpoint_key *key, const struct endpoint *endpoint);

/* A step: `requests` in all so far. */
void service_rate_step(struct service *service, double now_seconds, __u64 requests);

/* Requests a second over the last minute or a little more; unknown before the first step. */
struct maybe service_rate(const struct service *service, double now_seconds, __u64 requests);

#endif
