/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/openslo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/file.h"
#include "config/openslo_schema.h"

#define KINDS_EXPECTED                                                                             \
	"SLO, SLI, AlertPolicy, AlertCondition, AlertNotificationTarget or Service, in documents " \
	"of their own"

/* A file while it is read. */
struct opened {
	struct document *documents;
	size_t n_documents;
	struct openslo_file file;
};

static void opened_clear(struct opened *opened)
{
	document_close_all(opened->documents, opened->n_documents);
	free(opened->file.objects);
}

/* Finds a document's kind and name, which messages begin with, and which no other may have. */
static int identify(struct openslo_file *file, struct document *doc, struct openslo_object *object)
{
	const char *kind = document_text_at(doc, "kind"),
		   *name = document_text_at(doc, "metadata.name");
	const yaml_node_t *root = document_root(doc), *node = document_find(doc, "kind");
	char shown[DOCUMENT_QUOTED_BYTES + 4];
	int k = 0;

	object->doc = doc;
	if (root->type != YAML_MAPPING_NODE)
		return document_expected(doc, root,
					 "a mapping with apiVersion, kind, metadata and spec");
	while (k < OPENSLO_KIND_COUNT && (!kind || strcmp(openslo_kinds[k], kind) != 0))
		k++;
	if (k == OPENSLO_KIND_COUNT)
		return document_refuse(doc, node ?: root,
				       "kind: expected " KINDS_EXPECTED ", got %s",
				       kind ?: "nothing");
	object->kind = (enum openslo_kind)k;
	if (!name)
		return document_refuse(doc, root, "%s: metadata.name: expected a name, got nothing",
				       kind);
	object->name = name;
	abridge_text(name, strlen(name), shown);
	snprintf(object->subject, sizeof(object->subject), "%s \"%s\"", kind, shown);
	doc->subject = object->subject;
	if (!document_text_at(doc, "apiVersion"))
		return document_refuse(doc, root, "apiVersion: expected openslo/v1, got nothing");
	if (openslo_find(file, object->kind, name))
		return document_refuse_at(doc, "metadata.name",
					  "expected a name that is unique in the file");
	file->n++;
	return 0;
}

static const struct schema_field service_spec_fields[] = {
	{.key = "description", .read = openslo_read_any},
};

static const struct schema service_spec_schema = {FIELDS(service_spec_fields)};

static const struct schema_field service_fields[] = {
	OPENSLO_HEAD("Service"),
	{.key = "metadata", .read = read_mapping, .schema = &openslo_metadata_schema},
	{.key = "spec", .read = read_mapping, .schema = &service_spec_schema},
};

static const struct schema service_schema = {FIELDS(service_fields)};
static const struct schema_field service_field = {.read = read_mapping, .schema = &service_schema};

static int append_slo(const struct openslo_file *file, const struct openslo_object *object,
		      struct config *config)
{
	struct config_slo *slos;
	int r;

	if (config->n_slos == CONFIG_MAX_SLOS)
		return document_refuse(object->doc, document_root(object->doc),
				       "expected at most %d SLOs, got more", CONFIG_MAX_SLOS);
	slos = realloc(config->slos, (config->n_slos + 1) * sizeof(*slos));
	if (!slos)
		return -ENOMEM;
	config->slos = slos;
	slos[config->n_slos] = (struct config_slo){};
	r = openslo_read_slo(file, object, &slos[config->n_slos]);
	slos[config->n_slos++].refused = r != 0;
	return r;
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
		return read_mapping(object->doc, document_root(object->doc), &service_field,
				    config);
	case OPENSLO_SLI:
		return openslo_check_indicator(object);
	case OPENSLO_TARGET: /* read before all others: policies look at all targets */
	case OPENSLO_KIND_COUNT:
		break;
	}
	return 0;
}

static int read_file(struct opened *opened, struct config *config)
{
	struct openslo_file *file = &opened->file;
	int ret = 0;

	file->objects = calloc(opened->n_documents + 1, sizeof(*file->objects));
	if (!file->objects)
		return -ENOMEM;
	for (size_t i = 0; i < opened->n_documents && may_go_on(ret); i++)
		ret = first_failure(ret,
				    identify(file, &opened->documents[i], &file->objects[file->n]));
	for (size_t i = 0; i < file->n && may_go_on(ret); i++) {
		if (file->objects[i].kind == OPENSLO_TARGET)
			ret = first_failure(ret, openslo_read_target(&file->objects[i], config));
	}
	for (size_t i = 0; i < file->n && may_go_on(ret); i++)
		ret = first_failure(ret, read_object(file, &file->objects[i], config));
	return ret;
}

int openslo_parse(const char *text, size_t len, const char *name, struct config *config,
		  struct refusals *refusals)
{
	_cleanup_(opened_clear) struct opened opened = {};
	int r = document_open_all(name, text, len, OPENSLO_MAX_DOCUMENTS, refusals,
				  &opened.documents, &opened.n_documents);

	r = r ?: read_file(&opened, config);
	if (r == -ENOMEM)
		refusals_add(refusals, r, "%s: out of memory", name);
	return r;
}

int openslo_load(const char *path, struct config *config, struct refusals *refusals)
{
	_cleanup_(config_text_clear) struct config_text text = {};
	const size_t before = config->n_receivers;
	struct error error;
	int r = config_read_file(path, CONFIG_FILE_REGULAR, &text, &error);

	if (r)
		return refusals_add(refusals, r, "%s", error.text);
	r = openslo_parse(text.text, text.len, path, config, refusals);
	for (size_t i = before; i < config->n_receivers; i++)
		config->receivers[i].exposed = text.exposed;
	return r;
}
