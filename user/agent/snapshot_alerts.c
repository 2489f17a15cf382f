/* SPDX-License-Identifier: GPL-2.0-only */
/* Alerts and histories at this moment. */
#include "agent/snapshot.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "record/former.h"

enum { CHANGES_SHOWN = 200 };

/* ---- alerts ---- */

static int take_active_of(const struct agent *agent, const struct track *track,
			  struct snapshot_alerts *ret)
{
	struct snapshot_active *grown;
	struct snapshot_slo slo;
	int r = snapshot_take_slo(agent, track, &slo);

	if (r)
		return r;
	grown = realloc(ret->active, (ret->n_active + slo.n_alerts + 1) * sizeof(*grown));
	if (grown) {
		ret->active = grown;
		for (size_t i = 0; i < slo.n_alerts; i++)
			grown[ret->n_active++] = (struct snapshot_active){
				.slo = track->name,
				.service = track->service,
				.incident = slo.incident,
				.alert = slo.alerts[i],
			};
	}
	free(slo.alerts);
	return grown ? 0 : -ENOMEM;
}

static int take_active(const struct agent *agent, struct snapshot_alerts *ret)
{
	const struct track *track;
	size_t at = 0;
	int r = 0;

	while (!r && (track = tracks_next(&agent->applied.tracks, TRACKS_IN_FORCE, &at))) {
		if (track_alerting(track))
			r = take_active_of(agent, track, ret);
	}
	return r;
}

struct taking {
	const struct agent *agent;
	struct snapshot_alerts *ret;
};

static int take_notice(void *context, const struct notice *notice)
{
	const struct taking *taking = context;
	struct snapshot_alerts *ret = taking->ret;
	struct snapshot_notice *taken =
		realloc(ret->notices, (ret->n_notices + 1) * sizeof(*taken));

	if (!taken)
		return -ENOMEM;
	ret->notices = taken;
	taken += ret->n_notices++;
	*taken = (struct snapshot_notice){
		.service = strdup(notice->service),
		.n_services = notice_services(notice),
		.severity = notice->severity,
		.started_unix = axis_wall(&taking->agent->axis, notice->started_seconds),
		.alerts = calloc(notice->n_alerts ?: 1, sizeof(*taken->alerts)),
	};
	memcpy(taken->id, notice->id, sizeof(taken->id));
	if (!taken->service || !taken->alerts)
		return -ENOMEM;
	for (size_t i = 0; i < notice->n_alerts; i++) {
		struct snapshot_behind *behind = &taken->alerts[taken->n_alerts++];

		behind->slo = strdup(notice->alerts[i].slo);
		behind->alert = strdup(notice->alerts[i].rule);
		if (!behind->slo || !behind->alert)
			return -ENOMEM;
	}
	return 0;
}

static int take_change(void *context, const struct store_change *change)
{
	const struct taking *taking = context;
	struct snapshot_change *taken = &taking->ret->changes[taking->ret->n_changes++];

	*taken = (struct snapshot_change){
		.at_unix = axis_wall(&taking->agent->axis, change->t_seconds),
		.slo = strdup(change->slo),
		.service = strdup(change->service),
		.alert = strdup(change->rule),
		.severity = strdup(change->severity),
		.from = strdup(change->from),
		.to = strdup(change->to),
		.started_unix = axis_wall(&taking->agent->axis, change->started_seconds),
	};
	if (!isnan(change->budget_spent_ratio))
		taken->budget_spent_ratio = (struct maybe){true, change->budget_spent_ratio};
	return taken->slo && taken->service && taken->alert && taken->severity && taken->from &&
			       taken->to ?
		       0 :
		       -ENOMEM;
}

static json_t *silences_json(const struct silences *silences, double unix_seconds)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < silences->n; i++)
		failed |= json_array_append_new(array,
						silence_report(&silences->list[i], unix_seconds));
	if (!failed)
		return array;
	json_decref(array);
	return NULL;
}

int snapshot_take_alerts(const struct agent *agent, struct snapshot_alerts *ret)
{
	_cleanup_(snapshot_alerts_clear) struct snapshot_alerts alerts = {
		.changes = calloc(CHANGES_SHOWN, sizeof(*alerts.changes)),
		.receivers = deliver_report(agent->alerting.deliver),
		.silences = silences_json(&agent->alerting.silences,
					  axis_wall(&agent->axis, axis_now(&agent->axis))),
		.maintenance = maintenance_report(&agent->applied.in_force.config,
						  axis_wall(&agent->axis, axis_now(&agent->axis))),
	};
	struct taking taking = {agent, &alerts};
	int r = take_active(agent, &alerts);

	if (!alerts.changes || !alerts.receivers || !alerts.silences || !alerts.maintenance)
		r = -ENOMEM;
	r = r ?: notices_each(agent->alerting.notices, take_notice, &taking);
	r = r ?: record_each_change(agent->record, -INFINITY, CHANGES_SHOWN, take_change, &taking);
	if (r)
		return r;
	alerts.store = snapshot_take_store(agent);
	*ret = alerts;
	alerts = (struct snapshot_alerts){};
	return 0;
}

/* ---- history ---- */

/* Of the time that a former definition was counted by: nothing that came later. */
static void cut_coverage(struct snapshot_history *history, double until_unix)
{
	while (history->n_covered &&
	       history->covered[history->n_covered - 1].from_unix >= until_unix)
		history->n_covered--;
	if (history->n_covered && history->covered[history->n_covered - 1].to_unix > until_unix)
		history->covered[history->n_covered - 1].to_unix = until_unix;
}

int snapshot_take_former(const struct agent *agent, const char *slo, size_t which,
			 struct snapshot_history *ret)
{
	_cleanup_(snapshot_history_clear) struct snapshot_history history = {};
	const struct track *track = tracks_named(&agent->applied.tracks, slo);
	struct record_former former;
	int r = track ? record_former(agent->record, track, which, &former) : -ENOENT;

	if (r)
		return r;
	history.name = track->name;
	history.service = track->service;
	history.objective = track->slo->objective;
	history.window_seconds = track->slo->window_seconds;
	history.former = which;
	history.n_formers = former.n;
	history.since_unix = axis_wall(&agent->axis, former.since_seconds);
	history.now_unix = axis_wall(&agent->axis, former.until_seconds);
	r = snapshot_history_fill(&history, former.history, &agent->axis.coverage,
				  &agent->axis.timeline, former.until_seconds);
	slo_history_free(former.history);
	if (r)
		return r;
	cut_coverage(&history, history.now_unix);
	*ret = history;
	history = (struct snapshot_history){};
	return 0;
}

int snapshot_take_history(const struct agent *agent, const char *slo, struct snapshot_history *ret)
{
	_cleanup_(snapshot_history_clear) struct snapshot_history history = {};
	const struct track *track = tracks_named(&agent->applied.tracks, slo);
	int r;

	if (!track)
		return -ENOENT;
	history.name = track->name;
	history.service = track->service;
	history.objective = track->slo->objective;
	history.window_seconds = track->slo->window_seconds;
	history.since_unix = axis_wall(&agent->axis, track->since_seconds);
	history.now_unix = axis_wall(&agent->axis, axis_now(&agent->axis));
	r = snapshot_history_fill(&history, track->history, &agent->axis.coverage,
				  &agent->axis.timeline, agent->axis.stepped_seconds);
	if (r)
		return r;
	*ret = history;
	history = (struct snapshot_history){};
	return 0;
}
