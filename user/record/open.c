/* SPDX-License-Identifier: GPL-2.0-only */
/* Opens the store behind a record: to be written, to be read only, and again. */
#include "record/private.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

enum { RETRY_SECONDS = 30 }; /* between attempts to open what could not be opened */

/* "" if none is written. */
static void read_instance(struct record *record)
{
	_cleanup_free_ char *stored = NULL;

	record->instance[0] = 0;
	if (!store_get_value(record->store, "kernel", &stored))
		snprintf(record->instance, sizeof(record->instance), "%s", stored);
}

/* ret_notice: as store_open() sets it; of a failure, it becomes the reason in the report. */
static int open_store(struct record *record, struct error *ret_notice)
{
	int r = store_open(record->dir, &record->store, ret_notice);

	if (r) {
		record->state = r == -ENOTSUP || r == -EBUSY ? RECORD_NOT_KEPT : RECORD_FAILING;
		/* never tried again: another agent has taken the directory while this one runs */
		if (r == -EBUSY)
			record->retry_seconds = INFINITY;
		snprintf(record->reason, sizeof(record->reason), "%s",
			 ret_notice->text[0] ? ret_notice->text : strerror(-r));
		return r;
	}
	record->state = RECORD_OK;
	record->reason[0] = 0;
	record->to_read = false;
	read_instance(record);
	record->histories_due = true;
	return 0;
}

/* On a disk that is full or read-only the history goes on to count. */
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
		record->tell("%s: the state of alerts cannot be read (%s): it begins anew",
			     record->path, record_why(r));
	record->recalled = true;
}

/* Without the disk, what was counted while this agent runs is known. */
void record_recall_traffic(struct record *record)
{
	int r = traffic_load(record->traffic, record->store, record->instance);

	if (r)
		record->tell("%s: what services were asked before now cannot be read (%s)",
			     record->path, record_why(r));
}

static void say_not_open(const struct record *record)
{
	record->tell("%s; history is kept in memory only%s", record->reason,
		     record->state == RECORD_FAILING ? " until it can be written" : "");
}

int record_open(struct record *record)
{
	struct error notice;
	int r;

	record->retry_seconds = -INFINITY;
	r = open_store(record, &notice);
	/* what both agents have counted must not be added up, nor anyone be told twice */
	if (r == -EBUSY)
		return r;
	if (r) {
		say_not_open(record);
		open_to_read(record);
	} else if (notice.text[0]) {
		record->tell("%s", notice.text);
	}
	if (record->store) {
		recall_alerts(record);
		record_recall_traffic(record);
	}
	return 0;
}

/* ---- again ---- */

/* Nothing in memory is on disk. */
static void forget_written(struct record *record, const struct record_step *step)
{
	for (size_t i = 0; i < step->n_tracks; i++)
		record_track_forget(step->tracks[i]);
	record->coverage_written = false;
	record_texts_forget(&record->texts);
	record_changes_forget(&record->changes);
	traffic_forget(record->traffic);
}

/* True if the store is not the one that was read while it could not be written. */
static bool replaced(const struct record *record, const char *read_instance)
{
	return *read_instance && strcmp(record->instance, read_instance) != 0;
}

int record_reopen(struct record *record, const struct record_step *step)
{
	bool was_open = record->store && !record->to_read;
	char instance[sizeof(record->instance)] = "";
	struct error notice;
	int r;

	if (record->store && record->to_read)
		memcpy(instance, record->instance, sizeof(instance));
	if (was_open)
		forget_written(record, step);
	store_close(TAKE_PTR(record->store));
	record->retry_seconds = step->now_seconds + RETRY_SECONDS;
	r = open_store(record, &notice);
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
		record->tell(
			"%s was deleted, replaced or damaged%s: everything in memory is written to a "
			"new one",
			record->path,
			notice.text[0] ? ", and what is left of it was set aside" : "");
	else if (notice.text[0])
		record->tell("%s", notice.text);
	else
		record->tell("%s can be written now; nothing was lost", record->path);
	record_join(record, step, !record->recalled);
	record_recall_traffic(record);
	record->recalled = true;
	return 0;
}
