/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of slos: */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/duration.h"
#include "config/schema.h"
#include "config/texts.h"
#include "config/values.h"

enum {
	MAX_GLOB_BYTES = 256,
	SLICE_STEP_SECONDS = 10,
};

static const struct schema_field eligible_route_item = {
	.read = read_text,
	.valid = valid_eligible_route,
	.max = VALUE_MAX_TEMPLATE_BYTES,
	.expected = "one of the service's routes, or _other",
};

static const struct schema_field user_agent_item = {
	.read = read_text,
	.max = MAX_GLOB_BYTES,
	.expected = "a glob of at most 256 bytes",
};

static const struct schema_field method_item = {
	.read = read_method,
	.expected =
		"one of GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH, QUERY, _OTHER, _unknown",
};

static const struct schema_items method_items = {
	.item = &method_item,
	.min = 1,
	.max = 2 * HTTP_METHOD_COUNT,
};

static const struct schema_field exclude_fields[] = {
	{
		.key = "methods",
		.read = read_methods,
		.offset = offsetof(struct config_slo, eligible.exclude_methods),
		.items = &method_items,
		.expected = "a list of methods",
	},
	{
		.key = "paths",
		.read = read_list,
		.offset = offsetof(struct config_slo, eligible.exclude_paths),
		.items = TEXTS(struct config_slo, config_template_item, eligible.n_exclude_paths),
		.expected = "a list of path templates",
	},
	{
		.key = "user_agents",
		.read = read_list,
		.offset = offsetof(struct config_slo, eligible.exclude_user_agents),
		.items = TEXTS(struct config_slo, user_agent_item, eligible.n_exclude_user_agents),
		.expected = "a list of globs",
	},
};

static const struct schema exclude_schema = {FIELDS(exclude_fields)};

static const struct schema_field eligible_fields[] = {
	{
		.key = "routes",
		.read = read_list,
		.offset = offsetof(struct config_slo, eligible.routes),
		.items = TEXTS(struct config_slo, eligible_route_item, eligible.n_routes),
		.expected = "a list of the service's routes",
	},
	{
		.key = "methods",
		.read = read_methods,
		.offset = offsetof(struct config_slo, eligible.methods),
		.items = &method_items,
		.expected = "a list of methods",
	},
	{.key = "exclude", .read = read_mapping, .schema = &exclude_schema},
};

static const struct schema eligible_schema = {FIELDS(eligible_fields)};

static const struct schema_field status_item = {
	.read = read_status,
	.expected = "a status from 100 to 599 such as 404, \"2xx\" or \"100-499\"",
};

static const struct schema_field grpc_status_item = {
	.read = read_grpc_status,
	.expected = "a gRPC status such as NOT_FOUND or 5",
};

static const struct schema_choice latency_choices[] = {
#define X(id, name) {name, LATENCY_OF_##id},
	LATENCIES(X)
#undef X
		{}};

static const struct schema_field good_fields[] = {
	{
		.key = "status",
		.read = read_statuses,
		.offset = offsetof(struct config_slo, good.status),
		.items =
			&(const struct schema_items){
				.item = &status_item,
				.min = 1,
				.max = CONFIG_STATUS_WORDS * 64,
			},
		.expected = "a list of statuses such as [\"100-499\"]",
	},
	{
		.key = "grpc_status",
		.read = read_grpc_statuses,
		.offset = offsetof(struct config_slo, good.grpc_status),
		.items =
			&(const struct schema_items){
				.item = &grpc_status_item,
				.min = 1,
				.max = 2 * GRPC_STATUS_COUNT,
			},
		.expected = "a list of the gRPC statuses that are good, such as [OK, NOT_FOUND]",
	},
	{
		.key = "latency",
		.read = read_duration_ns,
		.offset = offsetof(struct config_slo, good.latency_ns),
		.min = DURATION_US_NS,
		.max = DURATION_H_NS,
		.expected = "a duration from 1us to 1h",
	},
	{
		.key = "latency_of",
		.read = read_choice,
		.offset = offsetof(struct config_slo, good.latency_of),
		.choices = latency_choices,
		.expected = "total or first_byte",
	},
	{
		.key = "min_body",
		.read = read_bytes,
		.offset = offsetof(struct config_slo, good.min_body_bytes),
		.expected = "a number of bytes such as 1, 10k (10000) or 2M (2000000)",
	},
};

static const struct schema good_schema = {FIELDS(good_fields)};

static const struct schema_choice calendar_choices[] = {{"month", true}, {}};
static const struct schema_choice client_abort_choices[] = {{"late", CLIENT_ABORT_LATE},
							    {"bad", CLIENT_ABORT_BAD},
							    {"ignore", CLIENT_ABORT_IGNORE},
							    {}};
static const struct schema_choice default_budgeting[] = {{"occurrences", true}, {}};

static int read_calendar(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			 void *base)
{
	struct config_slo *slo = base;

	slo->window_seconds = VALUE_MONTH_SECONDS;
	return read_choice(doc, node, field, base);
}

/* time_zone may stand beside calendar or beside window, but only once. */
static int read_time_zone(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			  void *base)
{
	const struct config_slo *slo = base;

	if (slo->time_zone)
		return document_refuse(doc, node, "expected time_zone once, got it again");
	return read_text(doc, node, field, base);
}

#define CALENDAR                                                                                   \
	.key = "calendar", .read = read_calendar, .choices = calendar_choices,                     \
	.offset = offsetof(struct config_slo, calendar_month), .expected = "month"

#define TIME_ZONE                                                                                  \
	{                                                                                          \
		.key = "time_zone", .read = read_time_zone,                                        \
		.offset = offsetof(struct config_slo, time_zone), TIME_ZONE_VALUE,                 \
	}

static const struct schema_field window_fields[] = {{CALENDAR, .required = true}, TIME_ZONE};
static const struct schema window_schema = {FIELDS(window_fields)};

static int read_window(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		       void *base)
{
	struct schema_field calendar = {.schema = &window_schema};

	if (node->type == YAML_MAPPING_NODE)
		return read_mapping(doc, node, &calendar, base);
	return read_duration_seconds(doc, node, field, base);
}

static int read_slice(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		      void *base)
{
	const struct config_slo *slo = base;
	int r = read_duration_seconds(doc, node, field, base);

	return !r && slo->slice_seconds % SLICE_STEP_SECONDS ?
		       document_expected(doc, node, field->expected) :
		       r;
}

static const struct schema_field timeslices_fields[] = {
	{
		.key = "slice",
		.read = read_slice,
		.offset = offsetof(struct config_slo, slice_seconds),
		.required = true,
		.min = 10 * DURATION_S_NS,
		.max = DURATION_H_NS,
		.expected = "a duration from 10s to 1h in multiples of 10s",
	},
	{
		.key = "target",
		.read = read_percent,
		.offset = offsetof(struct config_slo, slice_target),
		.required = true,
		.expected = "a percentage above 0 and below 100",
	},
};

static const struct schema timeslices_schema = {FIELDS(timeslices_fields)};

static const struct schema_field budgeting_fields[] = {
	MAPPING("timeslices", timeslices_schema, "a mapping with slice and target"),
};

static const struct schema budgeting_schema = {FIELDS(budgeting_fields)};

static int read_budgeting(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			  void *base)
{
	if (node->type == YAML_MAPPING_NODE)
		return read_mapping(doc, node, field, base);
	return read_choice(doc, node, field, base);
}

static void slo_init(void *base)
{
	struct config_slo *slo = base;

	slo->window_seconds = 30 * DURATION_D_NS / DURATION_S_NS;
	slo->eligible.methods = (1U << HTTP_METHOD_COUNT) - 1;
	slo->eligible.client_abort = CLIENT_ABORT_LATE;
	slo->good.grpc_status = GRPC_GOOD;
	for (unsigned int s = 100; s < 500; s++)
		slo->good.status[s / 64] |= 1ULL << (s % 64);
}

static const struct schema_field slo_fields[] = {
	{
		.key = "name",
		.read = read_text,
		.offset = offsetof(struct config_slo, name),
		.required = true,
		NAME_VALUE,
	},
	{
		.key = "service",
		.read = read_text,
		.offset = offsetof(struct config_slo, service),
		.required = true,
		.max = CONFIG_MAX_NAME,
		.expected = "the name of a service, or \"*\" for every service found",
	},
	{
		.key = "objective",
		.read = read_percent,
		.offset = offsetof(struct config_slo, objective),
		.required = true,
		.expected = "a percentage above 0 and below 100",
	},
	{
		.key = "window",
		.read = read_window,
		.offset = offsetof(struct config_slo, window_seconds),
		.min = WINDOW_MIN_NS,
		.max = WINDOW_MAX_NS,
		.expected = "a duration from 1h to 92d in whole seconds",
	},
	{CALENDAR},
	TIME_ZONE,
	{
		.key = "budgeting",
		.read = read_budgeting,
		.schema = &budgeting_schema,
		.choices = default_budgeting,
		.check_only = true,
		.expected = "occurrences or {timeslices: {slice: 1m, target: 95}}",
	},
	{.key = "eligible", .read = read_mapping, .schema = &eligible_schema},
	{.key = "good", .read = read_mapping, .schema = &good_schema},
	{
		.key = "client_abort",
		.read = read_choice,
		.offset = offsetof(struct config_slo, eligible.client_abort),
		.choices = client_abort_choices,
		.expected = "late, bad or ignore",
	},
	{
		.key = "alerts",
		.read = config_read_alerts,
		.schema = &config_alerts_schema,
		.late = true,
		.expected =
			"default, a list of alerts, or a mapping with min_bad, min_events, rules",
	},
	{
		.key = "description",
		.read = read_text,
		.offset = offsetof(struct config_slo, description),
		.multiline = true,
		.max = CONFIG_MAX_DESCRIPTION,
		.expected = "text of at most 4200 bytes",
	},
	{
		.key = "labels",
		.read = config_read_labels,
		.expected = "a mapping of labels, such as {team: shop, tier: \"1\"}",
	},
};

const struct schema config_slo_schema = {FIELDS(slo_fields), .init = slo_init};

/* Reads an SLO, then sets defaults that depend on other keys. */
static int read_slo(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		    void *base)
{
	char path[DOCUMENT_PATH_BYTES + 16];
	struct config_slo *slo = base;
	int r = read_mapping(doc, node, field, base);

	if (!r && slo->calendar_month && !slo->time_zone) {
		slo->time_zone = dup_text("UTC");
		r = slo->time_zone ? 0 : -ENOMEM;
	}
	if (!r && !document_find(doc, PATH("%s.alerts", doc->path)))
		r = config_default_alerts(slo);
	return r;
}

static const struct schema_field slo_item = {.read = read_slo, .schema = &config_slo_schema};

const struct schema_items config_slo_items = {
	.item = &slo_item,
	.item_bytes = sizeof(struct config_slo),
	.count_offset = offsetof(struct config, n_slos),
	.refused_offset = offsetof(struct config_slo, refused),
	.max = CONFIG_MAX_SLOS,
};

static const struct schema_field slos_list = {
	.offset = offsetof(struct config, slos),
	.items = &config_slo_items,
	.expected = "a list of SLOs",
};

int config_read_slos(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		     void *base)
{
	(void)field;
	return read_list(doc, node, &slos_list, base);
}
