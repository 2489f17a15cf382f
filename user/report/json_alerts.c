/* SPDX-License-Identifier: GPL-2.0-only */
/* Active alerts, open notices and the last changes of alerts, as JSON. */
#include "base/json.h"
#include "report/json.h"

static json_t *active_json(const struct snapshot_alerts *alerts)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < alerts->n_active; i++) {
		const struct snapshot_active *active = &alerts->active[i];
		json_t *object = json_alert(&active->alert);

		failed |= put(object, "slo", text_or_null(active->slo));
		failed |= put(object, "service", text_or_null(active->service));
		failed |= push(array, object);
	}
	return checked(array, failed);
}

static json_t *behind_json(const struct snapshot_notice *notice)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < notice->n_alerts; i++) {
		json_t *object = json_object();

		failed |= put(object, "slo", text_or_null(notice->alerts[i].slo));
		failed |= put(object, "name", text_or_null(notice->alerts[i].alert));
		failed |= push(array, object);
	}
	return checked(array, failed);
}

static json_t *notices_json(const struct snapshot_alerts *alerts)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < alerts->n_notices; i++) {
		const struct snapshot_notice *notice = &alerts->notices[i];
		json_t *object = json_object();

		failed |= put(object, "id", text_or_null(notice->id));
		failed |= put(object, "service", text_or_null(notice->service));
		failed |= put(object, "severity",
			      text_or_null(alert_severity_name(notice->severity)));
		failed |= put(object, "started_at", time_or_null(notice->started_unix));
		failed |= put(object, "alerts", behind_json(notice));
		failed |= push(array, object);
	}
	return checked(array, failed);
}

static json_t *changes_json(const struct snapshot_alerts *alerts)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < alerts->n_changes; i++) {
		const struct snapshot_change *change = &alerts->changes[i];
		json_t *object = json_object();

		failed |= put(object, "at", time_or_null(change->at_unix));
		failed |= put(object, "slo", text_or_null(change->slo));
		failed |= put(object, "service", text_or_null(change->service));
		failed |= put(object, "alert", text_or_null(change->alert));
		failed |= put(object, "severity", text_or_null(change->severity));
		failed |= put(object, "from", text_or_null(change->from));
		failed |= put(object, "to", text_or_null(change->to));
		failed |= put(object, "started_at", time_or_null(change->started_unix));
		failed |= put(object, "budget_spent_ratio",
			      ratio_or_null(change->budget_spent_ratio));
		failed |= push(array, object);
	}
	return checked(array, failed);
}

char *json_alerts(const struct snapshot_alerts *alerts)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= put(object, "active", active_json(alerts));
	failed |= put(object, "notices", notices_json(alerts));
	failed |= put(object, "changes", changes_json(alerts));
	failed |= put(object, "receivers", json_incref(alerts->receivers));
	failed |= put(object, "silences", json_incref(alerts->silences));
	failed |= put(object, "maintenance", json_incref(alerts->maintenance));
	failed |= put(object, "store", json_store(&alerts->store));
	return json_render(checked(object, failed), "");
}
