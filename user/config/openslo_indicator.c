/* SPDX-License-Identifier: GPL-2.0-only */
/* An SLO's spec.indicator. Keys below metricSource.spec are slos[]'s own. */
#include "config/openslo_schema.h"

static int read_own(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		    void *base)
{
	const struct schema_field *own = openslo_field(&config_slo_schema, field->key);

	return own->read(doc, node, own, base);
}

static const struct schema_choice source_types[] = {{"sliprobe", true}, {}};

#define SOURCE(prefix, required_key)                                                               \
	static const struct schema prefix##_spec_schema = {FIELDS(prefix##_spec_fields)};          \
	static const struct schema_field prefix##_source_fields[] = {                              \
		{                                                                                  \
			.key = "type",                                                             \
			.read = read_choice,                                                       \
			.choices = source_types,                                                   \
			.check_only = true,                                                        \
			.required = true,                                                          \
			.expected = "sliprobe",                                                    \
		},                                                                                 \
		{.key = "metricSourceRef", .read = read_unsupported},                              \
		{                                                                                  \
			.key = "spec",                                                             \
			.read = read_mapping,                                                      \
			.schema = &prefix##_spec_schema,                                           \
			.expected = "a mapping with " required_key,                                \
		},                                                                                 \
	};                                                                                         \
	static const struct schema prefix##_source_schema = {FIELDS(prefix##_source_fields)};      \
	static const struct schema_field prefix##_fields[] = {{                                    \
		.key = "metricSource",                                                             \
		.read = read_mapping,                                                              \
		.required = true,                                                                  \
		.schema = &prefix##_source_schema,                                                 \
		.expected = "a mapping with type and spec",                                        \
	}};                                                                                        \
	static const struct schema prefix##_schema = {FIELDS(prefix##_fields)}

static const struct schema_field good_spec_fields[] = {{.key = "good", .read = read_own}};
static const struct schema_field total_spec_fields[] = {
	{.key = "eligible", .read = read_own},
	{.key = "client_abort", .read = read_own},
};

SOURCE(good, "good");
SOURCE(total, "eligible, client_abort");

static const struct schema_field ratio_fields[] = {
	CONSTANT("counter", openslo_true, "true"),
	MAPPING("good", good_schema, "a mapping with metricSource"),
	MAPPING("total", total_schema, "a mapping with metricSource"),
	{.key = "bad", .read = read_unsupported},
	{.key = "raw", .read = read_unsupported},
	{.key = "rawType", .read = read_unsupported},
};

static const struct schema ratio_schema = {FIELDS(ratio_fields)};

static const struct schema_field indicator_spec_fields[] = {
	{.key = "description", .read = openslo_read_any},
	MAPPING("ratioMetric", ratio_schema, "a mapping with good and total"),
	{.key = "thresholdMetric", .read = read_unsupported},
};

static const struct schema indicator_spec_schema = {FIELDS(indicator_spec_fields)};

static const struct schema_field indicator_fields[] = {
	OPENSLO_HEAD("SLI"),
	{.key = "metadata", .read = read_mapping, .schema = &openslo_metadata_schema},
	MAPPING("spec", indicator_spec_schema, "a mapping with ratioMetric"),
};

const struct schema openslo_indicator_schema = {FIELDS(indicator_fields)};
