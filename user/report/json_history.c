/* SPDX-License-Identifier: GPL-2.0-only */
/* One SLO's history as JSON. */
#include "base/json_values.h"
#include "report/json.h"
#include "report/json_render.h"

static json_t *covered_json(const struct snapshot_history *history)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < history->n_covered; i++) {
		json_t *span = json_array();

		failed |= json_push(span, json_real(history->covered[i].from_unix));
		failed |= json_push(span, json_real(history->covered[i].to_unix));
		failed |= json_push(array, span);
	}
	return json_checked(array, failed);
}

static json_t *steps_json(const struct snapshot_history *history)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < history->n_steps; i++) {
		json_t *step = json_array();

		failed |= json_push(step, json_real(history->steps[i].end_unix));
		failed |= json_push(step, json_count(history->steps[i].width_seconds));
		failed |= json_push(step, json_count(history->steps[i].events.good));
		failed |= json_push(step, json_count(history->steps[i].events.bad));
		failed |= json_push(array, step);
	}
	return json_checked(array, failed);
}

json_t *json_history_value(const struct snapshot_history *history)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "name", json_text_or_null(history->name));
	failed |= json_put(object, "service", json_text_or_null(history->service));
	failed |= json_put(object, "objective", json_real(history->objective));
	failed |= json_put(object, "window_seconds", json_count(history->window_seconds));
	failed |= json_put(object, "since", json_time_or_null(history->since_unix));
	failed |= json_put(object, "now_seconds", json_real(history->now_unix));
	if (history->former) {
		failed |= json_put(object, "until", json_time_or_null(history->now_unix));
		failed |= json_put(object, "former", json_count(history->former));
		failed |= json_put(object, "formers", json_count(history->n_formers));
	}
	failed |= json_put(object, "coverage", covered_json(history));
	failed |= json_put(object, "steps", steps_json(history));
	return json_checked(object, failed);
}

char *json_history(const struct snapshot_history *history)
{
	return json_render(json_history_value(history), "");
}
