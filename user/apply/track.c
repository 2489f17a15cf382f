/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/track.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int track_new(const char *name, const char *service, const char *definition,
	      const struct config_slo *slo, __u32 counts, struct track_birth birth,
	      struct track **ret)
{
	struct track *track = calloc(1, sizeof(*track));
	int r;

	if (!track)
		return -ENOMEM;
	track->name = strdup(name);
	track->service = strdup(service);
	track->definition = strdup(definition);
	track->slo = slo;
	track->slo_name = strdup(slo->name);
	track->wildcard = config_slo_is_wildcard(slo);
	track->slice_seconds = slo->slice_seconds;
	track->slice_target = slo->slice_target;
	track->counts = counts;
	track->birth = birth;
	track->stepped_seconds = track->since_seconds = NAN;
	r = track->name && track->service && track->definition && track->slo_name ? 0 : -ENOMEM;
	r = r ?: slo_history_new(TRACK_WINDOW_S, &track->history);
	if (slo->slice_seconds)
		r = r ?: slo_history_new(TRACK_WINDOW_S, &track->sliced);
	if (r) {
		track_free(track);
		return r;
	}
	*ret = track;
	return 0;
}

void track_free(struct track *track)
{
	if (!track)
		return;
	slo_history_free(track->history);
	slo_history_free(track->sliced);
	reasons_clear(&track->reasons);
	free(track->name);
	free(track->service);
	free(track->definition);
	free(track->slo_name);
	free(track);
}

void track_configure(struct track *track, const struct config_slo *slo)
{
	struct alert_state states[ALERT_RULES_MAX] = {};

	for (size_t i = 0; i < slo->n_alerts; i++) {
		for (size_t k = 0; k < track_n_alerts(track); k++) {
			if (!strcmp(slo->alerts[i].name, track->slo->alerts[k].name))
				states[i] = track->alerts.states[k];
		}
		/* the rule, the objective or the window may be others */
		states[i].calm = (struct alert_calm){};
	}
	memcpy(track->alerts.states, states, sizeof(states));
	memset(track->alerts.readings, 0, sizeof(track->alerts.readings));
	track->alerts.configured++;
	track->slo = slo;
}

void track_end(struct track *track)
{
	memset(track->alerts.states, 0, sizeof(track->alerts.states));
	memset(track->alerts.readings, 0, sizeof(track->alerts.readings));
	track->slo = NULL;
}

size_t track_n_alerts(const struct track *track)
{
	return track->slo ? track->slo->n_alerts : 0;
}

/* What was counted since the last step. */
static struct slo_counts unstepped(const struct track *track, const struct slo_counts *counts)
{
	struct slo_counts since = {
		.good = counts->good - track->stepped.good,
		.left_out = counts->left_out - track->stepped.left_out,
		.status_unknown = counts->status_unknown - track->stepped.status_unknown,
	};

	for (size_t i = 0; i < BAD_REASON_COUNT; i++)
		since.bad[i] = counts->bad[i] - track->stepped.bad[i];
	return since;
}

int track_step(struct track *track, double now_seconds, const struct slo_counts *counts,
	       const struct coverage *coverage, bool exclude)
{
	struct slo_counts since = exclude ? (struct slo_counts){} : unstepped(track, counts);
	struct slo_events events = {since.good, slo_counts_bad(&since)};
	/* before the first step there is no telling when it began */
	double from_seconds = isnan(track->stepped_seconds) ? now_seconds : track->stepped_seconds;
	int r = slo_history_add_span(track->history, from_seconds, now_seconds, events);

	if (r)
		return r;
	reasons_add_span(&track->reasons, from_seconds, now_seconds, &since);
	if (track->sliced && !track->slices.seconds)
		slices_init(&track->slices, track->slice_seconds, track->slice_target,
			    from_seconds);
	/*
	 * what it cannot take now it takes with the next step; the time of maintenance is left out
	 * with its events
	 */
	if (track->sliced)
		slices_close(&track->slices, track->history, exclude ? NULL : coverage, now_seconds,
			     track->sliced);
	if (exclude) {
		since = unstepped(track, counts);
		track->excluded += since.good + slo_counts_bad(&since);
	}
	track->excluding = exclude;
	track->stepped = *counts;
	track->latest = events;
	track->stepped_seconds = now_seconds;
	return 0;
}

bool track_alerting(const struct track *track)
{
	for (size_t i = 0; i < track_n_alerts(track); i++) {
		if (track->alerts.states[i].status != ALERT_INACTIVE)
			return true;
	}
	return false;
}

const struct slo_history *track_budgeted(const struct track *track)
{
	return track->sliced ?: track->history;
}

struct slo_events track_events(const struct track *track, double now_seconds, double span_seconds,
			       const struct slo_counts *counts)
{
	struct slo_events events = slo_history_sum(track->history, now_seconds, span_seconds);
	struct slo_counts more = unstepped(track, counts);

	if (!track->excluding) {
		events.good += more.good;
		events.bad += slo_counts_bad(&more);
	}
	return events;
}

void track_reasons(const struct track *track, double now_seconds, double span_seconds,
		   const struct slo_counts *counts, struct slo_counts *ret)
{
	struct slo_counts more = unstepped(track, counts);

	reasons_sum(&track->reasons, now_seconds, span_seconds, ret);
	if (track->excluding)
		return;
	for (size_t i = 0; i < BAD_REASON_COUNT; i++)
		ret->bad[i] += more.bad[i];
	ret->left_out += more.left_out;
	ret->status_unknown += more.status_unknown;
}
