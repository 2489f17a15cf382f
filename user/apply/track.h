/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An SLO of one service that is counted: it has its counters in the kernel and its history here. If a
 * new configuration leaves its definition as it was, it goes on with both; with another definition of
 * what is eligible or good it begins anew, as another track.
 */
#ifndef SLIPROBE_APPLY_TRACK_H
#define SLIPROBE_APPLY_TRACK_H

#include <linux/types.h>
#include <stdbool.h>

#include "abi.h"
#include "apply/reasons.h"
#include "config/config.h"
#include "slo/alerts.h"
#include "slo/history.h"
#include "slo/slices.h"
#include "slo/slo.h"

enum {
	/* the longest window: an SLO's may change under its history */
	TRACK_WINDOW_S = SLO_WINDOW_MAX_SECONDS,
	/* no counters: its service has not been found since the kernel side began */
	TRACK_NO_COUNTS = 0xffffffff,
};

/* When counters in the kernel began. */
struct track_birth {
	__u64 serial; /* no two of a kernel side have the same */
	double boottime_seconds; /* CLOCK_BOOTTIME */
};

/* The alerts of its SLO, by the rules of the configuration in force. */
struct track_alerts {
	struct alert_state states[ALERT_RULES_MAX];
	struct alert_reading readings[ALERT_RULES_MAX];
	unsigned int configured; /* how often the rules were replaced: states[i] may be another's */
};

/* The part of an alert's state that is kept on disk. */
struct alert_mark {
	enum alert_status status;
	double since_seconds;
	double started_seconds;
};

/* How much of a track is on disk. Only the room `record` reads and writes it. */
struct track_mark {
	bool loaded; /* what is on disk of it has been loaded */
	__s64 id; /* of its row; 0: none */
	double until_seconds; /* all that ended before is on disk */
	struct alert_mark alerts[ALERT_RULES_MAX]; /* as on disk, by the rules ... */
	size_t n_alerts;
	unsigned int alerts_configured; /* ... that the track had then */
};

struct track {
	char *name;
	char *service;
	char *definition; /* of the events it counts, and of those that are good */
	const struct config_slo *slo; /* of the configuration in force; NULL: it has ended */
	char *slo_name; /* as configured, with "{service}" if for any service */
	bool wildcard; /* for any service */
	uint64_t slice_seconds; /* 0: occurrences */
	double slice_target;
	__u32 counts; /* index of its counters in the kernel, or TRACK_NO_COUNTS */
	struct track_birth birth;
	struct slo_counts stepped; /* the counters at the last step */
	struct slo_events latest; /* of that step */
	double stepped_seconds; /* of that step, on the agent's axis; NaN: none yet */
	double since_seconds; /* when it was first counted; NaN: not known yet */
	struct slo_history *history;
	struct reasons reasons; /* of the bad events in `history`, and the aborts left out of it */
	struct slo_history *sliced; /* timeslices: good and bad slices, else NULL */
	struct slices slices;
	struct track_alerts alerts;
	__u64 excluded; /* events left out of the history, by maintenance or silences */
	bool excluding; /* as of the last step */
	struct track_mark mark;
};

/*
 * Makes a track with copies of the strings. `slo` stays the configuration's, and must not go before
 * track_configure() or track_end(). Returns 0, -ENOMEM or -EINVAL.
 */
int track_new(const char *name, const char *service, const char *definition,
	      const struct config_slo *slo, __u32 counts, struct track_birth birth,
	      struct track **ret);
void track_free(struct track *track);

/* Judges it by another configuration's SLO from now on; alerts of the same name go on. */
void track_configure(struct track *track, const struct config_slo *slo);

/* Ends it with its configuration: it is counted on, but no longer judged. */
void track_end(struct track *track);

/* The number of its alert rules; 0 once it has ended. */
size_t track_n_alerts(const struct track *track);

/*
 * Takes the events since the last step into the history, or leaves them out of it (`exclude`).
 * `counts`: the counters now. `coverage`: up to now. Returns 0, or -errno; then nothing has changed.
 */
int track_step(struct track *track, double now_seconds, const struct slo_counts *counts,
	       const struct coverage *coverage, bool exclude);

/* True if an alert is active. */
bool track_alerting(const struct track *track);

/* The history that the budget is in: of slices, if it is budgeted by them, else of events. */
const struct slo_history *track_budgeted(const struct track *track);

/* Events in the span until now, those since the last step included. `counts`: the counters now. */
struct slo_events track_events(const struct track *track, double now_seconds, double span_seconds,
			       const struct slo_counts *counts);

/* Likewise why the bad ones were bad, as far as is known, and the aborts left out; ret->good is 0. */
void track_reasons(const struct track *track, double now_seconds, double span_seconds,
		   const struct slo_counts *counts, struct slo_counts *ret);

#endif
