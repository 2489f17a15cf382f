/* SPDX-License-Identifier: GPL-2.0-only */
/* AlertCondition: a document, or part of a policy. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/duration.h"
#include "config/alert_draft.h"
#include "config/openslo_schema.h"
#include "config/values.h"

#define SAME_RATIO 1e-6

/* A condition while it is read. */
struct draft {
	struct alert_rule rule;
	char *name;
	char *alias; /* annotation sliprobe/alert */
	double threshold;
	double budget; /* annotation sliprobe/budget; 0: none */
};

static void draft_clear(struct draft *draft)
{
	free(draft->name);
	free(draft->alias);
}

static const struct schema_field annotation_fields[] = {
	{
		.key = "sliprobe/alert",
		.read = read_text,
		.offset = offsetof(struct draft, alias),
		.valid = valid_alert_name,
		.expected = ALERT_NAME_EXPECTED,
	},
	{
		.key = "sliprobe/budget",
		.read = read_share,
		.offset = offsetof(struct draft, budget),
		.max = 100,
		.expected = "a percentage above 0 and up to 100",
	},
	ALERT_MINIMUMS("sliprobe/", struct draft, rule.min_bad, rule.min_events),
};

static const struct schema annotation_schema = {
	FIELDS(annotation_fields),
	.own_prefix = "sliprobe/",
};

static const struct schema_field metadata_fields[] = {
	{
		.key = "name",
		.read = read_text,
		.offset = offsetof(struct draft, name),
		.required = true,
		.max = OPENSLO_MAX_NAME_BYTES,
		.expected = "a name",
	},
	{.key = "displayName", .read = openslo_read_any},
	OPENSLO_LABELS,
	{.key = "annotations", .read = read_mapping, .schema = &annotation_schema},
};

static const struct schema metadata_schema = {FIELDS(metadata_fields)};

/* OpenSLO's default is written "0m", although that is no duration of OpenSLO's. */
static int read_after(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		      void *base)
{
	const char *text = scalar_text(node);

	return text && !strcmp(text, "0m") ? 0 : openslo_read_duration(doc, node, field, base);
}

static const struct schema_choice kinds[] = {{"burnrate", true}, {}};
static const struct schema_choice operators[] = {{"gt", true}, {}};

static const struct schema_field burn_fields[] = {
	CONSTANT("kind", kinds, "burnrate"),
	CONSTANT("op", operators, "gt, the only comparison this version makes", .required = true),
	{
		.key = "threshold",
		.read = openslo_read_number,
		.offset = offsetof(struct draft, threshold),
		.required = true,
		.expected = "a burn rate above 0",
	},
	{
		.key = "lookbackWindow",
		.read = openslo_read_duration,
		.offset = offsetof(struct draft, rule.seconds),
		.required = true,
		.min = ALERT_BURN_LONG_MIN_SECONDS * DURATION_S_NS,
		.max = WINDOW_MAX_NS,
		.expected = "a duration from 5m to the SLO's window such as 1h",
	},
	{
		.key = "alertAfter",
		.read = read_after,
		.offset = offsetof(struct draft, rule.short_seconds),
		.min = ALERT_BURN_SHORT_MIN_SECONDS * DURATION_S_NS,
		.max = WINDOW_MAX_NS,
		.expected = "a duration from 10s and below lookbackWindow such as 5m",
	},
};

static const struct schema burn_schema = {FIELDS(burn_fields)};

static const struct schema_field spec_fields[] = {
	{.key = "description", .read = openslo_read_any},
	{
		.key = "severity",
		.read = read_alert_severity,
		.offset = offsetof(struct draft, rule.severity),
		.required = true,
		.expected = ALERT_SEVERITY_EXPECTED,
	},
	MAPPING("condition", burn_schema, "a mapping with op, threshold, lookbackWindow"),
};

static const struct schema spec_schema = {FIELDS(spec_fields)};

static const struct schema_field condition_fields[] = {
	OPENSLO_HEAD("AlertCondition"),
	MAPPING("metadata", metadata_schema, "a mapping with name"),
	MAPPING("spec", spec_schema, "a mapping with severity, condition"),
};

static const struct schema condition_schema = {FIELDS(condition_fields)};
static const struct schema_field condition_field = {
	.read = read_mapping,
	.schema = &condition_schema,
};

static int check_condition(struct document *doc, const yaml_node_t *node, struct draft *draft)
{
	const char *name = draft->alias ?: draft->name;

	if (!valid_alert_name(name))
		return document_refuse(
			doc, node,
			"expected a metadata.name of at most 31 of a-z, 0-9 and '-', or "
			"the annotation sliprobe/alert, got \"%.*s\"",
			DOCUMENT_QUOTED_BYTES, name);
	snprintf(draft->rule.name, sizeof(draft->rule.name), "%s", name);
	if (!draft->rule.short_seconds)
		draft->rule.short_seconds = alert_rule_short_default(draft->rule.seconds);
	if (draft->rule.short_seconds >= draft->rule.seconds)
		return document_refuse(
			doc, node,
			"expected an alertAfter below lookbackWindow, got one that is "
			"not");
	return 0;
}

/* Sets the rule's ratio: the share of the SLO's budget that the threshold stands for. */
static int set_budget(struct document *doc, const yaml_node_t *node, const struct config_slo *slo,
		      struct draft *draft)
{
	double ratio = draft->threshold * (double)draft->rule.seconds / (double)slo->window_seconds;
	char text[32];

	if (draft->rule.seconds > slo->window_seconds)
		return document_refuse(doc, node,
				       "expected a lookbackWindow of at most the SLO's window, got "
				       "more");
	if (draft->budget > 0 && fabs(ratio - draft->budget) > SAME_RATIO * draft->budget)
		return document_refuse(
			doc, node,
			"expected the annotation sliprobe/budget to agree with threshold "
			"(%.12g%%), got %.12g%%",
			ratio * 100, draft->budget * 100);
	snprintf(text, sizeof(text), "%.12g", ratio);
	draft->rule.ratio = draft->budget > 0 ? draft->budget : strtod(text, NULL);
	if (draft->rule.ratio > 1)
		return document_refuse(
			doc, node,
			"expected a threshold that spends at most 100%% of the budget in "
			"lookbackWindow, got %.12g%%",
			ratio * 100);
	return 0;
}

int openslo_read_condition(struct document *doc, yaml_node_t *node, struct config_slo *slo,
			   enum alert_severity *ret_severity)
{
	_cleanup_(draft_clear) struct draft draft = {
		.rule = {.kind = ALERT_BURN, .min_bad = ALERT_MIN_BAD},
	};
	int r = read_mapping(doc, node, &condition_field, &draft);

	if (!r)
		r = check_condition(doc, node, &draft);
	if (!r && slo)
		r = set_budget(doc, node, slo, &draft);
	if (!r && slo)
		r = append_alert_rule(doc, node, slo, &draft.rule);
	if (!r)
		*ret_severity = draft.rule.severity;
	return r;
}
