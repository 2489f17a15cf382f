/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The SLOs being counted: each has its slots in the kernel and its history here. One whose
 * definition a new configuration leaves as it was goes on with both; a changed definition of what
 * is eligible or good begins anew.
 */
#ifndef SLIPROBE_APPLY_TRACK_H
#define SLIPROBE_APPLY_TRACK_H

#include <linux/types.h>
#include <stdbool.h>

#include "abi.h"
#include "config/config.h"
#include "slo/alerts.h"
#include "slo/slices.h"
#include "slo/slo.h"

enum {
	TRACK_WINDOW_S = 92 * 86400, /* the longest: an SLO's window may change under its history */
	TRACK_NO_COUNTS =
		0xffffffff, /* its service has not been found since the kernel side began */
};

/* When and as what its counters in the kernel began: no two of a kernel instance are alike. */
struct track_birth {
	__u64 serial;
	double boottime_seconds; /* CLOCK_BOOTTIME */
};

/* The alerts of its SLO, by the rules of the configuration in force. */
struct track_alerts {
	struct alert_state states[ALERT_RULES_MAX];
	struct alert_reading readings[ALERT_RULES_MAX];
	unsigned int configured; /* how often the rules were replaced: states[i] may be another's */
};

/* What is kept on disk of an alert's state. */
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
	char *definition; /* what two tracks must have in common to count the same events */
	const struct config_slo *slo; /* of the configuration in force; NULL: it has ended */
	char *slo_name; /* as configured, with "{service}" if for any service */
	bool wildcard; /* for any service */
	uint64_t slice_seconds; /* 0: occurrences */
	double slice_target;
	__u32 counts; /* slot of its counters in the kernel */
	struct track_birth birth;
	struct slo_counts stepped; /* the counters at the last step */
	double stepped_seconds; /* when that was, on the agent's axis */
	double since_seconds; /* first counted */
	struct slo_history *history;
	struct slo_history *sliced; /* timeslices: good and bad slices, else NULL */
	struct slices slices;
	struct track_alerts alerts;
	__u64 excluded; /* events of maintenance, left out of the history */
	bool excluding; /* as of the last step */
	struct track_mark mark;
};

/*
 * Returns 0, -ENOMEM or -EINVAL. Takes copies of the strings; `slo` stays the configuration's, and
 * must not go before track_configure() or track_end().
 */
int track_new(const char *name, const char *service, const char *definition,
	      const struct config_slo *slo, __u32 counts, struct track_birth birth,
	      struct track **ret);
void track_free(struct track *track);

/* Another configuration's SLO: alerts of the same name go on. */
void track_configure(struct track *track, const struct config_slo *slo);

/* It is no more of the configuration: counted on, but not judged. */
void track_end(struct track *track);
size_t track_n_alerts(const struct track *track);

/*
 * The counters now are `counts`: what came since the last step is history from now on, or, if
 * `exclude`, is left out. Returns 0 or -errno, then nothing has changed.
 */
int track_step(struct track *track, double now_seconds, const struct slo_counts *counts,
	       bool exclude);

/* True if an alert is active. */
bool track_alerting(const struct track *track);

/* The history that the budget is in: of slices, if it is budgeted by them, else of events. */
const struct slo_history *track_budgeted(const struct track *track);

/* Events in the span until now, of history and of what came since the last step. */
struct slo_events track_events(const struct track *track, double now_seconds, double span_seconds,
			       const struct slo_counts *counts);

/*
 * Text that differs between two SLOs of a service unless they count the same events as good and
 * bad (`service` is the one it is counted for). Lists are taken in their order: the same entries in
 * another order are another definition. NULL when out of memory; to be freed.
 */
char *slo_definition(const struct config_slo *slo, const struct config_service *service);

#endif
