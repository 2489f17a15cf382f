/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds out for how long a rule's status can be relied on. Part of slo/alerts. */
#ifndef SLIPROBE_SLO_CALM_H
#define SLIPROBE_SLO_CALM_H

#include "slo/judge.h"

/* `status`: the one that the rule was just found to have. */
struct alert_calm calm_find(const struct judge *judge, const struct alert_rule *rule,
			    enum alert_status status);

#endif
