/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/snapshot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct snapshot_burn_window snapshot_burn_windows[] = {
#define X(name, seconds) {name, seconds},
	SLO_BURN_WINDOWS(X)
#undef X
};

static void texts_free(char **texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(texts[i]);
	free(texts);
}

void snapshot_versions_free(struct snapshot_version *versions, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(versions[i].version);
		free(versions[i].build_id);
		free(versions[i].exe);
		free(versions[i].script);
	}
	free(versions);
}

static void service_clear(struct snapshot_service *service)
{
	for (size_t i = 0; i < service->n_series; i++) {
		if (!service->series[i])
			continue;
		free(service->series[i]->thresholds);
		free(service->series[i]);
	}
	free(service->series);
	free(service->name);
	free(service->exe);
	free(service->container);
	free(service->user);
	snapshot_versions_free(service->versions, service->n_versions);
}

void snapshot_clear(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->n_services; i++)
		service_clear(&snapshot->services[i]);
	free(snapshot->services);
	free(snapshot->octaves);
	snapshot_period_clear(&snapshot->window);
	snapshot_period_clear(&snapshot->before);
	for (size_t i = 0; i < snapshot->n_slos; i++) {
		free(snapshot->slos[i].alerts);
		snapshot_versions_free(snapshot->slos[i].versions, snapshot->slos[i].n_versions);
	}
	free(snapshot->slos);
	for (size_t i = 0; i < snapshot->n_blind; i++) {
		free(snapshot->blind[i].service);
		free(snapshot->blind[i].words);
	}
	free(snapshot->blind);
	snapshot_tls_clear(&snapshot->tls);
	for (size_t i = 0; i < snapshot->n_quotas; i++)
		free(snapshot->quotas[i].name);
	free(snapshot->quotas);
	texts_free(snapshot->agent.capabilities, snapshot->agent.n_capabilities);
	texts_free(snapshot->agent.warnings, snapshot->agent.n_warnings);
	memset(snapshot, 0, sizeof(*snapshot));
}

const char *snapshot_status_text(unsigned int status, char ret[static SNAPSHOT_STATUS_BYTES])
{
	const unsigned int http = status_http(status);

	if (!http)
		snprintf(ret, SNAPSHOT_STATUS_BYTES, "_unknown");
	else
		snprintf(ret, SNAPSHOT_STATUS_BYTES, http < STATUS_CLASSES ? "%uxx" : "%u", http);
	return ret;
}

bool snapshot_without_traffic(const struct snapshot_service *service)
{
	return service->match && !service->port;
}

size_t snapshot_unmeasured(const struct snapshot *snapshot)
{
	size_t n = 0;

	for (size_t i = 0; i < snapshot->n_blind; i++)
		n += !snapshot->blind[i].measured;
	return n;
}

struct maybe snapshot_counted_ratio(const struct snapshot_cover *cover)
{
	double connections = (double)cover->connections + (double)cover->blind;
	double requests = (double)cover->counted + (double)cover->lost;
	double judged = fmax((double)cover->counted - (double)cover->status_unknown, 0);
	struct maybe ratio = {.known = connections > 0};

	if (ratio.known)
		ratio.value = (double)cover->connections / connections *
			      (requests > 0 ? judged / requests : 1);
	return ratio;
}

void snapshot_hist_add(const struct snapshot_hist *hist, uint64_t buckets[HIST_BUCKETS])
{
	for (size_t i = 0; i < hist->n_octaves; i++) {
		const struct snapshot_octave *octave = &hist->octaves[i];
		size_t first = (size_t)octave->octave * HIST_PER_OCTAVE;

		for (size_t k = 0; k < HIST_PER_OCTAVE && first + k < HIST_BUCKETS; k++)
			buckets[first + k] += octave->n[k];
	}
}

uint64_t snapshot_hist_below(const struct snapshot_hist *hist, size_t bucket)
{
	uint64_t below = 0;

	for (size_t i = 0; i < hist->n_octaves; i++) {
		const struct snapshot_octave *octave = &hist->octaves[i];
		size_t first = (size_t)octave->octave * HIST_PER_OCTAVE;

		for (size_t k = 0; k < HIST_PER_OCTAVE && first + k < bucket; k++)
			below += octave->n[k];
	}
	return below;
}

size_t snapshot_route_end(const struct snapshot_service *service, size_t first)
{
	const struct snapshot_series *a = service->series[first];
	size_t end = first + 1;

	while (end < service->n_series && service->series[end]->method == a->method &&
	       !strcmp(service->series[end]->route, a->route))
		end++;
	return end;
}

void snapshot_merge_add(struct snapshot_merged *merged, enum outcome outcome, unsigned int status,
			uint64_t n)
{
	const unsigned int http = status_http(status);

	merged->requests += n;
	merged->outcomes[outcome] += n;
	if (snapshot_failed(outcome, status))
		merged->errors += n;
	if (outcome_is_timed(outcome))
		merged->timed += n;
	if (outcome != OUTCOME_COMPLETE)
		return;
	if (http < SNAPSHOT_STATUSES)
		merged->status[http] += n;
	if (status_is_grpc(status) && (unsigned int)status_grpc(status) < GRPC_STATUS_COUNT)
		merged->grpc_status[status_grpc(status)] += n;
}

void snapshot_merge_counts(const struct snapshot_service *service, size_t first, size_t end,
			   struct snapshot_merged *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = first; i < end; i++) {
		const struct snapshot_series *series = service->series[i];

		snapshot_merge_add(ret, series->outcome, series->status, series->requests);
		if (outcome_is_timed(series->outcome))
			ret->queue_sum_ns += series->queue_sum_ns;
	}
}

void snapshot_merge(const struct snapshot_service *service, size_t first, size_t end,
		    struct snapshot_merged *ret)
{
	snapshot_merge_counts(service, first, end, ret);
	for (size_t i = first; i < end; i++) {
		const struct snapshot_series *series = service->series[i];

		if (!outcome_is_timed(series->outcome))
			continue;
		snapshot_hist_add(&series->total, ret->total);
		snapshot_hist_add(&series->queue, ret->queue);
	}
}

struct slo_budget snapshot_slo_budget(const struct snapshot_slo *slo)
{
	const struct slo_moment moment = {
		slo->window, slo->objective, {slo->since_seconds, slo->slicing}, slo->now_seconds};
	struct slo_events last_hour = {};

	for (size_t i = 0; i < SNAPSHOT_BURN_WINDOWS; i++) {
		if (snapshot_burn_windows[i].seconds == 3600)
			last_hour = slo->burn_events[i];
	}
	return slo_budget_at(&moment, slo->budgeted, last_hour);
}

const struct snapshot_service *snapshot_service_find(const struct snapshot *snapshot,
						     const char *name)
{
	for (size_t i = 0; i < snapshot->n_services; i++) {
		if (!strcmp(snapshot->services[i].name, name))
			return &snapshot->services[i];
	}
	return NULL;
}
