/* SPDX-License-Identifier: GPL-2.0-only */
/* Counts and quantiles as JSON, of services, routes, and rows of a history. */
#ifndef SLIPROBE_REPORT_JSON_COUNTS_H
#define SLIPROBE_REPORT_JSON_COUNTS_H

#include <jansson.h>

#include "report/snapshot.h"

/* Puts requests, errors, error_ratio, outcomes, status and grpc_status. Returns not 0 if something failed. */
int json_put_counts(json_t *object, const struct snapshot_merged *merged);
/* Makes these null, as nothing was counted. */
int json_put_no_counts(json_t *object);

/* {p50, p90, p99}. NULL when out of memory. */
json_t *json_quantiles(const uint64_t counts[HIST_BUCKETS]);

#endif
