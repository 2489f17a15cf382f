/* SPDX-License-Identifier: GPL-2.0-only */
/* Documents of kind SLO. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/cleanup.h"
#include "base/duration.h"
#include "config/openslo_schema.h"
#include "config/texts.h"
#include "config/values.h"

#define ALERTS_PATH "metadata.annotations.sliprobe/alerts"

enum {
	MAX_ALERTS_BYTES = 1 << 16,
};

/* `slo` is the first member: readers of the configuration's own keys store at its offsets. */
struct draft {
	struct config_slo slo;
	char *name; /* annotation sliprobe/name */
	bool timeslices;
	double target_percent;
};

/* metadata */

static const struct schema_field annotation_fields[] = {
	{
		.key = "sliprobe/name",
		.read = read_text,
		.offset = offsetof(struct draft, name),
		NAME_VALUE,
	},
	{
		.key = "sliprobe/alerts",
		.read = read_text,
		.check_only = true,
		.multiline = true,
		.max = MAX_ALERTS_BYTES,
		.expected = "alerts as in slos[].alerts, as text",
	},
};

static const struct schema annotation_schema = {
	FIELDS(annotation_fields),
	.own_prefix = "sliprobe/",
};

static const struct schema_field metadata_fields[] = {
	{
		.key = "name",
		.read = read_text,
		.offset = offsetof(struct draft, slo.name),
		.required = true,
		NAME_VALUE,
	},
	OPENSLO_DISPLAY_NAME,
	{.key = "labels", .read = config_take_labels},
	{.key = "annotations", .read = read_mapping, .schema = &annotation_schema},
};

static const struct schema metadata_schema = {FIELDS(metadata_fields)};

/* spec.timeWindow */

static const struct schema_field rolling_fields[] = {
	{
		.key = "duration",
		.read = openslo_read_duration,
		.offset = offsetof(struct draft, slo.window_seconds),
		.required = true,
		.min = WINDOW_MIN_NS,
		.max = WINDOW_MAX_NS,
		.expected = "a duration from 1h to 92d such as 30d or 4w",
	},
	CONSTANT("isRolling", openslo_true, "true, or a calendar", .required = true),
};

static const struct schema rolling_schema = {FIELDS(rolling_fields)};

/* YYYY-MM-01 00:00:00 */
static bool is_month_start(const char *text)
{
	static const char pattern[] = "####-##-01 00:00:00";
	size_t i = 0;

	for (; pattern[i]; i++) {
		if (pattern[i] == '#' ? !isdigit((unsigned char)text[i]) : text[i] != pattern[i])
			return false;
	}
	return !text[i];
}

static const struct schema_field calendar_fields[] = {
	{
		.key = "startTime",
		.read = read_text,
		.required = true,
		.check_only = true,
		.valid = is_month_start,
		.expected = "the beginning of a month such as 2020-01-01 00:00:00",
	},
	{
		.key = "timeZone",
		.read = read_text,
		.offset = offsetof(struct draft, slo.time_zone),
		.required = true,
		TIME_ZONE_VALUE,
	},
};

static const struct schema calendar_schema = {FIELDS(calendar_fields)};
static const struct schema_choice month_duration[] = {{"1M", true}, {}};

static const struct schema_field month_fields[] = {
	{
		.key = "duration",
		.read = read_choice,
		.choices = month_duration,
		.offset = offsetof(struct draft, slo.calendar_month),
		.required = true,
		.expected = "1M, the only calendar window this version knows",
	},
	CONSTANT("isRolling", openslo_false, "false beside calendar"),
	{
		.key = "calendar",
		.read = read_mapping,
		.schema = &calendar_schema,
		.expected = "a mapping with startTime and timeZone",
	},
};

static const struct schema month_schema = {FIELDS(month_fields)};

static int read_one_window(struct document *doc, yaml_node_t *node,
			   const struct schema_field *field, void *base)
{
	struct schema_field of_kind = {.schema = &rolling_schema};
	char path[DOCUMENT_PATH_BYTES + 16];
	struct draft *draft = base;
	int r;

	(void)field;
	if (document_find(doc, PATH("%s.calendar", doc->path)))
		of_kind.schema = &month_schema;
	r = read_mapping(doc, node, &of_kind, base);
	if (!r && draft->slo.calendar_month)
		draft->slo.window_seconds = VALUE_MONTH_SECONDS;
	return r;
}

/* OpenSLO has a list here; this version takes exactly one item. */
static int read_only_item(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			  void *base)
{
	if (node->type == YAML_SEQUENCE_NODE &&
	    node->data.sequence.items.top - node->data.sequence.items.start != 1)
		return document_refuse(doc, node, "expected exactly one, got %td",
				       node->data.sequence.items.top -
					       node->data.sequence.items.start);
	return read_list(doc, node, field, base);
}

static const struct schema_field window_item = {.read = read_one_window};

/* spec.objectives */

static const struct schema_field objective_fields[] = {
	OPENSLO_DISPLAY_NAME,
	{
		.key = "target",
		.read = openslo_read_ratio,
		.offset = offsetof(struct draft, slo.objective),
		.expected = "a number above 0 and below 1",
	},
	{
		.key = "targetPercent",
		.read = read_percent,
		.offset = offsetof(struct draft, target_percent),
		.expected = "a percentage above 0 and below 100",
	},
	{
		.key = "timeSliceTarget",
		.read = openslo_read_ratio,
		.offset = offsetof(struct draft, slo.slice_target),
		.expected = "a number above 0 and below 1",
	},
	{
		.key = "timeSliceWindow",
		.read = openslo_read_slice,
		.offset = offsetof(struct draft, slo.slice_seconds),
		.min = 10 * DURATION_S_NS,
		.max = DURATION_H_NS,
		.expected = "a duration from 10s to 1h in multiples of 10s, or minutes",
	},
	{.key = "op", .read = read_unsupported},
	{.key = "value", .read = read_unsupported},
	{.key = "indicator", .read = read_unsupported},
	{.key = "indicatorRef", .read = read_unsupported},
	{.key = "compositeWeight", .read = read_unsupported},
};

static const struct schema objective_schema = {FIELDS(objective_fields)};

static int read_objective(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			  void *base)
{
	struct draft *draft = base;
	int r = read_mapping(doc, node, field, base);

	if (r)
		return r;
	if (!draft->slo.objective == !draft->target_percent)
		return document_refuse(doc, node, "expected target or targetPercent, got %s",
				       draft->target_percent ? "both" : "neither");
	if (draft->target_percent)
		draft->slo.objective = draft->target_percent;
	return 0;
}

static const struct schema_field objective_item = {
	.read = read_objective,
	.schema = &objective_schema,
};

/* spec */

static const struct schema_choice budgeting_methods[] = {
	{"Occurrences", false},
	{"Timeslices", true},
	{},
};

static const struct schema_field spec_fields[] = {
	{
		.key = "description",
		.read = read_text,
		.offset = offsetof(struct draft, slo.description),
		.multiline = true,
		.max = OPENSLO_MAX_DESCRIPTION_BYTES,
		.expected = "text",
	},
	{
		.key = "service",
		.read = read_text,
		.offset = offsetof(struct draft, slo.service),
		.required = true,
		.max = CONFIG_MAX_NAME,
		.expected = "the name of a service, or \"*\" for every service found",
	},
	{
		.key = "indicator",
		.read = read_mapping,
		.schema = &openslo_indicator_schema,
		.expected = "a mapping with spec",
	},
	{
		.key = "indicatorRef",
		.read = read_text,
		.check_only = true,
		.max = OPENSLO_MAX_NAME_BYTES,
		.expected = "the name of an SLI of this file",
	},
	{
		.key = "timeWindow",
		.read = read_only_item,
		.items = &(const struct schema_items){.item = &window_item, .max = 1},
		.expected = "a list of one window",
	},
	{
		.key = "budgetingMethod",
		.read = read_choice,
		.choices = budgeting_methods,
		.offset = offsetof(struct draft, timeslices),
		.required = true,
		.expected = "Occurrences or Timeslices",
	},
	{
		.key = "objectives",
		.read = read_only_item,
		.required = true,
		.items = &(const struct schema_items){.item = &objective_item, .max = 1},
		.expected = "a list of one objective",
	},
	{.key = "alertPolicies",
	 .read = openslo_read_any}, /* read by openslo_read_policies(), once the window is known */
};

static const struct schema spec_schema = {FIELDS(spec_fields)};

static const struct schema_field root_fields[] = {
	OPENSLO_HEAD("SLO"),
	MAPPING("metadata", metadata_schema, "a mapping with name"),
	MAPPING("spec", spec_schema, "a mapping with service, indicator, objectives"),
};

static const struct schema root_schema = {FIELDS(root_fields)};
static const struct schema_field root = {.read = read_mapping, .schema = &root_schema};

static int check_slices(struct document *doc, const struct draft *draft)
{
	bool complete = draft->slo.slice_seconds && draft->slo.slice_target > 0;
	bool any = draft->slo.slice_seconds || draft->slo.slice_target > 0;

	if (draft->timeslices && !complete)
		return document_refuse_at(
			doc, "spec.objectives[0]",
			"expected timeSliceTarget and timeSliceWindow for Timeslices, "
			"got %s",
			any ? "one of them" : "neither");
	if (!draft->timeslices && any)
		return document_refuse_at(doc, "spec.objectives[0]",
					  "expected no timeSliceTarget and no timeSliceWindow for "
					  "Occurrences");
	return 0;
}

/* Reads the SLI that spec.indicatorRef names into the draft; one of it and spec.indicator must be there. */
static int read_indicator_ref(const struct openslo_file *file, struct document *doc,
			      struct draft *draft)
{
	const struct schema_field field = {.schema = &openslo_indicator_schema};
	const bool inlined = document_find(doc, "spec.indicator") != NULL;
	const char *name = document_text_at(doc, "spec.indicatorRef");
	const struct openslo_object *object;

	if (!name)
		return inlined ? 0 :
				 document_refuse(doc, document_find(doc, "spec"),
						 "spec.indicator: expected a mapping with spec, or "
						 "indicatorRef, got nothing");
	if (inlined)
		return document_refuse_at(doc, "spec.indicatorRef",
					  "expected either indicator or indicatorRef, got both");
	object = openslo_find(file, OPENSLO_SLI, name);
	if (!object)
		return document_refuse_at(doc, "spec.indicatorRef",
					  "expected the name of an SLI of this file, got \"%.*s\"",
					  DOCUMENT_QUOTED_BYTES, name);
	return read_mapping(object->doc, document_root(object->doc), &field, draft);
}

int openslo_check_indicator(const struct openslo_object *object)
{
	const struct schema_field field = {.schema = &openslo_indicator_schema};
	struct config_slo slo = {};
	int r;

	config_slo_schema.init(&slo);
	r = read_mapping(object->doc, document_root(object->doc), &field, &slo);
	config_slo_clear(&slo);
	return r;
}

/* Refuses the annotation by what was wrong in it: the text after its own, empty, place. */
static int refuse_alerts(struct document *doc, const struct refusals *inner)
{
	int ret = 0;

	for (size_t i = 0; i < inner->n_texts && may_go_on(ret); i++) {
		const char *colon = strchr(inner->texts[i] + 1, ':');

		ret = first_failure(ret, document_refuse_at(doc, ALERTS_PATH, "%.*s", 300,
							    colon ? colon + 2 : inner->texts[i]));
	}
	return ret;
}

/* The annotation is YAML within YAML. Its lines are not the file's, so its errors name none. */
static int read_alerts(struct document *doc, struct config_slo *slo)
{
	const yaml_node_t *node = document_find(doc, ALERTS_PATH);
	struct error error;
	_cleanup_(refusals_clear) struct refusals refusals = {.first = &error};
	_cleanup_(document_close) struct document inner = {.file = "", .refusals = &refusals};
	const struct schema_field field = {.expected = "default or a list of alerts"};
	const char *text;
	int r;

	text = node ? scalar_text(node) : NULL;
	if (!text)
		return 0;
	r = document_open(&inner, text, strlen(text));
	if (!r && !document_root(&inner))
		return document_refuse_at(doc, ALERTS_PATH, "expected %s, got nothing",
					  field.expected);
	if (!r)
		r = config_read_alerts(&inner, document_root(&inner), &field, slo);
	return r == -EINVAL ? refuse_alerts(doc, &refusals) : r;
}

static int read_all_alerts(const struct openslo_file *file, struct document *doc,
			   struct config_slo *slo)
{
	if (!document_find(doc, ALERTS_PATH) && !document_find(doc, "spec.alertPolicies"))
		return config_default_alerts(slo);
	return openslo_read_policies(file, doc, slo);
}

int openslo_read_slo(const struct openslo_file *file, const struct openslo_object *object,
		     struct config_slo *slo)
{
	struct document *doc = object->doc;
	struct draft draft = {};
	int r;

	config_slo_schema.init(&draft.slo);
	draft.slo.line = (unsigned int)document_root(doc)->start_mark.line + 1;
	draft.slo.file = dup_text(doc->file);
	r = draft.slo.file ? read_mapping(doc, document_root(doc), &root, &draft) : -ENOMEM;
	if (may_go_on(r) && document_find(doc, "spec"))
		r = first_failure(r, read_indicator_ref(file, doc, &draft));
	if (!r)
		r = check_slices(doc, &draft);
	if (draft.name) {
		free(draft.slo.name);
		draft.slo.name = TAKE_PTR(draft.name);
	}
	if (!r)
		r = read_alerts(doc, &draft.slo);
	if (!r)
		r = read_all_alerts(file, doc, &draft.slo);
	*slo = draft.slo;
	return r;
}
