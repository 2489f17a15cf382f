/* SPDX-License-Identifier: GPL-2.0-only */
/* One SLO's history as JSON. */
#include "base/json.h"
#include "report/json.h"

static json_t *covered_json(const struct snapshot_history *history)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < history->n_covered; i++) {
		json_t *span = json_array();

		failed |= push(span, json_real(history->covered[i].from_unix));
		failed |= push(span, json_real(history->covered[i].to_unix));
		failed |= push(array, span);
	}
	return checked(array, failed);
}

static json_t *steps_json(const struct snapshot_history *history)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < history->n_steps; i++) {
		json_t *step = json_array();

		failed |= push(step, json_real(history->steps[i].end_unix));
		failed |= push(step, count(history->steps[i].width_seconds));
		failed |= push(step, count(history->steps[i].events.good));
		failed |= push(step, count(history->steps[i].events.bad));
		failed |= push(array, step);
	}
	return checked(array, failed);
}

char *json_history(const struct snapshot_history *history)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= put(object, "name", text_or_null(history->name));
	failed |= put(object, "service", text_or_null(history->service));
	failed |= put(object, "objective", json_real(history->objective));
	failed |= put(object, "window_seconds", count(history->window_seconds));
	failed |= put(object, "since", time_or_null(history->since_unix));
	failed |= put(object, "now_seconds", json_real(history->now_unix));
	failed |= put(object, "coverage", covered_json(history));
	failed |= put(object, "steps", steps_json(history));
	return json_render(checked(object, failed), "");
}
