/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Snapshots as metrics for Prometheus and its kin, in either of its two text formats. Names and
 * labels follow OpenTelemetry's HTTP semantic conventions.
 *
 * The formats name counters differently: OpenMetrics declares `x` and samples `x_total`, the older
 * text format declares what it samples. No text is right in both, so the client's Accept decides.
 */
#ifndef SLIPROBE_USER_METRICS_H
#define SLIPROBE_USER_METRICS_H

#include <stddef.h>
#include "snapshot.h"

enum metrics_format {
	/* https://prometheus.io/docs/instrumenting/exposition_formats/ 0.0.4; promtool reads this */
	METRICS_TEXT,
	/* https://prometheus.io/docs/specs/om/open_metrics_spec/ 1.0 */
	METRICS_OPENMETRICS,
};

/*
 * malloc()ed text of *ret_len bytes (and a NUL), or NULL when out of memory.
 *
 * Buckets of http_server_request_duration_seconds: each power of two seconds from 2^-14 (61 us) to
 * 2^6 (64 s), plus the series' latency thresholds, whose counts are exact. An unanswered request
 * has no duration: it is in _count and the +Inf bucket, not in _sum.
 */
char *metrics_render(const struct snapshot *snapshot, enum metrics_format format, size_t *ret_len);

#endif
