/* SPDX-License-Identifier: GPL-2.0-only */
#include "slo/alert_rule.h"

#include <stdio.h>
#include <string.h>

enum {
	MINUTE = 60,
	HOUR = 60 * MINUTE,
	DAY = 24 * HOUR,
};

const char *alert_severity_name(enum alert_severity severity)
{
	switch (severity) {
	case SEVERITY_NOTICE:
		return "notice";
	case SEVERITY_TICKET:
		return "ticket";
	case SEVERITY_PAGE:
		return "page";
	case SEVERITY_COUNT:
		break;
	}
	return "unknown";
}

bool alert_severity_find(const char *name, enum alert_severity *ret)
{
	for (enum alert_severity s = 0; s < SEVERITY_COUNT; s++) {
		if (!strcmp(name, alert_severity_name(s))) {
			*ret = s;
			return true;
		}
	}
	return false;
}

const char *alert_kind_name(enum alert_kind kind)
{
	switch (kind) {
	case ALERT_BURN:
		return "burn";
	case ALERT_EXHAUST:
		return "exhaust";
	case ALERT_BUDGET:
		return "budget";
	case ALERT_NO_DATA:
		return "no-data";
	case ALERT_COVERAGE:
		return "coverage";
	case ALERT_KIND_COUNT:
		break;
	}
	return "unknown";
}

size_t alert_rules_default(struct alert_rule ret[ALERT_RULES_MAX])
{
	/* the burn rules are those of the workbook's table 5-8, and its advice on 1 d */
	static const struct {
		const char *name;
		enum alert_kind kind;
		enum alert_severity severity;
		double ratio;
		uint64_t seconds, short_seconds;
	} defaults[] = {
		{"burn-1h", ALERT_BURN, SEVERITY_PAGE, 0.02, HOUR, 5 * MINUTE},
		{"burn-6h", ALERT_BURN, SEVERITY_PAGE, 0.05, 6 * HOUR, 30 * MINUTE},
		{"burn-1d", ALERT_BURN, SEVERITY_TICKET, 0.1, DAY, 2 * HOUR},
		{"burn-3d", ALERT_BURN, SEVERITY_TICKET, 0.1, 3 * DAY, 6 * HOUR},
		{"exhaust-4h", ALERT_EXHAUST, SEVERITY_PAGE, 0, 4 * HOUR, 0},
		{"exhaust-3d", ALERT_EXHAUST, SEVERITY_TICKET, 0, 3 * DAY, 0},
		{"budget-50", ALERT_BUDGET, SEVERITY_NOTICE, 0.5, 0, 0},
		{"budget-80", ALERT_BUDGET, SEVERITY_NOTICE, 0.8, 0, 0},
		{"budget-100", ALERT_BUDGET, SEVERITY_NOTICE, 1, 0, 0},
		{"no-data", ALERT_NO_DATA, SEVERITY_TICKET, 0, 30 * MINUTE, 0},
		{"coverage", ALERT_COVERAGE, SEVERITY_TICKET, 0.9, HOUR, 0},
	};
	size_t n = sizeof(defaults) / sizeof(defaults[0]);

	for (size_t i = 0; i < n; i++) {
		ret[i] = (struct alert_rule){
			.kind = defaults[i].kind,
			.severity = defaults[i].severity,
			.ratio = defaults[i].ratio,
			.seconds = defaults[i].seconds,
			.short_seconds = defaults[i].short_seconds,
			.min_bad = ALERT_MIN_BAD,
		};
		snprintf(ret[i].name, sizeof(ret[i].name), "%s", defaults[i].name);
	}
	return n;
}
