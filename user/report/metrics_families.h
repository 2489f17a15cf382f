/* SPDX-License-Identifier: GPL-2.0-only */
/* The families of metrics, by subject. Private to report/metrics*. */
#ifndef SLIPROBE_REPORT_METRICS_FAMILIES_H
#define SLIPROBE_REPORT_METRICS_FAMILIES_H

#include <stddef.h>

#include "report/metrics_text.h"
#include "report/snapshot.h"

void metrics_agent(struct writer *writer, const struct snapshot *snapshot);
void metrics_health(struct writer *writer, const struct snapshot *snapshot);
void metrics_slos(struct writer *writer, const struct snapshot *snapshot);
void metrics_coverage(struct writer *writer, const struct snapshot *snapshot);
void metrics_tls(struct writer *writer, const struct snapshot *snapshot);
void metrics_blind(struct writer *writer, const struct snapshot *snapshot);

enum {
	OCTAVE_FIRST = -14,
	OCTAVE_LAST = 6,
	OCTAVES = OCTAVE_LAST - OCTAVE_FIRST + 1,
};

/* The histograms' bounds as text: finding the shortest takes a while. */
struct metrics_bounds {
	char text[OCTAVES][NUMBER_MAX]; /* 2^OCTAVE_FIRST s and on */
};

void metrics_bounds_init(struct metrics_bounds *bounds);

/* The samples of one series of the service. */
void metrics_request_duration(struct writer *writer, const struct metrics_bounds *bounds,
			      const char *name, const struct snapshot_service *service,
			      const struct snapshot_series *series);

/* The samples of one route, whose first series is `first`. Returns the index after its last one. */
size_t metrics_queue_duration(struct writer *writer, const struct metrics_bounds *bounds,
			      const char *name, const struct snapshot_service *service,
			      size_t first);

#endif
