/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agent's memory on disk (store/store): the time axis, the coverage, and of each SLO its
 * history, its alerts and the kernel counters they were made from. While the disk cannot be
 * written, all of it stays in memory. Nothing is lost then, as the kernel's counters are
 * cumulative; the first step that can be written writes it, and the operator is told.
 */
#ifndef SLIPROBE_RECORD_RECORD_H
#define SLIPROBE_RECORD_RECORD_H

#include <linux/types.h>

#include "apply/track.h"
#include "base/say.h"
#include "record/traffic.h"
#include "record/traffic_spans.h"
#include "slo/coverage.h"
#include "slo/timeline.h"
#include "store/store.h"

struct record;

enum record_state {
	RECORD_OK,
	RECORD_FAILING, /* the last step could not be written */
	RECORD_NOT_KEPT, /* the database is another agent's or a newer version's: it stays as it is */
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
 * later. Returns 0; -EBUSY, with a sentence, if another agent uses `dir`; or -ENOMEM.
 */
int record_new(const char *dir, say_fn *tell, struct record **ret, struct error *ret_error);
void record_free(struct record *record);

struct record_report record_report(const struct record *record);

/* Starts the axis where it was left. Returns as timeline_start(). */
double record_start(struct record *record, struct timeline *timeline, struct coverage *coverage);

/*
 * True after record_start() if the last agent did not close its history, as it does when it is stopped, and the
 * host has not been started again since.
 */
bool record_was_cut_off(const struct record *record);

/*
 * Gives the track its history and alerts from disk. It gets its last counters, too, if they are of
 * the kernel instance `instance`. Otherwise the next step takes all that it has counted since it
 * began, or since the agent's last step (stepped_seconds). Returns 0, or -errno: the track's
 * history then begins anew.
 */
int record_load(struct record *record, const char *instance, const struct timeline *timeline,
		double stepped_seconds, struct track *track);

/*
 * Calls back for each SLO of a found service that was last counted at or after from_seconds.
 * Returns 0 or -ENOMEM. If they cannot be read it tells the operator and returns 0.
 */
int record_each_found(struct record *record, double from_seconds,
		      int (*fn)(void *context, const struct store_slo *slo), void *context);

struct record_step {
	const char *instance; /* of the kernel side */
	const struct timeline *timeline;
	struct coverage *coverage; /* gets the spans on disk, if they could not be read before */
	double now_seconds;
	struct track *const *tracks;
	size_t n_tracks;
	const struct store_series *series;
	size_t n_series;
};

/*
 * Writes the step, and those before it that could not be written. Returns 0 or -ENOMEM. After other
 * errors it returns 0, and record_report() has the reason.
 */
int record_step(struct record *record, const struct record_step *step);

/* Takes a copy of an alert's change, which the next step writes. */
void record_change(struct record *record, const struct store_change *change);
/* Changes, written or not, newest first. */
int record_each_change(struct record *record, double from_seconds, size_t limit,
		       int (*fn)(void *context, const struct store_change *change), void *context);

/* What services were asked: its steps are the agent's to make, before record_step(). */
struct traffic *record_traffic(struct record *record);

/* As traffic_sum() and so on, from memory and disk; from memory alone if the disk cannot be read. */
int record_traffic_sum(struct record *record, double from_seconds, double until_seconds,
		       struct traffic_sum *ret);
double record_traffic_known_from(const struct record *record);
/* The time since which requests are known, by traffic or by the series before it. */
double record_requests_from(const struct record *record);

/*
 * Calls back with the spans of a tier that end in (from, until], and with finer ones where the tier
 * has none yet: `span` for each; `series` for the service's series of the time before the tier has
 * spans. Returns 0, -ENOMEM, or what a function returns.
 */
int record_each_span(struct record *record, const char *service, enum store_traffic tier,
		     double from_seconds, double until_seconds,
		     int (*span)(void *context, const struct store_traffic_span *span),
		     int (*series)(void *context, int64_t end_seconds,
				   const struct store_series *series),
		     void *context);

/* One sum of a service's requests. Its texts are valid during the call that passes it. */
struct record_requests {
	const char *route;
	const char *method;
	const char *outcome;
	uint16_t status; /* include/status.h */
	uint64_t requests;
};

/*
 * Calls back with the service's requests in the steps that end in (from, until], a sum for each
 * route, method, outcome and status, in this order. The edges are as exact as those of traffic_sum().
 * Returns 0, -ENOMEM, or what `fn` returns.
 */
int record_each_requests(struct record *record, const char *service, double from_seconds,
			 double until_seconds,
			 int (*fn)(void *context, const struct record_requests *sum),
			 void *context);

#define RECORD_NOTICES "notices" /* key "state" */
#define RECORD_DELIVERY "delivery"
#define RECORD_SILENCE "silence"
#define RECORD_SILENCED "silenced" /* key "events" */
#define RECORD_CHANGED "changed" /* by number: agent/timeline */
#define RECORD_INCIDENT "incident" /* by number: agent/incidents */

/* Texts by kind and key (store/store). The next step writes them, or record_flush() at once. */
void record_keep(struct record *record, const char *kind, const char *key, const char *text);
void record_drop(struct record *record, const char *kind, const char *key);
void record_flush(struct record *record);
int record_each_text(struct record *record, const char *kind,
		     int (*fn)(void *context, const char *key, const char *text), void *context);

#endif
