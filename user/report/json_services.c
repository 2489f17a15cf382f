/* SPDX-License-Identifier: GPL-2.0-only */
/* Services as JSON: who they are, their counts, and those of their routes. */
#include <stdio.h>
#include <string.h>

#include "base/json_values.h"
#include "base/term_names.h"
#include "report/json.h"
#include "report/json_counts.h"
#include "report/json_render.h"
#include "report/json_versions.h"
#include "slo/quantile.h"

static json_t *nonzero_or_null(uint64_t value)
{
	return value ? json_count(value) : json_null();
}

static json_t *outcomes_json(const struct snapshot_merged *merged)
{
	json_t *object = json_object();
	int failed = 0;

	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		failed |= json_put(object, outcome_name(i), json_count(merged->outcomes[i]));
	return json_checked(object, failed);
}

static json_t *statuses_json(const struct snapshot_merged *merged)
{
	json_t *object = json_object();
	int failed = 0;

	for (unsigned int status = 0; status < SNAPSHOT_STATUSES; status++) {
		char key[SNAPSHOT_STATUS_BYTES];

		if (merged->status[status])
			failed |= json_put(object, snapshot_status_text(status, key),
					   json_count(merged->status[status]));
	}
	return json_checked(object, failed);
}

static json_t *grpc_statuses_json(const struct snapshot_merged *merged)
{
	json_t *object = json_object();
	int failed = 0;

	for (enum grpc_status i = 0; i < GRPC_STATUS_COUNT; i++) {
		if (merged->grpc_status[i])
			failed |= json_put(object, grpc_status_name(i),
					   json_count(merged->grpc_status[i]));
	}
	return json_checked(object, failed);
}

static json_t *quantile_json(const uint64_t counts[HIST_BUCKETS], double q)
{
	double seconds;

	return quantile_seconds(counts, q, &seconds) ? json_real(seconds) : json_null();
}

json_t *json_quantiles(const uint64_t counts[HIST_BUCKETS])
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "p50", quantile_json(counts, 0.5));
	failed |= json_put(object, "p90", quantile_json(counts, 0.9));
	failed |= json_put(object, "p99", quantile_json(counts, 0.99));
	return json_checked(object, failed);
}

static json_t *error_ratio_json(const struct snapshot_merged *merged)
{
	uint64_t accepted = merged->requests - merged->outcomes[OUTCOME_NOT_ACCEPTED];

	if (!accepted)
		return json_null();
	return json_real((double)merged->errors / (double)accepted);
}

/* Counts of a service or of a route. */
int json_put_counts(json_t *object, const struct snapshot_merged *merged)
{
	int failed = 0;

	failed |= json_put(object, "requests", json_count(merged->requests));
	failed |= json_put(object, "errors", json_count(merged->errors));
	failed |= json_put(object, "error_ratio", error_ratio_json(merged));
	failed |= json_put(object, "outcomes", outcomes_json(merged));
	failed |= json_put(object, "status", statuses_json(merged));
	failed |= json_put(object, "grpc_status", grpc_statuses_json(merged));
	return failed;
}

int json_put_no_counts(json_t *object)
{
	static const char *const counts[] = {"requests", "errors", "outcomes", "status",
					     "grpc_status"};
	int failed = 0;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		failed |= json_put(object, counts[i], json_null());
	return failed;
}

/* ---- spans of time ---- */

/* Counts, rate and latency of a span; null where nothing was counted. */
static json_t *period_json(const struct snapshot_period *period, const char *service,
			   const char *route, const char *method)
{
	const bool known = period->covered_seconds > 0;
	json_t *object = json_object();
	struct snapshot_merged merged;
	int failed = 0;

	snapshot_period_merge(period, service, route, method, &merged);
	failed |= json_put_counts(object, &merged);
	failed |= json_put(object, "requests_per_second",
			   known ? json_real((double)merged.requests / period->covered_seconds) :
				   json_null());
	failed |= json_put(object, "latency_seconds", json_quantiles(merged.total));
	failed |= json_put(object, "queue_seconds", json_quantiles(merged.queue));
	if (!known && !merged.requests)
		failed |= json_put_no_counts(object);
	return json_checked(object, failed);
}

/* route NULL: all of the service's. */
static int put_periods(json_t *object, const struct snapshot *snapshot, const char *service,
		       const char *route, const char *method)
{
	int failed = 0;

	if (!snapshot->has_periods)
		return 0;
	failed |=
		json_put(object, "window", period_json(&snapshot->window, service, route, method));
	failed |=
		json_put(object, "before", period_json(&snapshot->before, service, route, method));
	return failed;
}

static json_t *span_json(const struct snapshot_period *period)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "from", json_time_or_null(period->from_unix));
	failed |= json_put(object, "to", json_time_or_null(period->to_unix));
	failed |= json_put(object, "seconds", json_real(period->to_unix - period->from_unix));
	failed |= json_put(object, "covered_seconds", json_real(period->covered_seconds));
	return json_checked(object, failed);
}

/* ---- routes ---- */

static json_t *route_json(const struct snapshot *snapshot, const struct snapshot_service *service,
			  const char *route, const char *method,
			  const struct snapshot_merged *merged)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "route", json_text_or_null(route));
	failed |= json_put(object, "method", json_text_or_null(method));
	failed |= json_put_counts(object, merged);
	failed |= json_put(object, "latency_seconds", json_quantiles(merged->total));
	failed |= json_put(object, "queue_seconds", json_quantiles(merged->queue));
	failed |= put_periods(object, snapshot, service->name, route, method);
	return json_checked(object, failed);
}

static bool has_route(const struct snapshot_service *service, const struct snapshot_asked *asked)
{
	for (size_t i = 0; i < service->n_series; i++) {
		if (!strcmp(method_name(service->series[i]->method), asked->method) &&
		    !strcmp(service->series[i]->route, asked->route))
			return true;
	}
	return false;
}

/* Routes that were asked in one of the spans, but not since the counters began. */
static int push_former_routes(json_t *array, const struct snapshot *snapshot,
			      const struct snapshot_service *service,
			      const struct snapshot_period *period,
			      const struct snapshot_period *shown)
{
	const struct snapshot_merged none = {};
	size_t end, shown_end, at = 0;
	int failed = 0;

	for (size_t i = snapshot_period_find(period, service->name, &end); i < end; i++) {
		const struct snapshot_asked *asked = &period->asked[i];
		bool known = has_route(service, asked);

		shown_end = 0;
		if (shown)
			at = snapshot_period_find(shown, service->name, &shown_end);
		for (; !known && at < shown_end; at++)
			known = !strcmp(shown->asked[at].route, asked->route) &&
				!strcmp(shown->asked[at].method, asked->method);
		if (!known)
			failed |= json_push(array, route_json(snapshot, service, asked->route,
							      asked->method, &none));
	}
	return failed;
}

static json_t *routes_json(const struct snapshot *snapshot, const struct snapshot_service *service)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0, end; i < service->n_series; i = end) {
		const struct snapshot_series *series = service->series[i];
		struct snapshot_merged merged;

		end = snapshot_route_end(service, i);
		snapshot_merge(service, i, end, &merged);
		failed |= json_push(array, route_json(snapshot, service, series->route,
						      method_name(series->method), &merged));
	}
	if (snapshot->has_periods) {
		failed |= push_former_routes(array, snapshot, service, &snapshot->window, NULL);
		failed |= push_former_routes(array, snapshot, service, &snapshot->before,
					     &snapshot->window);
	}
	return json_checked(array, failed);
}

json_t *json_about(const struct config_about *about)
{
	json_t *object;
	int failed = 0;

	if (!about)
		return json_null();
	object = json_object();
	failed |= json_put(object, "owner", json_text_or_null(about->owner));
	failed |= json_put(object, "purpose", json_text_or_null(about->purpose));
	if (about->importance)
		failed |= json_put(object, "importance", json_text_or_null(about->importance));
	failed |= json_put(object, "mitigation", json_text_or_null(about->mitigation));
	failed |= json_put(object, "runbook", json_text_or_null(about->runbook));
	return json_checked(object, failed);
}

static json_t *match_json(const struct config_match *match)
{
	json_t *object;
	int failed = 0;

	if (!match)
		return json_null();
	object = json_object();
	failed |= json_put(object, "port", nonzero_or_null(match->port));
	failed |= json_put(object, "process", json_text_or_null(match->process));
	failed |= json_put(object, "exe", json_text_or_null(match->exe));
	failed |= json_put(object, "user", json_text_or_null(match->user));
	failed |= json_put(object, "netns", json_text_or_null(match->netns));
	failed |= json_put(object, "unit", json_text_or_null(match->unit));
	failed |= json_put(object, "cgroup", json_text_or_null(match->cgroup));
	failed |= json_put(object, "container", json_text_or_null(match->container));
	return json_checked(object, failed);
}

static json_t *namespace_json(enum snapshot_namespace namespace)
{
	static const char *const names[] = {
		[SNAPSHOT_NS_HOST] = "host",
		[SNAPSHOT_NS_PRIVATE] = "private",
		[SNAPSHOT_NS_OTHER] = "other",
	};

	return namespace == SNAPSHOT_NS_UNKNOWN ? json_null() : json_string(names[namespace]);
}

/* What keeps it from being a configured service. */
static json_t *near_json(const struct snapshot_service *service)
{
	json_t *object, *lacks;
	int failed = 0;

	if (!service->near)
		return json_null();
	object = json_object();
	lacks = json_array();
	if (service->near_lacks_netns)
		failed |= json_push(lacks, json_string("network_namespace"));
	if (service->near_lacks_mounts)
		failed |= json_push(lacks, json_string("mount_namespace"));
	failed |= json_put(object, "service", json_text_or_null(service->near));
	failed |= json_put(object, "lacks", lacks);
	return json_checked(object, failed);
}

static json_t *listening_json(enum snapshot_listening listening)
{
	return listening == SNAPSHOT_LISTENING_UNKNOWN ?
		       json_null() :
		       json_boolean(listening == SNAPSHOT_LISTENING);
}

json_t *json_without_traffic(const struct snapshot *snapshot)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < snapshot->n_services; i++) {
		const struct snapshot_service *service = &snapshot->services[i];
		json_t *object;

		if (!snapshot_without_traffic(service))
			continue;
		object = json_object();
		failed |= json_put(object, "service", json_text_or_null(service->name));
		failed |= json_put(object, "match", match_json(service->match));
		failed |= json_put(object, "listening", listening_json(service->listening));
		failed |= json_push(array, object);
	}
	return json_checked(array, failed);
}

static json_t *service_json(const struct snapshot *snapshot, const struct snapshot_service *service)
{
	json_t *object = json_object();
	struct snapshot_merged merged;
	int failed = 0;

	snapshot_merge_counts(service, 0, service->n_series, &merged);
	failed |= json_put(object, "name", json_text_or_null(service->name));
	failed |= json_put(object, "role", json_string(role_name(service->role)));
	failed |= json_put(object, "configured", json_boolean(service->configured));
	failed |= json_put(object, "match", match_json(service->match));
	failed |= json_put(object, "port", nonzero_or_null(service->port));
	failed |= json_put(object, "process", json_nonempty_or_null(service->process));
	failed |= json_put(object, "exe", json_text_or_null(service->exe));
	failed |= json_put(object, "pid", nonzero_or_null(service->pid));
	failed |= json_put(object, "netns", nonzero_or_null(service->netns));
	failed |= json_put(object, "container", json_text_or_null(service->container));
	failed |= json_put(object, "user", json_text_or_null(service->user));
	failed |= json_put(object, "uid", service->pid ? json_integer(service->uid) : json_null());
	failed |= json_put(object, "network_namespace", namespace_json(service->network));
	failed |= json_put(object, "mount_namespace", namespace_json(service->mounts));
	failed |= json_put(object, "near", near_json(service));
	failed |= json_put(object, "requests_per_second", json_maybe(service->requests_per_second));
	failed |= json_put_counts(object, &merged);
	failed |= json_put_cover(object, &service->cover);
	failed |= json_put(object, "folded_requests", json_count(service->folded));
	failed |= json_put(object, "about", json_about(service->about));
	failed |= json_put(object, "versions", json_service_versions(snapshot, service));
	failed |= put_periods(object, snapshot, service->name, NULL, NULL);
	failed |= json_put(object, "routes", routes_json(snapshot, service));
	return json_checked(object, failed);
}

json_t *json_services_value(const struct snapshot *snapshot)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < snapshot->n_services; i++)
		failed |= json_push(array, service_json(snapshot, &snapshot->services[i]));
	return json_checked(array, failed);
}

static json_t *service_named(const struct snapshot *snapshot, const char *name)
{
	const struct snapshot_service *service = snapshot_service_find(snapshot, name);
	json_t *array = json_array();

	return json_checked(array, service ? json_push(array, service_json(snapshot, service)) : 0);
}

char *json_services_named(const struct snapshot *snapshot, const char *name)
{
	json_t *object = json_object();
	int failed = json_put(object, "services",
			      name ? service_named(snapshot, name) : json_services_value(snapshot));

	if (snapshot->has_periods) {
		failed |= json_put(object, "window", span_json(&snapshot->window));
		failed |= json_put(object, "before", span_json(&snapshot->before));
	}
	return json_render(json_checked(object, failed), "\n");
}

char *json_services(const struct snapshot *snapshot)
{
	return json_services_named(snapshot, NULL);
}
