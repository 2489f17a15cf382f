/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/incidents_step.h"

#include <math.h>
#include <string.h>

#include "agent/burn.h"
#include "base/json_values.h"
#include "base/term_names.h"
#include "report/json.h"

enum {
	CHANGES_BEFORE_SECONDS = 15 * 60, /* before the start */
};

/* ---- an incident and its track ---- */

/* Whether it is an alert of a burn that somebody is told of. */
static bool tells_of_a_burn(const struct alert_rule *rule)
{
	return (rule->kind == ALERT_BURN || rule->kind == ALERT_EXHAUST) &&
	       rule->severity >= SEVERITY_TICKET;
}

static bool burns(const struct track *track, size_t i)
{
	return tells_of_a_burn(&track->slo->alerts[i]) &&
	       track->alerts.states[i].status != ALERT_INACTIVE;
}

static void replace(json_t **part, json_t *value)
{
	if (!value)
		return;
	json_decref(*part);
	*part = value;
}

static void put_reasons(const struct track *track, double now, double span,
			struct incident_record *incident)
{
	struct slo_counts counts;
	json_t *reasons;
	int failed = 0;

	reasons_sum(&track->reasons, now, span, &counts);
	if (slo_counts_bad(&counts) != incident->bad)
		return;
	reasons = json_object();
	for (int i = 0; i < BAD_REASON_COUNT; i++)
		failed |= json_put(reasons, bad_reason_name(i), json_count(counts.bad[i]));
	replace(&incident->reasons, json_checked(reasons, failed));
}

/* The bad ones of the incident by those that are allowed in the window, as decide/incidents does. */
static void measure(const struct alerting *alerting, const struct track *track, double now,
		    struct incident_record *incident)
{
	const double span = fmax(now - incident->started_axis, 0);
	const struct slo_history *budgeted = track_budgeted(track);
	const struct slo_window window = axis_window(alerting->axis, track->slo, now);
	const struct slo_events events = slo_history_sum(track->history, now, span);
	const struct slo_events whole = slo_history_sum(budgeted, now, now - window.from_seconds);
	const double allowed = (1 - track->slo->objective) * (double)(whole.good + whole.bad);

	incident->eligible = events.good + events.bad;
	incident->bad = events.bad;
	incident->spent_ratio =
		allowed > 0 ? (double)slo_history_sum(budgeted, now, span).bad / allowed : NAN;
	put_reasons(track, now, span, incident);
}

void incidents_measure(const struct incidents_scene *scene, struct incident_record *incident,
		       double now)
{
	const struct track *track = tracks_named(&scene->alerting->applied->tracks, incident->slo);

	if (incident->end == INCIDENT_OPEN && track)
		measure(scene->alerting, track, now, incident);
}

static void put_changes(const struct incidents_scene *scene, double now,
			struct incident_record *incident)
{
	const struct axis *axis = scene->alerting->axis;
	const double from = axis_wall(axis, incident->started_axis) - CHANGES_BEFORE_SECONDS;

	replace(&incident->changes, timeline_json(scene->timeline, incident->service, from,
						  axis_wall(axis, now), INCIDENT_CHANGES_MAX));
}

/* ---- it begins ---- */

static void begin(const struct incidents_scene *scene, const struct track *track, double now)
{
	const struct alerting *alerting = scene->alerting;
	const struct config_service *service =
		config_service_named(&alerting->applied->in_force.config, track->service);
	double detected = INFINITY, judged = 0, began;
	struct incident_record *incident;

	for (size_t i = 0; i < track->slo->n_alerts; i++) {
		const struct alert_rule *rule = &track->slo->alerts[i];

		if (!burns(track, i))
			continue;
		detected = fmin(detected, track->alerts.states[i].started_seconds);
		judged = fmax(judged, alert_lookback_seconds(rule->kind, (double)rule->seconds));
	}
	incident = incidents_add(scene->incidents, track->name, track->service, !service,
				 axis_wall(alerting->axis, detected));
	if (!incident)
		return; /* the next step tries again */
	began = burn_began(track, now, judged);
	incident->started = axis_wall(alerting->axis, began);
	incident->started_axis =
		isnan(began) ? fmax(detected - judged, track->since_seconds) : began;
	incident->objective = track->slo->objective;
	incident->window_seconds = (double)track->slo->window_seconds;
	if (service)
		replace(&incident->about, json_about(&service->about));
}

/* ---- it goes on ---- */

static bool follow_alerts(const struct incidents_scene *scene, const struct track *track,
			  struct incident_record *incident, double now)
{
	const struct axis *axis = scene->alerting->axis;
	bool changed = false;

	for (size_t i = 0; i < track->slo->n_alerts; i++) {
		const struct alert_rule *rule = &track->slo->alerts[i];

		if (!tells_of_a_burn(rule))
			continue;
		if (burns(track, i))
			changed |= incident_alert_begins(
				incident, rule->name, rule->severity,
				axis_wall(axis, track->alerts.states[i].started_seconds));
		else
			changed |= incident_alert_ends(incident, rule->name, axis_wall(axis, now));
	}
	return changed;
}

/* Which silences keep the track's alerts of this severity quiet. */
static bool follow_silences(const struct incidents_scene *scene, const struct track *track,
			    struct incident_record *incident, double now)
{
	const struct silences *silences = &scene->alerting->silences;
	const double now_unix = axis_wall(scene->alerting->axis, now);
	bool changed = false;

	for (size_t i = 0; i < silences->n; i++) {
		const struct silences one = {&silences->list[i], 1};
		bool silenced, excluded;
		json_t *json;

		silences_match(&one, NULL, track->name, track->slo_name, track->service,
			       incident->severity, now_unix, &silenced, &excluded);
		if (!silenced && !excluded)
			continue;
		json = silence_json(&silences->list[i]);
		changed |= incident_silenced(incident, json);
		json_decref(json);
	}
	return changed;
}

static void finish(const struct incidents_scene *scene, struct incident_record *incident,
		   enum incident_end how, double now)
{
	put_changes(scene, now, incident);
	incidents_end(scene->incidents, incident, how, axis_wall(scene->alerting->axis, now));
	incidents_keep(scene->incidents, incident);
}

static bool any_burns(const struct track *track)
{
	for (size_t i = 0; i < track->slo->n_alerts; i++) {
		if (burns(track, i))
			return true;
	}
	return false;
}

static void look_at(const struct incidents_scene *scene, const struct track *track, double now)
{
	struct incident_record *incident;
	bool fires = any_burns(track), changed;

	if (!fires && !scene->incidents->n_open)
		return;
	incident = incidents_open_of(scene->incidents, track->name);
	/* its history began anew, with another definition */
	if (incident &&
	    axis_wall(scene->alerting->axis, track->since_seconds) > incident->detected) {
		finish(scene, incident, INCIDENT_DROPPED, now);
		incident = NULL;
	}
	changed = fires && !incident;
	if (changed)
		begin(scene, track, now);
	incident = incident ?: incidents_open_of(scene->incidents, track->name);
	if (!incident)
		return;
	if (changed)
		put_changes(scene, now, incident);
	changed |= follow_alerts(scene, track, incident, now);
	changed |= follow_silences(scene, track, incident, now);
	if (changed || !fires)
		measure(scene->alerting, track, now, incident);
	if (!fires)
		finish(scene, incident, INCIDENT_RECOVERED, now);
	else if (changed)
		incidents_keep(scene->incidents, incident);
}

void incidents_judge(const struct incidents_scene *scene, double now)
{
	const struct tracks *tracks = &scene->alerting->applied->tracks;
	const struct track *track;
	size_t at = 0;

	while ((track = tracks_next(tracks, TRACKS_IN_FORCE, &at)))
		look_at(scene, track, now);
	for (size_t i = 0; scene->incidents->n_open && i < scene->incidents->n; i++) {
		struct incident_record *incident = scene->incidents->list[i];

		if (incident->end == INCIDENT_OPEN && !tracks_named(tracks, incident->slo))
			finish(scene, incident, INCIDENT_DROPPED, now);
	}
}
