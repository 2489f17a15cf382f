/* SPDX-License-Identifier: GPL-2.0-only */
/* AlertPolicy: a document, or part of an SLO's; and the references between documents. */
#include <stdio.h>
#include <string.h>

#include "config/openslo_schema.h"

/* A policy while it is read. */
struct policy {
	const struct openslo_file *file;
	struct config_slo *slo; /* gets the rules; NULL: the policy is only checked */
	enum alert_severity severity;
};

/* The name in an item {key: name}; NULL for an item that is the object itself. */
static const char *reference(struct document *doc, const char *key)
{
	char path[DOCUMENT_PATH_BYTES + 32];

	return document_text_at(doc, PATH("%s.%s", doc->path, key));
}

/* Moves doc->path to another place of the document, until document_go_back(). */
static size_t document_go(struct document *doc, const char *path,
			  char before[static DOCUMENT_PATH_BYTES])
{
	size_t len = doc->path_len;

	memcpy(before, doc->path, DOCUMENT_PATH_BYTES);
	doc->path_len = strnlen(path, DOCUMENT_PATH_BYTES - 1);
	memcpy(doc->path, path, doc->path_len);
	doc->path[doc->path_len] = '\0';
	return len;
}

static void document_go_back(struct document *doc, const char *path, size_t len)
{
	memcpy(doc->path, path, DOCUMENT_PATH_BYTES);
	doc->path_len = len;
}

/* Reads the item at `node`, or the object of its own that it refers to. */
static int read_referred(struct document *doc, yaml_node_t *node, struct policy *policy,
			 const char *key, enum openslo_kind kind,
			 int (*read)(struct document *doc, yaml_node_t *node,
				     struct policy *policy))
{
	const char *name = reference(doc, key);
	const struct openslo_object *object;
	char before[DOCUMENT_PATH_BYTES];
	size_t len;
	int r;

	if (!name)
		return read(doc, node, policy);
	if (node->data.mapping.pairs.top - node->data.mapping.pairs.start != 1)
		return document_refuse(doc, node, "expected nothing beside %s", key);
	object = openslo_find(policy->file, kind, name);
	if (!object)
		return document_refuse(doc, node,
				       "expected the name of an %s of this file, got \"%.*s\"",
				       openslo_kinds[kind], DOCUMENT_QUOTED_BYTES, name);
	len = document_go(object->doc, "", before);
	r = read(object->doc, document_root(object->doc), policy);
	document_go_back(object->doc, before, len);
	return r;
}

static const struct schema_field policy_spec_fields[] = {
	{.key = "description", .read = openslo_read_any},
	CONSTANT("alertWhenBreaching", openslo_true, "true", .required = true),
	CONSTANT("alertWhenResolved", openslo_true, "true, since what was sent is also resolved"),
	CONSTANT("alertWhenNoData", openslo_false,
		 "false, since that is an alert of its own (annotation sliprobe/alerts)"),
	{
		.key = "conditions",
		.read = openslo_read_any,
		.required = true,
		.expected = "a list of one condition",
	},
	{.key = "notificationTargets", .read = openslo_read_any},
};

static const struct schema policy_spec_schema = {FIELDS(policy_spec_fields)};

static const struct schema_field policy_fields[] = {
	OPENSLO_HEAD("AlertPolicy"),
	{.key = "metadata", .read = read_mapping, .schema = &openslo_metadata_schema},
	MAPPING("spec", policy_spec_schema, "a mapping with conditions"),
};

static const struct schema policy_schema = {FIELDS(policy_fields)};
static const struct schema_field policy_field = {.read = read_mapping, .schema = &policy_schema};

/* Calls `read` at each item of a list below doc->path. A list that is missing has 0 items. */
static int each_item(struct document *doc, const char *key, struct policy *policy, size_t *ret_n,
		     int (*read)(struct document *doc, yaml_node_t *node, struct policy *policy))
{
	char path[DOCUMENT_PATH_BYTES + 64], before[DOCUMENT_PATH_BYTES],
		list[DOCUMENT_PATH_BYTES + 32];
	size_t len;
	yaml_node_t *node;
	int ret = 0;

	snprintf(list, sizeof(list), "%s%s%s", doc->path, doc->path_len ? "." : "", key);
	node = document_find(doc, list);
	*ret_n = 0;
	if (!node)
		return 0;
	if (node->type != YAML_SEQUENCE_NODE)
		return document_refuse_at(doc, list, "expected a list");
	for (size_t i = 0; (node = document_find(doc, PATH("%s[%zu]", list, i))); i++) {
		len = document_go(doc, path, before);
		ret = first_failure(ret, node->type == YAML_MAPPING_NODE ?
						 read(doc, node, policy) :
						 document_expected(doc, node, "a mapping"));
		document_go_back(doc, before, len);
		++*ret_n;
	}
	return ret;
}

static int read_condition(struct document *doc, yaml_node_t *node, struct policy *policy)
{
	return openslo_read_condition(doc, node, policy->slo, &policy->severity);
}

static int read_condition_item(struct document *doc, yaml_node_t *node, struct policy *policy)
{
	return read_referred(doc, node, policy, "conditionRef", OPENSLO_CONDITION, read_condition);
}

static int read_target_item(struct document *doc, yaml_node_t *node, struct policy *policy)
{
	const char *name = reference(doc, "targetRef");

	if (!name)
		return document_refuse(
			doc, node,
			"expected targetRef: a receiver takes the alerts of all SLOs and "
			"is an AlertNotificationTarget of its own");
	if (!openslo_find(policy->file, OPENSLO_TARGET, name))
		return document_refuse(
			doc, node,
			"expected the name of an AlertNotificationTarget of this file, "
			"got \"%.*s\"",
			DOCUMENT_QUOTED_BYTES, name);
	return 0;
}

static bool is_named(struct document *doc, const char *name)
{
	char path[DOCUMENT_PATH_BYTES + 64];
	const yaml_node_t *node;

	for (size_t i = 0;
	     (node = document_find(doc, PATH("%s%sspec.notificationTargets[%zu].targetRef",
					     doc->path, doc->path_len ? "." : "", i)));
	     i++) {
		const char *text = scalar_text(node);

		if (text && !strcmp(text, name))
			return true;
	}
	return false;
}

static int check_targets(struct document *doc, const yaml_node_t *node, struct policy *policy)
{
	size_t n;
	int r = each_item(doc, "spec.notificationTargets", policy, &n, read_target_item);

	for (size_t i = 0; i < policy->file->n && !r; i++) {
		const struct openslo_object *object = &policy->file->objects[i];

		if (object->kind == OPENSLO_TARGET && object->severities >> policy->severity & 1 &&
		    !is_named(doc, object->name))
			r = document_refuse(
				doc, node,
				"expected spec.notificationTargets to name all that take "
				"severity %s, since each receiver gets the alerts of all "
				"SLOs, but \"%.*s\" is missing",
				alert_severity_name(policy->severity), DOCUMENT_QUOTED_BYTES,
				object->name);
	}
	return r;
}

static int read_policy(struct document *doc, yaml_node_t *node, struct policy *policy)
{
	size_t n;
	int r = read_mapping(doc, node, &policy_field, policy);

	if (!r)
		r = each_item(doc, "spec.conditions", policy, &n, read_condition_item);
	if (!r && n != 1)
		r = document_refuse(doc, node, "expected exactly one of spec.conditions, got %zu",
				    n);
	return r ?: check_targets(doc, node, policy);
}

static int read_policy_item(struct document *doc, yaml_node_t *node, struct policy *policy)
{
	return read_referred(doc, node, policy, "alertPolicyRef", OPENSLO_POLICY, read_policy);
}

int openslo_read_policies(const struct openslo_file *file, struct document *doc,
			  struct config_slo *slo)
{
	struct policy policy = {.file = file, .slo = slo};
	size_t n;

	return each_item(doc, "spec.alertPolicies", &policy, &n, read_policy_item);
}

int openslo_check_alerting(const struct openslo_file *file, const struct openslo_object *object)
{
	struct policy policy = {.file = file};
	yaml_node_t *root = document_root(object->doc);

	return object->kind == OPENSLO_POLICY ? read_policy(object->doc, root, &policy) :
						read_condition(object->doc, root, &policy);
}
