/* SPDX-License-Identifier: GPL-2.0-only */
/* Quotas that are met, as JSON. */
#include "base/json_values.h"
#include "base/term_names.h"
#include "report/json.h"

static json_t *quota_json(const struct snapshot_quota *quota)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "of", json_text_or_null(owner_kind_name(quota->kind)));
	failed |= json_put(object, "id",
			   quota->kind == OWNER_ALL ? json_null() : json_count(quota->id));
	failed |= json_put(object, "name", json_text_or_null(quota->name));
	failed |= json_put(object, "endpoints", json_count(quota->has));
	failed |= json_put(object, "limit", json_count(quota->limit));
	failed |= json_put(object, "folded_endpoints", json_count(quota->folded_endpoints));
	failed |= json_put(object, "folded_connections", json_count(quota->folded_connections));
	failed |= json_put(object, "since", json_time_or_null(quota->since_unix));
	failed |= json_put(object, "last_at", json_time_or_null(quota->last_unix));
	failed |= json_put(object, "pid", json_count(quota->pid));
	failed |= json_put(object, "process", json_nonempty_or_null(quota->process));
	return json_checked(object, failed);
}

json_t *json_quotas_value(const struct snapshot *snapshot)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < snapshot->n_quotas; i++)
		failed |= json_push(array, quota_json(&snapshot->quotas[i]));
	return json_checked(array, failed);
}
