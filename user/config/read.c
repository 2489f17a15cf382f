/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "config/texts.h"

enum {
	MAX_KEY_BYTES = 32,
};

static void list_keys(const struct schema *schema, char *ret_text, size_t room)
{
	size_t len = 0;

	*ret_text = '\0';
	for (size_t i = 0; i < schema->n_fields && len < room; i++) {
		if (schema->fields[i].read != read_unsupported)
			len += (size_t)snprintf(ret_text + len, room - len, "%s%s", len ? ", " : "",
						schema->fields[i].key);
	}
}

/* The keys of a mapping that is being read, by field of the schema. */
struct keys {
	const struct schema *schema;
	const yaml_node_pair_t *seen[SCHEMA_MAX_FIELDS];
	bool meant[SCHEMA_MAX_FIELDS]; /* a key that is not known stands for it, it seems */
};

static int refuse_key(struct document *doc, const yaml_node_t *node, struct keys *keys,
		      const char *got)
{
	const struct schema *schema = keys->schema;
	struct suggestion suggestion = suggestion_for(got);
	char known[256], meant[MAX_KEY_BYTES + 32] = "";

	for (size_t i = 0; i < schema->n_fields; i++) {
		if (schema->fields[i].read != read_unsupported)
			suggestion_try(&suggestion, schema->fields[i].key);
	}
	for (size_t i = 0; i < schema->n_fields; i++)
		keys->meant[i] |= schema->fields[i].key == suggestion.best;
	list_keys(schema, known, sizeof(known));
	if (suggestion.best)
		snprintf(meant, sizeof(meant), " (did you mean \"%s\"?)", suggestion.best);
	return document_refuse(doc, node, "unknown key%s, expected %s%s", meant,
			       schema->n_fields > 1 ? "one of " : "", known);
}

static int read_pair_value(struct document *doc, const yaml_node_pair_t *pair,
			   const struct schema_field *field, void *base)
{
	yaml_node_t *value = yaml_document_get_node(&doc->yaml, pair->value);
	size_t before = document_enter_key(doc, field->key);
	const bool secret = doc->secret;
	int r;

	doc->secret |= field->secret;
	r = field->read(doc, value, field, base);
	doc->secret = secret;
	document_leave(doc, before);
	return r;
}

/* Finds the pair's field and reads its value, unless the field is a late one. */
static int read_pair(struct document *doc, const yaml_node_pair_t *pair, struct keys *keys,
		     void *base)
{
	const struct schema *schema = keys->schema;
	yaml_node_t *key = yaml_document_get_node(&doc->yaml, pair->key);
	const char *name = scalar_text(key);
	char shown[DOCUMENT_QUOTED_BYTES + 4];
	size_t before, i = 0;
	int r = 0;

	if (!name)
		return document_expected(doc, key, "a key");
	abridge_text(name, strlen(name), shown);
	before = document_enter_key(doc, shown);
	while (i < schema->n_fields && strcmp(schema->fields[i].key, name) != 0)
		i++;
	if (i == schema->n_fields) {
		if (!schema->own_prefix ||
		    !strncmp(name, schema->own_prefix, strlen(schema->own_prefix)))
			r = refuse_key(doc, key, keys, name);
	} else if (keys->seen[i]) {
		r = document_refuse(doc, key, "expected each key once, got \"%s\" again", shown);
	}
	document_leave(doc, before);
	if (r || i == schema->n_fields)
		return r;
	keys->seen[i] = pair;
	return schema->fields[i].late ? 0 : read_pair_value(doc, pair, &schema->fields[i], base);
}

/* Reads a late field; refuses a required one that is not there. */
static int finish_field(struct document *doc, const yaml_node_t *node, const struct keys *keys,
			size_t i, void *base)
{
	const struct schema_field *field = &keys->schema->fields[i];
	size_t before;
	int r;

	if (keys->seen[i])
		return field->late ? read_pair_value(doc, keys->seen[i], field, base) : 0;
	if (!field->required || keys->meant[i])
		return 0;
	before = document_enter_key(doc, field->key);
	r = document_refuse(doc, node, "expected %s, got nothing", field->expected);
	document_leave(doc, before);
	return r;
}

static int refuse_count(struct document *doc, const yaml_node_t *node, const struct schema *schema)
{
	bool some = node->data.mapping.pairs.top > node->data.mapping.pairs.start;
	char known[256];

	list_keys(schema, known, sizeof(known));
	return document_refuse(doc, node, "expected one of %s, got %s", known,
			       some ? "several" : "none");
}

int read_mapping(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		 void *base)
{
	const struct schema *schema = field->schema;
	const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	struct keys keys = {.schema = schema};
	int ret = 0;

	base = (char *)base + field->offset;
	if (node->type != YAML_MAPPING_NODE)
		return document_expected(doc, node,
					 field->expected ? field->expected : "a mapping");
	if (schema->one_key && pair + 1 != node->data.mapping.pairs.top)
		return refuse_count(doc, node, schema);
	if (schema->init)
		schema->init(base);
	for (; pair < node->data.mapping.pairs.top && may_go_on(ret); pair++)
		ret = first_failure(ret, read_pair(doc, pair, &keys, base));
	for (size_t i = 0; i < schema->n_fields && may_go_on(ret); i++)
		ret = first_failure(ret, finish_field(doc, node, &keys, i, base));
	return ret;
}

static int read_items(struct document *doc, const yaml_node_t *node,
		      const struct schema_items *list, char *to, size_t n)
{
	const yaml_node_item_t *items = node->data.sequence.items.start;
	int ret = 0;

	for (size_t i = 0; i < n && may_go_on(ret); i++) {
		yaml_node_t *item = yaml_document_get_node(&doc->yaml, items[i]);
		size_t before = document_enter(doc, "[%zu]", i);
		int r = list->item->read(doc, item, list->item, to + i * list->item_bytes);

		if (r && list->refused_offset)
			*(bool *)(to + i * list->item_bytes + list->refused_offset) = true;
		document_leave(doc, before);
		ret = first_failure(ret, r);
	}
	return ret;
}

int read_list(struct document *doc, yaml_node_t *node, const struct schema_field *field, void *base)
{
	const struct schema_items *list = field->items;
	char *to = (char *)base + field->offset;
	size_t n;

	if (node->type != YAML_SEQUENCE_NODE)
		return document_expected(doc, node, field->expected ? field->expected : "a list");
	n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	if (n < list->min)
		return document_refuse(doc, node, "expected at least %zu in the list, got %zu",
				       list->min, n);
	if (n > list->max)
		return document_refuse(doc, node, "expected at most %zu in the list, got %zu",
				       list->max, n);
	if (n && list->item_bytes) {
		void *array = calloc(n, list->item_bytes);

		if (!array)
			return -ENOMEM;
		memcpy(to, &array, sizeof(array));
		memcpy((char *)base + list->count_offset, &n, sizeof(n));
		to = array;
	}
	return read_items(doc, node, list, to, n);
}

static bool is_text(const char *text, size_t len, bool multiline)
{
	for (size_t at = 0; at < len;) {
		uint32_t code;
		size_t n = utf8_decode(text + at, len - at, &code);

		if (!n || (utf8_is_control(code) && !(multiline && (code == '\n' || code == '\t'))))
			return false;
		at += n;
	}
	return true;
}

int read_text(struct document *doc, yaml_node_t *node, const struct schema_field *field, void *base)
{
	const char *text = scalar_text(node);
	size_t len = text ? strlen(text) : 0;
	char *copy;

	if (!len || (field->max && len > field->max) || !is_text(text, len, field->multiline) ||
	    (field->valid && !field->valid(text)))
		return document_expected(doc, node, field->expected);
	if (field->check_only)
		return 0;
	copy = dup_text(text);
	if (!copy)
		return -ENOMEM;
	*VALUE_AT(char *, base, field) = copy;
	return 0;
}

int read_choice(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		void *base)
{
	const char *text = scalar_text(node);
	const struct schema_choice *choice = field->choices;

	while (choice->name && (!text || strcmp(choice->name, text) != 0))
		choice++;
	if (!choice->name)
		return document_expected(doc, node, field->expected);
	if (!field->check_only)
		*VALUE_AT(unsigned char, base, field) = choice->value;
	return 0;
}

static int read_duration(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			 void *base, uint64_t unit_ns)
{
	const char *text = scalar_text(node);
	uint64_t ns;

	if (text && *text && !text[strspn(text, "0123456789.")])
		return document_refuse(doc, node,
				       "expected %s, got \"%.40s\" without a unit (ms, s, "
				       "m, h, d)",
				       field->expected, text);
	if (!text || duration_parse(text, &ns) < 0 || ns < field->min || ns > field->max ||
	    ns % unit_ns)
		return document_expected(doc, node, field->expected);
	if (!field->check_only)
		*VALUE_AT(uint64_t, base, field) = ns / unit_ns;
	return 0;
}

int read_duration_ns(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		     void *base)
{
	return read_duration(doc, node, field, base, 1);
}

int read_duration_seconds(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			  void *base)
{
	return read_duration(doc, node, field, base, DURATION_S_NS);
}

int read_unsupported(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		     void *base)
{
	(void)field;
	(void)base;
	return document_refuse(doc, node, "not supported by this version");
}
