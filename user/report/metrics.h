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

#include "report/snapshot.h"

enum metrics_format {
	/* https://prometheus.io/docs/instrumenting/exposition_formats/ 0.0.4; promtool reads this */
	METRICS_TEXT,
	/* https://prometheus.io/docs/specs/om/open_metrics_spec/ 1.0 */
	METRICS_OPENMETRICS,
};

/*
 * The text of a snapshot: 4 kB a series. Whoever asks at the same time gets the same text, so that
 * it is made once and not for each.
 *
 * Buckets of http_server_request_duration_seconds: each power of two seconds from 2^-14 (61 us) to
 * 2^6 (64 s), plus the series' latency thresholds, whose counts are exact. A request that
 * is unanswered or not accepted has no duration: it is in _count and the +Inf bucket, not in _sum.
 *
 * Returns 0 and the malloc()ed text; or -ENOMEM.
 */
int metrics_text(const struct snapshot *snapshot, enum metrics_format format, char **ret,
		 size_t *ret_len);

#endif
