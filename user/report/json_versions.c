/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/json_versions.h"

#include <string.h>

#include "base/json_values.h"

static int put_judged(json_t *object, const struct snapshot_version *version)
{
	const struct slo_events events = {version->good, version->bad};
	int failed = 0;

	failed |= json_put(object, "good", json_count(version->good));
	failed |= json_put(object, "bad", json_count(version->bad));
	failed |= json_put(object, "eligible", json_count(version->good + version->bad));
	failed |= json_put(object, "availability", json_maybe(slo_availability(events)));
	return failed;
}

static const struct snapshot_version *version_named(const struct snapshot_slo *slo,
						    const struct snapshot_version *version)
{
	for (size_t i = 0; i < slo->n_versions; i++) {
		const struct snapshot_version *its = &slo->versions[i];

		if (!strcmp(its->version, version->version) && its->kind == version->kind)
			return its;
	}
	return NULL;
}

static json_t *slos_json(const struct snapshot *snapshot, const char *service,
			 const struct snapshot_version *version)
{
	static const struct snapshot_version none = {};
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < snapshot->n_slos; i++) {
		const struct snapshot_slo *slo = &snapshot->slos[i];
		json_t *object;

		if (strcmp(slo->service, service) != 0)
			continue;
		object = json_object();
		failed |= json_put(object, "slo", json_text_or_null(slo->name));
		failed |= put_judged(object, version_named(slo, version) ?: &none);
		failed |= json_push(array, object);
	}
	return json_checked(array, failed);
}

static json_t *of_service(const struct snapshot *snapshot, const char *service,
			  const struct snapshot_version *version)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "version", json_text_or_null(version->version));
	failed |= json_put(object, "kind", json_text_or_null(version->kind));
	failed |= json_put(object, "build_id", json_text_or_null(version->build_id));
	failed |= json_put(object, "exe", json_text_or_null(version->exe));
	failed |= json_put(object, "script", json_text_or_null(version->script));
	failed |= json_put(object, "first_seen", json_time_or_null(version->first_unix));
	failed |= json_put(object, "last_seen", json_time_or_null(version->last_unix));
	failed |= json_put(object, "instances", json_count(version->instances));
	failed |= json_put(object, "requests", json_count(version->requests));
	failed |= json_put(object, "slos", slos_json(snapshot, service, version));
	return json_checked(object, failed);
}

static json_t *of_slo(const struct snapshot_version *version)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "version", json_text_or_null(version->version));
	failed |= json_put(object, "kind", json_text_or_null(version->kind));
	failed |= put_judged(object, version);
	return json_checked(object, failed);
}

json_t *json_service_versions(const struct snapshot *snapshot,
			      const struct snapshot_service *service)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < service->n_versions; i++)
		failed |= json_push(array,
				    of_service(snapshot, service->name, &service->versions[i]));
	return json_checked(array, failed);
}

json_t *json_slo_versions(const struct snapshot_slo *slo)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < slo->n_versions; i++)
		failed |= json_push(array, of_slo(&slo->versions[i]));
	return json_checked(array, failed);
}
