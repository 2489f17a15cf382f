/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Snapshots as metrics for Prometheus and its kin, in either of its two text formats. Names and
 * labels follow OpenTelemetry's HTTP semantic conventions.
 *
 * The formats name counters differently: OpenMetrics declares `x` and samples `x_total`, the older
 * text format declares what it samples. No text is right in both, so the client's Accept decides.
 */
#ifndef SLIPROBE_REPORT_METRICS_H
#define SLIPROBE_REPORT_METRICS_H

#include <stddef.h>
#include <sys/types.h>

#include "report/snapshot.h"

enum metrics_format {
	/* https://prometheus.io/docs/instrumenting/exposition_formats/ 0.0.4; promtool reads this */
	METRICS_TEXT,
	/* https://prometheus.io/docs/specs/om/open_metrics_spec/ 1.0 */
	METRICS_OPENMETRICS,
};

/*
 * The text of a snapshot, made piece by piece as it is read: of 10,000 series it has 40 MB.
 *
 * Buckets of http_server_request_duration_seconds: each power of two seconds from 2^-14 (61 us) to
 * 2^6 (64 s), plus the series' latency thresholds, whose counts are exact. A request that
 * is unanswered or not accepted has no duration: it is in _count and the +Inf bucket, not in _sum.
 */
struct metrics;

/*
 * Takes the snapshot's contents and zeroes it. The texts of its routes, which belong to the
 * configuration, must outlast the metrics. Returns 0, or -ENOMEM: then nothing is taken.
 */
int metrics_new(struct snapshot *snapshot, enum metrics_format format, struct metrics **ret);
void metrics_free(struct metrics *metrics);

/* Bytes of the whole text. */
size_t metrics_len(const struct metrics *metrics);

/* The next bytes, up to `room`: how many, 0 at the end, or -ENOMEM. */
ssize_t metrics_read(struct metrics *metrics, char *ret, size_t room);

#endif
