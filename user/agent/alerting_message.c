/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/alerting_message.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/alerting_worst.h"
#include "agent/burn.h"
#include "base/cleanup.h"
#include "notify/notice_message.h"

static bool among(const struct notice_slo *slos, size_t n, const struct track *track)
{
	for (size_t i = 0; i < n; i++) {
		if (slos[i].now.name == track->name)
			return true;
	}
	return false;
}

/* They are unknown if they do not add up: some may have come before they were counted apart. */
static void reasons_facts(const struct track *track, double now, struct notice_slo *ret)
{
	struct slo_counts counts;

	reasons_sum(&track->reasons, now, ret->failing_seconds, &counts);
	ret->reasons_known = slo_counts_bad(&counts) == ret->failing.bad;
	for (int i = 0; i < BAD_REASON_COUNT; i++)
		ret->reasons[i] = counts.bad[i];
}

static void silence_facts(const struct track *track, struct notice_slo *ret)
{
	double last;

	if (slo_history_last_event(track->history, &last))
		ret->silent_from_seconds = (struct maybe){true, last};
}

/* The time that an alert of the notice judges, if it is the one that found the highest burn rate. */
static void failing_facts(const struct notice *notice, const struct track *track,
			  struct notice_slo *ret)
{
	const double now = notice->now_seconds, age_seconds = now - track->since_seconds;
	double worst = -1, began;

	for (size_t i = 0; i < track->slo->n_alerts; i++) {
		const struct alert_rule *rule = &track->slo->alerts[i];
		const struct maybe burn = track->alerts.readings[i].burn_long;

		if (track->alerts.states[i].status == ALERT_INACTIVE ||
		    rule->severity != notice->severity)
			continue;
		if (rule->kind == ALERT_NO_DATA)
			silence_facts(track, ret);
		if (!burn.known || burn.value <= worst)
			continue;
		worst = burn.value;
		ret->failing_seconds = fmin(
			alert_lookback_seconds(rule->kind, (double)rule->seconds), age_seconds);
	}
	if (ret->failing_seconds > 0) {
		ret->failing = slo_history_sum(track->history, now, ret->failing_seconds);
		reasons_facts(track, now, ret);
		began = burn_began(track, now, ret->failing_seconds);
		if (!isnan(began))
			ret->failing_from_seconds = (struct maybe){true, began};
	}
}

/* Without them the message goes, too. */
static void worst_facts(const struct alerting *alerting, const struct track *track, double now,
			struct notice_slo *ret)
{
	if (ret->failing_seconds > 0 && ret->failing.bad &&
	    alerting_worst(alerting->record, track->slo, track->service, now - ret->failing_seconds,
			   now, ret))
		ret->worst_known = false;
}

/* The facts of each SLO that the notice's alerts are of, once. An SLO that has ended has none. */
static int gather_facts(struct alerting *alerting, const struct notice *notice,
			struct notice_slo *slos, size_t *n)
{
	for (size_t i = 0; i < notice->n_alerts; i++) {
		const struct track *track =
			tracks_named(&alerting->applied->tracks, notice->alerts[i].slo);
		int r;

		if (!track || among(slos, *n, track))
			continue;
		r = alerting->facts_of(alerting->context, track, &slos[*n].now);
		if (r)
			return r;
		failing_facts(notice, track, &slos[*n]);
		if (alerting->others && alerting->others->sentence)
			slos[*n].sentence = alerting->others->sentence(
				alerting->context, track->name, notice->now_seconds);
		worst_facts(alerting, track, notice->now_seconds, &slos[(*n)++]);
	}
	return 0;
}

/* From when on an alert judges what was counted; NAN if its SLO has ended. */
static double judged_from(const struct alerting *alerting, const struct notice_alert *alert,
			  double now)
{
	const struct track *track = tracks_named(&alerting->applied->tracks, alert->slo);

	for (size_t i = 0; track && i < track->slo->n_alerts; i++) {
		const struct alert_rule *rule = &track->slo->alerts[i];

		if (!strcmp(rule->name, alert->rule))
			return fmax(now - (double)rule->seconds, track->since_seconds);
	}
	return NAN;
}

/* Of the longest time that one of the alerts judges. */
static void host_facts(const struct alerting *alerting, const struct notice *notice,
		       struct notice_facts *facts)
{
	const double now = notice->now_seconds;
	double from = NAN;

	for (size_t i = 0; i < notice->n_alerts; i++)
		from = fmin(from, judged_from(alerting, &notice->alerts[i], now));
	if (isnan(from))
		return;
	facts->judged_seconds = now - from;
	facts->uncounted_seconds = (struct maybe){
		true, now - from - coverage_seconds(&alerting->axis->coverage, from, now)};
}

json_t *alerting_message(struct alerting *alerting, const struct notice *notice)
{
	const struct config_service *service =
		config_service_named(&alerting->applied->in_force.config, notice->service);
	_cleanup_free_ struct notice_slo *slos = calloc(notice->n_alerts ?: 1, sizeof(*slos));
	struct notice_facts facts = {
		.slos = slos,
		.wall_offset_seconds = alerting->axis->timeline.wall_offset_seconds,
		.socket = alerting->socket,
	};
	json_t *json = NULL;
	int r = 0;

	if (!slos)
		return NULL;
	if (notice->of_host)
		host_facts(alerting, notice, &facts);
	else
		r = gather_facts(alerting, notice, slos, &facts.n_slos);
	if (service && !notice->of_host)
		facts.about = &service->about;
	if (!r)
		json = notice_message(notice, &facts);
	for (size_t i = 0; i < facts.n_slos; i++)
		notice_slo_clear(&slos[i]);
	return json;
}
