/* SPDX-License-Identifier: GPL-2.0-only */
/* Active alerts, open notices and the last changes of alerts, as JSON. */
#include "base/json_values.h"
#include "report/json.h"
#include "report/json_render.h"

static json_t *active_json(const struct snapshot_alerts *alerts)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < alerts->n_active; i++) {
		const struct snapshot_active *active = &alerts->active[i];
		json_t *object = json_alert(&active->alert);

		failed |= json_put(object, "slo", json_text_or_null(active->slo));
		failed |= json_put(object, "service", json_text_or_null(active->service));
		failed |= json_put(object, "incident",
				   active->incident ? json_count(active->incident) : json_null());
		failed |= json_push(array, object);
	}
	return json_checked(array, failed);
}

static json_t *behind_json(const struct snapshot_notice *notice)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < notice->n_alerts; i++) {
		json_t *object = json_object();

		failed |= json_put(object, "slo", json_text_or_null(notice->alerts[i].slo));
		failed |= json_put(object, "name", json_text_or_null(notice->alerts[i].alert));
		failed |= json_push(array, object);
	}
	return json_checked(array, failed);
}

static json_t *notices_json(const struct snapshot_alerts *alerts)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < alerts->n_notices; i++) {
		const struct snapshot_notice *notice = &alerts->notices[i];
		json_t *object = json_object();

		failed |= json_put(object, "id", json_text_or_null(notice->id));
		failed |= json_put(object, "service", json_text_or_null(notice->service));
		failed |= json_put(object, "services", json_count(notice->n_services));
		failed |= json_put(object, "severity",
				   json_text_or_null(alert_severity_name(notice->severity)));
		failed |= json_put(object, "started_at", json_time_or_null(notice->started_unix));
		failed |= json_put(object, "alerts", behind_json(notice));
		failed |= json_push(array, object);
	}
	return json_checked(array, failed);
}

static json_t *changes_json(const struct snapshot_alerts *alerts)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < alerts->n_changes; i++) {
		const struct snapshot_change *change = &alerts->changes[i];
		json_t *object = json_object();

		failed |= json_put(object, "at", json_time_or_null(change->at_unix));
		failed |= json_put(object, "slo", json_text_or_null(change->slo));
		failed |= json_put(object, "service", json_text_or_null(change->service));
		failed |= json_put(object, "alert", json_text_or_null(change->alert));
		failed |= json_put(object, "severity", json_text_or_null(change->severity));
		failed |= json_put(object, "from", json_text_or_null(change->from));
		failed |= json_put(object, "to", json_text_or_null(change->to));
		failed |= json_put(object, "started_at", json_time_or_null(change->started_unix));
		failed |= json_put(object, "budget_spent_ratio",
				   json_maybe(change->budget_spent_ratio));
		failed |= json_push(array, object);
	}
	return json_checked(array, failed);
}

char *json_alerts(const struct snapshot_alerts *alerts)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "active", active_json(alerts));
	failed |= json_put(object, "notices", notices_json(alerts));
	failed |= json_put(object, "changes", changes_json(alerts));
	failed |= json_put(object, "receivers", json_incref(alerts->receivers));
	failed |= json_put(object, "silences", json_incref(alerts->silences));
	failed |= json_put(object, "maintenance", json_incref(alerts->maintenance));
	failed |= json_put(object, "store", json_store(&alerts->store));
	return json_render(json_checked(object, failed), "");
}
