/* SPDX-License-Identifier: GPL-2.0-only */
#include "record/track.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "slo/steps.h"
#include "slo/time_limit.h"

enum {
	SLICE_MAX_SECONDS = 3600, /* a slice is added when it has ended */
};

/* ---- loading ---- */

static int match_slo(void *context, const struct store_slo *slo)
{
	struct record_search *search = context;

	if (strcmp(slo->name, search->track->name) != 0)
		return 0;
	if (!strcmp(slo->service, search->track->service) &&
	    !strcmp(slo->definition, search->track->definition)) {
		search->found = *slo;
		search->found.name = search->found.service = search->found.definition = NULL;
	} else {
		search->other_definition = true;
	}
	return 0;
}

int record_track_find(struct store *store, const struct track *track, struct record_search *ret)
{
	*ret = (struct record_search){.track = track};
	return store_each_slo(store, match_slo, ret);
}

static int load_alert(void *context, const char *rule, const struct alert_state *state)
{
	struct track *track = context;

	for (size_t i = 0; i < track_n_alerts(track); i++) {
		if (!strcmp(track->slo->alerts[i].name, rule))
			track->alerts.states[i] = *state;
	}
	return 0;
}

struct replay {
	struct slo_history *history;
	double last_seconds; /* of the last step: its bucket may end later */
	struct slo_events known; /* so many of the events to come are in the history already */
};

static uint64_t take_known(uint64_t events, uint64_t *known)
{
	uint64_t taken = events < *known ? events : *known;

	*known -= taken;
	return events - taken;
}

static int replay_step(void *context, const struct slo_step *step)
{
	struct replay *replay = context;
	struct slo_events events = {
		.good = take_known(step->events.good, &replay->known.good),
		.bad = take_known(step->events.bad, &replay->known.bad),
	};

	return events.good || events.bad ?
		       slo_history_add(replay->history,
				       fmin((double)step->end_seconds, replay->last_seconds),
				       events) :
		       0;
}

/* The history on disk, and behind it those events of the track that are not on disk. */
static int load_history(struct record_place *place, const struct store_slo *slo,
			enum store_history which, struct slo_events known, double last_seconds,
			struct slo_history **ret)
{
	struct replay replay = {.last_seconds = last_seconds, .known = known};
	struct slo_history *history = record_histories_take(place->histories, slo->id, which);
	int r = 0;

	if (!history) {
		r = slo_history_new(TRACK_WINDOW_S, &history);
		if (r)
			return r;
		if (!place->histories->complete)
			r = store_load_history(place->store, slo->id, which, history);
	}
	r = r ?: slo_history_restored(history, slo->last_seconds);
	replay.history = history;
	r = r ?: slo_history_steps(*ret, replay_step, &replay);
	if (r) {
		slo_history_free(history);
		return r;
	}
	slo_history_free(*ret);
	*ret = history;
	return 0;
}

/* The track's counters at its last step, if they are those on disk. */
static struct slo_counts stored_counts(const struct store_slo *slo)
{
	struct slo_counts counts = {
		.good = slo->kernel_good,
		.left_out = slo->kernel_sums[REASON_LEFT_OUT],
		.status_unknown = slo->kernel_sums[REASON_STATUS_UNKNOWN],
	};
	uint64_t before = 0;

	for (size_t i = 0; i < BAD_REASON_COUNT; i++) {
		counts.bad[i] = slo->kernel_sums[i] - before;
		before = slo->kernel_sums[i];
	}
	/* sums that are not there: the reasons are unknown, but not how many were bad */
	if (before != slo->kernel_bad)
		memset(counts.bad, 0, sizeof(counts.bad));
	if (before != slo->kernel_bad)
		counts.bad[0] = slo->kernel_bad;
	return counts;
}

static int load_reasons(struct record_place *place, const struct store_slo *slo,
			const struct slo_counts *known, double last_seconds, struct track *track)
{
	double unused;
	int r = 0;

	for (size_t i = 0; !r && i < REASON_PAIRS; i++) {
		struct slo_history **pair = &track->reasons.pairs[i];

		if (!*pair)
			r = slo_history_new(TRACK_WINDOW_S, pair);
		r = r	  ?:
			    load_history(place, slo, STORE_REASONS + i, reasons_pair(known, i),
					 last_seconds, pair);
		if (!r && !slo_history_last_event(*pair, &unused)) {
			slo_history_free(*pair);
			*pair = NULL;
		}
	}
	return r;
}

int record_track_load(struct record_place *place, const struct store_slo *slo, bool same_kernel,
		      struct track *track)
{
	bool stepped = !isnan(track->stepped_seconds);
	bool same_counters = same_kernel && slo->kernel_serial == track->birth.serial;
	struct slo_counts counted = stored_counts(slo), known = {};
	int r;

	/* a track that could not be loaded began with all that its counters had */
	if (stepped && same_counters)
		known = counted;
	r = load_history(place, slo, STORE_EVENTS,
			 (struct slo_events){known.good, slo_counts_bad(&known)},
			 track->stepped_seconds, &track->history);
	r = r ?: load_reasons(place, slo, &known, track->stepped_seconds, track);
	if (!r && track->sliced)
		r = load_history(place, slo, STORE_SLICES, (struct slo_events){},
				 track->stepped_seconds, &track->sliced);
	r = r ?: store_each_alert(place->store, slo->id, load_alert, track);
	if (r)
		return r;
	track->mark.id = slo->id;
	track->mark.until_seconds = slo->last_seconds;
	track->since_seconds = slo->since_seconds;
	track->excluded += slo->excluded;
	if (stepped)
		return 0;
	/* the slice of the last step is not settled yet */
	if (track->sliced)
		slices_init(&track->slices, track->slice_seconds, track->slice_target,
			    slo->last_seconds);
	if (!same_counters)
		return 0;
	track->stepped = counted;
	track->stepped_seconds = slo->last_seconds;
	return 0;
}

/* ---- putting ---- */

struct bucket_put {
	struct store *store;
	__s64 slo;
	enum store_history which;
};

static int put_bucket(void *context, enum slo_tier tier, int64_t end_seconds,
		      struct slo_events events)
{
	const struct bucket_put *put = context;

	return store_put_bucket(put->store, put->slo, put->which, tier, end_seconds, events);
}

static int put_history(const struct slo_history *history, double from_seconds,
		       struct bucket_put *put)
{
	int64_t from = (int64_t)fmax(from_seconds, TIME_BEFORE_ALL_SECONDS);
	int r = 0;

	for (int tier = 0; !r && tier < SLO_TIERS; tier++)
		r = slo_history_each(history, tier, from, put_bucket, put);
	return r;
}

static struct alert_mark mark_alert(const struct alert_state *state)
{
	return (struct alert_mark){state->status, state->since_seconds, state->started_seconds};
}

/* Only those that differ from the disk: few change at a step. */
static int put_alerts(struct store *store, const struct track *track)
{
	bool same_rules = track->mark.alerts_configured == track->alerts.configured;
	size_t n_written = same_rules ? track->mark.n_alerts : 0;
	int r = 0;

	for (size_t i = 0; !r && i < track_n_alerts(track); i++) {
		const struct alert_mark *written = &track->mark.alerts[i];
		struct alert_mark mark = mark_alert(&track->alerts.states[i]);

		if (i < n_written && written->status == mark.status &&
		    written->since_seconds == mark.since_seconds &&
		    written->started_seconds == mark.started_seconds)
			continue;
		r = store_put_alert(store, track->mark.id, track->slo->alerts[i].name,
				    &track->alerts.states[i]);
	}
	return r;
}

int record_track_put(struct store *store, struct track *track)
{
	struct store_slo slo = {
		.id = track->mark.id,
		.name = track->name,
		.service = track->service,
		.definition = track->definition,
		.wildcard = track->wildcard,
		.since_seconds = track->since_seconds,
		.last_seconds = track->stepped_seconds,
		.kernel_serial = track->birth.serial,
		.kernel_good = track->stepped.good,
		.kernel_bad = slo_counts_bad(&track->stepped),
		.excluded = track->excluded,
	};
	struct bucket_put put = {.store = store};
	int r;

	for (size_t i = 0; i < REASON_PAIRS; i++) {
		struct slo_events sums = reasons_pair(&track->stepped, i);

		slo.kernel_sums[2 * i] = sums.good;
		if (2 * i + 1 < REASON_SUMS)
			slo.kernel_sums[2 * i + 1] = sums.bad;
	}
	r = store_put_slo(store, &slo);

	if (track->mark.id != slo.id)
		track->mark.n_alerts = 0;
	track->mark.id = slo.id;
	put.slo = slo.id;
	r = r ?: put_history(track->history, track->mark.until_seconds, &put);
	put.which = STORE_SLICES;
	if (!r && track->sliced)
		r = put_history(track->sliced, track->mark.until_seconds - SLICE_MAX_SECONDS, &put);
	for (size_t i = 0; !r && i < REASON_PAIRS; i++) {
		put.which = STORE_REASONS + i;
		if (track->reasons.pairs[i])
			r = put_history(track->reasons.pairs[i], track->mark.until_seconds, &put);
	}
	return r ?: put_alerts(store, track);
}

void record_track_forget(struct track *track)
{
	track->mark.id = 0;
	track->mark.until_seconds = -INFINITY;
	track->mark.n_alerts = 0;
}

void record_track_rolled_back(struct track *track)
{
	if (isinf(track->mark.until_seconds))
		track->mark.id = 0;
}

void record_track_written(struct track *track)
{
	if (!isnan(track->stepped_seconds))
		track->mark.until_seconds = track->stepped_seconds;
	track->mark.n_alerts = track_n_alerts(track);
	track->mark.alerts_configured = track->alerts.configured;
	for (size_t i = 0; i < track->mark.n_alerts; i++)
		track->mark.alerts[i] = mark_alert(&track->alerts.states[i]);
}

_Static_assert((int)STORE_REASON_SUMS == (int)REASON_SUMS, "the store has room for all sums");
