/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Snapshots as JSON, in the shapes of the status socket. Unknown is null, never 0 or 1. Reals have
 * 12 significant digits. Bytes that are not UTF-8 (process names and paths may hold any) appear as
 * \xHH.
 *
 * A service's `status` counts complete requests by status of HTTP, `grpc_status` those of gRPC by theirs; `errors` are
 * requests that status_failed(), aborted by the server or unanswered; `error_ratio` is errors / requests but those not
 * accepted. `routes` has one entry for each route and method.
 *
 * With spans of time (snapshot->has_periods), each service and route has the same of the "window" and
 * of the time "before" it: counts, rate, quantiles. All other members are since the counters began. A
 * span's counts are null where there was no counting.
 *
 * Latency and queue quantiles are estimates from the histogram (include/hist.h) of all requests but
 * those unanswered or not accepted: the geometric midpoint of the bucket that the quantile falls in, see
 * slo/quantile. Whether a request was good was decided on its own nanoseconds, not on these.
 */
#ifndef SLIPROBE_REPORT_JSON_H
#define SLIPROBE_REPORT_JSON_H

#include <jansson.h>

#include "report/snapshot.h"
#include "report/snapshot_alerts.h"
#include "report/snapshot_history.h"
#include "report/snapshot_rows.h"

/*
 * Each returns a malloc()ed JSON text, or NULL when out of memory. All but json_alerts() and
 * json_history() end it with a newline. json_slo() takes an index into snapshot->slos, and adds its
 * service's `about`.
 */
char *json_status(const struct snapshot *snapshot);
char *json_status_brief(const struct snapshot *snapshot); /* without the services */
char *json_services(const struct snapshot *snapshot);
char *json_services_named(const struct snapshot *snapshot, const char *name); /* NULL: all */
char *json_slo(const struct snapshot *snapshot, size_t slo);
char *json_alerts(const struct snapshot_alerts *alerts);
/* A step is [its end in Unix time, seconds it is long, good, bad]. */
char *json_history(const struct snapshot_history *history);
/*
 * A row's `latency_buckets`, where they are asked for: [k, requests], bucket k of include/hist.h, which ends at
 * 2^((k-160)/8) s.
 * With rows: kind ("slo", "service"), by, from, to, rows_left_out, rows; of an SLO beside the members
 * of its history. A row that nothing was counted in has nulls.
 */
char *json_rows(const struct snapshot_rows *rows);

/* Parts of the above, as values for messages. Each returns NULL when out of memory. */
/* The configured services that no request has come for: what they match, and whether it listens. */
json_t *json_without_traffic(const struct snapshot *snapshot);

json_t *json_services_value(const struct snapshot *snapshot);
json_t *json_slo_value(const struct snapshot_slo *slo);
json_t *json_alert(const struct snapshot_alert *alert);
json_t *json_about(const struct config_about *about); /* null for NULL */
json_t *json_quotas_value(const struct snapshot *snapshot); /* those that are met */
json_t *json_unmeasured_value(const struct snapshot *snapshot);
json_t *json_blind_value(const struct snapshot *snapshot);
/* Puts what the object's service lost, and what of it is blind. cover: NULL if that is not known. */
int json_put_cover(json_t *object, const struct snapshot_cover *cover);
/* Puts why the SLO's bad events were bad, what it counts, and why it has no alert. */
int json_put_reasons(json_t *object, const struct snapshot_slo *slo);
json_t *json_history_value(const struct snapshot_history *history);
/* `tls` and `helper` of the status. */
json_t *json_tls_value(const struct snapshot_tls *tls);
json_t *json_helper_value(const struct snapshot_tls *tls);
json_t *json_store(const struct snapshot_store *store);

/* {"error": "..."} for the socket's refusals. */
char *json_error(const char *text);

#endif
