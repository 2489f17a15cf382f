/* SPDX-License-Identifier: GPL-2.0-only */
/* AlertNotificationTarget: its spec has the keys of the receiver's kind, and two more. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/openslo_schema.h"

enum { MAX_TARGET_FIELDS = 16 };

static const struct schema_field target_field = {
	.key = "target",
	.read = openslo_read_any,
	.required = true,
	.expected = "alertmanager, webhook, command or journal",
};

static int read_target_spec(struct document *doc, yaml_node_t *node,
			    const struct schema_field *field, void *base)
{
	struct schema_field fields[MAX_TARGET_FIELDS] = {target_field, openslo_description};
	struct schema schema = {.fields = fields, .n_fields = 2};
	const char *kind = document_text_at(doc, "spec.target");
	struct schema_field receiver = {};

	(void)field;
	for (size_t i = 0; kind && i < config_receiver_schema.n_fields; i++) {
		if (!strcmp(config_receiver_schema.fields[i].key, kind))
			receiver = config_receiver_schema.fields[i];
	}
	if (!receiver.read)
		return document_refuse_at(doc, kind ? "spec.target" : "spec",
					  "expected a target of %s, got %.*s",
					  target_field.expected, DOCUMENT_QUOTED_BYTES,
					  kind ?: "none");
	for (size_t i = 0; i < receiver.schema->n_fields && schema.n_fields < MAX_TARGET_FIELDS;
	     i++)
		fields[schema.n_fields++] = receiver.schema->fields[i];
	receiver.schema = &schema;
	return receiver.read(doc, node, &receiver, base);
}

static const struct schema_field target_fields[] = {
	OPENSLO_HEAD("AlertNotificationTarget"),
	{.key = "metadata", .read = read_mapping, .schema = &openslo_metadata_schema},
	{
		.key = "spec",
		.read = read_target_spec,
		.required = true,
		.expected = "a mapping with target",
	},
};

static const struct schema target_schema = {FIELDS(target_fields)};
static const struct schema_field target_root = {.read = read_mapping, .schema = &target_schema};

/* Moves the receiver into the configuration, unless that has one like it. */
static int append_receiver(struct document *doc, struct config *config,
			   struct config_receiver *receiver)
{
	struct config_receiver *receivers;

	for (size_t i = 0; i < config->n_receivers; i++) {
		const struct config_receiver *other = &config->receivers[i];

		if (!config_receiver_is_same(other, receiver))
			continue;
		if (other->timeout_ns == receiver->timeout_ns &&
		    other->severities == receiver->severities)
			return 0;
		return document_refuse_at(
			doc, "spec",
			"expected the timeout and severities that this receiver has "
			"elsewhere, got others");
	}
	if (config->n_receivers == CONFIG_MAX_RECEIVERS)
		return document_refuse_at(doc, "spec", "expected at most %d receivers, got more",
					  CONFIG_MAX_RECEIVERS);
	receivers = realloc(config->receivers, (config->n_receivers + 1) * sizeof(*receivers));
	if (!receivers)
		return -ENOMEM;
	config->receivers = receivers;
	config->receivers[config->n_receivers++] = *receiver;
	*receiver = (struct config_receiver){};
	return 0;
}

int openslo_read_target(struct openslo_object *object, struct config *config)
{
	_cleanup_(config_receiver_clear) struct config_receiver receiver = {};
	int r;

	config_receiver_schema.init(&receiver);
	r = read_mapping(object->doc, document_root(object->doc), &target_root, &receiver);
	object->severities = receiver.severities;
	return r ?: append_receiver(object->doc, config, &receiver);
}
