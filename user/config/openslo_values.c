/* SPDX-License-Identifier: GPL-2.0-only */
/* Single values of OpenSLO. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "config/openslo_schema.h"

#define MINUTE_SECONDS 60
#define MAX_NUMBER_BYTES 40

const struct schema_choice openslo_versions[] = {{"openslo/v1", true}, {}};
/* as YAML 1.1 and 1.2 write them */
const struct schema_choice openslo_true[] = {{"true", true}, {"True", true}, {"TRUE", true}, {}};
const struct schema_choice openslo_false[] = {
	{"false", false}, {"False", false}, {"FALSE", false}, {}};

static const struct schema_field name_fields[] = {
	{
		.key = "name",
		.read = read_text,
		.required = true,
		.check_only = true,
		.max = OPENSLO_MAX_NAME_BYTES,
		.expected = "a name",
	},
	OPENSLO_DISPLAY_NAME,
	OPENSLO_LABELS,
	{.key = "annotations", .read = openslo_read_any},
};

const struct schema openslo_metadata_schema = {FIELDS(name_fields)};

const struct schema_field openslo_description = {
	.key = "description",
	.read = read_text,
	.check_only = true,
	.multiline = true,
	.max = OPENSLO_MAX_DESCRIPTION_BYTES,
	.expected = "text of at most 1050 characters",
};

const struct schema_field *openslo_field(const struct schema *schema, const char *key)
{
	for (size_t i = 0; i < schema->n_fields; i++) {
		if (!strcmp(schema->fields[i].key, key))
			return &schema->fields[i];
	}
	abort(); /* callers name keys that the schema has */
}

/* A positive whole number and a letter. 0, which is below every minimum, for other text. */
static uint64_t shorthand_seconds(const char *text)
{
	static const char letters[] = "smhdw";
	static const uint64_t units[] = {1, 60, 3600, 86400, 604800};
	size_t digits = text ? strspn(text, "0123456789") : 0;
	const char *letter;

	if (!digits || digits > 9 || !text[digits] || text[digits + 1])
		return 0;
	letter = strchr(letters, text[digits]);
	return letter ? strtoull(text, NULL, 10) * units[letter - letters] : 0;
}

static int store_seconds(struct document *doc, const yaml_node_t *node,
			 const struct schema_field *field, void *base, uint64_t seconds)
{
	uint64_t ns = seconds * DURATION_S_NS; /* of at most 10 digits, in weeks: 6e23 would wrap */

	if (!seconds || seconds > field->max / DURATION_S_NS || ns < field->min)
		return document_expected(doc, node, field->expected);
	*VALUE_AT(uint64_t, base, field) = seconds;
	return 0;
}

int openslo_read_duration(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			  void *base)
{
	return store_seconds(doc, node, field, base, shorthand_seconds(scalar_text(node)));
}

/* A number without a unit is in minutes. */
int openslo_read_slice(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		       void *base)
{
	const char *text = scalar_text(node);
	size_t digits = text ? strspn(text, "0123456789") : 0;
	uint64_t seconds = digits && digits < 9 && !text[digits] ?
				   strtoull(text, NULL, 10) * MINUTE_SECONDS :
				   shorthand_seconds(text);

	return store_seconds(doc, node, field, base, seconds % 10 ? 0 : seconds);
}

/* A decimal number without a sign; NaN for other text. */
static double read_decimal(const yaml_node_t *node)
{
	const char *text = scalar_text(node);
	size_t len = text ? strlen(text) : 0;

	if (!len || len >= MAX_NUMBER_BYTES || strspn(text, "0123456789.") != len ||
	    strchr(text, '.') != strrchr(text, '.') || !strcmp(text, "."))
		return NAN;
	return strtod(text, NULL);
}

int openslo_read_ratio(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		       void *base)
{
	double ratio = read_decimal(node);

	if (!(ratio > 0 && ratio < 1))
		return document_expected(doc, node, field->expected);
	*VALUE_AT(double, base, field) = ratio;
	return 0;
}

int openslo_read_number(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			void *base)
{
	double number = read_decimal(node);

	if (!(number > 0))
		return document_expected(doc, node, field->expected);
	*VALUE_AT(double, base, field) = number;
	return 0;
}

int openslo_read_any(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		     void *base)
{
	(void)doc;
	(void)node;
	(void)field;
	(void)base;
	return 0;
}
