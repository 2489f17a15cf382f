/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The real incidents that the agent has recorded, asked for over its socket.
 */
#ifndef SLIPROBE_CTL_RISK_RECORD_H
#define SLIPROBE_CTL_RISK_RECORD_H

#include <jansson.h>

#include "ctl/ctl.h"

/*
 * Asks for the changes of alerts, and for the history of each SLO in them. With `slo`, only of that
 * SLO; with {service} in it, of that SLO of each service. Returns
 *   {"page": {"incidents", "open", "mean_detect_seconds", "mean_repair_seconds",
 *             "budget_spent_ratio", "list": [{"slo", "alert", "fired_at", "resolved_at",
 *             "detect_seconds", "repair_seconds", "budget_spent_ratio"}]}, "ticket": {as "page"}}
 * with the last incident first, and unknown numbers as null. NULL when there is no agent, or no
 * answer that is understood.
 */
json_t *risk_record(const struct ctl *ctl, const char *slo);

#endif
