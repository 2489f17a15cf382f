/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of slos[].alerts. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "config/alert_draft.h"
#include "config/check.h"
#include "config/values.h"

#define UNSET UINT64_MAX
#define PAGE_BURN_SECONDS (6 * 3600) /* a longer window can wait for the morning */
#define PAGE_EXHAUST_SECONDS (12 * 3600)

/* A rule while it is read. */
struct draft {
	struct alert_rule rule;
	struct config_slo *slo; /* whose window is known */
	/* defaults for rules without their own; or UNSET */
	uint64_t min_bad;
	uint64_t min_events;
};

/* The default rules that fit into the SLO's window: beyond it no budget is spent, or gone. */
static size_t fitting_defaults(uint64_t window_seconds, struct alert_rule ret[ALERT_RULES_MAX])
{
	size_t n = alert_rules_default(ret), kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (ret[i].seconds <= window_seconds)
			ret[kept++] = ret[i];
	}
	return kept;
}

static int append_defaults(struct document *doc, const yaml_node_t *node, struct draft *draft)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	size_t n = fitting_defaults(draft->slo->window_seconds, rules);
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		if (draft->min_bad != UNSET)
			rules[i].min_bad = draft->min_bad;
		if (draft->min_events != UNSET)
			rules[i].min_events = draft->min_events;
		r = append_alert_rule(doc, node, draft->slo, &rules[i]);
	}
	return r;
}

/* Keys that several kinds have. */

static int read_name(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		     void *base)
{
	const char *text = scalar_text(node);
	struct draft *draft = base;

	if (!text || !valid_alert_name(text))
		return document_expected(doc, node, field->expected);
	snprintf(draft->rule.name, sizeof(draft->rule.name), "%s", text);
	return 0;
}

#define NAME_AND_SEVERITY                                                                          \
	{                                                                                          \
		.key = "name",                                                                     \
		.read = read_name,                                                                 \
		.expected = ALERT_NAME_EXPECTED,                                                   \
	},                                                                                         \
	{                                                                                          \
		.key = "severity", .read = read_alert_severity,                                    \
		.offset = offsetof(struct draft, rule.severity),                                   \
		.expected = ALERT_SEVERITY_EXPECTED,                                               \
	}

#define MINIMUMS ALERT_MINIMUMS("", struct draft, rule.min_bad, rule.min_events)

#define SECONDS(name, least_seconds, most_ns, text)                                                \
	{                                                                                          \
		.key = name, .read = read_duration_seconds,                                        \
		.offset = offsetof(struct draft, rule.seconds), .required = true,                  \
		.min = DURATION_S_NS * (least_seconds), .max = (most_ns),                          \
		.expected = "a duration from " text " in whole seconds",                           \
	}

#define SHARE(name, most, text)                                                                    \
	{                                                                                          \
		.key = name, .read = read_share, .offset = offsetof(struct draft, rule.ratio),     \
		.required = true, .max = (most),                                                   \
		.expected = "a percentage above 0 and up to " text,                                \
	}

/* Appends the rule that was read. `severity` and `name` are for a rule that gives none. */
__attribute__((format(printf, 5, 6))) static int finish_rule(struct document *doc,
							     const yaml_node_t *node,
							     struct draft *draft,
							     enum alert_severity severity,
							     const char *name, ...)
{
	struct alert_rule *rule = &draft->rule;
	va_list args;

	if (rule->severity == SEVERITY_COUNT)
		rule->severity = severity;
	if (!rule->name[0]) {
		va_start(args, name);
		vsnprintf(rule->name, sizeof(rule->name), name, args);
		va_end(args);
	}
	if (rule->min_bad == UNSET)
		rule->min_bad = draft->min_bad == UNSET ? ALERT_MIN_BAD : draft->min_bad;
	if (rule->min_events == UNSET)
		rule->min_events = draft->min_events == UNSET ? 0 : draft->min_events;
	return append_alert_rule(doc, node, draft->slo, rule);
}

static int start_rule(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		      struct draft *draft, enum alert_kind kind)
{
	draft->rule = (struct alert_rule){
		.kind = kind,
		.severity = SEVERITY_COUNT,
		.min_bad = UNSET,
		.min_events = UNSET,
	};
	return read_mapping(doc, node, field, draft);
}

/* `key` of the rule being read must not be longer than the SLO's window. */
static int check_within_window(struct document *doc, const struct draft *draft, const char *key)
{
	char most[DURATION_TEXT_BYTES], got[DURATION_TEXT_BYTES], path[DOCUMENT_PATH_BYTES + 16];

	if (draft->rule.seconds <= draft->slo->window_seconds)
		return 0;
	duration_text(draft->slo->window_seconds, most);
	duration_text(draft->rule.seconds, got);
	return document_refuse_at(doc, PATH("%s.%s", doc->path, key),
				  "expected at most the SLO's window (%s), got %s", most, got);
}

/* burn */

static const struct schema_field burn_fields[] = {
	SHARE("budget", 100, "100"),
	SECONDS("window", ALERT_BURN_LONG_MIN_SECONDS, WINDOW_MAX_NS, "5m to the SLO's window"),
	{
		.key = "short",
		.read = read_duration_seconds,
		.offset = offsetof(struct draft, rule.short_seconds),
		.min = ALERT_BURN_SHORT_MIN_SECONDS * DURATION_S_NS,
		.max = WINDOW_MAX_NS,
		.expected = "a duration from 10s and below the window in whole seconds",
	},
	NAME_AND_SEVERITY,
	MINIMUMS,
};

static const struct schema burn_schema = {FIELDS(burn_fields)};

static int read_burn(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		     void *base)
{
	char window[DURATION_TEXT_BYTES], got[DURATION_TEXT_BYTES], path[DOCUMENT_PATH_BYTES + 16];
	struct draft *draft = base;
	struct alert_rule *rule = &draft->rule;
	int r = start_rule(doc, node, field, draft, ALERT_BURN);

	if (!r)
		r = check_within_window(doc, draft, "window");
	if (r)
		return r;
	duration_text(rule->seconds, window);
	if (!rule->short_seconds)
		rule->short_seconds = alert_rule_short_default(rule->seconds);
	if (rule->short_seconds >= rule->seconds) {
		duration_text(rule->short_seconds, got);
		return document_refuse_at(doc, PATH("%s.short", doc->path),
					  "expected less than the window (%s), got %s", window,
					  got);
	}
	return finish_rule(doc, node, draft,
			   rule->seconds <= PAGE_BURN_SECONDS ? SEVERITY_PAGE : SEVERITY_TICKET,
			   "burn-%s", window);
}

/* exhaust */

static const struct schema_field exhaust_fields[] = {
	SECONDS("within", ALERT_EXHAUST_MIN_SECONDS, WINDOW_MAX_NS, "10m to the SLO's window"),
	NAME_AND_SEVERITY,
	MINIMUMS,
};

static const struct schema exhaust_schema = {FIELDS(exhaust_fields)};

static int read_exhaust(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			void *base)
{
	char within[DURATION_TEXT_BYTES];
	struct draft *draft = base;
	uint64_t seconds;
	int r = start_rule(doc, node, field, draft, ALERT_EXHAUST);

	if (!r)
		r = check_within_window(doc, draft, "within");
	if (r)
		return r;
	seconds = draft->rule.seconds;
	duration_text(seconds, within);
	return finish_rule(doc, node, draft,
			   seconds <= PAGE_EXHAUST_SECONDS ? SEVERITY_PAGE : SEVERITY_TICKET,
			   "exhaust-%s", within);
}

/* budget */

static const struct schema_field budget_fields[] = {
	SHARE("spent", 1000, "1000"),
	NAME_AND_SEVERITY,
	MINIMUMS,
};

static const struct schema budget_schema = {FIELDS(budget_fields)};

static int read_budget(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		       void *base)
{
	struct draft *draft = base;
	char percent[32];
	int r = start_rule(doc, node, field, draft, ALERT_BUDGET);

	if (r)
		return r;
	snprintf(percent, sizeof(percent), "%g", draft->rule.ratio * 100);
	for (char *point = percent; (point = strpbrk(point, ".+"));)
		*point = '-';
	return finish_rule(doc, node, draft, SEVERITY_NOTICE, "budget-%.20s", percent);
}

/* no-data and coverage */

static const struct schema_field no_data_fields[] = {
	SECONDS("after", ALERT_NO_DATA_MIN_SECONDS, ALERT_NO_DATA_MAX_SECONDS *DURATION_S_NS,
		"1m to 24h"),
	NAME_AND_SEVERITY,
};

static const struct schema no_data_schema = {FIELDS(no_data_fields)};

static int read_no_data(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			void *base)
{
	struct draft *draft = base;

	return start_rule(doc, node, field, draft, ALERT_NO_DATA) ?:
		       finish_rule(doc, node, draft, SEVERITY_TICKET, "no-data");
}

static const struct schema_field coverage_fields[] = {
	SHARE("below", 100, "100"),
	SECONDS("window", ALERT_COVERAGE_MIN_SECONDS, ALERT_COVERAGE_MAX_SECONDS *DURATION_S_NS,
		"10m to 24h"),
	NAME_AND_SEVERITY,
};

static const struct schema coverage_schema = {FIELDS(coverage_fields)};

static int read_coverage(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			 void *base)
{
	struct draft *draft = base;

	return start_rule(doc, node, field, draft, ALERT_COVERAGE) ?:
		       finish_rule(doc, node, draft, SEVERITY_TICKET, "coverage");
}

/* The list. */

static const struct schema_field rule_fields[] = {
	{.key = "burn", .read = read_burn, .schema = &burn_schema},
	{.key = "exhaust", .read = read_exhaust, .schema = &exhaust_schema},
	{.key = "budget", .read = read_budget, .schema = &budget_schema},
	{.key = "no-data", .read = read_no_data, .schema = &no_data_schema},
	{.key = "coverage", .read = read_coverage, .schema = &coverage_schema},
};

static const struct schema rule_schema = {FIELDS(rule_fields), .one_key = true};

static int read_rule(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		     void *base)
{
	const char *text = scalar_text(node);

	if (text && !strcmp(text, "default"))
		return append_defaults(doc, node, base);
	return read_mapping(doc, node, field, base);
}

static const struct schema_field rule_item = {
	.read = read_rule,
	.schema = &rule_schema,
	.expected = "default or a mapping with one of burn, exhaust, budget, no-data, coverage",
};

static const struct schema_items rule_items = {.item = &rule_item, .max = ALERT_RULES_MAX};

static int read_rules(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		      void *base)
{
	const char *text = scalar_text(node);

	if (text && !strcmp(text, "default"))
		return append_defaults(doc, node, base);
	return read_list(doc, node, field, base);
}

static const struct schema_field alerts_fields[] = {
	ALERT_MINIMUMS("", struct draft, min_bad, min_events),
	{
		.key = "rules",
		.read = read_rules,
		.late = true,
		.items = &rule_items,
		.expected = "default or a list of alerts",
	},
};

const struct schema config_alerts_schema = {FIELDS(alerts_fields)};

int config_read_alerts(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		       void *base)
{
	const struct schema_field mapping = {.schema = &config_alerts_schema};
	const struct schema_field rules = {.items = &rule_items, .expected = field->expected};
	struct draft draft = {.slo = base, .min_bad = UNSET, .min_events = UNSET};
	char path[DOCUMENT_PATH_BYTES + 16];
	int r;

	if (node->type == YAML_MAPPING_NODE) {
		r = read_mapping(doc, node, &mapping, &draft);
		if (!r && !document_find(doc, PATH("%s.rules", doc->path)))
			r = append_defaults(doc, node, &draft);
	} else {
		r = read_rules(doc, node, &rules, &draft);
	}
	return r;
}

int config_default_alerts(struct config_slo *slo)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	size_t n = fitting_defaults(slo->window_seconds, rules);

	if (!n)
		return 0;
	slo->alerts = calloc(n, sizeof(*rules));
	if (!slo->alerts)
		return -ENOMEM;
	memcpy(slo->alerts, rules, n * sizeof(*rules));
	slo->n_alerts = n;
	return 0;
}

/* Nobody chose a default rule, so it is no news that one cannot fire at a low objective. */
static bool is_default(const struct alert_rule *rule)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	size_t n = alert_rules_default(rules);

	for (size_t i = 0; i < n; i++) {
		if (rules[i].kind == rule->kind && rules[i].ratio == rule->ratio &&
		    rules[i].seconds == rule->seconds)
			return true;
	}
	return false;
}

/* The highest burn rate is 1 / (1 - objective). A rule whose factor is not below it never fires. */
static int check_rule(struct config *config, const struct config_slo *slo,
		      const struct alert_rule *rule)
{
	double factor, outage = 1 / (1 - slo->objective);

	if (rule->kind != ALERT_BURN || is_default(rule))
		return 0;
	factor = rule->ratio * (double)slo->window_seconds / (double)rule->seconds;
	if (factor < outage)
		return 0;
	return config_warn(
		config,
		"alert %s of SLO \"%s\" cannot fire: it needs a burn rate above %.3g, and "
		"a full outage burns %.3g",
		rule->name, slo->name, factor, outage);
}

int config_check_alerts(struct config *config)
{
	int r = 0;

	for (size_t i = 0; i < config->n_slos && !r; i++) {
		const struct config_slo *slo = &config->slos[i];

		for (size_t rule = 0; rule < slo->n_alerts && !r; rule++)
			r = check_rule(config, slo, &slo->alerts[rule]);
	}
	return r;
}
