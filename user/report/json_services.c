/* SPDX-License-Identifier: GPL-2.0-only */
/* Services as JSON: who they are, their counts, and those of their routes. */
#include <stdio.h>

#include "base/json.h"
#include "base/term_names.h"
#include "report/json.h"
#include "slo/quantile.h"

static json_t *nonzero_or_null(uint64_t value)
{
	return value ? count(value) : json_null();
}

static json_t *outcomes_json(const struct snapshot_merged *merged)
{
	json_t *object = json_object();
	int failed = 0;

	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		failed |= put(object, outcome_name(i), count(merged->outcomes[i]));
	return checked(object, failed);
}

static json_t *statuses_json(const struct snapshot_merged *merged)
{
	json_t *object = json_object();
	int failed = 0;

	for (unsigned int status = 0; status < SNAPSHOT_STATUSES; status++) {
		char key[16];

		if (!merged->status[status])
			continue;
		snprintf(key, sizeof(key), "%u", status);
		failed |= put(object, key, count(merged->status[status]));
	}
	return checked(object, failed);
}

static json_t *quantile_json(const uint64_t counts[HIST_BUCKETS], double q)
{
	double seconds;

	return quantile_seconds(counts, q, &seconds) ? json_real(seconds) : json_null();
}

static json_t *quantiles_json(const uint64_t counts[HIST_BUCKETS])
{
	json_t *object = json_object();
	int failed = 0;

	failed |= put(object, "p50", quantile_json(counts, 0.5));
	failed |= put(object, "p90", quantile_json(counts, 0.9));
	failed |= put(object, "p99", quantile_json(counts, 0.99));
	return checked(object, failed);
}

static json_t *error_ratio_json(const struct snapshot_merged *merged)
{
	if (!merged->requests)
		return json_null();
	return json_real((double)merged->errors / (double)merged->requests);
}

/* Counts of a service or of a route. */
static int put_counts(json_t *object, const struct snapshot_merged *merged)
{
	int failed = 0;

	failed |= put(object, "requests", count(merged->requests));
	failed |= put(object, "errors", count(merged->errors));
	failed |= put(object, "error_ratio", error_ratio_json(merged));
	failed |= put(object, "outcomes", outcomes_json(merged));
	failed |= put(object, "status", statuses_json(merged));
	return failed;
}

static json_t *routes_json(const struct snapshot_service *service)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0, end; i < service->n_series; i = end) {
		json_t *object = json_object();
		struct snapshot_merged merged;

		end = snapshot_route_end(service, i);
		snapshot_merge(service, i, end, &merged);
		failed |= put(object, "route", text_or_null(service->series[i]->route));
		failed |=
			put(object, "method", json_string(method_name(service->series[i]->method)));
		failed |= put_counts(object, &merged);
		failed |= put(object, "latency_seconds", quantiles_json(merged.total));
		failed |= put(object, "queue_seconds", quantiles_json(merged.queue));
		failed |= push(array, object);
	}
	return checked(array, failed);
}

json_t *json_about(const struct config_about *about)
{
	json_t *object;
	int failed = 0;

	if (!about)
		return json_null();
	object = json_object();
	failed |= put(object, "owner", text_or_null(about->owner));
	failed |= put(object, "purpose", text_or_null(about->purpose));
	failed |= put(object, "mitigation", text_or_null(about->mitigation));
	failed |= put(object, "runbook", text_or_null(about->runbook));
	return checked(object, failed);
}

static json_t *service_json(const struct snapshot_service *service)
{
	json_t *object = json_object();
	struct snapshot_merged merged;
	int failed = 0;

	snapshot_merge_counts(service, 0, service->n_series, &merged);
	failed |= put(object, "name", text_or_null(service->name));
	failed |= put(object, "role", json_string(role_name(service->role)));
	failed |= put(object, "configured", json_boolean(service->configured));
	failed |= put(object, "port", nonzero_or_null(service->port));
	failed |= put(object, "process", nonempty_or_null(service->process));
	failed |= put(object, "exe", text_or_null(service->exe));
	failed |= put(object, "pid", nonzero_or_null(service->pid));
	failed |= put(object, "netns", nonzero_or_null(service->netns));
	failed |= put(object, "container", text_or_null(service->container));
	failed |= put(object, "requests_per_second", ratio_or_null(service->requests_per_second));
	failed |= put_counts(object, &merged);
	failed |= put(object, "about", json_about(service->about));
	failed |= put(object, "routes", routes_json(service));
	return checked(object, failed);
}

json_t *json_services_value(const struct snapshot *snapshot)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < snapshot->n_services; i++)
		failed |= push(array, service_json(&snapshot->services[i]));
	return checked(array, failed);
}

char *json_services(const struct snapshot *snapshot)
{
	json_t *object = json_object();

	return json_render(checked(object, put(object, "services", json_services_value(snapshot))),
			   "\n");
}
