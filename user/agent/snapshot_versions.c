/* SPDX-License-Identifier: GPL-2.0-only */
/* Versions in a snapshot: those of services, and good and bad of SLOs by version. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/snapshot.h"
#include "base/cleanup.h"
#include "base/utf8.h"

static void counts_free(struct version_counts **counts)
{
	version_counts_free(*counts);
}

static char *text_of(const char *text)
{
	return text && text[0] ? utf8_clean(text) : NULL;
}

static int fill(const struct versions *versions, const struct version_row *row,
		struct snapshot_version *ret)
{
	const struct version_named *named = row->named;

	*ret = (struct snapshot_version){
		.version = strdup(named->name.name),
		.kind = version_kind_name(named->name.kind),
		.build_id = text_of(named->build_id),
		.exe = text_of(named->exe),
		.script = text_of(named->name.script),
		.first_unix = versions_unix(versions, named->first_ns),
		.last_unix = versions_unix(versions, named->last_ns),
		.instances = row->instances,
		.requests = row->requests,
		.good = row->good,
		.bad = row->bad,
	};
	return ret->version ? 0 : -ENOMEM;
}

/* What the versions leave of `total` is of none of them. Counters go on while they are read: never below 0. */
static uint64_t rest(uint64_t total, uint64_t versions)
{
	return total > versions ? total - versions : 0;
}

static int add_older(struct snapshot_version *list, size_t *n, uint64_t requests, uint64_t good,
		     uint64_t bad)
{
	struct snapshot_version *older = &list[*n];

	if (!requests && !good && !bad)
		return 0;
	*older = (struct snapshot_version){
		.version = strdup(VERSION_OLDER),
		.first_unix = NAN,
		.last_unix = NAN,
		.requests = requests,
		.good = good,
		.bad = bad,
	};
	(*n)++;
	return older->version ? 0 : -ENOMEM;
}

static int take_rows(const struct agent *agent, const struct version_counts *counts, __u32 service,
		     __u32 slo, struct snapshot_version **ret, size_t *ret_n)
{
	struct version_row rows[VERSIONS_OF_SERVICE];
	size_t n = versions_rows(agent->versions, counts, service, slo, rows);
	int r = 0;

	*ret = calloc(n + 1, sizeof(**ret)); /* and "_older" */
	if (!*ret)
		return -ENOMEM;
	for (size_t i = 0; !r && i < n; i++)
		r = fill(agent->versions, &rows[i], &(*ret)[(*ret_n)++]);
	return r;
}

static __u32 service_id(const struct agent *agent, const char *name)
{
	for (size_t i = 0; i < agent->services.n; i++) {
		if (!strcmp(agent->services.list[i]->name, name))
			return agent->services.list[i]->id;
	}
	return SERVICE_NONE;
}

static int of_service(const struct agent *agent, const struct version_counts *counts,
		      struct snapshot_service *service)
{
	uint64_t requests = 0;
	int r = take_rows(agent, counts, service_id(agent, service->name), SLO_COUNTS_MAX,
			  &service->versions, &service->n_versions);

	for (size_t i = 0; i < service->n_versions; i++)
		requests += service->versions[i].requests;
	return r     ?:
		       add_older(service->versions, &service->n_versions,
				 rest(service->cover.counted, requests), 0, 0);
}

static int of_slo(const struct agent *agent, const struct version_counts *counts,
		  struct snapshot_slo *slo)
{
	const struct track *track = tracks_named(&agent->applied.tracks, slo->name);
	uint64_t good = 0, bad = 0;
	int r;

	if (!track || track->counts == TRACK_NO_COUNTS)
		return 0;
	r = take_rows(agent, counts, service_id(agent, slo->service), track->counts, &slo->versions,
		      &slo->n_versions);
	for (size_t i = 0; i < slo->n_versions; i++) {
		good += slo->versions[i].good;
		bad += slo->versions[i].bad;
	}
	return r     ?:
		       add_older(slo->versions, &slo->n_versions, 0, rest(slo->total.good, good),
				 rest(slo->total.bad, bad));
}

int snapshot_take_versions(const struct agent *agent, struct snapshot *snapshot)
{
	_cleanup_(counts_free) struct version_counts *counts = NULL;
	int r;

	if (!agent->versions)
		return 0;
	r = version_counts_read(agent->kernel.probe, &counts);
	for (size_t i = 0; !r && i < snapshot->n_services; i++)
		r = of_service(agent, counts, &snapshot->services[i]);
	for (size_t i = 0; !r && i < snapshot->n_slos; i++)
		r = of_slo(agent, counts, &snapshot->slos[i]);
	return r;
}
