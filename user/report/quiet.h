/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why an SLO that does worse than its objective has no alert that anybody hears of. Pure.
 *
 * Only burn rules of severity page and ticket tell the time: of those whose long window burns at their
 * rate by itself, the first one is explained.
 */
#ifndef SLIPROBE_REPORT_QUIET_H
#define SLIPROBE_REPORT_QUIET_H

#include "config/config.h"
#include "slo/slo.h"

enum { QUIET_BYTES = 192 };

/* Of one rule; of other kinds than burn nothing is needed. */
struct quiet_rule {
	struct slo_events requests; /* of its long window */
	struct slo_events budgeted; /* in what the budget is; equals `requests` unless timeslices */
	struct slo_events last; /* budgeted, of its short window */
};

struct quiet_facts {
	const struct config_slo *slo;
	const struct quiet_rule *rules; /* as slo->alerts */
	double window_seconds;
	double age_seconds; /* since it was first counted */
	bool silenced; /* an alert is active, and silenced */
	bool excluded; /* its events are left out at the moment */
};

/* True if the rule is one that quiet_text() goes by. */
bool quiet_asks_for(const struct alert_rule *rule);

/* One phrase without a full stop. */
void quiet_text(const struct quiet_facts *facts, char ret_text[static QUIET_BYTES]);

#endif
