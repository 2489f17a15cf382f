/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/openslo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/file.h"
#include "config/openslo_schema.h"
#include "config/texts.h"

#define KINDS_EXPECTED                                                                             \
	"SLO, AlertPolicy, AlertCondition, AlertNotificationTarget or Service, in documents of "   \
	"their own"

enum {
	MAX_RECEIVERS = 64, /* as in notify */
	MAX_TARGET_FIELDS = 16,
};

/* All that is open while a file is read. */
struct reader {
	struct walk *walks;
	size_t n_walks;
	struct openslo_file file;
};

static void reader_clear(struct reader *reader)
{
	walk_close_all(reader->walks, reader->n_walks);
	free(reader->file.objects);
}

static const char *text_at(struct walk *walk, const char *path)
{
	const yaml_node_t *node = walk_find(walk, path);

	return node ? walk_scalar(node) : NULL;
}

/* What names a document in messages, and tells it from the others. */
static int identify(struct openslo_file *file, struct walk *walk, struct openslo_object *object)
{
	const char *kind = text_at(walk, "kind"), *name = text_at(walk, "metadata.name");
	const yaml_node_t *root = walk_root(walk), *node = walk_find(walk, "kind");
	char shown[WALK_QUOTED_BYTES + 4];
	int k = 0;

	object->walk = walk;
	if (root->type != YAML_MAPPING_NODE)
		return walk_expected(walk, root,
				     "a mapping with apiVersion, kind, metadata and spec");
	while (k < OPENSLO_KIND_COUNT && (!kind || strcmp(openslo_kinds[k], kind) != 0))
		k++;
	if (k == OPENSLO_KIND_COUNT)
		return walk_refuse(walk, node ?: root, "kind: expected " KINDS_EXPECTED ", got %s",
				   kind ?: "nothing");
	object->kind = (enum openslo_kind)k;
	if (!name)
		return walk_refuse(walk, root, "%s: metadata.name: expected a name, got nothing",
				   kind);
	object->name = name;
	walk_abridge(name, strlen(name), shown);
	snprintf(object->subject, sizeof(object->subject), "%s \"%s\"", kind, shown);
	walk->subject = object->subject;
	if (!text_at(walk, "apiVersion"))
		return walk_refuse(walk, root, "apiVersion: expected openslo/v1, got nothing");
	if (openslo_find(file, object->kind, name))
		return walk_refuse_at(walk, "metadata.name",
				      "expected a name that is unique in the file");
	file->n++;
	return 0;
}

static const struct walk_field service_spec_fields[] = {
	{.key = "description", .read = openslo_read_any},
};

static const struct walk_schema service_spec_schema = {FIELDS(service_spec_fields)};

static const struct walk_field service_fields[] = {
	OPENSLO_HEAD("Service"),
	{.key = "metadata", .read = walk_mapping, .schema = &openslo_metadata_schema},
	{.key = "spec", .read = walk_mapping, .schema = &service_spec_schema},
};

static const struct walk_schema service_schema = {FIELDS(service_fields)};
static const struct walk_field service_field = {.read = walk_mapping, .schema = &service_schema};

/* AlertNotificationTarget: its spec has the keys of the receiver's kind, and two more. */

static const struct walk_field target_field = {
	.key = "target",
	.read = openslo_read_any,
	.required = true,
	.expected = "alertmanager, webhook, command or journal",
};

static int read_target_spec(struct walk *walk, yaml_node_t *node, const struct walk_field *field,
			    void *base)
{
	struct walk_field fields[MAX_TARGET_FIELDS] = {target_field, openslo_description};
	struct walk_schema schema = {.fields = fields, .n_fields = 2};
	const char *kind = text_at(walk, "spec.target");
	struct walk_field receiver = {};

	(void)field;
	for (size_t i = 0; kind && i < config_receiver_schema.n_fields; i++) {
		if (!strcmp(config_receiver_schema.fields[i].key, kind))
			receiver = config_receiver_schema.fields[i];
	}
	if (!receiver.read)
		return walk_refuse_at(walk, kind ? "spec.target" : "spec",
				      "expected a target of %s, got %.*s", target_field.expected,
				      WALK_QUOTED_BYTES, kind ?: "none");
	for (size_t i = 0; i < receiver.schema->n_fields && schema.n_fields < MAX_TARGET_FIELDS;
	     i++)
		fields[schema.n_fields++] = receiver.schema->fields[i];
	receiver.schema = &schema;
	return receiver.read(walk, node, &receiver, base);
}

static const struct walk_field target_fields[] = {
	OPENSLO_HEAD("AlertNotificationTarget"),
	{.key = "metadata", .read = walk_mapping, .schema = &openslo_metadata_schema},
	{
		.key = "spec",
		.read = read_target_spec,
		.required = true,
		.expected = "a mapping with target",
	},
};

static const struct walk_schema target_schema = {FIELDS(target_fields)};
static const struct walk_field target_root = {.read = walk_mapping, .schema = &target_schema};

static bool is_same_address(const struct config_receiver *a, const struct config_receiver *b)
{
	if (a->kind != b->kind || a->n_argv != b->n_argv)
		return false;
	for (size_t i = 0; i < a->n_argv; i++) {
		if (strcmp(a->argv[i], b->argv[i]) != 0)
			return false;
	}
	return !a->url || !strcmp(a->url, b->url);
}

static void receiver_clear(struct config_receiver *receiver)
{
	free(receiver->url);
	free_texts(receiver->argv, receiver->n_argv);
}

/* Takes the receiver over, unless there is one like it. */
static int append_receiver(struct walk *walk, struct config *config,
			   struct config_receiver *receiver)
{
	struct config_receiver *receivers;

	for (size_t i = 0; i < config->n_receivers; i++) {
		const struct config_receiver *other = &config->receivers[i];

		if (!is_same_address(other, receiver))
			continue;
		if (other->timeout_ns == receiver->timeout_ns &&
		    other->severities == receiver->severities)
			return 0;
		return walk_refuse_at(walk, "spec",
				      "expected the timeout and severities that this receiver has "
				      "elsewhere, got others");
	}
	if (config->n_receivers == MAX_RECEIVERS)
		return walk_refuse_at(walk, "spec", "expected at most %d receivers, got more",
				      MAX_RECEIVERS);
	receivers = realloc(config->receivers, (config->n_receivers + 1) * sizeof(*receivers));
	if (!receivers)
		return -ENOMEM;
	config->receivers = receivers;
	config->receivers[config->n_receivers++] = *receiver;
	*receiver = (struct config_receiver){};
	return 0;
}

static int read_target(struct openslo_object *object, struct config *config)
{
	_cleanup_(receiver_clear) struct config_receiver receiver = {};
	int r;

	config_receiver_schema.init(&receiver);
	r = walk_mapping(object->walk, walk_root(object->walk), &target_root, &receiver);
	object->severities = receiver.severities;
	return r ?: append_receiver(object->walk, config, &receiver);
}

static int append_slo(const struct openslo_file *file, const struct openslo_object *object,
		      struct config *config)
{
	struct config_slo *slos;

	if (config->n_slos == CONFIG_MAX_SLOS)
		return walk_refuse(object->walk, walk_root(object->walk),
				   "expected at most %d SLOs, got more", CONFIG_MAX_SLOS);
	slos = realloc(config->slos, (config->n_slos + 1) * sizeof(*slos));
	if (!slos)
		return -ENOMEM;
	config->slos = slos;
	slos[config->n_slos] = (struct config_slo){};
	return openslo_read_slo(file, object, &slos[config->n_slos++]);
}

static int read_object(const struct openslo_file *file, const struct openslo_object *object,
		       struct config *config)
{
	switch (object->kind) {
	case OPENSLO_SLO:
		return append_slo(file, object, config);
	case OPENSLO_POLICY:
	case OPENSLO_CONDITION:
		return openslo_check_alerting(file, object);
	case OPENSLO_SERVICE:
		return walk_mapping(object->walk, walk_root(object->walk), &service_field, config);
	case OPENSLO_TARGET: /* policies look at them all: they come first */
	case OPENSLO_KIND_COUNT:
		break;
	}
	return 0;
}

static int read_file(struct reader *reader, struct config *config)
{
	struct openslo_file *file = &reader->file;
	int r = 0;

	file->objects = calloc(reader->n_walks + 1, sizeof(*file->objects));
	if (!file->objects)
		return -ENOMEM;
	for (size_t i = 0; i < reader->n_walks && !r; i++)
		r = identify(file, &reader->walks[i], &file->objects[i]);
	for (size_t i = 0; i < file->n && !r; i++) {
		if (file->objects[i].kind == OPENSLO_TARGET)
			r = read_target(&file->objects[i], config);
	}
	for (size_t i = 0; i < file->n && !r; i++)
		r = read_object(file, &file->objects[i], config);
	return r;
}

int openslo_parse(const char *text, size_t len, const char *name, struct config *config,
		  struct error *ret_error)
{
	_cleanup_(reader_clear) struct reader reader = {};
	int r = walk_open_all(name, text, len, OPENSLO_MAX_DOCUMENTS, ret_error, &reader.walks,
			      &reader.n_walks);

	r = r ?: read_file(&reader, config);
	if (r == -ENOMEM)
		snprintf(ret_error->text, sizeof(ret_error->text), "%s: out of memory", name);
	return r;
}

int openslo_load(const char *path, struct config *config, struct error *ret_error)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = config_read_file(path, &text, &len, ret_error);

	return r ?: openslo_parse(text, len, path, config, ret_error);
}
