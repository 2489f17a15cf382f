/* SPDX-License-Identifier: GPL-2.0-only */
/* The objects of an OpenSLO file, and the keys and readers that several kinds use. */
#ifndef SLIPROBE_CONFIG_OPENSLO_SCHEMA_H
#define SLIPROBE_CONFIG_OPENSLO_SCHEMA_H

#include "config/schema.h"

enum {
	OPENSLO_MAX_DOCUMENTS = 4096,
	OPENSLO_MAX_DESCRIPTION_BYTES = 4 * 1050,
	OPENSLO_MAX_NAME_BYTES = 253,
	OPENSLO_SUBJECT_BYTES = 320,
};

enum openslo_kind {
	OPENSLO_SLO,
	OPENSLO_POLICY,
	OPENSLO_CONDITION,
	OPENSLO_TARGET,
	OPENSLO_SERVICE,
	OPENSLO_SLI,
	OPENSLO_KIND_COUNT,
};

extern const char *const openslo_kinds[OPENSLO_KIND_COUNT];

struct openslo_object {
	struct document *doc;
	enum openslo_kind kind;
	const char *name;
	char subject[OPENSLO_SUBJECT_BYTES];
	uint32_t severities; /* of a target */
};

struct openslo_file {
	struct openslo_object *objects;
	size_t n;
};

/* NULL if there is none. */
struct openslo_object *openslo_find(const struct openslo_file *file, enum openslo_kind kind,
				    const char *name);

/* Reads an SLO's document into *slo, which the caller zeroes, and clears after failure, too. */
int openslo_read_slo(const struct openslo_file *file, const struct openslo_object *object,
		     struct config_slo *slo);

/* Checks an SLI without an SLO to apply it to. */
int openslo_check_indicator(const struct openslo_object *object);

/* Appends a target's receiver to the configuration, unless it has it, and keeps its severities. */
int openslo_read_target(struct openslo_object *object, struct config *config);

/* Appends the rules of spec.alertPolicies to those that the SLO has. */
int openslo_read_policies(const struct openslo_file *file, struct document *doc,
			  struct config_slo *slo);

/* Checks an AlertPolicy or AlertCondition without an SLO to apply it to. */
int openslo_check_alerting(const struct openslo_file *file, const struct openslo_object *object);

/*
 * Reads the AlertCondition at doc->path and appends its rule to the SLO's. slo: NULL: checks it
 * only.
 */
int openslo_read_condition(struct document *doc, yaml_node_t *node, struct config_slo *slo,
			   enum alert_severity *ret_severity);

/* An SLO's spec.indicator, or an SLI, to the struct config_slo. */
extern const struct schema openslo_indicator_schema;

/* Keys that several kinds have; metadata is that of kinds without annotations of ours. */
extern const struct schema_choice openslo_versions[], openslo_true[], openslo_false[];
extern const struct schema openslo_metadata_schema;
extern const struct schema_field openslo_description;

#define OPENSLO_HEAD(of_kind)                                                                      \
	{                                                                                          \
		.key = "apiVersion",                                                               \
		.read = read_choice,                                                               \
		.choices = openslo_versions,                                                       \
		.check_only = true,                                                                \
		.expected = "openslo/v1",                                                          \
	},                                                                                         \
	{                                                                                          \
		.key = "kind", .read = read_choice,                                                \
		.choices = (const struct schema_choice[]){{of_kind, true}, {}},                    \
		.check_only = true, .expected = of_kind,                                           \
	}

#define OPENSLO_DISPLAY_NAME                                                                       \
	{                                                                                          \
		.key = "displayName", .read = read_text, .check_only = true,                       \
		.max = OPENSLO_MAX_DESCRIPTION_BYTES, .expected = "text",                          \
	}

#define OPENSLO_LABELS                                                                             \
	{                                                                                          \
		.key = "labels", .read = openslo_read_any                                          \
	}

/* The field of a key that the schema has. */
const struct schema_field *openslo_field(const struct schema *schema, const char *key);

/*
 * Readers. Durations: seconds to uint64_t, within the field's min and max (ns). Ratio, above 0 and
 * below 1, and positive number: to double. Any: takes everything, stores nothing.
 */
value_reader openslo_read_duration, openslo_read_slice, openslo_read_ratio, openslo_read_number,
	openslo_read_any;

#endif
