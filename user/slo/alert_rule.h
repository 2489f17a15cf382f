/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules that alerts go by: their kinds, their numbers, and what these default to. slo/alerts
 * says what each kind means. Pure.
 */
#ifndef SLIPROBE_SLO_ALERT_RULE_H
#define SLIPROBE_SLO_ALERT_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slo/slo.h"

enum {
	ALERT_NAME_BYTES = 32,
	ALERT_RULES_MAX = 24, /* of one SLO */
	ALERT_MIN_BAD = 5, /* the default of min_bad; that of min_events is 0 */

	/* A no-data alert ends after so much (covered) time without an event. */
	ALERT_NO_DATA_ENDS_SECONDS = 7 * 86400,
};

/* Bounds of a rule's numbers. No window or horizon is longer than the SLO's window. */
enum {
	ALERT_BURN_LONG_MIN_SECONDS = 5 * 60,
	ALERT_BURN_SHORT_MIN_SECONDS = 10, /* and below the long window */
	ALERT_EXHAUST_MIN_SECONDS = 10 * 60,
	ALERT_NO_DATA_MIN_SECONDS = 60,
	ALERT_NO_DATA_MAX_SECONDS = 86400,
	ALERT_COVERAGE_MIN_SECONDS = 10 * 60,
	ALERT_COVERAGE_MAX_SECONDS = 86400,
};

#define ALERT_MIN_BAD_MAX 1000000000ULL /* min_bad is at least 1 */
#define ALERT_MIN_EVENTS_MAX 1000000000000ULL

enum alert_severity {
	SEVERITY_NOTICE,
	SEVERITY_TICKET,
	SEVERITY_PAGE,
	SEVERITY_COUNT,
};

enum alert_kind {
	ALERT_BURN,
	ALERT_EXHAUST,
	ALERT_BUDGET,
	ALERT_NO_DATA,
	ALERT_COVERAGE,
	ALERT_KIND_COUNT,
};

struct alert_rule {
	char name[ALERT_NAME_BYTES];
	enum alert_kind kind;
	enum alert_severity severity;
	double ratio; /* burn: of the budget; budget: spent; coverage: covered */
	/* burn, coverage: the long window; exhaust: the horizon; no-data: the silence */
	uint64_t seconds;
	uint64_t short_seconds; /* burn */
	uint64_t min_bad;
	uint64_t min_events;
};

/* "notice", "ticket", "page"; "burn", "exhaust", "budget", "no-data", "coverage" */
const char *alert_severity_name(enum alert_severity severity);
const char *alert_kind_name(enum alert_kind kind);

/* The severity of that name. False, and *ret untouched, if no severity has it. */
bool alert_severity_find(const char *name, enum alert_severity *ret);

/*
 * The span before now whose burn rate a burn or exhaust rule goes by: a burn rule's long window, a
 * quarter of an exhaust rule's horizon. `seconds` is as in struct alert_rule.
 */
static inline double alert_lookback_seconds(enum alert_kind kind, double seconds)
{
	return kind == ALERT_EXHAUST ? seconds / 4 : seconds;
}

static inline double alert_rule_lookback(const struct alert_rule *rule)
{
	return alert_lookback_seconds(rule->kind, (double)rule->seconds);
}

/* The short window, in seconds, of a burn rule that gives none. */
static inline uint64_t alert_rule_short_default(uint64_t long_seconds)
{
	return long_seconds / 12;
}

/*
 * The default rules: burn-1h, burn-6h (page), burn-1d, burn-3d (ticket), exhaust-4h (page),
 * exhaust-3d (ticket), budget-50, budget-80, budget-100 (notice), no-data (ticket, 30 min),
 * coverage (ticket, 90 % of 1 h). Returns how many.
 */
size_t alert_rules_default(struct alert_rule ret[ALERT_RULES_MAX]);

#endif
