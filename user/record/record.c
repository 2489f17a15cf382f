/* SPDX-License-Identifier: GPL-2.0-only */
#include "record/record.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "record/changes.h"
#include "record/histories.h"
#include "record/texts.h"
#include "record/track.h"

enum {
	RETRY_SECONDS = 30, /* between attempts to open what could not be opened */
	KEEP_SECONDS = TRACK_WINDOW_S + 31 * 86400,
};

struct record {
	char *dir;
	char *path;
	struct store *store; /* NULL: not open */
	bool to_read; /* the store cannot be written: it is open to be read */
	bool recalled; /* what it had of alerts and coverage is in memory */
	enum record_state state;
	char reason[512];
	double retry_seconds; /* axis: not before that */
	struct record_histories histories; /* read, and not taken by a track yet */
	bool histories_due; /* to be read */
	bool made_anew; /* nothing has been written to it yet */
	bool coverage_written; /* all spans but the last */
	char boot_id[TIMELINE_BOOT_ID_BYTES];
	char instance[64]; /* the kernel instance that what is on disk was read from */
	struct record_texts texts;
	struct record_changes changes;
};

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("sliprobed: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

static const char *reason_of(int r)
{
	return r == -EUCLEAN ? "it is damaged" : strerror(-r);
}

/* "" if none is written. */
static void read_instance(struct record *record)
{
	_cleanup_free_ char *stored = NULL;

	record->instance[0] = 0;
	if (!store_get_value(record->store, "kernel", &stored))
		snprintf(record->instance, sizeof(record->instance), "%s", stored);
}

/* notice: what is to be said if it was opened; if not, that is the reason. */
static int open_store(struct record *record, char notice[static 512])
{
	int r = store_open(record->dir, &record->store, notice);

	if (r) {
		record->state = r == -ENOTSUP || r == -EBUSY ? RECORD_NOT_KEPT : RECORD_FAILING;
		if (r == -EBUSY)
			record->retry_seconds =
				INFINITY; /* what both have counted must not be added up */
		snprintf(record->reason, sizeof(record->reason), "%s",
			 notice[0] ? notice : strerror(-r));
		return r;
	}
	record->state = RECORD_OK;
	record->reason[0] = 0;
	record->to_read = false;
	read_instance(record);
	record->histories_due = true;
	return 0;
}

/* What is known goes on to hold on a disk that is full or read-only. */
static void open_to_read(struct record *record)
{
	if (record->state != RECORD_FAILING || store_open_to_read(record->dir, &record->store))
		return;
	record->to_read = true;
	read_instance(record);
	record->histories_due = true;
}

static void recall_alerts(struct record *record)
{
	int r = record_texts_load(&record->texts, record->store);

	r = r ?: record_changes_load(&record->changes, record->store);
	if (r)
		say("%s: the state of alerts cannot be read (%s): it begins anew", record->path,
		    reason_of(r));
	record->recalled = true;
}

/* Takes a second or two if there is much: not before it is needed, when the kernel counts. */
static void read_histories(struct record *record)
{
	int r;

	if (!record->histories_due)
		return;
	record->histories_due = false;
	record_histories_clear(&record->histories);
	r = record_histories_load(&record->histories, record->store);
	if (r)
		say("%s: the history cannot be read in one pass: %s", record->path, reason_of(r));
}

static int load_found(struct record *record, const char *instance, const struct store_slo *slo,
		      struct track *track)
{
	struct record_place place = {record->store, &record->histories};

	read_histories(record);
	return record_track_load(&place, slo, !strcmp(record->instance, instance), track);
}

static void say_not_open(const struct record *record)
{
	say("%s; history is kept in memory only%s", record->reason,
	    record->state == RECORD_FAILING ? " until it can be written" : "");
}

int record_new(const char *dir, struct record **ret)
{
	struct record *record = calloc(1, sizeof(*record));
	char notice[512] = "";

	if (!record)
		return -ENOMEM;
	record->dir = strdup(dir);
	record->retry_seconds = -INFINITY;
	if (!record->dir || asprintf(&record->path, "%s/sliprobe.db", dir) < 0 ||
	    record_texts_init(&record->texts)) {
		record_free(record);
		return -ENOMEM;
	}
	if (open_store(record, notice)) {
		say_not_open(record);
		open_to_read(record);
	} else if (notice[0]) {
		say("%s", notice);
	}
	if (record->store)
		recall_alerts(record);
	return *ret = record, 0;
}

void record_free(struct record *record)
{
	if (!record)
		return;
	store_close(record->store);
	record_texts_clear(&record->texts);
	record_changes_clear(&record->changes);
	record_histories_clear(&record->histories);
	free(record->dir);
	free(record->path);
	free(record);
}

struct record_report record_report(const struct record *record)
{
	return (struct record_report){
		.state = record->state,
		.reason = record->reason,
		.path = record->path,
		.bytes = record->store ? store_bytes(record->store) : 0,
	};
}

/* ---- the axis ---- */

static void read_boot_id(char ret[static TIMELINE_BOOT_ID_BYTES])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!file || !fgets(ret, TIMELINE_BOOT_ID_BYTES, file))
		ret[0] = 0;
	ret[strcspn(ret, "\n")] = 0;
	if (file)
		fclose(file);
}

static bool load_mark(struct record *record, struct timeline_mark *ret)
{
	_cleanup_free_ char *text = NULL;
	const char *boot_id;
	json_t *json;
	int owed;
	bool ok;

	if (!record->store || store_get_value(record->store, "timeline", &text))
		return false;
	json = json_loads(text, 0, NULL);
	ok = !json_unpack(json, "{s:s, s:F, s:F, s:F, s:b, s:F}", "boot_id", &boot_id, "anchor",
			  &ret->anchor_seconds, "wall_offset", &ret->wall_offset_seconds, "last",
			  &ret->last_seconds, "owed", &owed, "owed_wall_offset",
			  &ret->owed_wall_offset_seconds);
	if (ok) {
		snprintf(ret->boot_id, sizeof(ret->boot_id), "%s", boot_id);
		ret->owed = owed;
	}
	json_decref(json);
	return ok;
}

double record_start(struct record *record, struct timeline *timeline, struct coverage *coverage)
{
	struct timeline_mark mark;
	bool marked = load_mark(record, &mark);

	if (record->store && store_load_coverage(record->store, coverage))
		say("%s: the coverage before now cannot be read: it counts as none", record->path);
	read_boot_id(record->boot_id);
	return timeline_start(timeline, marked ? &mark : NULL, record->boot_id,
			      clock_seconds(CLOCK_BOOTTIME), clock_seconds(CLOCK_REALTIME));
}

/* ---- loading ---- */

int record_load(struct record *record, const char *instance, const struct timeline *timeline,
		double stepped_seconds, struct track *track)
{
	struct record_search search;
	double born = timeline_now(timeline, track->birth.boottime_seconds);
	int r = 0;

	track->record_seconds = -INFINITY;
	track->n_recorded_alerts = 0;
	if (record->store) {
		r = record_track_find(record->store, track, &search);
		if (!r && search.found.id)
			r = load_found(record, instance, &search.found, track);
		else if (!r && search.other_definition)
			say("SLO %s: what it counts, or when that is good, has changed: its history "
			    "begins anew, the former one is kept until it is too old",
			    track->name);
		if (r)
			say("%s: the history of SLO %s cannot be read (%s): it begins anew",
			    record->path, track->name, reason_of(r));
	}
	/* what a step before did not see had no events then */
	if (born < stepped_seconds)
		born = stepped_seconds;
	if (isnan(track->since_seconds))
		track->since_seconds = born;
	if (isnan(track->stepped_seconds))
		track->stepped_seconds = born;
	track->recorded = record->store != NULL;
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
	say("%s: the SLOs of found services cannot be read (%s): they come when they are met again",
	    record->path, reason_of(r));
	return 0;
}

/* ---- a step ---- */

static int put_timeline(struct record *record, const struct record_step *step)
{
	_cleanup_free_ char *text = NULL;
	struct timeline_mark mark;
	json_t *json;
	int r;

	timeline_mark(step->timeline, record->boot_id, step->now_seconds, &mark);
	json = json_pack("{s:s, s:f, s:f, s:f, s:b, s:f}", "boot_id", mark.boot_id, "anchor",
			 mark.anchor_seconds, "wall_offset", mark.wall_offset_seconds, "last",
			 mark.last_seconds, "owed", mark.owed, "owed_wall_offset",
			 mark.owed_wall_offset_seconds);
	text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	if (!text)
		return -ENOMEM;
	r = store_put_value(record->store, "timeline", text);
	if (!r && strcmp(record->instance, step->instance) != 0) {
		r = store_put_value(record->store, "kernel", step->instance);
		r = r ?: store_reset_counters(record->store);
	}
	return r;
}

static int put_coverage(struct record *record, const struct coverage *coverage)
{
	size_t from = record->coverage_written && coverage->n ? coverage->n - 1 : 0;
	int r = 0;

	for (size_t i = from; !r && i < coverage->n; i++)
		r = store_put_coverage(record->store, &coverage->spans[i]);
	return r;
}

/* A database made anew while the agent runs does not get all that was counted as one step. */
static int put_series(struct record *record, const struct record_step *step)
{
	return (record->made_anew ? store_set_series : store_put_series)(
		record->store, step->now_seconds, step->series, step->n_series);
}

static int put_step(struct record *record, const struct record_step *step)
{
	int r = store_begin(record->store);

	r = r ?: put_timeline(record, step);
	r = r ?: put_coverage(record, step->coverage);
	for (size_t i = 0; !r && i < step->n_tracks; i++)
		r = record_track_put(record->store, step->tracks[i]);
	r = r ?: put_series(record, step);
	r = r ?: record_changes_put(&record->changes, record->store);
	r = r ?: record_texts_put(&record->texts, record->store);
	return r ?: store_commit(record->store);
}

/* Nothing of what is in memory is on disk. */
static void forget_written(struct record *record, const struct record_step *step)
{
	for (size_t i = 0; i < step->n_tracks; i++)
		record_track_forget(step->tracks[i]);
	record->coverage_written = false;
	record_texts_forget(&record->texts);
	record_changes_forget(&record->changes);
}

static void written(struct record *record, const struct record_step *step)
{
	for (size_t i = 0; i < step->n_tracks; i++)
		record_track_written(step->tracks[i]);
	record_histories_clear(&record->histories);
	record->histories_due = false;
	/* what it cannot do now is done at another step */
	store_prune(record->store, step->now_seconds, KEEP_SECONDS);
	record->made_anew = false;
	record->coverage_written = true;
	snprintf(record->instance, sizeof(record->instance), "%s", step->instance);
	record_texts_written(&record->texts);
	record_changes_written(&record->changes);
	if (record->state == RECORD_FAILING)
		say("%s is written again; nothing was lost", record->path);
	record->state = RECORD_OK;
	record->reason[0] = 0;
}

static void failed(struct record *record, const struct record_step *step, int r)
{
	/* ids given to new rows went with the transaction */
	store_rollback(record->store);
	for (size_t i = 0; i < step->n_tracks; i++) {
		if (step->tracks[i]->record_seconds < -1e12)
			step->tracks[i]->record_id = 0;
	}
	if (record->state == RECORD_OK)
		say("cannot write %s: %s: counting goes on, and is written when it can be",
		    record->path, strerror(-r));
	record->state = RECORD_FAILING;
	snprintf(record->reason, sizeof(record->reason), "cannot be written: %s", strerror(-r));
}

/* What is on disk of times when another agent counted. */
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

/* Tracks that have not been loaded yet are joined with what is on disk, others go on there. */
static void join(struct record *record, const struct record_step *step, bool first)
{
	if (first && join_coverage(record, step->coverage))
		say("%s: the coverage before now cannot be read: it counts as none", record->path);
	for (size_t i = 0; i < step->n_tracks; i++) {
		struct track *track = step->tracks[i];
		struct record_search search;

		if (!track->recorded)
			record_load(record, step->instance, step->timeline, step->now_seconds,
				    track);
		else if (!record_track_find(record->store, track, &search))
			track->record_id = search.found.id;
	}
}

/* True if what is open now is not what was read while it could not be written. */
static bool replaced(const struct record *record, const char *read_instance)
{
	return *read_instance && strcmp(record->instance, read_instance) != 0;
}

/* Opens the store again, or for the first time to be written. */
static int reopen(struct record *record, const struct record_step *step)
{
	bool was_open = record->store && !record->to_read;
	char instance[sizeof(record->instance)] = "", notice[512] = "";
	int r;

	if (record->store && record->to_read)
		memcpy(instance, record->instance, sizeof(instance));
	if (was_open)
		forget_written(record, step);
	store_close(TAKE_PTR(record->store));
	record->retry_seconds = step->now_seconds + RETRY_SECONDS;
	r = open_store(record, notice);
	if (r && was_open)
		say_not_open(record);
	else if (r)
		open_to_read(record);
	if (r)
		return r;
	if (replaced(record, instance)) {
		was_open = true;
		forget_written(record, step);
	}
	record->made_anew = was_open && strcmp(record->instance, step->instance) != 0;
	if (was_open)
		say("%s was deleted, replaced or damaged%s: everything in memory is written to a "
		    "new one",
		    record->path, notice[0] ? ", and what is left of it was set aside" : "");
	else if (notice[0])
		say("%s", notice);
	else
		say("%s can be written now; nothing was lost", record->path);
	join(record, step, !record->recalled);
	record->recalled = true;
	return 0;
}

/* Opens it, if it has to be and can. */
static bool writable(struct record *record, const struct record_step *step)
{
	if (!record->store || record->to_read)
		return step->now_seconds >= record->retry_seconds && !reopen(record, step);
	return !(store_damaged(record->store) || store_vanished(record->store)) ||
	       !reopen(record, step);
}

int record_step(struct record *record, const struct record_step *step)
{
	int r;

	if (!writable(record, step))
		return 0;
	r = put_step(record, step);
	if (r == -EUCLEAN) {
		store_rollback(record->store);
		if (reopen(record, step))
			return 0;
		r = put_step(record, step);
	}
	if (r)
		failed(record, step, r);
	else
		written(record, step);
	return r == -ENOMEM ? r : 0;
}

/* ---- alerts ---- */

void record_change(struct record *record, const struct store_change *change)
{
	record_changes_add(&record->changes, change);
}

int record_each_change(struct record *record, double from_seconds, size_t limit,
		       int (*fn)(void *context, const struct store_change *change), void *context)
{
	return record_changes_each(&record->changes, from_seconds, limit, fn, context);
}

void record_flush(struct record *record)
{
	int r;

	if (!record->store || record->state != RECORD_OK)
		return;
	r = store_begin(record->store);
	r = r ?: record_texts_put(&record->texts, record->store);
	r = r ?: store_commit(record->store);
	if (r)
		store_rollback(record->store); /* the next step will say so */
	else
		record_texts_written(&record->texts);
}

void record_keep(struct record *record, const char *kind, const char *key, const char *text)
{
	record_texts_set(&record->texts, kind, key, text);
}

void record_drop(struct record *record, const char *kind, const char *key)
{
	record_texts_set(&record->texts, kind, key, NULL);
}

int record_each_text(struct record *record, const char *kind,
		     int (*fn)(void *context, const char *key, const char *text), void *context)
{
	return record_texts_each(&record->texts, kind, fn, context);
}
