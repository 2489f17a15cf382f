/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Alerts at each step: judged, kept quiet or made known, and recorded. On its way an alert is
 * a change of status (slo/alerts), an active alert of a service and severity (notify/notices), one
 * of those behind a notice's message (notify/notice_message), which waits in each receiver's queue
 * until it is delivered (deliver/deliver).
 */
#ifndef SLIPROBE_AGENT_ALERTING_H
#define SLIPROBE_AGENT_ALERTING_H

#include "agent/axis.h"
#include "agent/journal.h"
#include "apply/applied.h"
#include "base/asker.h"
#include "base/error.h"
#include "base/loop.h"
#include "deliver/deliver.h"
#include "notify/notices.h"
#include "notify/silences.h"
#include "record/record.h"
#include "report/snapshot.h"

/* Gives the track's facts now, for a message. The caller frees ret->alerts. Returns 0 or -errno. */
typedef int alerting_facts_fn(void *context, const struct track *track, struct snapshot_slo *ret);

/* What others do with an alert on its way. Each may be NULL. */
struct alerting_ops {
	/* all tracks were judged, nobody is told yet */
	void (*judged)(void *context, double now_seconds);
	/* as deliver_ops.settled */
	void (*settled)(void *context, const char *receiver, const json_t *message,
			const char *result, unsigned int attempts, const char *error);
	/* what explain says of the SLO, if that is new enough to be told; else NULL. Valid until the next step. */
	const char *(*sentence)(void *context, const char *slo, double now_seconds);
};

struct alerting {
	/* others', set before alerting_start() */
	const struct applied *applied;
	struct axis *axis;
	struct record *record;
	char *socket; /* its status socket's path, for commands in messages; or NULL. Freed here. */
	struct journal *journal;
	alerting_facts_fn *facts_of;
	const struct alerting_ops *others; /* or NULL */
	void *context;
	/* its own */
	struct silences silences;
	struct notices *notices;
	struct deliver *deliver;
	char *notices_kept; /* their state as it was last recorded */
	json_t *silenced_events; /* by SLO: events that silences have left out */
	bool silenced_more; /* since it was last recorded */
	bool settled; /* a delivery has left its queue, which is not written yet */
};

/* Goes on with the notices, deliveries and silences of the record. Returns 0 or -errno. */
int alerting_start(struct alerting *alerting);

/* Another configuration is in force. Returns 0 or -ENOMEM. */
int alerting_configure(struct alerting *alerting);
void alerting_clear(struct alerting *alerting);

/*
 * Judges all tracks in force, and queues what there is to tell of them. Tracks must have been stepped.
 * Returns 0 or -errno.
 */
int alerting_step(struct alerting *alerting, double now_seconds);

/* True if that severity of the track's alerts is kept quiet now. */
bool alerting_silenced(const struct alerting *alerting, const struct track *track,
		       enum alert_severity severity, double now_seconds);

/* What leaves the track's events out of its SLO now. Maintenance does, if a silence does, too. */
enum alerting_exclusion {
	EXCLUSION_NONE,
	EXCLUSION_MAINTENANCE,
	EXCLUSION_SILENCE,
};

enum alerting_exclusion alerting_excluded(const struct alerting *alerting,
					  const struct track *track, double now_seconds);

/* Notes that a silence has left out so many more of the track's events. */
void alerting_silenced_more(struct alerting *alerting, const struct track *track, uint64_t events);
/* How many of track->excluded silences have left out. */
uint64_t alerting_silenced_events(const struct alerting *alerting, const struct track *track);

/* Its part of the event loop: deliveries. */
struct loop_part alerting_part(struct alerting *alerting);

/*
 * Sends a test message of the severity in the JSON text to all receivers that want it. Returns their
 * number, or -errno and why: -ENOENT if none is configured; -EBUSY if one has enough of tests.
 */
int alerting_test(struct alerting *alerting, const char *text, size_t len, struct error *ret_error);

/* Forgets the silences that have ended. */
void alerting_expire_silences(struct alerting *alerting, double now_seconds);

/* ---- agent/alerting_silences ---- */

/*
 * Silences alerts as the JSON text says: {"slo", "service", "severity", "for_seconds", "comment",
 * "exclude", "all", "force"}, from now on, or from the time "from" (RFC 3339), or in "in_seconds". Returns 0,
 * or -errno and why: -ENOSPC if there are too many.
 */
int alerting_silence(struct alerting *alerting, const struct asker *by, const char *text,
		     size_t len, struct silence_made *ret, struct error *ret_error);
/* Returns 0 or -ENOENT. */
int alerting_unsilence(struct alerting *alerting, const struct asker *by, const char *id);

#endif
