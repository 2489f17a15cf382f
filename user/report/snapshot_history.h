/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One SLO's history at one moment, in Unix time. Plain data, rendered by json_history().
 */
#ifndef SLIPROBE_REPORT_SNAPSHOT_HISTORY_H
#define SLIPROBE_REPORT_SNAPSHOT_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "slo/coverage.h"
#include "slo/history.h"
#include "slo/slo.h"
#include "slo/timeline.h"

struct snapshot_step {
	double end_unix;
	uint64_t width_seconds;
	struct slo_events events;
};

struct snapshot_span {
	double from_unix;
	double to_unix;
};

struct snapshot_history {
	const char *name; /* the configuration's, as is service */
	const char *service;
	double objective;
	uint64_t window_seconds;
	double since_unix; /* first counted; NaN: not yet */
	double now_unix; /* of a former definition: when it was last counted by */
	/* 0: of the present definition; else the how-manieth before it, 1 is the last, of how many */
	size_t former;
	size_t n_formers;
	struct snapshot_span *covered; /* times of counting, oldest first */
	size_t n_covered;
	struct snapshot_step *steps; /* oldest first; no two overlap */
	size_t n_steps;
};

/*
 * Fills in `steps` and `covered` of a zeroed snapshot. The history and the coverage go by the
 * timeline's axis. A history holds no step without events: from its first step until until_seconds
 * such steps are added where at least half of the step was covered. Returns 0 or -ENOMEM.
 */
int snapshot_history_fill(struct snapshot_history *ret, const struct slo_history *history,
			  const struct coverage *coverage, const struct timeline *timeline,
			  double until_seconds);

/* Frees the arrays and zeroes all. */
void snapshot_history_clear(struct snapshot_history *history);

#endif
