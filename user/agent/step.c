/* SPDX-License-Identifier: GPL-2.0-only */
/* A step: what the kernel has counted becomes history. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/private.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/term_names.h"

int agent_sweep(struct agent *agent, struct policies_in_use *ret_in_use)
{
	struct probe_swept swept;
	int r = probe_sweep(agent->probe, agent->applied.in_force.config.agent.unanswered_after_ns,
			    &swept, ret_in_use);

	if (r)
		return r;
	agent->consistent = swept.consistent;
	if (!agent->consistent)
		fprintf(stderr,
			"sliprobed: the counters disagree with the connections: %llu requests in flight, "
			"expected %lld to %lld\n",
			swept.in_flight, (long long)swept.at_least, (long long)swept.at_most);
	return 0;
}

/* ---- services ---- */

struct endpoints {
	struct found_endpoint {
		struct endpoint_key key;
		struct endpoint endpoint;
	} * list;
	size_t n;
};

static int gather_endpoint(void *context, const struct endpoint_key *key,
			   const struct endpoint *endpoint)
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

/* In the order they were found, so that names that depend on it do not change over a restart. */
static int endpoint_order(const void *a, const void *b)
{
	const struct found_endpoint *x = a, *y = b;

	return x->endpoint.id < y->endpoint.id ? -1 : x->endpoint.id > y->endpoint.id;
}

static int take_endpoint(struct agent *agent, const struct found_endpoint *found)
{
	const struct endpoint *endpoint = &found->endpoint;
	const char *configured =
		endpoint->service < SERVICE_FOUND
			? ids_name(agent->applied.numbers.services, endpoint->service)
			: NULL;
	int r;

	if (endpoint->service == SERVICE_NONE)
		return 0; /* being registered at this moment */
	r = service_seen(&agent->services, endpoint->service, configured, &found->key, endpoint);
	if (r || endpoint->service < SERVICE_FOUND)
		return r;
	return applied_found(&agent->applied,
			     services_by_id(&agent->services, endpoint->service)->name,
			     endpoint->service - SERVICE_FOUND);
}

int agent_discover(struct agent *agent)
{
	const struct config *config = &agent->applied.in_force.config;
	struct endpoints endpoints = {};
	struct service *service;
	int r = 0;

	for (size_t i = 0; !r && i < config->n_services; i++)
		r = services_add(&agent->services,
				 ids_number(agent->applied.numbers.services,
					    config->services[i].name),
				 config->services[i].name, &service);
	r = r ?: probe_each_endpoint(agent->probe, gather_endpoint, &endpoints);
	if (!r && endpoints.n)
		qsort(endpoints.list, endpoints.n, sizeof(*endpoints.list), endpoint_order);
	for (size_t i = 0; !r && i < endpoints.n; i++)
		r = take_endpoint(agent, &endpoints.list[i]);
	free(endpoints.list);
	return r ?: agent_recall(agent);
}

/* ---- tracks ---- */

int agent_counts(struct agent *agent, const struct track *track, struct slo_counts *ret)
{
	int r;

	if (track->counts == TRACK_NO_COUNTS) {
		*ret = track->stepped;
		return 0;
	}
	r = probe_read_counts(agent->probe, track->counts, ret);
	if (!r && (ret->good < track->stepped.good || ret->bad < track->stepped.bad)) {
		/* never seen; events must not be made up from it */
		fprintf(stderr,
			"sliprobed: SLO %s: the kernel's counters are below those of the last "
			"step: they are taken as they are\n",
			track->name);
		*ret = track->stepped;
	}
	return r;
}

static int found_before(void *context, const struct store_slo *slo)
{
	struct agent *agent = context;

	return applied_found_before(&agent->applied, slo->name, slo->service, slo->definition);
}

int agent_recall(struct agent *agent)
{
	struct track *track;
	size_t at = 0;

	while ((track = tracks_next(&agent->applied.tracks, TRACKS_IN_FORCE | TRACKS_ENDED, &at))) {
		int r = 0;

		if (isnan(track->stepped_seconds))
			r = record_load(agent->record, agent->instance, &agent->axis.timeline,
					agent->axis.stepped_seconds, track);
		if (r == -ENOMEM)
			return r;
	}
	return 0;
}

int agent_recall_found(struct agent *agent, double now_seconds)
{
	int r = record_each_found(agent->record, now_seconds - TRACK_WINDOW_S, found_before, agent);

	return r ?: agent_recall(agent);
}

/* ---- series ---- */

struct series_list {
	const struct agent *agent;
	struct store_series *list;
	size_t n;
	size_t max;
	__u64 *requests; /* by service */
};

static int add_series(void *context, __u32 id, const struct series_key *key,
		      const struct series_value *value)
{
	struct series_list *series = context;
	const struct service *service = services_by_id(&series->agent->services, key->service);
	unsigned int outcome = series_outcome(key);
	struct store_series *grown;

	(void)id;
	series->requests[key->service] += value->requests;
	if (!service || key->method >= HTTP_METHOD_COUNT || outcome >= OUTCOME_COUNT)
		return 0;
	if (series->n == series->max) {
		size_t max = series->max * 2 ?: 256;

		grown = realloc(series->list, max * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		series->list = grown;
		series->max = max;
	}
	series->list[series->n++] = (struct store_series){
		.service = service->name,
		.route = ids_name(series->agent->applied.numbers.routes, key->route) ?: "_other",
		.method = method_name(key->method),
		.outcome = outcome_name(outcome),
		.status = key->status,
		.role = series_role(key),
		.requests = value->requests,
	};
	return 0;
}

static int step_series(struct agent *agent, double now, struct series_list *series)
{
	int r;

	series->agent = agent;
	series->requests = calloc(1 << 16, sizeof(*series->requests));
	if (!series->requests)
		return -ENOMEM;
	r = probe_each_series(agent->probe, add_series, series);
	for (size_t i = 0; !r && i < agent->services.n; i++)
		service_rate_step(agent->services.list[i], now,
				  series->requests[agent->services.list[i]->id]);
	return r;
}

/* ---- the step ---- */

static int step_track(struct agent *agent, struct track *track, double now)
{
	struct slo_counts counts;
	bool excluded;
	int r = agent_counts(agent, track, &counts);

	if (r)
		return r;
	agent_silenced(agent, track, SEVERITY_PAGE, now, &excluded);
	return track_step(track, now, &counts, excluded);
}

/* Writes the step to disk, as far as it can be. */
static int record_all(struct agent *agent, const struct store_series *series, size_t n_series)
{
	const struct tracks *counted = &agent->applied.tracks;
	size_t n = tracks_count(counted, TRACKS_IN_FORCE | TRACKS_ENDED), at = 0;
	_cleanup_free_ struct track **tracks = calloc(n ?: 1, sizeof(struct track *));
	struct record_step step = {
		.instance = agent->instance,
		.timeline = &agent->axis.timeline,
		.coverage = &agent->axis.coverage,
		.now_seconds = agent->axis.stepped_seconds,
		.tracks = tracks,
		.n_tracks = n,
		.series = series,
		.n_series = n_series,
	};

	if (!tracks)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		tracks[i] = tracks_next(counted, TRACKS_IN_FORCE | TRACKS_ENDED, &at);
	return record_step(agent->record, &step);
}

int agent_take(struct agent *agent, double now)
{
	const struct tracks *tracks = &agent->applied.tracks;
	struct series_list series = {};
	struct track *track;
	int r = 0, judged;
	size_t at = 0;

	while (!r && (track = tracks_next(tracks, TRACKS_IN_FORCE | TRACKS_ENDED, &at)))
		r = step_track(agent, track, now);
	r = r ?: axis_step(&agent->axis, now);
	r = r ?: step_series(agent, now, &series);
	if (!r) {
		/* what was counted is recorded, whatever becomes of the alerts */
		judged = agent_judge(agent, now);
		r = record_all(agent, series.list, series.n) ?: judged;
	}
	free(series.list);
	free(series.requests);
	return r;
}

static void look_at_clock(struct agent *agent)
{
	double step = axis_look(&agent->axis, clock_seconds(CLOCK_BOOTTIME),
				clock_seconds(CLOCK_REALTIME));

	if (step == 0)
		return;
	fprintf(stderr,
		"sliprobed: the wall clock was set %s by %.1f s; windows and history go by the time "
		"that has passed, and are not moved\n",
		step > 0 ? "forward" : "back", fabs(step));
}

/* Which rules that have ended are still gone by, also by requests whose head is half read. */
static int review_ending(struct agent *agent)
{
	struct policies_in_use in_use;
	int r = agent_sweep(agent, &in_use);

	if (!r)
		applied_review_ending(&agent->applied, &in_use);
	return r;
}

/* A sweep takes as long as there are open connections, and has nothing to do if all are idle. */
static int end_unanswered(struct agent *agent)
{
	bool at_rest;
	int r = probe_at_rest(agent->probe, &at_rest);

	return r || at_rest ? r : agent_sweep(agent, NULL);
}

int agent_step(struct agent *agent)
{
	bool ending = applied_any_ending(&agent->applied);
	int r = ending ? review_ending(agent) : end_unanswered(agent);

	r = r ?: agent_discover(agent);
	look_at_clock(agent);
	r = r ?: agent_take(agent, axis_now(&agent->axis));
	if (!r && ending && record_report(agent->record).state != RECORD_FAILING)
		applied_forget_ended(&agent->applied);
	return r;
}
