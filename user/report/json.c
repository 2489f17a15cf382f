/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/term_names.h"
#include "slo/quantile.h"

char *json_render(json_t *value, const char *end)
{
	_cleanup_free_ char *text = json_dumps(value, JSON_REAL_PRECISION(12));
	char *ret = NULL;

	json_decref(value);
	return text && asprintf(&ret, "%s%s", text, end) >= 0 ? ret : NULL;
}

static json_t *nonzero_or_null(uint64_t value)
{
	return value ? count(value) : json_null();
}

static json_t *texts(char *const *items, size_t n)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < n; i++)
		failed |= push(array, text_or_null(items[i]));
	return checked(array, failed);
}

static json_t *agent_json(const struct snapshot *snapshot)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= put(object, "version", text_or_null(snapshot->agent.version));
	failed |= put(object, "kernel", nonempty_or_null(snapshot->agent.kernel));
	failed |= put(object, "hook", text_or_null(snapshot->agent.hook));
	failed |= put(object, "hook_reason", text_or_null(snapshot->agent.hook_reason));
	failed |= put(object, "started_at", nonempty_or_null(snapshot->agent.started_at));
	failed |= put(object, "config", text_or_null(snapshot->agent.config));
	failed |= put(object, "reloads", count(snapshot->agent.reloads));
	failed |= put(object, "capabilities",
		      texts(snapshot->agent.capabilities, snapshot->agent.n_capabilities));
	failed |= put(object, "pinned", json_boolean(snapshot->agent.pinned));
	failed |= put(object, "taken_over", json_boolean(snapshot->agent.adopted));
	failed |= put(object, "warnings",
		      texts(snapshot->agent.warnings, snapshot->agent.n_warnings));
	return checked(object, failed);
}

static json_t *lost_json(const struct snapshot *snapshot)
{
	json_t *object = json_object();
	int failed = 0;

	for (size_t i = 0; i < LOST_REASON_COUNT; i++)
		failed |= put(object, lost_reason_name(i),
			      count(snapshot->coverage.lost_by_reason[i]));
	return checked(object, failed);
}

static json_t *kernel_errors_json(const struct snapshot *snapshot)
{
	json_t *object = json_object();
	int failed = 0;

	for (size_t i = 0; i < KERR_COUNT; i++) {
		if (snapshot->coverage.kernel_errors[i])
			failed |= put(object, kernel_error_name(i),
				      count(snapshot->coverage.kernel_errors[i]));
	}
	return checked(object, failed);
}

static json_t *unmeasured_json(const struct snapshot *snapshot)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < snapshot->n_unmeasured; i++) {
		const struct snapshot_unmeasured *listener = &snapshot->unmeasured[i];
		json_t *object = json_object();

		failed |= put(object, "port", count(listener->port));
		failed |= put(object, "process", nonempty_or_null(listener->process));
		failed |= put(object, "reason", text_or_null(listener->reason));
		failed |= put(object, "connections", count(listener->connections));
		failed |= push(array, object);
	}
	return checked(array, failed);
}

static json_t *coverage_json(const struct snapshot *snapshot)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= put(object, "seen", count(snapshot->coverage.seen));
	failed |= put(object, "counted", count(snapshot->coverage.counted));
	failed |= put(object, "lost", count(snapshot->coverage.lost));
	failed |= put(object, "in_flight", count(snapshot->coverage.in_flight));
	failed |= put(object, "samples_lost", count(snapshot->coverage.samples_lost));
	failed |= put(object, "gaps", count(snapshot->coverage.gaps));
	failed |= put(object, "consistent", json_boolean(snapshot->coverage.consistent));
	failed |= put(object, "lost_by_reason", lost_json(snapshot));
	failed |= put(object, "kernel_errors", kernel_errors_json(snapshot));
	failed |= put(object, "hook_misses", count(snapshot->coverage.hook_misses));
	failed |= put(object, "unmeasured", unmeasured_json(snapshot));
	return checked(object, failed);
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

static json_t *services_json(const struct snapshot *snapshot)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < snapshot->n_services; i++)
		failed |= push(array, service_json(&snapshot->services[i]));
	return checked(array, failed);
}

json_t *json_store(const struct snapshot_store *store)
{
	static const char *const states[] = {
		[SNAPSHOT_STORE_OK] = "ok",
		[SNAPSHOT_STORE_FAILING] = "failing",
		[SNAPSHOT_STORE_NOT_KEPT] = "not kept",
	};
	json_t *object = json_object();
	int failed = 0;

	failed |= put(object, "state", json_string(states[store->state]));
	failed |= put(object, "reason", nonempty_or_null(store->reason));
	failed |= put(object, "path", text_or_null(store->path));
	failed |= put(object, "bytes", count(store->bytes));
	return checked(object, failed);
}

static json_t *slos_json(const struct snapshot *snapshot)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < snapshot->n_slos; i++)
		failed |= push(array, json_slo_value(&snapshot->slos[i]));
	return checked(array, failed);
}

static char *status(const struct snapshot *snapshot, bool services)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= put(object, "agent", agent_json(snapshot));
	failed |= put(object, "coverage", coverage_json(snapshot));
	if (services)
		failed |= put(object, "services", services_json(snapshot));
	failed |= put(object, "slos", slos_json(snapshot));
	failed |= put(object, "store", json_store(&snapshot->store));
	return json_render(checked(object, failed), "\n");
}

char *json_status(const struct snapshot *snapshot)
{
	return status(snapshot, true);
}

char *json_status_brief(const struct snapshot *snapshot)
{
	return status(snapshot, false);
}

char *json_services(const struct snapshot *snapshot)
{
	json_t *object = json_object();

	return json_render(checked(object, put(object, "services", services_json(snapshot))), "\n");
}

char *json_slo(const struct snapshot *snapshot, size_t slo)
{
	const struct snapshot_service *service =
		snapshot_service_find(snapshot, snapshot->slos[slo].service);
	json_t *object = json_slo_value(&snapshot->slos[slo]);

	return json_render(
		checked(object, put(object, "about", json_about(service ? service->about : NULL))),
		"\n");
}

char *json_error(const char *text)
{
	json_t *object = json_object();

	return json_render(checked(object, put(object, "error", text_or_null(text))), "\n");
}
