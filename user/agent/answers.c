/* SPDX-License-Identifier: GPL-2.0-only */
/* What the socket is told of alerts and history, as JSON. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/private.h"
#include "base/calendar.h"
#include "base/cleanup.h"
#include "report/json.h"
#include "slo/steps.h"

enum { CHANGES_SHOWN = 200 };

static json_t *time_json(const struct agent *agent, double axis_seconds)
{
	char text[32] = "";

	if (isfinite(axis_seconds))
		calendar_rfc3339(axis_wall(&agent->axis, axis_seconds), text);
	return text[0] ? json_string(text) : json_null();
}

static char *render(json_t *json)
{
	char *text = json_dumps(json, JSON_REAL_PRECISION(12));

	json_decref(json);
	return text;
}

/* ---- alerts ---- */

static int add_active(struct agent *agent, const struct track *track, json_t *array)
{
	struct snapshot_slo slo;
	int r = agent_snapshot_slo(agent, track, &slo);

	for (size_t i = 0; !r && i < slo.n_alerts; i++) {
		json_t *alert = json_alert(&slo.alerts[i]);

		json_object_set_new(alert, "slo", json_string(track->name));
		json_object_set_new(alert, "service", json_string(track->service));
		r = json_array_append_new(array, alert);
	}
	free(slo.alerts);
	return r;
}

static json_t *active_json(struct agent *agent)
{
	json_t *array = json_array();
	const struct track *track;
	size_t at = 0;

	while ((track = tracks_next(&agent->applied.tracks, TRACKS_IN_FORCE, &at))) {
		if (track_alerting(track) && add_active(agent, track, array)) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

struct list {
	const struct agent *agent;
	json_t *array;
};

static int add_notice(void *context, const struct notice *notice)
{
	const struct list *list = context;
	json_t *alerts = json_array();

	for (size_t i = 0; i < notice->n_alerts; i++)
		json_array_append_new(alerts, json_pack("{s:s, s:s}", "slo", notice->alerts[i].slo,
							"name", notice->alerts[i].rule));
	return json_array_append_new(
		list->array,
		json_pack("{s:s, s:s, s:s, s:o, s:o}", "id", notice->id, "service", notice->service,
			  "severity", alert_severity_name(notice->severity), "started_at",
			  time_json(list->agent, notice->started_seconds), "alerts", alerts));
}

static int add_change(void *context, const struct store_change *change)
{
	const struct list *list = context;

	return json_array_append_new(
		list->array,
		json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "at",
			  time_json(list->agent, change->t_seconds), "slo", change->slo, "service",
			  change->service, "alert", change->rule, "severity", change->severity,
			  "from", change->from, "to", change->to, "started_at",
			  time_json(list->agent, change->started_seconds), "budget_spent_ratio",
			  isnan(change->budget_spent_ratio)
				  ? json_null()
				  : json_real(change->budget_spent_ratio)));
}

static json_t *silences_json(const struct agent *agent)
{
	json_t *array = json_array();

	for (size_t i = 0; i < agent->silences.n; i++)
		json_array_append_new(array, silence_json(&agent->silences.list[i]));
	return array;
}

char *agent_alerts_json(struct agent *agent)
{
	struct list notices = {agent, json_array()}, changes = {agent, json_array()};
	struct snapshot store = {};
	json_t *json;

	agent_snapshot_store(agent, &store);
	notices_each(agent->notices, add_notice, &notices);
	record_each_change(agent->record, -INFINITY, CHANGES_SHOWN, add_change, &changes);
	json = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "active", active_json(agent),
			 "notices", notices.array, "changes", changes.array, "receivers",
			 deliver_report(agent->deliver), "silences", silences_json(agent),
			 "maintenance",
			 maintenance_report(&agent->applied.in_force.config,
					    axis_wall(&agent->axis, axis_now(&agent->axis))),
			 "store", json_store(&store));
	return json ? render(json) : NULL;
}

/* ---- history ---- */

struct steps_list {
	const struct agent *agent;
	json_t *array;
	int64_t end_seconds; /* of the last step; INT64_MIN: none yet */
};

static int add_step(const struct steps_list *steps, int64_t end_seconds, int64_t width_seconds,
		    struct slo_events events)
{
	return json_array_append_new(
		steps->array, json_pack("[f, I, I, I]",
					(double)axis_wall(&steps->agent->axis, (double)end_seconds),
					(json_int_t)width_seconds, (json_int_t)events.good,
					(json_int_t)events.bad));
}

/* Steps without events leave no bucket: they are shown where there was coverage. */
static int add_idle(struct steps_list *steps, int64_t until_seconds, int64_t width_seconds)
{
	int r = 0;

	if (steps->end_seconds == INT64_MIN)
		return 0;
	for (int64_t end = (steps->end_seconds / width_seconds + 1) * width_seconds;
	     !r && end <= until_seconds; end += width_seconds) {
		double covered = coverage_seconds(&steps->agent->axis.coverage,
						  (double)(end - width_seconds), (double)end);

		if (covered * 2 >= (double)width_seconds)
			r = add_step(steps, end, width_seconds, (struct slo_events){0});
	}
	return r;
}

static int take_step(void *context, const struct slo_step *step)
{
	struct steps_list *steps = context;
	int r = add_idle(steps, step->end_seconds - step->width_seconds, step->width_seconds);

	r = r ?: add_step(steps, step->end_seconds, step->width_seconds, step->events);
	steps->end_seconds = step->end_seconds;
	return r;
}

static json_t *coverage_json(const struct agent *agent)
{
	json_t *array = json_array();

	for (size_t i = 0; i < agent->axis.coverage.n; i++)
		json_array_append_new(
			array,
			json_pack(
				"[f, f]",
				axis_wall(&agent->axis, agent->axis.coverage.spans[i].from_seconds),
				axis_wall(&agent->axis, agent->axis.coverage.spans[i].to_seconds)));
	return array;
}

char *agent_history_json(struct agent *agent, const char *slo, bool *ret_found)
{
	const struct track *track = tracks_named(&agent->applied.tracks, slo);
	struct steps_list steps = {agent, json_array(), INT64_MIN};
	json_t *json;
	int r;

	*ret_found = track != NULL;
	if (!track) {
		json_decref(steps.array);
		return NULL;
	}
	r = slo_history_steps(track->history, take_step, &steps);
	r = r ?: add_idle(&steps, (int64_t)agent->axis.stepped_seconds, 10);
	json = json_pack("{s:s, s:s, s:f, s:I, s:o, s:f, s:o, s:o}", "name", track->name, "service",
			 track->service, "objective", track->slo->objective, "window_seconds",
			 (json_int_t)track->slo->window_seconds, "since",
			 time_json(agent, track->since_seconds), "now_seconds",
			 axis_wall(&agent->axis, axis_now(&agent->axis)), "coverage",
			 coverage_json(agent), "steps", steps.array);
	if (r) {
		json_decref(json);
		return NULL;
	}
	return json ? render(json) : NULL;
}
