/* SPDX-License-Identifier: GPL-2.0-only */
#include "record.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "record_changes.h"
#include "record_histories.h"
#include "record_texts.h"
#include "steps.h"
#include "util.h"

enum {
	SLICE_MAX_SECONDS = 3600, /* a slice is added when it has ended */
	RETRY_SECONDS = 30, /* between attempts to open what could not be opened */
	KEEP_SECONDS = TRACK_WINDOW_S + 31 * 86400,
};

struct record {
	char *dir;
	char *path;
	struct store *store; /* NULL: not open */
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
	read_instance(record);
	record->histories_due = true;
	return 0;
}

/* Takes a second or two if there is much: not before it is needed, when the kernel counts. */
static struct slo_history *take_history(struct record *record, int64_t slo,
					enum store_history which)
{
	int r;

	if (record->histories_due) {
		record->histories_due = false;
		r = record_histories_load(&record->histories, record->store);
		if (r)
			say("%s: the history cannot be read in one pass: %s", record->path,
			    reason_of(r));
	}
	return record_histories_take(&record->histories, slo, which);
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
	int r;

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
		return *ret = record, 0;
	}
	if (notice[0])
		say("%s", notice);
	r = record_texts_load(&record->texts, record->store);
	r = r ?: record_changes_load(&record->changes, record->store);
	if (r)
		say("%s: the state of alerts cannot be read (%s): it begins anew", record->path,
		    reason_of(r));
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

struct search {
	const struct track *track;
	struct store_slo found;
	bool other_definition;
};

static int match_slo(void *context, const struct store_slo *slo)
{
	struct search *search = context;

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

static int load_alert(void *context, const char *rule, const struct alert_state *state)
{
	struct track *track = context;

	for (size_t i = 0; i < track_n_alerts(track); i++) {
		if (!strcmp(track->slo->alerts[i].name, rule))
			track->alerts[i] = *state;
	}
	return 0;
}

struct replay {
	struct slo_history *history;
	double last_seconds; /* of the last step, whose bucket may end later */
	struct slo_events known; /* of those to come, as many are in the history already */
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

	return events.good || events.bad
		       ? slo_history_add(replay->history,
					 fmin((double)step->end_seconds, replay->last_seconds),
					 events)
		       : 0;
}

/* The history on disk, and behind it what the track has had that is not on disk. */
static int load_history(struct record *record, const struct store_slo *slo,
			enum store_history which, struct slo_events known, double last_seconds,
			struct slo_history **ret)
{
	struct replay replay = {.last_seconds = last_seconds, .known = known};
	struct slo_history *history = take_history(record, slo->id, which);
	int r = 0;

	if (!history) {
		r = slo_history_new(TRACK_WINDOW_S, &history);
		if (r)
			return r;
		r = store_load_history(record->store, slo->id, which, history);
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

static int load_found(struct record *record, const char *instance, struct track *track,
		      const struct store_slo *slo)
{
	bool stepped = !isnan(track->stepped_seconds);
	bool same_counters =
		!strcmp(record->instance, instance) && slo->kernel_serial == track->birth.serial;
	struct slo_counts counted = {slo->kernel_good, slo->kernel_bad};
	struct slo_events known = {};
	int r;

	/* while it could not be read, the track began with all that its counters had */
	if (stepped && same_counters)
		known = (struct slo_events){counted.good, counted.bad};
	r = load_history(record, slo, STORE_EVENTS, known, track->stepped_seconds, &track->history);
	if (track->sliced)
		r = r
			    ?: load_history(record, slo, STORE_SLICES, (struct slo_events){},
					    track->stepped_seconds, &track->sliced);
	r = r ?: store_each_alert(record->store, slo->id, load_alert, track);
	if (r)
		return r;
	track->record_id = slo->id;
	track->record_seconds = slo->last_seconds;
	track->since_seconds = slo->since_seconds;
	track->excluded += slo->excluded;
	if (stepped)
		return 0;
	/* the slice that the last step was in is still to be settled */
	if (track->sliced)
		slices_init(&track->slices, track->slice_seconds, track->slice_target,
			    slo->last_seconds);
	if (!same_counters)
		return 0;
	track->stepped = counted;
	track->stepped_seconds = slo->last_seconds;
	return 0;
}

int record_load(struct record *record, const char *instance, const struct timeline *timeline,
		double stepped_seconds, struct track *track)
{
	struct search search = {.track = track};
	double born = timeline_now(timeline, track->birth.boottime_seconds);
	int r = 0;

	track->record_seconds = -INFINITY;
	track->n_recorded_alerts = 0;
	if (record->store) {
		r = store_each_slo(record->store, match_slo, &search);
		if (!r && search.found.id)
			r = load_found(record, instance, track, &search.found);
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
	int64_t from = from_seconds < -1e12 ? INT64_MIN / 2 : (int64_t)from_seconds;
	int r = 0;

	for (int tier = 0; !r && tier < SLO_TIERS; tier++)
		r = slo_history_each(history, tier, from, put_bucket, put);
	return r;
}

static struct alert_mark mark_alert(const struct alert_state *state)
{
	return (struct alert_mark){state->status, state->since_seconds, state->started_seconds};
}

/* Those that are not on disk as they are: few change at a step. */
static int put_alerts(struct record *record, const struct track *track)
{
	int r = 0;

	for (size_t i = 0; !r && i < track_n_alerts(track); i++) {
		const struct alert_mark *written = &track->recorded_alerts[i];
		struct alert_mark mark = mark_alert(&track->alerts[i]);

		if (i < track->n_recorded_alerts && written->status == mark.status &&
		    written->since_seconds == mark.since_seconds &&
		    written->started_seconds == mark.started_seconds)
			continue;
		r = store_put_alert(record->store, track->record_id, track->slo->alerts[i].name,
				    &track->alerts[i]);
	}
	return r;
}

static int put_track(struct record *record, struct track *track)
{
	struct store_slo slo = {
		.id = track->record_id,
		.name = track->name,
		.service = track->service,
		.definition = track->definition,
		.wildcard = track->wildcard,
		.since_seconds = track->since_seconds,
		.last_seconds = track->stepped_seconds,
		.kernel_serial = track->birth.serial,
		.kernel_good = track->stepped.good,
		.kernel_bad = track->stepped.bad,
		.excluded = track->excluded,
	};
	struct bucket_put put = {.store = record->store};
	int r = store_put_slo(record->store, &slo);

	if (track->record_id != slo.id)
		track->n_recorded_alerts = 0;
	track->record_id = slo.id;
	put.slo = slo.id;
	r = r ?: put_history(track->history, track->record_seconds, &put);
	put.which = STORE_SLICES;
	if (track->sliced)
		r = r
			    ?: put_history(track->sliced, track->record_seconds - SLICE_MAX_SECONDS,
					   &put);
	return r ?: put_alerts(record, track);
}

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
		r = put_track(record, step->tracks[i]);
	r = r ?: put_series(record, step);
	r = r ?: record_changes_put(&record->changes, record->store);
	r = r ?: record_texts_put(&record->texts, record->store);
	return r ?: store_commit(record->store);
}

/* Nothing of what is in memory is on disk. */
static void forget_written(struct record *record, const struct record_step *step)
{
	for (size_t i = 0; i < step->n_tracks; i++) {
		step->tracks[i]->record_id = 0;
		step->tracks[i]->record_seconds = -INFINITY;
		step->tracks[i]->n_recorded_alerts = 0;
	}
	record->coverage_written = false;
	record_texts_forget(&record->texts);
	record_changes_forget(&record->changes);
}

static void written(struct record *record, const struct record_step *step)
{
	for (size_t i = 0; i < step->n_tracks; i++) {
		struct track *track = step->tracks[i];

		if (!isnan(track->stepped_seconds))
			track->record_seconds = track->stepped_seconds;
		track->n_recorded_alerts = track_n_alerts(track);
		for (size_t k = 0; k < track->n_recorded_alerts; k++)
			track->recorded_alerts[k] = mark_alert(&track->alerts[k]);
	}
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
		struct search search = {.track = track};

		if (!track->recorded)
			record_load(record, step->instance, step->timeline, step->now_seconds,
				    track);
		else if (!store_each_slo(record->store, match_slo, &search))
			track->record_id = search.found.id;
	}
}

/* Opens the store again, or for the first time. */
static int reopen(struct record *record, const struct record_step *step)
{
	bool was_open = record->store != NULL;
	char notice[512] = "";
	int r;

	if (was_open)
		forget_written(record, step);
	store_close(TAKE_PTR(record->store));
	record->retry_seconds = step->now_seconds + RETRY_SECONDS;
	r = open_store(record, notice);
	if (r && was_open)
		say_not_open(record);
	if (r)
		return r;
	record->made_anew = was_open && strcmp(record->instance, step->instance) != 0;
	if (was_open)
		say("%s was deleted, replaced or damaged%s: everything in memory is written to a "
		    "new one",
		    record->path, notice[0] ? ", and what is left of it was set aside" : "");
	else if (notice[0])
		say("%s", notice);
	else
		say("%s can be written now; nothing was lost", record->path);
	join(record, step, !was_open);
	return 0;
}

int record_step(struct record *record, const struct record_step *step)
{
	int r;

	if (record->store && (store_damaged(record->store) || store_vanished(record->store)) &&
	    reopen(record, step))
		return 0;
	if (!record->store && (step->now_seconds < record->retry_seconds || reopen(record, step)))
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
