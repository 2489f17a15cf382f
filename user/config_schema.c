/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration's keys, as tables: read from the bottom up. Offsets of nested mappings are
 * those of the whole struct they are part of.
 */
#include "config_schema.h"

#include <sys/un.h>

#include "config_values.h"
#include "duration.h"

enum {
	MAX_PATH_BYTES = 4095,
	MAX_TEMPLATE_BYTES = 1024,
	MAX_GLOB_BYTES = 256,
	MAX_ABOUT_BYTES = 4096,
	MAX_NOTIFY = 64,
};

/* of struct walk_schema */
#define FIELDS(array) .fields = (array), .n_fields = sizeof(array) / sizeof((array)[0])

/* agent: */

static const struct walk_field agent_fields[] = {
	{
		.key = "socket",
		.read = walk_text,
		.offset = offsetof(struct config, agent.socket),
		.valid = valid_absolute,
		.max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1,
		.expected = "an absolute path of at most 107 bytes",
	},
	{
		.key = "state_dir",
		.read = walk_text,
		.offset = offsetof(struct config, agent.state_dir),
		.valid = valid_absolute,
		.max = MAX_PATH_BYTES,
		.expected = "an absolute path",
	},
	{
		.key = "interval",
		.read = walk_duration_ns,
		.offset = offsetof(struct config, agent.interval_ns),
		.min = DURATION_S_NS,
		.max = DURATION_M_NS,
		.expected = "a duration from 1s to 1m",
	},
	{
		.key = "unanswered_after",
		.read = walk_duration_ns,
		.offset = offsetof(struct config, agent.unanswered_after_ns),
		.min = DURATION_S_NS,
		.max = DURATION_H_NS,
		.expected = "a duration from 1s to 1h",
	},
};

static const struct walk_schema agent_schema = {FIELDS(agent_fields)};

/* Lists of strings. */

static const struct walk_field template_item = {
	.read = walk_text,
	.valid = valid_template,
	.max = MAX_TEMPLATE_BYTES,
	.expected = "a path template that starts with '/' and has no space, '?' or '#'",
};

static const struct walk_field eligible_route_item = {
	.read = walk_text,
	.valid = valid_eligible_route,
	.max = MAX_TEMPLATE_BYTES,
	.expected = "one of the service's routes, or _other",
};

static const struct walk_field user_agent_item = {
	.read = walk_text,
	.max = MAX_GLOB_BYTES,
	.expected = "a glob of at most 256 bytes",
};

#define TEXTS(type, item_field, count_member)                                                      \
	(&(const struct walk_items){                                                               \
		.item = &(item_field),                                                             \
		.item_bytes = sizeof(char *),                                                      \
		.count_offset = offsetof(type, count_member),                                      \
		.max = CONFIG_MAX_ROUTES,                                                          \
	})

/* services: */

static const struct walk_choice server_role[] = {{"server", true}, {}};

static const struct walk_field match_fields[] = {
	{
		.key = "port",
		.read = read_port,
		.offset = offsetof(struct config_service, match.port),
	},
	{
		.key = "process",
		.read = walk_text,
		.offset = offsetof(struct config_service, match.process),
		.valid = valid_process,
		.max = MAX_GLOB_BYTES,
		.expected = "a glob on a process name, which has at most 15 bytes",
	},
	{
		.key = "exe",
		.read = walk_text,
		.offset = offsetof(struct config_service, match.exe),
		.valid = valid_exe,
		.max = MAX_PATH_BYTES,
		.expected = "a glob on an absolute path",
	},
	{
		.key = "role",
		.read = walk_choose,
		.choices = server_role,
		.check_only = true,
		.expected = "server, the only role this version supports",
	},
	{.key = "container", .read = walk_unsupported},
	{.key = "namespace", .read = walk_unsupported},
	{.key = "pod", .read = walk_unsupported},
};

static const struct walk_schema match_schema = {FIELDS(match_fields)};

#define ABOUT(member)                                                                              \
	{                                                                                          \
		.key = #member, .read = walk_text,                                                 \
		.offset = offsetof(struct config_service, about.member), .max = MAX_ABOUT_BYTES,   \
		.multiline = true, .expected = "text of at most 4096 bytes",                       \
	}

static const struct walk_field about_fields[] = {
	ABOUT(owner),
	ABOUT(purpose),
	ABOUT(mitigation),
	ABOUT(runbook),
};

static const struct walk_schema about_schema = {FIELDS(about_fields)};

static const struct walk_field service_fields[] = {
	{
		.key = "name",
		.read = walk_text,
		.offset = offsetof(struct config_service, name),
		.required = true,
		.valid = valid_service_name,
		.max = CONFIG_MAX_NAME,
		.expected = "a name of at most 63 bytes without '/', '\"', '{' or '}'",
	},
	{
		.key = "match",
		.read = walk_mapping,
		.required = true,
		.schema = &match_schema,
		.expected = "a mapping with port, process or exe",
	},
	{
		.key = "routes",
		.read = walk_list,
		.offset = offsetof(struct config_service, routes),
		.items = TEXTS(struct config_service, template_item, n_routes),
		.expected = "a list of path templates",
	},
	{.key = "about", .read = walk_mapping, .schema = &about_schema},
};

static const struct walk_schema service_schema = {FIELDS(service_fields)};
static const struct walk_field service_item = {.read = walk_mapping, .schema = &service_schema};

/* slos: */

static const struct walk_field method_item = {
	.read = read_method,
	.expected =
		"one of GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH, QUERY, _OTHER",
};

static const struct walk_items method_items = {
	.item = &method_item,
	.min = 1,
	.max = 2 * HTTP_METHOD_COUNT,
};

static const struct walk_field exclude_fields[] = {
	{
		.key = "methods",
		.read = read_methods,
		.offset = offsetof(struct config_slo, eligible.exclude_methods),
		.items = &method_items,
		.expected = "a list of methods",
	},
	{
		.key = "paths",
		.read = walk_list,
		.offset = offsetof(struct config_slo, eligible.exclude_paths),
		.items = TEXTS(struct config_slo, template_item, eligible.n_exclude_paths),
		.expected = "a list of path templates",
	},
	{
		.key = "user_agents",
		.read = walk_list,
		.offset = offsetof(struct config_slo, eligible.exclude_user_agents),
		.items = TEXTS(struct config_slo, user_agent_item, eligible.n_exclude_user_agents),
		.expected = "a list of globs",
	},
};

static const struct walk_schema exclude_schema = {FIELDS(exclude_fields)};

static const struct walk_field eligible_fields[] = {
	{
		.key = "routes",
		.read = walk_list,
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
	{.key = "exclude", .read = walk_mapping, .schema = &exclude_schema},
};

static const struct walk_schema eligible_schema = {FIELDS(eligible_fields)};

static const struct walk_field status_item = {
	.read = read_status,
	.expected = "a status from 100 to 599 such as 404, \"2xx\" or \"100-499\"",
};

static const struct walk_field good_fields[] = {
	{
		.key = "status",
		.read = read_statuses,
		.offset = offsetof(struct config_slo, good.status),
		.items =
			&(const struct walk_items){
				.item = &status_item,
				.min = 1,
				.max = CONFIG_STATUS_WORDS * 64,
			},
		.expected = "a list of statuses such as [\"100-499\"]",
	},
	{
		.key = "latency",
		.read = walk_duration_ns,
		.offset = offsetof(struct config_slo, good.latency_ns),
		.min = DURATION_US_NS,
		.max = DURATION_H_NS,
		.expected = "a duration from 1us to 1h",
	},
	{
		.key = "min_body",
		.read = read_bytes,
		.offset = offsetof(struct config_slo, good.min_body_bytes),
		.expected = "a number of bytes such as 1, 10k (10000) or 2M (2000000)",
	},
};

static const struct walk_schema good_schema = {FIELDS(good_fields)};

static const struct walk_choice calendar_choices[] = {{"month", true}, {}};
static const struct walk_choice client_abort_choices[] = {{"ignore", false}, {"bad", true}, {}};
static const struct walk_choice default_alerts[] = {{"default", true}, {}};
static const struct walk_choice default_budgeting[] = {{"occurrences", true}, {}};

#define CALENDAR                                                                                   \
	.key = "calendar", .read = walk_choose, .choices = calendar_choices,                       \
	.offset = offsetof(struct config_slo, calendar_month), .expected = "month"

static const struct walk_field window_fields[] = {{CALENDAR, .required = true}};
static const struct walk_schema window_schema = {FIELDS(window_fields)};

static int read_window(struct walk *walk, yaml_node_t *node, const struct walk_field *field,
		       void *base)
{
	struct walk_field calendar = {.schema = &window_schema};

	if (node->type == YAML_MAPPING_NODE)
		return walk_mapping(walk, node, &calendar, base);
	return walk_duration_seconds(walk, node, field, base);
}

static const struct walk_field timeslices_fields[] = {
	{
		.key = "slice",
		.read = walk_duration_seconds,
		.offset = offsetof(struct config_slo, slice_seconds),
		.required = true,
		.min = 10 * DURATION_S_NS,
		.max = DURATION_H_NS,
		.expected = "a duration from 10s to 1h in whole seconds",
	},
	{
		.key = "target",
		.read = read_percent,
		.offset = offsetof(struct config_slo, slice_target),
		.required = true,
		.expected = "a percentage above 0 and below 100",
	},
};

static const struct walk_schema timeslices_schema = {FIELDS(timeslices_fields)};

static const struct walk_field budgeting_fields[] = {
	{
		.key = "timeslices",
		.read = walk_mapping,
		.required = true,
		.schema = &timeslices_schema,
		.expected = "a mapping with slice and target",
	},
};

static const struct walk_schema budgeting_schema = {FIELDS(budgeting_fields)};

static int read_budgeting(struct walk *walk, yaml_node_t *node, const struct walk_field *field,
			  void *base)
{
	if (node->type == YAML_MAPPING_NODE)
		return walk_mapping(walk, node, field, base);
	return walk_choose(walk, node, field, base);
}

/* Alerts have no meaning yet, so only their shape can be checked. */
static int read_alert(struct walk *walk, yaml_node_t *node, const struct walk_field *field,
		      void *base)
{
	(void)field;
	(void)base;
	if (node->type != YAML_MAPPING_NODE)
		return walk_expected(walk, node, "a mapping that describes an alert");
	return 0;
}

static const struct walk_field alert_item = {.read = read_alert};

static int read_alerts(struct walk *walk, yaml_node_t *node, const struct walk_field *field,
		       void *base)
{
	if (node->type == YAML_SEQUENCE_NODE)
		return walk_list(walk, node, field, base);
	return walk_choose(walk, node, field, base);
}

static void slo_init(void *base)
{
	struct config_slo *slo = base;

	slo->window_seconds = 30 * DURATION_D_NS / DURATION_S_NS;
	slo->eligible.methods = (1U << HTTP_METHOD_COUNT) - 1;
	for (unsigned int s = 100; s < 500; s++)
		slo->good.status[s / 64] |= 1ULL << (s % 64);
}

static const struct walk_field slo_fields[] = {
	{
		.key = "name",
		.read = walk_text,
		.offset = offsetof(struct config_slo, name),
		.required = true,
		.valid = valid_name,
		.max = CONFIG_MAX_NAME,
		.expected = "a name of at most 63 bytes without '/' or '\"'",
	},
	{
		.key = "service",
		.read = walk_text,
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
		.min = DURATION_H_NS,
		.max = 92 * DURATION_D_NS,
		.expected = "a duration from 1h to 92d in whole seconds",
	},
	{CALENDAR},
	{
		.key = "budgeting",
		.read = read_budgeting,
		.schema = &budgeting_schema,
		.choices = default_budgeting,
		.check_only = true,
		.expected = "occurrences or {timeslices: {slice: 1m, target: 95}}",
	},
	{.key = "eligible", .read = walk_mapping, .schema = &eligible_schema},
	{.key = "good", .read = walk_mapping, .schema = &good_schema},
	{
		.key = "client_abort",
		.read = walk_choose,
		.offset = offsetof(struct config_slo, eligible.client_abort),
		.choices = client_abort_choices,
		.expected = "ignore or bad",
	},
	{
		.key = "alerts",
		.read = read_alerts,
		.choices = default_alerts,
		.check_only = true,
		.items = &(const struct walk_items){.item = &alert_item, .max = MAX_NOTIFY},
		.expected = "default or a list of alerts",
	},
};

static const struct walk_schema slo_schema = {FIELDS(slo_fields), .init = slo_init};
static const struct walk_field slo_item = {.read = walk_mapping, .schema = &slo_schema};

/* notify: */

static const struct walk_field url_fields[] = {
	{
		.key = "url",
		.read = walk_text,
		.required = true,
		.check_only = true,
		.valid = valid_url,
		.max = MAX_PATH_BYTES,
		.expected = "a URL that starts with http:// or https://",
	},
};

static const struct walk_schema url_schema = {FIELDS(url_fields)};

static const struct walk_field argument_item = {
	.read = walk_text,
	.check_only = true,
	.max = MAX_PATH_BYTES,
	.expected = "an argument of at most 4095 bytes",
};

static const struct walk_field command_fields[] = {
	{
		.key = "argv",
		.read = walk_list,
		.required = true,
		.items = &(const struct walk_items){.item = &argument_item, .min = 1, .max = 256},
		.expected = "a list of a command and its arguments",
	},
};

static const struct walk_schema command_schema = {FIELDS(command_fields)};

static const struct walk_field target_fields[] = {
	{.key = "alertmanager", .read = walk_mapping, .schema = &url_schema},
	{.key = "webhook", .read = walk_mapping, .schema = &url_schema},
	{.key = "command", .read = walk_mapping, .schema = &command_schema},
};

static const struct walk_schema target_schema = {FIELDS(target_fields)};
static const struct walk_field target_item = {.read = walk_mapping, .schema = &target_schema};

/* The whole file. */

static const struct walk_field root_fields[] = {
	{.key = "agent", .read = walk_mapping, .schema = &agent_schema},
	{
		.key = "services",
		.read = walk_list,
		.offset = offsetof(struct config, services),
		.items =
			&(const struct walk_items){
				.item = &service_item,
				.item_bytes = sizeof(struct config_service),
				.count_offset = offsetof(struct config, n_services),
				.max = CONFIG_MAX_SERVICES,
			},
		.expected = "a list of services",
	},
	{
		.key = "slos",
		.read = walk_list,
		.offset = offsetof(struct config, slos),
		.items =
			&(const struct walk_items){
				.item = &slo_item,
				.item_bytes = sizeof(struct config_slo),
				.count_offset = offsetof(struct config, n_slos),
				.max = CONFIG_MAX_SLOS,
			},
		.expected = "a list of SLOs",
	},
	{
		.key = "notify",
		.read = walk_list,
		.items = &(const struct walk_items){.item = &target_item, .max = MAX_NOTIFY},
		.expected = "a list of receivers",
	},
};

static const struct walk_schema root_schema = {FIELDS(root_fields)};

static const struct walk_field root = {
	.read = walk_mapping,
	.schema = &root_schema,
	.expected = "a mapping with agent, services, slos or notify",
};

int config_read(struct walk *walk, struct config *config)
{
	return walk_mapping(walk, walk_root(walk), &root, config);
}
