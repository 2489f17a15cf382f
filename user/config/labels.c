/* SPDX-License-Identifier: GPL-2.0-only */
/* The labels of an SLO: names of the owner's choice, that go out with its metrics and alerts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema.h"

#define EXPECTED_NAME                                                                              \
	"a name of at most 63 letters, digits and '_' that does not begin with a digit or '__'"

static const struct schema_field label_value = {
	.read = read_text,
	.max = CONFIG_MAX_LABEL_BYTES,
	.expected = "a text of at most 255 bytes",
};

bool config_label_name_valid(const char *name)
{
	size_t len =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

	return *name && !name[len] && len <= CONFIG_MAX_NAME && strncmp(name, "__", 2) != 0 &&
	       !(*name >= '0' && *name <= '9');
}

bool config_label_name_taken(const char *name)
{
	static const char *const names[] = {"slo",	   "slo_id",	"service",
					    "description", "alertname", "alert",
					    "alertstate",  "severity",	"host"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

static bool is_there(const struct config_slo *slo, const char *name)
{
	for (size_t i = 0; i < slo->n_labels; i++) {
		if (slo->labels[i].name && !strcmp(slo->labels[i].name, name))
			return true;
	}
	return false;
}

static int check_name(struct document *doc, const yaml_node_t *key, const struct config_slo *slo,
		      const char *name)
{
	char shown[DOCUMENT_QUOTED_BYTES + 4];

	if (!name)
		return document_expected(doc, key, "a key");
	if (!config_label_name_valid(name))
		return document_expected(doc, key, EXPECTED_NAME);
	abridge_text(name, strlen(name), shown);
	if (config_label_name_taken(name))
		return document_refuse(doc, key,
				       "expected a name of its own: every alert or metric of an "
				       "SLO has \"%s\" already",
				       shown);
	if (is_there(slo, name))
		return document_refuse(doc, key, "expected each key once, got \"%s\" again", shown);
	return 0;
}

static int read_label(struct document *doc, const yaml_node_pair_t *pair, struct config_slo *slo)
{
	yaml_node_t *key = yaml_document_get_node(&doc->yaml, pair->key);
	const char *name = scalar_text(key);
	struct config_label *label = &slo->labels[slo->n_labels];
	size_t before;
	int r = check_name(doc, key, slo, name);

	if (r)
		return r;
	label->name = strdup(name);
	if (!label->name)
		return -ENOMEM;
	slo->n_labels++;
	before = document_enter_key(doc, name);
	r = read_text(doc, yaml_document_get_node(&doc->yaml, pair->value), &label_value,
		      &label->value);
	document_leave(doc, before);
	return r;
}

static int make_room(struct config_slo *slo)
{
	slo->labels = calloc(CONFIG_MAX_LABELS, sizeof(*slo->labels));
	return slo->labels ? 0 : -ENOMEM;
}

int config_read_labels(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		       void *base)
{
	struct config_slo *slo = base;
	const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	int ret = 0;

	if (node->type != YAML_MAPPING_NODE)
		return document_expected(doc, node, field->expected);
	if (node->data.mapping.pairs.top - pair > CONFIG_MAX_LABELS)
		return document_refuse(doc, node, "expected at most %d labels, got %td",
				       CONFIG_MAX_LABELS, node->data.mapping.pairs.top - pair);
	ret = make_room(slo);
	for (; pair < node->data.mapping.pairs.top && may_go_on(ret); pair++)
		ret = first_failure(ret, read_label(doc, pair, slo));
	return ret;
}

/* Whether read_label() would take it. */
static bool is_fit(struct document *doc, const yaml_node_pair_t *pair, const struct config_slo *slo)
{
	const char *name = scalar_text(yaml_document_get_node(&doc->yaml, pair->key));
	const char *value = scalar_text(yaml_document_get_node(&doc->yaml, pair->value));

	return name && config_label_name_valid(name) && !config_label_name_taken(name) &&
	       !is_there(slo, name) && value && *value && strlen(value) <= CONFIG_MAX_LABEL_BYTES &&
	       !value[strcspn(value, "\n\r\t")];
}

int config_take_labels(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		       void *base)
{
	struct config_slo *slo = base;
	const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	int r;

	(void)field;
	if (node->type != YAML_MAPPING_NODE)
		return 0;
	r = make_room(slo);
	for (; !r && pair < node->data.mapping.pairs.top && slo->n_labels < CONFIG_MAX_LABELS;
	     pair++) {
		if (is_fit(doc, pair, slo))
			r = read_label(doc, pair, slo);
	}
	return r;
}
