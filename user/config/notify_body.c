/* SPDX-License-Identifier: GPL-2.0-only */
/* notify[].webhook.body, content_type and headers. */
#include "config/notify_body.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_values.h"
#include "base/suggest.h"
#include "config/body.h"
#include "config/config.h"

/* ---- a body written as YAML ---- */

/* NULL when out of memory, or if a key is no text. */
static json_t *node_json(struct document *doc, yaml_node_t *node);

static json_t *sequence_json(struct document *doc, const yaml_node_t *node)
{
	json_t *array = json_array();
	int failed = 0;

	for (const yaml_node_item_t *item = node->data.sequence.items.start;
	     item < node->data.sequence.items.top; item++)
		failed |=
			json_push(array, node_json(doc, yaml_document_get_node(&doc->yaml, *item)));
	return json_checked(array, failed);
}

static json_t *mapping_json(struct document *doc, const yaml_node_t *node)
{
	json_t *object = json_object();
	int failed = 0;

	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		const char *key = scalar_text(yaml_document_get_node(&doc->yaml, pair->key));

		failed |= !key ||
			  json_put(object, key,
				   node_json(doc, yaml_document_get_node(&doc->yaml, pair->value)));
	}
	return json_checked(object, failed);
}

/* A plain scalar that JSON has a value for is that value, all others are texts. */
static json_t *scalar_json(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;
	json_t *value = NULL;

	if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		value = json_loads(text, JSON_DECODE_ANY, NULL);
	if (json_is_number(value) || json_is_boolean(value) || json_is_null(value))
		return value;
	json_decref(value);
	return json_string(text);
}

static json_t *node_json(struct document *doc, yaml_node_t *node)
{
	switch (node->type) {
	case YAML_SEQUENCE_NODE:
		return sequence_json(doc, node);
	case YAML_MAPPING_NODE:
		return mapping_json(doc, node);
	default:
		return scalar_json(node);
	}
}

static int read_yaml(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		     struct config_receiver *receiver)
{
	json_t *json = node_json(doc, node);

	if (!json)
		return document_expected(doc, node, field->expected);
	receiver->body = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (!receiver->body)
		return -ENOMEM;
	return strlen(receiver->body) > field->max ? document_expected(doc, node, field->expected) :
						     0;
}

/* ---- checks ---- */

static int refuse_unknown(struct document *doc, yaml_node_t *node, const struct body_part *part)
{
	char names[512] = "", near[SUGGESTION_BYTES], got[64];
	struct suggestion suggestion;
	size_t len = 0;

	snprintf(got, sizeof(got), "%.*s", (int)part->len, part->text);
	suggestion = suggestion_for(got);
	for (int i = 0; i < BODY_FIELD_COUNT; i++) {
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s{%s}", i ? ", " : "",
					body_field_name(i));
		suggestion_try(&suggestion, body_field_name(i));
	}
	return document_refuse(doc, node,
			       "unknown placeholder {%s}%s, expected one of %s; {{%s}} is written "
			       "as {%s}",
			       got, suggestion_text(&suggestion, near), names, got, got);
}

/* A message is none yet: "1" is a text and a number. Objects go where numbers go. */
static int check_json(struct document *doc, yaml_node_t *node, const char *body)
{
	_cleanup_free_ char *text = NULL;
	struct body_part part;
	json_error_t error;
	const char *near;
	json_t *json;
	int problem;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return -ENOMEM;
	while (body_next(&body, &part)) {
		if (part.kind == BODY_TEXT)
			fwrite(part.text, 1, part.len, out);
		else if (body_field_is_bare(part.field))
			fputc('1', out);
		else
			fputs("x y", out);
	}
	if (fclose(out))
		return -ENOMEM;
	json = json_loads(text, JSON_DECODE_ANY, &error);
	json_decref(json);
	/* not near what: that may be a secret */
	near = json ? NULL : strstr(error.text, " near ");
	problem = near ? (int)(near - error.text) : (int)sizeof(error.text);
	return json ? 0 :
		      document_refuse(
			      doc, node,
			      "expected JSON once the placeholders are filled in, or another "
			      "content_type: %.*s, in line %d of the body",
			      problem, error.text, error.line);
}

int config_read_body(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		     void *base)
{
	struct config_receiver *receiver = base;
	const char *at;
	struct body_part part;
	int r = node->type == YAML_SCALAR_NODE ? read_text(doc, node, field, base) :
						 read_yaml(doc, node, field, receiver);

	if (r)
		return r;
	for (at = receiver->body; body_next(&at, &part);) {
		if (part.kind == BODY_UNKNOWN)
			return refuse_unknown(doc, node, &part);
	}
	return body_format_of(receiver->content_type) == BODY_AS_JSON ?
		       check_json(doc, node, receiver->body) :
		       0;
}

bool config_valid_content_type(const char *text)
{
	const char *slash = strchr(text, '/');

	return slash && slash > text && slash[1];
}

/* RFC 9110, 5.1 and 5.6.2: a token, a colon, a value. */
bool config_valid_header(const char *text)
{
	static const char *const own[] = {"content-type", "content-length", "host",
					  "transfer-encoding"};
	const size_t len = strcspn(text, ":");

	if (!len || !text[len] || !text[len + 1 + strspn(text + len + 1, " ")])
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("!#$%&'*+-.^_`|~", text[i]))
			return false;
	}
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strlen(own[i]) == len && !strncasecmp(own[i], text, len))
			return false;
	}
	return true;
}
