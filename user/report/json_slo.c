/* SPDX-License-Identifier: GPL-2.0-only */
/* One SLO as JSON: its counts, its budget, its terms, its alerts. */
#include "base/json.h"
#include "report/json.h"

static json_t *budget_json(const struct slo_budget *budget)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= put(object, "allowed", json_real(budget->allowed_events));
	failed |= put(object, "spent_ratio", ratio_or_null(budget->spent_ratio));
	failed |= put(object, "remaining_ratio", ratio_or_null(budget->remaining_ratio));
	failed |= put(object, "exhausted_in_seconds", ratio_or_null(budget->exhausted_in_seconds));
	failed |= put(object, "allowed_minutes", json_real(budget->allowed_minutes));
	failed |= put(object, "remaining_minutes", ratio_or_null(budget->remaining_minutes));
	return checked(object, failed);
}

static json_t *burn_rates_json(const struct snapshot_slo *slo)
{
	json_t *object = json_object();
	int failed = 0;

	for (size_t i = 0; i < SNAPSHOT_BURN_WINDOWS; i++)
		failed |= put(object, snapshot_burn_windows[i].name,
			      ratio_or_null(slo_burn_rate(slo->burn_events[i], slo->objective)));
	return checked(object, failed);
}

json_t *json_alert(const struct snapshot_alert *alert)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= put(object, "name", text_or_null(alert->name));
	failed |= put(object, "severity", json_string(alert_severity_name(alert->severity)));
	failed |= put(object, "state", json_string(alert_status_name(alert->status)));
	failed |= put(object, "since", time_or_null(alert->since_unix));
	failed |= put(object, "started_at", time_or_null(alert->started_unix));
	failed |= put(object, "silenced", json_boolean(alert->silenced));
	failed |= put(object, "burn_long", ratio_or_null(alert->reading.burn_long));
	failed |= put(object, "burn_short", ratio_or_null(alert->reading.burn_short));
	return checked(object, failed);
}

static json_t *alerts_json(const struct snapshot_slo *slo)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < slo->n_alerts; i++)
		failed |= push(array, json_alert(&slo->alerts[i]));
	return checked(array, failed);
}

static json_t *slice_json(const struct snapshot_slo *slo)
{
	json_t *object;
	int failed = 0;

	if (!slo->config || !slo->config->slice_seconds)
		return json_null();
	object = json_object();
	failed |= put(object, "seconds", count(slo->config->slice_seconds));
	failed |= put(object, "target", json_real(slo->config->slice_target));
	failed |= put(object, "good", count(slo->budgeted.good));
	failed |= put(object, "bad", count(slo->budgeted.bad));
	return checked(object, failed);
}

static json_t *window_json(const struct snapshot_slo *slo)
{
	const bool calendar = slo->window.calendar;
	json_t *object = json_object();
	int failed = 0;

	failed |= put(object, "kind", json_string(calendar ? "calendar" : "rolling"));
	failed |= put(object, "from",
		      time_or_null(slo->window.from_seconds + slo->wall_offset_seconds));
	failed |= put(object, "to",
		      time_or_null(calendar ? slo->window.end_seconds + slo->wall_offset_seconds
					    : NAN));
	failed |= put(object, "time_zone",
		      text_or_null(calendar && slo->config ? slo->config->time_zone : NULL));
	return checked(object, failed);
}

static json_t *slo_coverage_json(const struct snapshot_slo *slo)
{
	const struct maybe ratio = {
		.known = slo->elapsed_seconds > 0,
		.value = slo->elapsed_seconds > 0 ? slo->covered_seconds / slo->elapsed_seconds : 0,
	};
	json_t *object = json_object();
	int failed = 0;

	failed |= put(object, "covered_seconds", json_real(slo->covered_seconds));
	failed |= put(object, "elapsed_seconds", json_real(slo->elapsed_seconds));
	failed |= put(object, "ratio", ratio_or_null(ratio));
	return checked(object, failed);
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
	return json_pack("{s:o, s:o}", "bad", count(bad == UINT64_MAX ? ALERT_MIN_BAD : bad),
			 "events", count(events == UINT64_MAX ? 0 : events));
}

static int put_terms(json_t *object, const struct snapshot_slo *slo)
{
	const bool sliced = slo->config && slo->config->slice_seconds;
	int failed = 0;

	failed |= put(object, "since", time_or_null(slo->since_seconds + slo->wall_offset_seconds));
	failed |= put(object, "budgeting", json_string(sliced ? "timeslices" : "occurrences"));
	failed |= put(object, "slice", slice_json(slo));
	failed |= put(object, "window", window_json(slo));
	failed |= put(object, "coverage", slo_coverage_json(slo));
	failed |= put(object, "excluded", count(slo->excluded));
	failed |= put(object, "minimum", minimum_json(slo));
	return failed;
}

json_t *json_slo_value(const struct snapshot_slo *slo)
{
	struct slo_budget budget = snapshot_slo_budget(slo);
	json_t *object = json_object();
	int failed = 0;

	failed |= put(object, "name", text_or_null(slo->name));
	failed |= put(object, "service", text_or_null(slo->service));
	failed |= put(object, "objective", json_real(slo->objective));
	failed |= put(object, "window_seconds", count(slo->window_seconds));
	failed |= put(object, "eligible", count(slo->events.good + slo->events.bad));
	failed |= put(object, "good", count(slo->events.good));
	failed |= put(object, "bad", count(slo->events.bad));
	failed |= put(object, "availability", ratio_or_null(slo_availability(slo->events)));
	failed |= put(object, "budget", budget_json(&budget));
	failed |= put(object, "burn_rate", burn_rates_json(slo));
	failed |= put(object, "alerts", alerts_json(slo));
	failed |= put_terms(object, slo);
	return checked(object, failed);
}
