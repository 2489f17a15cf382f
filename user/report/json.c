/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/json.h"

#include "base/json_values.h"
#include "base/term_names.h"
#include "report/json_render.h"

/* Why the last reload was refused; null: it was not. */
static json_t *refusal_json(const struct snapshot *snapshot)
{
	json_t *object;
	int failed = 0;

	if (isnan(snapshot->agent.refused_at))
		return json_null();
	object = json_object();
	failed |= json_put(object, "at", json_time_or_null(snapshot->agent.refused_at));
	failed |= json_put(object, "reason", json_text_or_null(snapshot->agent.refusal));
	return json_checked(object, failed);
}

/* Whether steps come when they should. */
static json_t *steps_json(const struct snapshot *snapshot)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "count", json_count(snapshot->agent.steps));
	failed |= json_put(object, "late_seconds", json_real(snapshot->agent.late_seconds));
	failed |= json_put(object, "late_max_seconds", json_real(snapshot->agent.late_max_seconds));
	return json_checked(object, failed);
}

/* What it may still do: `landlock` is the version of that interface, 0 if the kernel has none. */
static json_t *confinement_json(const struct snapshot *snapshot)
{
	const struct confined *by = &snapshot->agent.confined;
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "uid", json_count(snapshot->agent.uid));
	failed |= json_put(object, "seccomp", json_boolean(by->system_calls));
	failed |= json_put(object, "landlock", json_count((uint64_t)by->landlock_abi));
	failed |= json_put(object, "refused_system_calls", json_count(by->refused));
	return json_checked(object, failed);
}

static json_t *agent_json(const struct snapshot *snapshot)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "version", json_text_or_null(snapshot->agent.version));
	failed |= json_put(object, "kernel", json_nonempty_or_null(snapshot->agent.kernel));
	failed |= json_put(object, "hook", json_text_or_null(snapshot->agent.hook));
	failed |= json_put(object, "hook_reason", json_text_or_null(snapshot->agent.hook_reason));
	failed |= json_put(object, "started_at", json_nonempty_or_null(snapshot->agent.started_at));
	failed |= json_put(object, "config", json_text_or_null(snapshot->agent.config));
	failed |= json_put(object, "steps", steps_json(snapshot));
	failed |= json_put(object, "reloads", json_count(snapshot->agent.reloads));
	failed |= json_put(object, "reloads_refused", json_count(snapshot->agent.reloads_refused));
	failed |= json_put(object, "reload_refused", refusal_json(snapshot));
	failed |=
		json_put(object, "capabilities",
			 json_texts(snapshot->agent.capabilities, snapshot->agent.n_capabilities));
	failed |= json_put(object, "confinement", confinement_json(snapshot));
	failed |= json_put(object, "pinned", json_boolean(snapshot->agent.pinned));
	failed |= json_put(object, "taken_over", json_boolean(snapshot->agent.taken_over));
	failed |= json_put(object, "warnings",
			   json_texts(snapshot->agent.warnings, snapshot->agent.n_warnings));
	return json_checked(object, failed);
}

static json_t *lost_json(const struct snapshot *snapshot)
{
	json_t *object = json_object();
	int failed = 0;

	for (size_t i = 0; i < LOST_REASON_COUNT; i++)
		failed |= json_put(object, lost_reason_name(i),
				   json_count(snapshot->coverage.lost_by_reason[i]));
	return json_checked(object, failed);
}

static json_t *kernel_errors_json(const struct snapshot *snapshot)
{
	json_t *object = json_object();
	int failed = 0;

	for (size_t i = 0; i < KERR_COUNT; i++) {
		if (snapshot->coverage.kernel_errors[i])
			failed |= json_put(object, kernel_error_name(i),
					   json_count(snapshot->coverage.kernel_errors[i]));
	}
	return json_checked(object, failed);
}

/* Lost requests of no service, or of one that has gone. */
static uint64_t lost_unattributed(const struct snapshot *snapshot)
{
	uint64_t attributed = 0;

	for (size_t i = 0; i < snapshot->n_services; i++)
		attributed += snapshot->services[i].cover.lost;
	return snapshot->coverage.lost > attributed ? snapshot->coverage.lost - attributed : 0;
}

static json_t *coverage_json(const struct snapshot *snapshot)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "seen", json_count(snapshot->coverage.seen));
	failed |= json_put(object, "counted", json_count(snapshot->coverage.counted));
	failed |= json_put(object, "lost", json_count(snapshot->coverage.lost));
	failed |= json_put(object, "in_flight", json_count(snapshot->coverage.in_flight));
	failed |= json_put(object, "samples_lost", json_count(snapshot->coverage.samples_lost));
	failed |= json_put(object, "gaps", json_count(snapshot->coverage.gaps));
	failed |= json_put(object, "consistent", json_boolean(snapshot->coverage.consistent));
	failed |= json_put(object, "lost_by_reason", lost_json(snapshot));
	failed |= json_put(object, "lost_unattributed", json_count(lost_unattributed(snapshot)));
	failed |= json_put(object, "kernel_errors", kernel_errors_json(snapshot));
	failed |= json_put(object, "hook_misses", json_count(snapshot->coverage.hook_misses));
	failed |= json_put(object, "quotas", json_quotas_value(snapshot));
	failed |= json_put(object, "unmeasured", json_unmeasured_value(snapshot));
	failed |= json_put(object, "blind", json_blind_value(snapshot));
	return json_checked(object, failed);
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

	failed |= json_put(object, "state", json_string(states[store->state]));
	failed |= json_put(object, "reason", json_nonempty_or_null(store->reason));
	failed |= json_put(object, "path", json_text_or_null(store->path));
	failed |= json_put(object, "bytes", json_count(store->bytes));
	return json_checked(object, failed);
}

static json_t *samples_json(const struct snapshot_samples *samples)
{
	static const char *const states[] = {
		[SNAPSHOT_SAMPLES_OFF] = "off",		[SNAPSHOT_SAMPLES_STARTING] = "starting",
		[SNAPSHOT_SAMPLES_OK] = "ok",		[SNAPSHOT_SAMPLES_FAILING] = "failing",
		[SNAPSHOT_SAMPLES_STOPPED] = "stopped",
	};
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "state", json_string(states[samples->state]));
	failed |= json_put(object, "reason", json_nonempty_or_null(samples->reason));
	failed |= json_put(object, "restarts", json_count(samples->restarts));
	failed |= json_put(object, "taken", json_count(samples->taken));
	failed |= json_put(object, "lost",
			   json_pack("{s:o, s:o, s:o}", "kernel", json_count(samples->lost_kernel),
				     "process", json_count(samples->lost_process), "disk",
				     json_count(samples->lost_disk)));
	failed |= json_put(object, "kept", json_count(samples->kept));
	failed |= json_put(object, "bytes", json_count(samples->bytes));
	failed |= json_put(object, "oldest", json_time_or_null(samples->oldest));
	return json_checked(object, failed);
}

static json_t *slos_json(const struct snapshot *snapshot)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < snapshot->n_slos; i++)
		failed |= json_push(array, json_slo_value(&snapshot->slos[i]));
	return json_checked(array, failed);
}

static char *status(const struct snapshot *snapshot, bool services)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "agent", agent_json(snapshot));
	failed |= json_put(object, "coverage", coverage_json(snapshot));
	if (services)
		failed |= json_put(object, "services", json_services_value(snapshot));
	failed |= json_put(object, "without_traffic", json_without_traffic(snapshot));
	failed |= json_put(object, "slos", slos_json(snapshot));
	failed |= json_put(object, "store", json_store(&snapshot->store));
	failed |= json_put(object, "samples", samples_json(&snapshot->samples));
	failed |= json_put(object, "tls", json_tls_value(&snapshot->tls));
	failed |= json_put(object, "helper", json_helper_value(&snapshot->tls));
	return json_render(json_checked(object, failed), "\n");
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

	return json_render(json_checked(object,
					json_put(object, "about",
						 json_about(service ? service->about : NULL))),
			   "\n");
}

char *json_error(const char *text)
{
	json_t *object = json_object();

	return json_render(json_checked(object, json_put(object, "error", json_text_or_null(text))),
			   "\n");
}
