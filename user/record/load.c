/* SPDX-License-Identifier: GPL-2.0-only */
/* Loads coverage and tracks from the store. */
#include "record/private.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/cleanup.h"

static void tell_no_coverage(const struct record *record)
{
	record->tell("%s: the coverage before now cannot be read: it counts as none", record->path);
}

double record_start(struct record *record, struct timeline *timeline, struct coverage *coverage)
{
	if (record->store && store_load_coverage(record->store, coverage))
		tell_no_coverage(record);
	return record_axis_start(record, timeline);
}

/* ---- tracks ---- */

/* May take two seconds, so it waits until a track needs it: the kernel counts by then. */
static void read_histories(struct record *record)
{
	int r;

	if (!record->histories_due)
		return;
	record->histories_due = false;
	record_histories_clear(&record->histories);
	r = record_histories_load(&record->histories, record->store);
	if (r)
		record->tell("%s: the history cannot be read in one pass: %s", record->path,
			     record_why(r));
}

static int load_found(struct record *record, const char *instance, const struct store_slo *slo,
		      struct track *track)
{
	struct record_place place = {record->store, &record->histories};

	read_histories(record);
	return record_track_load(&place, slo, !strcmp(record->instance, instance), track);
}

int record_load(struct record *record, const char *instance, const struct timeline *timeline,
		double stepped_seconds, struct track *track)
{
	struct record_search search;
	double born = timeline_now(timeline, track->birth.boottime_seconds);
	int r = 0;

	record_track_forget(track);
	if (record->store) {
		r = record_track_find(record->store, track, &search);
		if (!r && search.found.id)
			r = load_found(record, instance, &search.found, track);
		else if (!r && search.other_definition)
			record->tell(
				"SLO %s: what it counts, or when that is good, has changed: its history "
				"begins anew, the former one is kept until it is too old",
				track->name);
		if (r)
			record->tell(
				"%s: the history of SLO %s cannot be read (%s): it begins anew",
				record->path, track->name, record_why(r));
	}
	/* a track that the last step did not see had no events before it */
	if (born < stepped_seconds)
		born = stepped_seconds;
	if (isnan(track->since_seconds))
		track->since_seconds = born;
	if (isnan(track->stepped_seconds))
		track->stepped_seconds = born;
	track->mark.loaded = record->store != NULL;
	return r;
}

struct found_since {
	double from_seconds;
	int (*fn)(void *context, const struct store_slo *slo);
	void *context;
};

static int each_found(void *context, const struct store_slo *slo)
{
	struct found_since *since = context;

	if (!slo->wildcard || slo->last_seconds < since->from_seconds)
		return 0;
	return since->fn(since->context, slo);
}

int record_each_found(struct record *record, double from_seconds,
		      int (*fn)(void *context, const struct store_slo *slo), void *context)
{
	struct found_since since = {from_seconds, fn, context};
	int r = record->store ? store_each_slo(record->store, each_found, &since) : 0;

	if (!r || r == -ENOMEM)
		return r;
	record->tell(
		"%s: the SLOs of found services cannot be read (%s): they come when they are met again",
		record->path, record_why(r));
	return 0;
}

/* ---- joining ---- */

/* Adds the spans on disk, in which other agents counted. */
static int join_coverage(struct record *record, struct coverage *coverage)
{
	_cleanup_(coverage_clear) struct coverage joined = {};
	int r = store_load_coverage(record->store, &joined);

	for (size_t i = 0; !r && i < coverage->n; i++)
		r = coverage_add(&joined, coverage->spans[i].from_seconds,
				 coverage->spans[i].to_seconds);
	if (r)
		return r;
	coverage_clear(coverage);
	*coverage = joined;
	joined = (struct coverage){};
	return 0;
}

void record_join(struct record *record, const struct record_step *step, bool first)
{
	if (first && join_coverage(record, step->coverage))
		tell_no_coverage(record);
	for (size_t i = 0; i < step->n_tracks; i++) {
		struct track *track = step->tracks[i];
		struct record_search search;

		if (!track->mark.loaded)
			record_load(record, step->instance, step->timeline, step->now_seconds,
				    track);
		else if (!record_track_find(record->store, track, &search))
			track->mark.id = search.found.id;
	}
}
