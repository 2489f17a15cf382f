/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/alerting.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/format.h"
#include "base/say.h"
#include "agent/alerting_message.h"
#include "agent/alerting_open.h"
#include "notify/notice_message.h"

/* Active alerts; the texts are their tracks'. */
struct active {
	struct notice_alert *list;
	size_t n;
};

/* ---- judging ---- */

static struct alert_subject subject_of(const struct alerting *alerting, const struct track *track,
				       double now)
{
	return (struct alert_subject){
		.budgeted = track_budgeted(track),
		.events = track->history,
		.objective = track->slo->objective,
		.window = axis_window(alerting->axis, track->slo, now),
		.coverage = &alerting->axis->coverage,
		.since_seconds = track->since_seconds,
		.slicing = slices_slicing(&track->slices),
	};
}

bool alerting_silenced(const struct alerting *alerting, const struct track *track,
		       enum alert_severity severity, double now)
{
	bool silenced, excluded;

	silences_match(&alerting->silences, &alerting->applied->in_force.config, track->name,
		       track->slo_name, track->service, severity, axis_wall(alerting->axis, now),
		       &silenced, &excluded);
	return silenced;
}

enum alerting_exclusion alerting_excluded(const struct alerting *alerting,
					  const struct track *track, double now)
{
	const struct config *config = &alerting->applied->in_force.config;
	const double now_unix = axis_wall(alerting->axis, now);
	bool silenced, maintenance, silence;

	/* events have no severity: any will do */
	silences_match(NULL, config, track->name, track->slo_name, track->service, SEVERITY_PAGE,
		       now_unix, &silenced, &maintenance);
	if (maintenance)
		return EXCLUSION_MAINTENANCE;
	silences_match(&alerting->silences, NULL, track->name, track->slo_name, track->service,
		       SEVERITY_PAGE, now_unix, &silenced, &silence);
	return silence ? EXCLUSION_SILENCE : EXCLUSION_NONE;
}

static double spent_ratio(const struct alert_subject *subject, double now)
{
	struct slo_events events =
		slo_history_sum(subject->budgeted, now, now - subject->window.from_seconds);
	const struct slo_moment moment = {subject->window,
					  subject->objective,
					  {subject->since_seconds, subject->slicing},
					  now};
	struct slo_budget budget = slo_budget_at(&moment, events, (struct slo_events){});

	return budget.spent_ratio.known ? budget.spent_ratio.value : NAN;
}

/* A receiver that is the journal says the same in its own words. */
static bool journal_is_told(const struct alerting *alerting, enum alert_severity severity)
{
	const struct config *config = &alerting->applied->in_force.config;

	for (size_t i = 0; i < config->n_receivers; i++) {
		if (config->receivers[i].kind == RECEIVER_JOURNAL &&
		    config->receivers[i].severities >> severity & 1)
			return true;
	}
	return false;
}

static void tell_change(struct alerting *alerting, const struct track *track,
			const struct alert_rule *rule, const struct alert_change *change,
			double spent)
{
	static const enum say_level levels[] = {
		[SEVERITY_NOTICE] = SAY_NOTICE,
		[SEVERITY_TICKET] = SAY_WARNING,
		[SEVERITY_PAGE] = SAY_ERROR,
	};
	const bool over = change->to == ALERT_INACTIVE;

	if (journal_is_told(alerting, rule->severity))
		return;
	journal_say(alerting->journal, JOURNAL_ALERT, over ? SAY_NOTICE : levels[rule->severity],
		    change->t_seconds, "SLO %s of %s: %s %s %s; %s of the budget is spent",
		    track->name, track->service, alert_severity_name(rule->severity), rule->name,
		    over ? "is over" : alert_status_name(change->to),
		    format_percent(spent, 1).text);
}

static void record_changes(struct alerting *alerting, const struct track *track,
			   const struct alert_subject *subject, const struct alert_state *before,
			   const struct alert_change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct alert_rule *rule = &track->slo->alerts[changes[i].rule];
		const struct alert_state *old = &before[changes[i].rule];
		const struct alert_state *new = &track->alerts.states[changes[i].rule];

		const double spent = spent_ratio(subject, changes[i].t_seconds);

		tell_change(alerting, track, rule, &changes[i], spent);
		record_change(alerting->record,
			      &(const struct store_change){
				      .t_seconds = changes[i].t_seconds,
				      .slo = track->name,
				      .service = track->service,
				      .rule = rule->name,
				      .severity = alert_severity_name(rule->severity),
				      .from = alert_status_name(changes[i].from),
				      .to = alert_status_name(changes[i].to),
				      .budget_spent_ratio = spent,
				      .started_seconds = changes[i].from == ALERT_INACTIVE ?
								 new->started_seconds :
								 old->started_seconds,
			      });
	}
}

static int add_active(const struct alerting *alerting, const struct track *track, double now,
		      struct active *active)
{
	for (size_t i = 0; i < track->slo->n_alerts; i++) {
		const struct alert_rule *rule = &track->slo->alerts[i];
		struct notice_alert *grown;

		if (track->alerts.states[i].status == ALERT_INACTIVE)
			continue;
		grown = realloc(active->list, (active->n + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		active->list = grown;
		grown[active->n++] = (struct notice_alert){
			.service = track->service,
			.slo = track->name,
			.rule = rule->name,
			.severity = rule->severity,
			.silenced = alerting_silenced(alerting, track, rule->severity, now),
			.of_host = rule->kind == ALERT_COVERAGE,
		};
	}
	return 0;
}

static int judge(struct alerting *alerting, struct track *track, double now, struct active *active)
{
	struct alert_subject subject;
	struct alert_change changes[ALERT_RULES_MAX];
	struct alert_state before[ALERT_RULES_MAX];
	size_t n;

	axis_remember_month(alerting->axis, track->slo, now);
	subject = subject_of(alerting, track, now);
	memcpy(before, track->alerts.states, sizeof(before));
	n = alerts_evaluate(track->slo->alerts, track->slo->n_alerts, &subject, now,
			    track->alerts.states, changes, NULL);
	if (track_alerting(track)) /* again, for the readings that messages tell */
		alerts_evaluate(track->slo->alerts, track->slo->n_alerts, &subject, now,
				track->alerts.states, (struct alert_change[ALERT_RULES_MAX]){},
				track->alerts.readings);
	record_changes(alerting, track, &subject, before, changes, n);
	return add_active(alerting, track, now, active);
}

/* ---- making known ---- */

static int send_notice(void *context, const struct notice *notice)
{
	struct alerting *alerting = context;
	json_t *message = alerting_message(alerting, notice);
	int r = message ? deliver_send(alerting->deliver, message, clock_seconds(CLOCK_BOOTTIME)) :
			  -ENOMEM;

	json_decref(message);
	return r;
}

/* Written only when it has changed. */
static void keep_notices(struct alerting *alerting)
{
	json_t *state = notices_save(alerting->notices);
	char *text = state ? json_dumps(state, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	json_decref(state);
	if (!text || (alerting->notices_kept && !strcmp(text, alerting->notices_kept))) {
		free(text);
		return;
	}
	record_keep(alerting->record, RECORD_NOTICES, "state", text);
	free(alerting->notices_kept);
	alerting->notices_kept = text;
}

/* Written only when it has changed. */
static void keep_silenced_events(struct alerting *alerting)
{
	_cleanup_free_ char *text = NULL;

	if (!alerting->silenced_more)
		return;
	text = json_dumps(alerting->silenced_events, JSON_COMPACT);
	if (!text)
		return;
	record_keep(alerting->record, RECORD_SILENCED, "events", text);
	alerting->silenced_more = false;
}

void alerting_expire_silences(struct alerting *alerting, double now)
{
	char id[SILENCE_ID_BYTES];

	while (silences_expire(&alerting->silences, axis_wall(alerting->axis, now), id))
		record_drop(alerting->record, RECORD_SILENCE, id);
}

int alerting_step(struct alerting *alerting, double now)
{
	struct active active = {};
	struct track *track;
	size_t at = 0;
	int r = 0;

	alerting_expire_silences(alerting, now);
	while (!r && (track = tracks_next(&alerting->applied->tracks, TRACKS_IN_FORCE, &at)))
		r = judge(alerting, track, now, &active);
	if (!r && alerting->others && alerting->others->judged)
		alerting->others->judged(alerting->context, now);
	/* before the step, whose messages go to all */
	r = r ?: alerting_introduce(alerting, now);
	if (!r)
		r = notices_step(alerting->notices, now, active.list, active.n, send_notice,
				 alerting);
	free(active.list);
	r = r ?: alerting_refresh(alerting, now);
	r = r ?: alerting_send_again(alerting, now);
	deliver_tell_losses(alerting->deliver);
	keep_notices(alerting);
	keep_silenced_events(alerting);
	deliver_keep_books(alerting->deliver);
	return r;
}

/* ---- life ---- */

static void keep_delivery(void *context, const char *key, const char *text)
{
	record_keep(((struct alerting *)context)->record, RECORD_DELIVERY, key, text);
}

static void drop_delivery(void *context, const char *key)
{
	struct alerting *alerting = context;

	record_drop(alerting->record, RECORD_DELIVERY, key);
	alerting->settled = true;
}

enum {
	ERROR_SHOWN_BYTES = 200, /* of what a receiver has answered */
};

static void tell_failing(void *context, const char *receiver, const char *error)
{
	const struct alerting *alerting = context;
	const double now = axis_now(alerting->axis);
	_cleanup_free_ char *safe = error ? format_escape(error, ERROR_SHOWN_BYTES) : NULL;

	if (error)
		journal_say(alerting->journal, JOURNAL_RECEIVER, SAY_WARNING, now,
			    "%s does not take notifications: %s", receiver, safe ?: "-");
	else
		journal_say(alerting->journal, JOURNAL_RECEIVER, SAY_NOTICE, now,
			    "%s takes notifications again", receiver);
}

static void tell_settled(void *context, const char *receiver, const json_t *message,
			 const char *result, unsigned int attempts, const char *error)
{
	const struct alerting *alerting = context;

	if (alerting->others && alerting->others->settled)
		alerting->others->settled(alerting->context, receiver, message, result, attempts,
					  error);
}

static const struct deliver_ops ops = {
	.keep = keep_delivery,
	.drop = drop_delivery,
	.failing = tell_failing,
	.lost = alerting_tell_losses,
	.settled = tell_settled,
};

static int restore_notices(void *context, const char *key, const char *text)
{
	struct alerting *alerting = context;
	json_t *state = json_loads(text, 0, NULL);
	int r = strcmp(key, "state") != 0 ? 0 : notices_load(alerting->notices, state);

	json_decref(state);
	if (r == -EINVAL)
		say("the notices on disk are not understood: alerts that still stand are notified "
		    "again");
	return r == -ENOMEM ? r : 0;
}

static int restore_delivery(void *context, const char *key, const char *text)
{
	int r = deliver_restore(((struct alerting *)context)->deliver, key, text,
				clock_seconds(CLOCK_BOOTTIME));

	return r == -ENOMEM ? r : 0;
}

static int restore_silence(void *context, const char *key, const char *text)
{
	json_t *saved = json_loads(text, 0, NULL);
	int r = silences_restore(&((struct alerting *)context)->silences, saved);

	(void)key;
	json_decref(saved);
	return r == -ENOMEM ? r : 0;
}

static int restore_silenced_events(void *context, const char *key, const char *text)
{
	struct alerting *alerting = context;
	json_t *saved = strcmp(key, "events") != 0 ? NULL : json_loads(text, 0, NULL);

	if (!json_is_object(saved)) {
		json_decref(saved);
		return 0;
	}
	json_decref(alerting->silenced_events);
	alerting->silenced_events = saved;
	return 0;
}

int alerting_start(struct alerting *alerting)
{
	const struct config *config = &alerting->applied->in_force.config;
	int r = notices_new((double)config->remind_seconds, &alerting->notices);

	r = r ?: deliver_new(config, &ops, alerting, &alerting->deliver);
	r = r ?: record_each_text(alerting->record, RECORD_NOTICES, restore_notices, alerting);
	r = r ?: record_each_text(alerting->record, RECORD_DELIVERY, restore_delivery, alerting);
	r = r	  ?:
		    record_each_text(alerting->record, RECORD_SILENCED, restore_silenced_events,
				     alerting);
	return r ?: record_each_text(alerting->record, RECORD_SILENCE, restore_silence, alerting);
}

int alerting_configure(struct alerting *alerting)
{
	const struct config *config = &alerting->applied->in_force.config;

	notices_set_remind(alerting->notices, (double)config->remind_seconds);
	return deliver_configure(alerting->deliver, config);
}

void alerting_clear(struct alerting *alerting)
{
	deliver_free(alerting->deliver);
	notices_free(alerting->notices);
	silences_clear(&alerting->silences);
	json_decref(alerting->silenced_events);
	free(alerting->notices_kept);
	free(alerting->socket);
}

/* At once if a delivery has left its queue and that is not written yet. */
static int deliveries_timeout_ms(void *context)
{
	const struct alerting *alerting = context;

	return alerting->settled ?
		       0 :
		       deliver_timeout_ms(alerting->deliver, clock_seconds(CLOCK_BOOTTIME));
}

static int deliveries_run(void *context)
{
	struct alerting *alerting = context;

	deliver_run(alerting->deliver, clock_seconds(CLOCK_BOOTTIME));
	/* takeover I5: killed before the next step, the agent would send it again */
	if (alerting->settled)
		record_flush(alerting->record);
	alerting->settled = false;
	return 0;
}

struct loop_part alerting_part(struct alerting *alerting)
{
	return (struct loop_part){
		.fd = deliver_fd(alerting->deliver),
		.timeout_ms = deliveries_timeout_ms,
		.run = deliveries_run,
		.context = alerting,
	};
}
