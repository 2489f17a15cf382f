/* SPDX-License-Identifier: GPL-2.0-only */
/* Documents, or parts of an SLO's one, of kind AlertPolicy and AlertCondition. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/duration.h"
#include "config/openslo_schema.h"
#include "config/values.h"

#define MAX_MIN_BAD 1000000000ULL /* these as in slos[].alerts */
#define MAX_MIN_EVENTS 1000000000000ULL
#define MIN_SHORT_NS (10 * DURATION_S_NS)
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

/* What a policy is read for. */
struct policy {
	const struct openslo_file *file;
	struct config_slo *slo; /* NULL: only to be checked */
	enum alert_severity severity;
};

/* An item {REF: name}, or what stands in its place. */
static const char *reference(struct walk *walk, const char *key)
{
	char path[WALK_PATH_BYTES + 32];
	const yaml_node_t *node = walk_find(walk, PATH("%s.%s", walk->path, key));

	return node ? walk_scalar(node) : NULL;
}

/* Reads from another place of the file, and comes back. */
static size_t walk_to(struct walk *walk, const char *path, char before[static WALK_PATH_BYTES])
{
	size_t len = walk->path_len;

	memcpy(before, walk->path, WALK_PATH_BYTES);
	walk->path_len = strnlen(path, WALK_PATH_BYTES - 1);
	memcpy(walk->path, path, walk->path_len);
	walk->path[walk->path_len] = '\0';
	return len;
}

static void walk_back(struct walk *walk, const char *path, size_t len)
{
	memcpy(walk->path, path, WALK_PATH_BYTES);
	walk->path_len = len;
}

/* AlertCondition */

static bool valid_alert_name(const char *text)
{
	return text[0] != '-' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

static const struct walk_field annotation_fields[] = {
	{
		.key = "sliprobe/alert",
		.read = walk_text,
		.offset = offsetof(struct draft, alias),
		.valid = valid_alert_name,
		.max = ALERT_NAME_BYTES - 1,
		.expected = "a name of at most 31 of a-z, 0-9 and '-'",
	},
	{
		.key = "sliprobe/budget",
		.read = read_share,
		.offset = offsetof(struct draft, budget),
		.max = 100,
		.expected = "a percentage above 0 and up to 100",
	},
	{
		.key = "sliprobe/min_bad",
		.read = read_count,
		.offset = offsetof(struct draft, rule.min_bad),
		.min = 1,
		.max = MAX_MIN_BAD,
		.expected = "a number from 1 to 1000000000",
	},
	{
		.key = "sliprobe/min_events",
		.read = read_count,
		.offset = offsetof(struct draft, rule.min_events),
		.max = MAX_MIN_EVENTS,
		.expected = "a number from 0 to 1000000000000",
	},
};

static const struct walk_schema annotation_schema = {
	FIELDS(annotation_fields),
	.own_prefix = "sliprobe/",
};

static const struct walk_field metadata_fields[] = {
	{
		.key = "name",
		.read = walk_text,
		.offset = offsetof(struct draft, name),
		.required = true,
		.max = OPENSLO_MAX_NAME_BYTES,
		.expected = "a name",
	},
	{.key = "displayName", .read = openslo_read_any},
	{.key = "labels", .read = openslo_read_any},
	{.key = "annotations", .read = walk_mapping, .schema = &annotation_schema},
};

static const struct walk_schema metadata_schema = {FIELDS(metadata_fields)};

static int read_severity(struct walk *walk, yaml_node_t *node, const struct walk_field *field,
			 void *base)
{
	const char *text = walk_scalar(node);
	struct draft *draft = base;

	if (text && alert_severity_find(text, &draft->rule.severity))
		return 0;
	return walk_expected(walk, node, field->expected);
}

/* "0m" is no duration to OpenSLO either, but its default is written so. */
static int read_after(struct walk *walk, yaml_node_t *node, const struct walk_field *field,
		      void *base)
{
	const char *text = walk_scalar(node);

	return text && !strcmp(text, "0m") ? 0 : openslo_read_duration(walk, node, field, base);
}

static const struct walk_choice kinds[] = {{"burnrate", true}, {}};
static const struct walk_choice operators[] = {{"gt", true}, {}};

static const struct walk_field burn_fields[] = {
	{
		.key = "kind",
		.read = walk_choose,
		.choices = kinds,
		.check_only = true,
		.expected = "burnrate",
	},
	{
		.key = "op",
		.read = walk_choose,
		.choices = operators,
		.check_only = true,
		.required = true,
		.expected = "gt, the only comparison this version makes",
	},
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
		.min = 5 * DURATION_M_NS,
		.max = 92 * DURATION_D_NS,
		.expected = "a duration from 5m to the SLO's window such as 1h",
	},
	{
		.key = "alertAfter",
		.read = read_after,
		.offset = offsetof(struct draft, rule.short_seconds),
		.min = MIN_SHORT_NS,
		.max = 92 * DURATION_D_NS,
		.expected = "a duration from 10s and below lookbackWindow such as 5m",
	},
};

static const struct walk_schema burn_schema = {FIELDS(burn_fields)};

static const struct walk_field spec_fields[] = {
	{.key = "description", .read = openslo_read_any},
	{
		.key = "severity",
		.read = read_severity,
		.required = true,
		.expected = "page, ticket or notice",
	},
	{
		.key = "condition",
		.read = walk_mapping,
		.required = true,
		.schema = &burn_schema,
		.expected = "a mapping with op, threshold, lookbackWindow",
	},
};

static const struct walk_schema spec_schema = {FIELDS(spec_fields)};

static const struct walk_field condition_fields[] = {
	OPENSLO_HEAD("AlertCondition"),
	{
		.key = "metadata",
		.read = walk_mapping,
		.required = true,
		.schema = &metadata_schema,
		.expected = "a mapping with name",
	},
	{
		.key = "spec",
		.read = walk_mapping,
		.required = true,
		.schema = &spec_schema,
		.expected = "a mapping with severity, condition",
	},
};

static const struct walk_schema condition_schema = {FIELDS(condition_fields)};
static const struct walk_field condition_field = {
	.read = walk_mapping,
	.schema = &condition_schema,
};

static int check_condition(struct walk *walk, const yaml_node_t *node, struct draft *draft)
{
	const char *name = draft->alias ?: draft->name;

	if (!draft->alias && (!valid_alert_name(name) || strlen(name) >= ALERT_NAME_BYTES))
		return walk_refuse(walk, node,
				   "expected a metadata.name of at most 31 of a-z, 0-9 and '-', or "
				   "the annotation sliprobe/alert, got \"%.*s\"",
				   WALK_QUOTED_BYTES, name);
	snprintf(draft->rule.name, sizeof(draft->rule.name), "%s", name);
	if (!draft->rule.short_seconds)
		draft->rule.short_seconds = draft->rule.seconds / 12;
	if (draft->rule.short_seconds >= draft->rule.seconds)
		return walk_refuse(walk, node,
				   "expected an alertAfter below lookbackWindow, got one that is "
				   "not");
	return 0;
}

/* The share of the SLO's budget that the threshold stands for. */
static int set_budget(struct walk *walk, const yaml_node_t *node, const struct config_slo *slo,
		      struct draft *draft)
{
	double ratio = draft->threshold * (double)draft->rule.seconds / (double)slo->window_seconds;
	char text[32];

	if (draft->rule.seconds > slo->window_seconds)
		return walk_refuse(walk, node,
				   "expected a lookbackWindow of at most the SLO's window, got "
				   "more");
	if (draft->budget > 0 && fabs(ratio - draft->budget) > SAME_RATIO * draft->budget)
		return walk_refuse(
			walk, node,
			"expected the annotation sliprobe/budget to agree with threshold "
			"(%.12g%%), got %.12g%%",
			ratio * 100, draft->budget * 100);
	snprintf(text, sizeof(text), "%.12g", ratio);
	draft->rule.ratio = draft->budget > 0 ? draft->budget : strtod(text, NULL);
	if (draft->rule.ratio > 1)
		return walk_refuse(
			walk, node,
			"expected a threshold that spends at most 100%% of the budget in "
			"lookbackWindow, got %.12g%%",
			ratio * 100);
	return 0;
}

static int append_rule(struct walk *walk, const yaml_node_t *node, struct config_slo *slo,
		       const struct alert_rule *rule)
{
	struct alert_rule *rules;

	for (size_t i = 0; i < slo->n_alerts; i++) {
		if (!strcmp(slo->alerts[i].name, rule->name))
			return walk_refuse(walk, node,
					   "expected a name that is unique in the SLO, got \"%s\" "
					   "again",
					   rule->name);
	}
	if (slo->n_alerts == ALERT_RULES_MAX)
		return walk_refuse(walk, node, "expected at most %d alerts, got more",
				   ALERT_RULES_MAX);
	rules = realloc(slo->alerts, (slo->n_alerts + 1) * sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	slo->alerts = rules;
	slo->alerts[slo->n_alerts++] = *rule;
	return 0;
}

/* The condition at walk->path. */
static int read_condition(struct walk *walk, yaml_node_t *node, struct policy *policy)
{
	_cleanup_(draft_clear) struct draft draft = {
		.rule = {.kind = ALERT_BURN, .min_bad = ALERT_MIN_BAD},
	};
	int r = walk_mapping(walk, node, &condition_field, &draft);

	if (!r)
		r = check_condition(walk, node, &draft);
	if (r)
		return r;
	policy->severity = draft.rule.severity;
	if (!policy->slo)
		return 0;
	r = set_budget(walk, node, policy->slo, &draft);
	return r ?: append_rule(walk, node, policy->slo, &draft.rule);
}

/* Follows a reference to an object of its own; an object's path is the root's, "". */
static int read_referred(struct walk *walk, yaml_node_t *node, struct policy *policy,
			 const char *key, enum openslo_kind kind,
			 int (*read)(struct walk *walk, yaml_node_t *node, struct policy *policy))
{
	const char *name = reference(walk, key);
	const struct openslo_object *object;
	char before[WALK_PATH_BYTES];
	size_t len;
	int r;

	if (!name)
		return read(walk, node, policy);
	if (node->data.mapping.pairs.top - node->data.mapping.pairs.start != 1)
		return walk_refuse(walk, node, "expected nothing beside %s", key);
	object = openslo_find(policy->file, kind, name);
	if (!object)
		return walk_refuse(walk, node,
				   "expected the name of an %s of this file, got \"%.*s\"",
				   openslo_kinds[kind], WALK_QUOTED_BYTES, name);
	len = walk_to(object->walk, "", before);
	r = read(object->walk, walk_root(object->walk), policy);
	if (!r)
		walk_back(object->walk, before, len);
	return r;
}

/* AlertPolicy */

static const struct walk_field policy_spec_fields[] = {
	{.key = "description", .read = openslo_read_any},
	{
		.key = "alertWhenBreaching",
		.read = walk_choose,
		.choices = openslo_true,
		.check_only = true,
		.required = true,
		.expected = "true",
	},
	{
		.key = "alertWhenResolved",
		.read = walk_choose,
		.choices = openslo_true,
		.check_only = true,
		.expected = "true, since what was sent is also resolved",
	},
	{
		.key = "alertWhenNoData",
		.read = walk_choose,
		.choices = openslo_false,
		.check_only = true,
		.expected = "false, since that is an alert of its own (annotation sliprobe/alerts)",
	},
	{
		.key = "conditions",
		.read = openslo_read_any,
		.required = true,
		.expected = "a list of one condition",
	},
	{.key = "notificationTargets", .read = openslo_read_any},
};

static const struct walk_schema policy_spec_schema = {FIELDS(policy_spec_fields)};

static const struct walk_field policy_fields[] = {
	OPENSLO_HEAD("AlertPolicy"),
	{.key = "metadata", .read = walk_mapping, .schema = &openslo_metadata_schema},
	{
		.key = "spec",
		.read = walk_mapping,
		.required = true,
		.schema = &policy_spec_schema,
		.expected = "a mapping with conditions",
	},
};

static const struct walk_schema policy_schema = {FIELDS(policy_fields)};
static const struct walk_field policy_field = {.read = walk_mapping, .schema = &policy_schema};

/* Calls `read` at each item of a list below walk->path; 0 items if there is no such list. */
static int each_item(struct walk *walk, const char *key, struct policy *policy, size_t *ret_n,
		     int (*read)(struct walk *walk, yaml_node_t *node, struct policy *policy))
{
	char path[WALK_PATH_BYTES + 64], before[WALK_PATH_BYTES], list[WALK_PATH_BYTES + 32];
	size_t len;
	yaml_node_t *node;

	snprintf(list, sizeof(list), "%s%s%s", walk->path, walk->path_len ? "." : "", key);
	node = walk_find(walk, list);
	*ret_n = 0;
	if (!node)
		return 0;
	if (node->type != YAML_SEQUENCE_NODE)
		return walk_refuse_at(walk, list, "expected a list");
	for (size_t i = 0; (node = walk_find(walk, PATH("%s[%zu]", list, i))); i++) {
		int r;

		len = walk_to(walk, path, before);
		r = node->type == YAML_MAPPING_NODE ? read(walk, node, policy)
						    : walk_expected(walk, node, "a mapping");
		if (r)
			return r;
		walk_back(walk, before, len);
		++*ret_n;
	}
	return 0;
}

static int read_condition_item(struct walk *walk, yaml_node_t *node, struct policy *policy)
{
	return read_referred(walk, node, policy, "conditionRef", OPENSLO_CONDITION, read_condition);
}

static int read_target_item(struct walk *walk, yaml_node_t *node, struct policy *policy)
{
	const char *name = reference(walk, "targetRef");

	if (!name)
		return walk_refuse(
			walk, node,
			"expected targetRef: a receiver takes the alerts of all SLOs and "
			"is an AlertNotificationTarget of its own");
	if (!openslo_find(policy->file, OPENSLO_TARGET, name))
		return walk_refuse(walk, node,
				   "expected the name of an AlertNotificationTarget of this file, "
				   "got \"%.*s\"",
				   WALK_QUOTED_BYTES, name);
	return 0;
}

static bool is_named(struct walk *walk, const char *name)
{
	char path[WALK_PATH_BYTES + 64];
	const yaml_node_t *node;

	for (size_t i = 0;
	     (node = walk_find(walk, PATH("%s%sspec.notificationTargets[%zu].targetRef", walk->path,
					  walk->path_len ? "." : "", i)));
	     i++) {
		const char *text = walk_scalar(node);

		if (text && !strcmp(text, name))
			return true;
	}
	return false;
}

static int check_targets(struct walk *walk, const yaml_node_t *node, struct policy *policy)
{
	size_t n;
	int r = each_item(walk, "spec.notificationTargets", policy, &n, read_target_item);

	for (size_t i = 0; i < policy->file->n && !r; i++) {
		const struct openslo_object *object = &policy->file->objects[i];

		if (object->kind == OPENSLO_TARGET && object->severities >> policy->severity & 1 &&
		    !is_named(walk, object->name))
			r = walk_refuse(walk, node,
					"expected spec.notificationTargets to name all that take "
					"severity %s, since each receiver gets the alerts of all "
					"SLOs, but \"%.*s\" is missing",
					alert_severity_name(policy->severity), WALK_QUOTED_BYTES,
					object->name);
	}
	return r;
}

static int read_policy(struct walk *walk, yaml_node_t *node, struct policy *policy)
{
	size_t n;
	int r = walk_mapping(walk, node, &policy_field, policy);

	if (!r)
		r = each_item(walk, "spec.conditions", policy, &n, read_condition_item);
	if (!r && n != 1)
		r = walk_refuse(walk, node, "expected exactly one of spec.conditions, got %zu", n);
	return r ?: check_targets(walk, node, policy);
}

static int read_policy_item(struct walk *walk, yaml_node_t *node, struct policy *policy)
{
	return read_referred(walk, node, policy, "alertPolicyRef", OPENSLO_POLICY, read_policy);
}

int openslo_read_policies(const struct openslo_file *file, struct walk *walk,
			  struct config_slo *slo)
{
	struct policy policy = {.file = file, .slo = slo};
	size_t n;

	return each_item(walk, "spec.alertPolicies", &policy, &n, read_policy_item);
}

int openslo_check_alerting(const struct openslo_file *file, const struct openslo_object *object)
{
	struct policy policy = {.file = file};
	yaml_node_t *root = walk_root(object->walk);

	return object->kind == OPENSLO_POLICY ? read_policy(object->walk, root, &policy)
					      : read_condition(object->walk, root, &policy);
}
