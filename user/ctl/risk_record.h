/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the agent has recorded of real incidents, asked over its socket.
 */
#ifndef SLIPROBE_CTL_RISK_RECORD_H
#define SLIPROBE_CTL_RISK_RECORD_H

#include <jansson.h>

#include "ctl/ctl.h"

/*
 * Asks for the changes of alerts and the history of each SLO in them; `slo`: of that one only, if
 * it is not NULL (with {service} in it: of those of all services). Returns
 *   {"page": {"incidents", "open", "mean_detect_seconds", "mean_repair_seconds",
 *             "budget_spent_ratio", "list": [{"slo", "alert", "fired_at", "resolved_at",
 *             "detect_seconds", "repair_seconds", "budget_spent_ratio"}]}, "ticket": {the same}}
 * with the last incident first, and unknown as null; NULL when there is no agent, or no answer that
 * is understood.
 */
json_t *risk_record(const struct ctl *ctl, const char *slo);

#endif
