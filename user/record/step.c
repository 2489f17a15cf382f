/* SPDX-License-Identifier: GPL-2.0-only */
/* A step: one transaction that writes all that is not on disk yet. */
#include "record/private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { KEEP_SECONDS = TRACK_WINDOW_S + SLO_KEPT_BEYOND_SECONDS };

static int put_coverage(struct record *record, const struct coverage *coverage)
{
	size_t from = record->coverage_written && coverage->n ? coverage->n - 1 : 0;
	int r = 0;

	for (size_t i = from; !r && i < coverage->n; i++)
		r = store_put_coverage(record->store, &coverage->spans[i]);
	return r;
}

/*
 * A database that was made anew while the agent runs only gets the counters. With their growth it
 * would have all requests counted until now as one step.
 */
static int put_series(struct record *record, const struct record_step *step)
{
	return (record->made_anew ? store_set_series : store_put_series)(
		record->store, step->now_seconds, step->series, step->n_series);
}

/* takeover I5: history and the counters it was made of are in one transaction */
static int put_step(struct record *record, const struct record_step *step)
{
	int r = store_begin(record->store);

	r = r ?: record_axis_put(record, step);
	r = r ?: put_coverage(record, step->coverage);
	for (size_t i = 0; !r && i < step->n_tracks; i++)
		r = record_track_put(record->store, step->tracks[i]);
	r = r ?: put_series(record, step);
	r = r ?: traffic_put(record->traffic, record->store);
	r = r ?: record_changes_put(&record->changes, record->store);
	r = r ?: record_texts_put(&record->texts, record->store);
	return r ?: store_commit(record->store);
}

static void written(struct record *record, const struct record_step *step)
{
	for (size_t i = 0; i < step->n_tracks; i++)
		record_track_written(step->tracks[i]);
	record_histories_clear(&record->histories);
	record->histories_due = false;
	/* an error does not matter: the next step prunes again */
	store_prune(record->store, step->now_seconds, KEEP_SECONDS);
	record->made_anew = false;
	record->coverage_written = true;
	snprintf(record->instance, sizeof(record->instance), "%s", step->instance);
	record_texts_written(&record->texts);
	record_changes_written(&record->changes);
	traffic_written(record->traffic);
	if (record->state == RECORD_FAILING)
		record->tell("%s is written again; nothing was lost", record->path);
	record->state = RECORD_OK;
	record->reason[0] = 0;
}

static void failed(struct record *record, const struct record_step *step, int r)
{
	store_rollback(record->store);
	for (size_t i = 0; i < step->n_tracks; i++)
		record_track_rolled_back(step->tracks[i]);
	if (record->state == RECORD_OK)
		record->tell("cannot write %s: %s: counting goes on, and is written when it can be",
			     record->path, strerror(-r));
	record->state = RECORD_FAILING;
	snprintf(record->reason, sizeof(record->reason), "cannot be written: %s", strerror(-r));
}

/* Opens the store if that is due and possible. */
static bool writable(struct record *record, const struct record_step *step)
{
	if (!record->store || record->to_read)
		return step->now_seconds >= record->retry_seconds && !record_reopen(record, step);
	return !(store_damaged(record->store) || store_vanished(record->store)) ||
	       !record_reopen(record, step);
}

int record_step(struct record *record, const struct record_step *step)
{
	int r;

	if (!writable(record, step))
		return 0;
	r = put_step(record, step);
	if (r == -EUCLEAN) {
		store_rollback(record->store);
		if (record_reopen(record, step))
			return 0;
		r = put_step(record, step);
	}
	if (r)
		failed(record, step, r);
	else
		written(record, step);
	return r == -ENOMEM ? r : 0;
}
