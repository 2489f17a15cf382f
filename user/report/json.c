/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/term_names.h"

char *json_render(json_t *value, const char *end)
{
	_cleanup_free_ char *text = json_dumps(value, JSON_REAL_PRECISION(12));
	char *ret = NULL;

	json_decref(value);
	return text && asprintf(&ret, "%s%s", text, end) >= 0 ? ret : NULL;
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
		failed |= put(object, "services", json_services_value(snapshot));
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
