/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agent's memory on disk (store/store): time axis, coverage, and of each SLO its history, its
 * alerts and the kernel counters they were made from. What cannot be written stays in memory and is
 * written when it can be: the kernel's counters are cumulative, so nothing is lost meanwhile, and
 * the operator is told.
 */
#ifndef SLIPROBE_RECORD_RECORD_H
#define SLIPROBE_RECORD_RECORD_H

#include <linux/types.h>

#include "apply/track.h"
#include "base/say.h"
#include "slo/coverage.h"
#include "slo/timeline.h"
#include "store/store.h"

struct record;

enum record_state {
	RECORD_OK,
	RECORD_FAILING, /* the last step could not be written */
	RECORD_NOT_KEPT, /* it is another agent's, or a newer one's until that is moved away */
};

struct record_report {
	enum record_state state;
	const char *reason; /* "" if ok */
	const char *path;
	__u64 bytes;
};

/*
 * Opens the state in `dir`. A state that cannot be opened is RECORD_NOT_KEPT, one that can only be
 * read is RECORD_FAILING: `tell` is called with the reason, as it is of all that befalls the record
 * later. Returns 0 or -ENOMEM.
 */
int record_new(const char *dir, say_fn *tell, struct record **ret);
void record_free(struct record *record);

struct record_report record_report(const struct record *record);

/* Starts the axis where it was left. Returns as timeline_start(). */
double record_start(struct record *record, struct timeline *timeline, struct coverage *coverage);

/*
 * What is on disk of the track: its history, alerts, and, if `instance` is the kernel instance it
 * was counted in, the counters it has been read at. What it has counted since it began, or since
 * the agent's last step (stepped_seconds), is else of the next step. Returns 0 or -errno (it then
 * begins anew).
 */
int record_load(struct record *record, const char *instance, const struct timeline *timeline,
		double stepped_seconds, struct track *track);

/*
 * Calls back for each SLO of a found service that has been counted after from_seconds. Returns 0,
 * also if they could not be read (it says so), or -ENOMEM.
 */
int record_each_found(struct record *record, double from_seconds,
		      int (*fn)(void *context, const struct store_slo *slo), void *context);

/* One step, as far as it can be written now. */
struct record_step {
	const char *instance;
	const struct timeline *timeline;
	struct coverage
		*coverage; /* earlier spans are joined to it, if they could not be read before */
	double now_seconds;
	struct track *const *tracks;
	size_t n_tracks;
	const struct store_series *series;
	size_t n_series;
};

/* Returns 0, also if it could not be written (see record_report()); -ENOMEM. */
int record_step(struct record *record, const struct record_step *step);

/* A change of an alert, to be written with the next step. */
void record_change(struct record *record, const struct store_change *change);
/* Changes written and not yet written, newest first. */
int record_each_change(struct record *record, double from_seconds, size_t limit,
		       int (*fn)(void *context, const struct store_change *change), void *context);

#define RECORD_NOTICES "notices" /* key "state" */
#define RECORD_DELIVERY "delivery"
#define RECORD_SILENCE "silence"

/* Texts by kind and key (store/store), written with the next step that can be, or now. */
void record_keep(struct record *record, const char *kind, const char *key, const char *text);
void record_flush(struct record *record);
void record_drop(struct record *record, const char *kind, const char *key);
int record_each_text(struct record *record, const char *kind,
		     int (*fn)(void *context, const char *key, const char *text), void *context);

#endif
