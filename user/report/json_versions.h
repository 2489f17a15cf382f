/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Versions as JSON, served last first, since counting began. "_older" stands for all that are not told apart: their
 * counts are what the others leave of the service's or SLO's own.
 */
#ifndef SLIPROBE_REPORT_JSON_VERSIONS_H
#define SLIPROBE_REPORT_JSON_VERSIONS_H

#include <jansson.h>

#include "report/snapshot.h"

/*
 * [{"version", "kind", "build_id", "exe", "script", "first_seen", "last_seen", "instances", "requests",
 *   "slos": [{"slo", "good", "bad", "eligible", "availability"}]}]
 */
json_t *json_service_versions(const struct snapshot *snapshot,
			      const struct snapshot_service *service);
/* [{"version", "kind", "good", "bad", "eligible", "availability"}] */
json_t *json_slo_versions(const struct snapshot_slo *slo);

#endif
