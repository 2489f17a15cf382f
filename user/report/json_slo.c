/* SPDX-License-Identifier: GPL-2.0-only */
/* One SLO as JSON: its counts, its budget, its terms, its alerts. */
#include "base/json_values.h"
#include "report/json.h"
#include "report/json_versions.h"

static json_t *budget_json(const struct slo_budget *budget)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "allowed", json_real(budget->allowed_events));
	failed |= json_put(object, "spent_ratio", json_maybe(budget->spent_ratio));
	failed |= json_put(object, "remaining_ratio", json_maybe(budget->remaining_ratio));
	failed |=
		json_put(object, "exhausted_in_seconds", json_maybe(budget->exhausted_in_seconds));
	failed |= json_put(object, "allowed_minutes", json_real(budget->allowed_minutes));
	failed |= json_put(object, "remaining_minutes", json_maybe(budget->remaining_minutes));
	failed |= json_put(object, "projected", json_boolean(budget->projected));
	failed |= json_put(object, "counted_seconds", json_real(budget->counted_seconds));
	return json_checked(object, failed);
}

static json_t *burn_rates_json(const struct snapshot_slo *slo)
{
	json_t *object = json_object();
	int failed = 0;

	for (size_t i = 0; i < SNAPSHOT_BURN_WINDOWS; i++)
		failed |= json_put(object, snapshot_burn_windows[i].name,
				   json_maybe(slo_burn_rate(slo->burn_events[i], slo->objective)));
	return json_checked(object, failed);
}

json_t *json_alert(const struct snapshot_alert *alert)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "name", json_text_or_null(alert->name));
	failed |= json_put(object, "severity", json_string(alert_severity_name(alert->severity)));
	failed |= json_put(object, "state", json_string(alert_status_name(alert->status)));
	failed |= json_put(object, "since", json_time_or_null(alert->since_unix));
	failed |= json_put(object, "started_at", json_time_or_null(alert->started_unix));
	failed |= json_put(object, "silenced", json_boolean(alert->silenced));
	failed |= json_put(object, "burn_long", json_maybe(alert->reading.burn_long));
	failed |= json_put(object, "burn_short", json_maybe(alert->reading.burn_short));
	return json_checked(object, failed);
}

static json_t *alerts_json(const struct snapshot_slo *slo)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < slo->n_alerts; i++)
		failed |= json_push(array, json_alert(&slo->alerts[i]));
	return json_checked(array, failed);
}

static json_t *slice_json(const struct snapshot_slo *slo)
{
	json_t *object;
	int failed = 0;

	if (!slo->config || !slo->config->slice_seconds)
		return json_null();
	object = json_object();
	failed |= json_put(object, "seconds", json_count(slo->config->slice_seconds));
	failed |= json_put(object, "target", json_real(slo->config->slice_target));
	failed |= json_put(object, "good", json_count(slo->budgeted.good));
	failed |= json_put(object, "bad", json_count(slo->budgeted.bad));
	return json_checked(object, failed);
}

static json_t *window_json(const struct snapshot_slo *slo)
{
	const bool calendar = slo->window.calendar;
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "kind", json_string(calendar ? "calendar" : "rolling"));
	failed |= json_put(object, "from",
			   json_time_or_null(slo->window.from_seconds + slo->wall_offset_seconds));
	failed |= json_put(
		object, "to",
		json_time_or_null(calendar ? slo->window.end_seconds + slo->wall_offset_seconds :
					     NAN));
	failed |= json_put(object, "time_zone",
			   json_text_or_null(calendar && slo->config ? slo->config->time_zone :
								       NULL));
	return json_checked(object, failed);
}

static json_t *slo_coverage_json(const struct snapshot_slo *slo)
{
	const struct maybe ratio = {
		.known = slo->elapsed_seconds > 0,
		.value = slo->elapsed_seconds > 0 ? slo->covered_seconds / slo->elapsed_seconds : 0,
	};
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "covered_seconds", json_real(slo->covered_seconds));
	failed |= json_put(object, "elapsed_seconds", json_real(slo->elapsed_seconds));
	failed |= json_put(object, "ratio", json_maybe(ratio));
	failed |= json_put_cover(object, slo->cover);
	return json_checked(object, failed);
}

/* The least that an alert of the SLO asks for. */
static json_t *minimum_json(const struct snapshot_slo *slo)
{
	uint64_t bad = UINT64_MAX, events = UINT64_MAX;

	for (size_t i = 0; slo->config && i < slo->config->n_alerts; i++) {
		const struct alert_rule *rule = &slo->config->alerts[i];

		if (rule->kind == ALERT_NO_DATA || rule->kind == ALERT_COVERAGE)
			continue;
		bad = rule->min_bad < bad ? rule->min_bad : bad;
		events = rule->min_events < events ? rule->min_events : events;
	}
	return json_pack("{s:o, s:o}", "bad", json_count(bad == UINT64_MAX ? ALERT_MIN_BAD : bad),
			 "events", json_count(events == UINT64_MAX ? 0 : events));
}

static int put_terms(json_t *object, const struct snapshot_slo *slo)
{
	const bool sliced = slo->config && slo->config->slice_seconds;
	int failed = 0;

	failed |= json_put(object, "since",
			   json_time_or_null(slo->since_seconds + slo->wall_offset_seconds));
	failed |= json_put(object, "budgeting", json_string(sliced ? "timeslices" : "occurrences"));
	failed |= json_put(object, "slice", slice_json(slo));
	failed |= json_put(object, "window", window_json(slo));
	failed |= json_put(object, "coverage", slo_coverage_json(slo));
	failed |= json_put(object, "excluded", json_count(slo->excluded));
	failed |= json_put(object, "excluded_by",
			   json_pack("{s:o, s:o}", "maintenance",
				     json_count(slo->excluded - slo->excluded_by_silences),
				     "silences", json_count(slo->excluded_by_silences)));
	failed |= json_put(object, "minimum", minimum_json(slo));
	return failed;
}

static json_t *labels_json(const struct config_slo *slo)
{
	json_t *object = json_object();
	int failed = 0;

	for (size_t i = 0; slo && i < slo->n_labels; i++)
		failed |= json_put(object, slo->labels[i].name,
				   json_text_or_null(slo->labels[i].value));
	return json_checked(object, failed);
}

json_t *json_slo_value(const struct snapshot_slo *slo)
{
	struct slo_budget budget = snapshot_slo_budget(slo);
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "name", json_text_or_null(slo->name));
	failed |= json_put(object, "service", json_text_or_null(slo->service));
	failed |= json_put(object, "objective", json_real(slo->objective));
	failed |= json_put(object, "window_seconds", json_count(slo->window_seconds));
	failed |= json_put(object, "eligible", json_count(slo->events.good + slo->events.bad));
	failed |= json_put(object, "good", json_count(slo->events.good));
	failed |= json_put(object, "bad", json_count(slo->events.bad));
	failed |= json_put_reasons(object, slo);
	failed |= json_put(object, "availability", json_maybe(slo_availability(slo->events)));
	failed |= json_put(object, "budget", budget_json(&budget));
	failed |= json_put(object, "burn_rate", burn_rates_json(slo));
	failed |= json_put(object, "alerts", alerts_json(slo));
	failed |= json_put(object, "incident",
			   slo->incident ? json_count(slo->incident) : json_null());
	failed |= json_put(object, "versions", json_slo_versions(slo));
	failed |= put_terms(object, slo);
	failed |= json_put(object, "description",
			   json_text_or_null(slo->config ? slo->config->description : NULL));
	failed |= json_put(object, "labels", labels_json(slo->config));
	return json_checked(object, failed);
}
