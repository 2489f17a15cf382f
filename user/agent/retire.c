/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/retire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/discover.h"
#include "agent/listeners.h"
#include "agent/parts.h"
#include "base/cleanup.h"

enum {
	LOOK_SECONDS = 60, /* from one look to the next */
	MANY_FOUND = ENDPOINTS_FOUND_MAX / 2,
	SWEEPS = 2, /* one may miss a request that is just being counted */
};

struct looking {
	struct endpoints endpoints;
	bool *listens; /* by endpoint */
	struct found_endpoint *of[ENDPOINTS_MAX]; /* by id; NULL: not listed */
	bool spare[ENDPOINTS_MAX];
	bool met[ENDPOINTS_MAX];
	bool unlisted[ENDPOINTS_MAX];
	__u32 last; /* id */
	bool pressed;
};

static void looking_free(struct looking **looking)
{
	if (!*looking)
		return;
	endpoints_clear(&(*looking)->endpoints);
	free((*looking)->listens);
	free(*looking);
}

static bool are_many(struct probe *probe)
{
	return probe_owned(probe, &(struct owner_key){.kind = OWNER_ALL}).endpoints >= MANY_FOUND;
}

static int looking_new(const struct agent *agent, struct looking **ret)
{
	struct probe *probe = agent->kernel.probe;
	struct looking *looking = calloc(1, sizeof(*looking));
	int r;

	if (!looking)
		return -ENOMEM;
	*ret = looking;
	looking->last = probe_endpoints_given(probe);
	/* before the endpoints: one that gets a spare id now is taken for spare */
	probe_endpoints_spare(probe, looking->spare);
	looking->pressed = are_many(probe);
	r = probe_each_endpoint(probe, endpoints_add, &looking->endpoints);
	looking->listens = calloc(looking->endpoints.n + 1, sizeof(bool));
	if (r || !looking->listens)
		return r ?: -ENOMEM;
	listeners_find(&looking->endpoints, looking->listens);
	for (size_t i = 0; i < looking->endpoints.n; i++) {
		__u32 id = looking->endpoints.list[i].endpoint.id;

		if (id < ENDPOINTS_MAX)
			looking->of[id] = &looking->endpoints.list[i];
	}
	for (__u32 id = 1; id <= looking->last; id++)
		looking->unlisted[id] = !looking->of[id] && !looking->spare[id];
	return 0;
}

static bool listens(const struct looking *looking, __u32 id)
{
	return looking->of[id] && looking->listens[looking->of[id] - looking->endpoints.list];
}

/* True if there is an id that a sweep could find to be gone or unused. */
static bool any_to_sweep(const struct looking *looking)
{
	for (__u32 id = 1; id <= looking->last; id++) {
		if (!looking->spare[id] && !listens(looking, id))
			return true;
	}
	return false;
}

/* Finds those that a connection, an open request or the memory of a process could still count for. */
static int meet(struct agent *agent, struct looking *looking)
{
	struct probe *probe = agent->kernel.probe;
	__u64 unanswered_ns = agent->applied.in_force.config.agent.unanswered_after_ns;
	int r = 0;

	for (int i = 0; !r && i < SWEEPS; i++) {
		r = probe_unlearn(probe, looking->unlisted, looking->met);
		r = r ?: kernel_side_sweep(&agent->kernel, unanswered_ns, NULL);
		for (__u32 id = 1; !r && id <= looking->last; id++)
			looking->met[id] = looking->met[id] || !agent->kernel.swept_all ||
					   probe_endpoint_met(probe, id);
	}
	return r;
}

static bool is_pressed(const struct agent *agent, const struct owner_key *owner)
{
	__u32 most = owner->kind == OWNER_ALL ? SERIES_FOUND_MAX / 4 * 3 : SERIES_OF_OWNER;

	return quotas_met(&agent->quotas, owner) ||
	       probe_owned(agent->kernel.probe, owner).series >= most;
}

/* True if an owner of the endpoint has met a quota: what it has left behind is in its way. */
static bool owner_is_pressed(const struct agent *agent, __u32 id)
{
	const struct owner_key all = {.kind = OWNER_ALL};
	struct endpoint_owners owners;

	if (probe_endpoint_owners(agent->kernel.probe, id, &owners))
		return false;
	if (owners.found && is_pressed(agent, &all))
		return true;
	for (size_t i = 0; i < OWNERS_OF_ENDPOINT; i++) {
		if (owners.keys[i].kind != OWNER_ALL && is_pressed(agent, &owners.keys[i]))
			return true;
	}
	return false;
}

/* Marks the service, if it has one of its own. */
static void stay(struct agent *agent, __u32 id, enum service_stay stay)
{
	struct service *service = services_by_id(&agent->services, SERVICE_FOUND + id);

	if (service)
		service->stay = stay;
}

static int look_at(struct agent *agent, const struct looking *looking, __u32 id, double now)
{
	struct retire_id *known = &agent->retire.ids[id];
	struct retire_look look = {
		.listed = looking->of[id] != NULL,
		.spare = looking->spare[id],
		.listens = listens(looking, id),
		.met = looking->met[id],
		.pressed = looking->pressed,
		.now_seconds = now,
	};
	int r = 0;

	if (look.listed && !look.listens && !look.met && !look.pressed)
		look.pressed = owner_is_pressed(agent, id);
	if (retire_id_look(known, &look))
		r = probe_drop_endpoint(agent->kernel.probe, &looking->of[id]->key);
	stay(agent, id,
	     known->unused   ? SERVICE_GOES :
	     known->unlisted ? SERVICE_GONE :
			       SERVICE_STAYS);
	agent->retire.busy = agent->retire.busy || known->unlisted;
	return r;
}

static bool is_time(const struct agent *agent, double now)
{
	const struct retire *retire = &agent->retire;

	return retire->busy || !retire->looked || agent->quotas.n ||
	       now - retire->looked_seconds >= LOOK_SECONDS || are_many(agent->kernel.probe);
}

int retire_look(struct agent *agent, double now_seconds)
{
	struct retire *retire = &agent->retire;
	_cleanup_(looking_free) struct looking *looking = NULL;
	int r;

	if (!is_time(agent, now_seconds))
		return 0;
	retire->looked = true;
	retire->looked_seconds = now_seconds;
	r = looking_new(agent, &looking);
	if (r)
		return r;
	retire->busy = false;
	if (any_to_sweep(looking))
		r = meet(agent, looking);
	for (__u32 id = 1; !r && id <= looking->last; id++)
		r = look_at(agent, looking, id, now_seconds);
	return r ?: probe_forget_owners(agent->kernel.probe);
}

int retire_unused(struct agent *agent)
{
	bool forget[ENDPOINTS_MAX] = {};
	bool any = false;

	for (__u32 id = 1; id < ENDPOINTS_MAX; id++) {
		struct retire_id *known = &agent->retire.ids[id];
		const struct service *service;

		if (!known->unused)
			continue;
		any = forget[id] = true;
		service = services_by_id(&agent->services, SERVICE_FOUND + id);
		if (service)
			traffic_end(record_traffic(agent->record), service->name);
		if (agent->versions)
			versions_forget(agent->versions, agent->kernel.probe, SERVICE_FOUND + id);
		services_remove(&agent->services, SERVICE_FOUND + id);
		applied_lost(&agent->applied, id);
		known->unused = false;
	}
	return any ? probe_forget(agent->kernel.probe, forget) : 0;
}
