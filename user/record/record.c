/* SPDX-License-Identifier: GPL-2.0-only */
#include "record/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/private.h"

int record_new(const char *dir, say_fn *tell, struct record **ret, struct error *ret_error)
{
	struct record *record = calloc(1, sizeof(*record));
	int r;

	if (!record)
		return error_set(ret_error, -ENOMEM, "out of memory");
	record->tell = tell;
	record->dir = strdup(dir);
	if (!record->dir || asprintf(&record->path, "%s/sliprobe.db", dir) < 0 ||
	    record_texts_init(&record->texts) || traffic_new(&record->traffic)) {
		record_free(record);
		return error_set(ret_error, -ENOMEM, "out of memory");
	}
	r = record_open(record);
	if (r) {
		error_set(ret_error, r, "%s", record->reason);
		record_free(record);
		return r;
	}
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
	traffic_free(record->traffic);
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

bool record_was_cut_off(const struct record *record)
{
	return record->cut_off;
}

/* ---- changes and texts ---- */

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
