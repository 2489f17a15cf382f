/* SPDX-License-Identifier: GPL-2.0-only */
/* Alerts at each step: judged, kept quiet or made known, and recorded. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/private.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "notify/notice_message.h"

/* ---- judging ---- */

struct alert_subject agent_subject(struct agent *agent, const struct track *track, double now)
{
	return (struct alert_subject){
		.budgeted = track_budgeted(track),
		.events = track->history,
		.objective = track->slo->objective,
		.window = axis_window(&agent->axis, track->slo, now),
		.coverage = &agent->axis.coverage,
		.since_seconds = track->since_seconds,
	};
}

bool agent_silenced(const struct agent *agent, const struct track *track,
		    enum alert_severity severity, double now, bool *ret_excluded)
{
	bool silenced = false, excluded = false;

	silences_match(&agent->silences, &agent->applied.in_force.config, track->name,
		       track->slo_name, track->service, severity, axis_wall(&agent->axis, now),
		       &silenced, &excluded);
	if (ret_excluded)
		*ret_excluded = excluded;
	return silenced;
}

static double spent_ratio(const struct alert_subject *subject, double now)
{
	struct slo_events events =
		slo_history_sum(subject->budgeted, now, now - subject->window.from_seconds);
	struct slo_budget budget = slo_budget(events, subject->objective,
					      subject->window.length_seconds, (struct maybe){0});

	return budget.spent_ratio.known ? budget.spent_ratio.value : NAN;
}

static void note_changes(struct agent *agent, const struct track *track,
			 const struct alert_subject *subject, const struct alert_state *before,
			 const struct alert_change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct alert_rule *rule = &track->slo->alerts[changes[i].rule];
		const struct alert_state *old = &before[changes[i].rule];
		const struct alert_state *new = &track->alerts.states[changes[i].rule];

		record_change(agent->record,
			      &(const struct store_change){
				      .t_seconds = changes[i].t_seconds,
				      .slo = track->name,
				      .service = track->service,
				      .rule = rule->name,
				      .severity = alert_severity_name(rule->severity),
				      .from = alert_status_name(changes[i].from),
				      .to = alert_status_name(changes[i].to),
				      .budget_spent_ratio =
					      spent_ratio(subject, changes[i].t_seconds),
				      .started_seconds = changes[i].from == ALERT_INACTIVE
								 ? new->started_seconds
								 : old->started_seconds,
			      });
	}
}

static int add_active(struct agent *agent, const struct track *track, double now)
{
	for (size_t i = 0; i < track->slo->n_alerts; i++) {
		const struct alert_rule *rule = &track->slo->alerts[i];
		struct notice_alert *grown;

		if (track->alerts.states[i].status == ALERT_INACTIVE)
			continue;
		grown = realloc(agent->active, (agent->n_active + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		agent->active = grown;
		grown[agent->n_active++] = (struct notice_alert){
			.service = track->service,
			.slo = track->name,
			.rule = rule->name,
			.severity = rule->severity,
			.silenced = agent_silenced(agent, track, rule->severity, now, NULL),
		};
	}
	return 0;
}

static int judge_track(struct agent *agent, struct track *track, double now)
{
	struct alert_subject subject = agent_subject(agent, track, now);
	struct alert_change changes[ALERT_RULES_MAX];
	struct alert_state before[ALERT_RULES_MAX];
	size_t n;

	memcpy(before, track->alerts.states, sizeof(before));
	n = alerts_evaluate(track->slo->alerts, track->slo->n_alerts, &subject, now,
			    track->alerts.states, changes, NULL);
	if (track_alerting(track)) /* once more, for what is to be told of it */
		alerts_evaluate(track->slo->alerts, track->slo->n_alerts, &subject, now,
				track->alerts.states, (struct alert_change[ALERT_RULES_MAX]){},
				track->alerts.readings);
	note_changes(agent, track, &subject, before, changes, n);
	return add_active(agent, track, now);
}

/* ---- making known ---- */

static json_t *message_of(struct agent *agent, const struct notice *notice)
{
	struct snapshot_slo *slos = calloc(notice->n_alerts ?: 1, sizeof(*slos));
	json_t *json = NULL;
	size_t n = 0;
	int r = slos ? 0 : -ENOMEM;

	for (size_t i = 0; !r && i < notice->n_alerts; i++) {
		struct track *track = tracks_named(&agent->applied.tracks, notice->alerts[i].slo);
		bool known = !track;

		for (size_t k = 0; !known && k < n; k++)
			known = slos[k].name == track->name;
		if (known)
			continue;
		r = agent_snapshot_slo(agent, track, &slos[n]);
		n += r == 0;
	}
	if (!r)
		json = notice_message(notice, slos, n, agent_about(agent, notice->service),
				      agent->axis.timeline.wall_offset_seconds);
	for (size_t i = 0; i < n; i++)
		free(slos[i].alerts);
	free(slos);
	return json;
}

static int send_notice(void *context, const struct notice *notice)
{
	struct agent *agent = context;
	json_t *message = message_of(agent, notice);
	int r = message ? deliver_send(agent->deliver, message, clock_seconds(CLOCK_BOOTTIME))
			: -ENOMEM;

	json_decref(message);
	return r;
}

struct open_notices {
	struct agent *agent;
	json_t *messages;
};

static int add_open(void *context, const struct notice *notice)
{
	struct open_notices *open = context;

	return json_array_append_new(open->messages, message_of(open->agent, notice)) ? -ENOMEM : 0;
}

static int refresh_open(struct agent *agent)
{
	struct open_notices open = {agent, json_array()};
	int r = open.messages ? notices_each(agent->notices, add_open, &open) : -ENOMEM;

	r = r ?: deliver_open(agent->deliver, open.messages, clock_seconds(CLOCK_BOOTTIME));
	json_decref(open.messages);
	return r;
}

/* Written only when it has changed. */
static void keep_notices(struct agent *agent)
{
	json_t *state = notices_save(agent->notices);
	char *text = state ? json_dumps(state, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	json_decref(state);
	if (!text || (agent->notices_kept && !strcmp(text, agent->notices_kept))) {
		free(text);
		return;
	}
	record_keep(agent->record, RECORD_NOTICES, "state", text);
	free(agent->notices_kept);
	agent->notices_kept = text;
}

static void expire_silences(struct agent *agent, double now)
{
	char id[SILENCE_ID_BYTES];

	while (silences_expire(&agent->silences, axis_wall(&agent->axis, now), id))
		record_drop(agent->record, RECORD_SILENCE, id);
}

int agent_judge(struct agent *agent, double now)
{
	struct track *track;
	size_t at = 0;
	int r = 0;

	if (!agent->deliver)
		return 0; /* taking what a former agent left, before alerts begin */
	expire_silences(agent, now);
	agent->n_active = 0;
	while (!r && (track = tracks_next(&agent->applied.tracks, TRACKS_IN_FORCE, &at)))
		r = judge_track(agent, track, now);
	r = r
		    ?: notices_step(agent->notices, now, agent->active, agent->n_active,
				    send_notice, agent);
	r = r ?: refresh_open(agent);
	keep_notices(agent);
	deliver_keep_books(agent->deliver);
	return r;
}

/* ---- life ---- */

static void keep_delivery(void *context, const char *key, const char *text)
{
	record_keep(((struct agent *)context)->record, RECORD_DELIVERY, key, text);
}

static void drop_delivery(void *context, const char *key)
{
	struct agent *agent = context;

	record_drop(agent->record, RECORD_DELIVERY, key);
	agent->settled = true;
}

static const struct deliver_ops ops = {.keep = keep_delivery, .drop = drop_delivery};

static int restore_notices(void *context, const char *key, const char *text)
{
	struct agent *agent = context;
	json_t *state = json_loads(text, 0, NULL);
	int r = strcmp(key, "state") != 0 ? 0 : notices_load(agent->notices, state);

	json_decref(state);
	if (r == -EINVAL)
		fprintf(stderr, "sliprobed: the notices on disk are not understood: alerts that "
				"still stand are notified again\n");
	return r == -ENOMEM ? r : 0;
}

static int restore_delivery(void *context, const char *key, const char *text)
{
	int r = deliver_restore(((struct agent *)context)->deliver, key, text,
				clock_seconds(CLOCK_BOOTTIME));

	return r == -ENOMEM ? r : 0;
}

static int restore_silence(void *context, const char *key, const char *text)
{
	json_t *saved = json_loads(text, 0, NULL);
	int r = silences_restore(&((struct agent *)context)->silences, saved);

	(void)key;
	json_decref(saved);
	return r == -ENOMEM ? r : 0;
}

int agent_alerts_start(struct agent *agent)
{
	int r = notices_new((double)agent->applied.in_force.config.remind_seconds, &agent->notices);

	r = r ?: deliver_new(&agent->applied.in_force.config, &ops, agent, &agent->deliver);
	r = r ?: record_each_text(agent->record, RECORD_NOTICES, restore_notices, agent);
	r = r ?: record_each_text(agent->record, RECORD_DELIVERY, restore_delivery, agent);
	return r ?: record_each_text(agent->record, RECORD_SILENCE, restore_silence, agent);
}

int agent_alerts_configure(struct agent *agent)
{
	notices_set_remind(agent->notices, (double)agent->applied.in_force.config.remind_seconds);
	agent->n_active = 0; /* its texts were those of tracks that may have gone */
	return deliver_configure(agent->deliver, &agent->applied.in_force.config);
}

void agent_alerts_stop(struct agent *agent)
{
	deliver_free(agent->deliver);
	notices_free(agent->notices);
	silences_clear(&agent->silences);
	free(agent->active);
	free(agent->notices_kept);
}

int agent_deliver_fd(const struct agent *agent)
{
	return deliver_fd(agent->deliver);
}

int agent_deliver_timeout_ms(const struct agent *agent)
{
	return deliver_timeout_ms(agent->deliver, clock_seconds(CLOCK_BOOTTIME));
}

void agent_deliver_run(struct agent *agent)
{
	deliver_run(agent->deliver, clock_seconds(CLOCK_BOOTTIME));
	/* now, not at the next step: killed until then, the agent would send it again */
	if (agent->settled)
		record_flush(agent->record);
	agent->settled = false;
}

int agent_notify_test(struct agent *agent, const char *text, size_t len)
{
	json_t *asked = json_loadb(text, len, 0, NULL);
	const char *name = json_string_value(json_object_get(asked, "severity")) ?: "page";
	const struct config *config = &agent->applied.in_force.config;
	enum alert_severity severity = SEVERITY_PAGE;
	json_t *message;
	int n = 0, r;

	alert_severity_find(name, &severity);
	json_decref(asked);
	if (!config->n_receivers)
		return -ENOENT;
	for (size_t i = 0; i < config->n_receivers; i++)
		n += config->receivers[i].severities >> severity & 1;
	message = notice_message_test(severity, clock_seconds(CLOCK_REALTIME));
	r = message ? deliver_send(agent->deliver, message, clock_seconds(CLOCK_BOOTTIME))
		    : -ENOMEM;
	json_decref(message);
	return r ?: n;
}
