/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables of the configuration's keys. The root is at the bottom, and each table stands above the
 * one that uses it. Offsets in a nested mapping are those in the whole struct it is part of.
 */
#include "config/schema.h"

#include <sys/un.h>

#include "base/duration.h"
#include "config/values.h"

enum {
	MAX_PATH_BYTES = 4095,
	MAX_GLOB_BYTES = 256,
	MAX_ABOUT_BYTES = 4096,
	MAX_LISTEN_BYTES = 80,
	MAX_GROUP_BYTES = 64,
	MAX_HOSTS_BYTES = 1024,
};

/* agent: */

static const struct schema_choice yes_no[] = {{"true", true}, {"false", false}, {}};

static const struct schema_field agent_fields[] = {
	{
		.key = "socket",
		.read = read_text,
		.offset = offsetof(struct config, agent.socket),
		.valid = valid_absolute,
		.max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1,
		.expected = "an absolute path of at most 107 bytes",
	},
	{
		.key = "state_dir",
		.read = read_text,
		.offset = offsetof(struct config, agent.state_dir),
		.valid = valid_absolute,
		.max = MAX_PATH_BYTES,
		.expected = "an absolute path",
	},
	{
		.key = "interval",
		.read = read_duration_ns,
		.offset = offsetof(struct config, agent.interval_ns),
		.min = DURATION_S_NS,
		.max = DURATION_M_NS,
		.expected = "a duration from 1s to 1m",
	},
	{
		.key = "unanswered_after",
		.read = read_duration_ns,
		.offset = offsetof(struct config, agent.unanswered_after_ns),
		.min = DURATION_S_NS,
		.max = DURATION_H_NS,
		.expected = "a duration from 1s to 1h",
	},
	{
		.key = "admin_group",
		.read = read_text,
		.offset = offsetof(struct config, agent.admin_group),
		.valid = valid_group,
		.max = MAX_GROUP_BYTES,
		.expected = "the name of a group, such as sre",
	},
	{
		.key = "metrics_listen",
		.read = read_text,
		.offset = offsetof(struct config, agent.metrics_listen),
		.valid = valid_listen,
		.max = MAX_LISTEN_BYTES,
		.expected = "a numeric address and a port, such as 127.0.0.1:9464 or [::1]:9464",
	},
	{
		.key = "page_listen",
		.read = read_text,
		.offset = offsetof(struct config, agent.page_listen),
		.valid = valid_listen,
		.max = MAX_LISTEN_BYTES,
		.expected = "a numeric address and a port, such as 127.0.0.1:9466 or [::1]:9466",
	},
	{
		.key = "page_listen_anywhere",
		.read = read_choice,
		.choices = yes_no,
		.offset = offsetof(struct config, agent.page_listen_anywhere),
		.expected = "true or false",
	},
	{
		.key = "page_hosts",
		.read = read_text,
		.offset = offsetof(struct config, agent.page_hosts),
		.valid = valid_hosts,
		.max = MAX_HOSTS_BYTES,
		.expected =
			"names of hosts with spaces between them, such as \"web1 web1.example.com\"",
	},
};

static const struct schema agent_schema = {FIELDS(agent_fields)};

/* services: */

static const struct schema_choice samples_choices[] = {{"on", false}, {"off", true}, {}};

static const struct schema_choice server_role[] = {{"server", true}, {}};

static const struct schema_field match_fields[] = {
	{
		.key = "port",
		.read = read_port,
		.offset = offsetof(struct config_service, match.port),
		.expected = "a port number from 1 to 65535",
	},
	{
		.key = "process",
		.read = read_text,
		.offset = offsetof(struct config_service, match.process),
		.valid = valid_process,
		.max = MAX_GLOB_BYTES,
		.expected = "a glob on a process name, which has at most 15 bytes",
	},
	{
		.key = "exe",
		.read = read_text,
		.offset = offsetof(struct config_service, match.exe),
		.valid = valid_exe,
		.max = MAX_PATH_BYTES,
		.expected = "a glob on an absolute path",
	},
	{
		.key = "user",
		.read = read_user,
		.offset = offsetof(struct config_service, match),
		.expected = "a user's name or number",
	},
	{
		.key = "netns",
		.read = read_text,
		.offset = offsetof(struct config_service, match.netns),
		.valid = valid_netns,
		.max = MAX_PATH_BYTES,
		.expected =
			"host, any, or the path of a network namespace, such as /run/netns/blue",
	},
	{
		.key = "unit",
		.read = read_text,
		.offset = offsetof(struct config_service, match.unit),
		.valid = valid_unit,
		.max = MAX_GLOB_BYTES,
		.expected = "a glob on a systemd unit, such as nginx.service",
	},
	{
		.key = "cgroup",
		.read = read_text,
		.offset = offsetof(struct config_service, match.cgroup),
		.valid = valid_exe,
		.max = MAX_PATH_BYTES,
		.expected = "a glob on the path of a cgroup, such as /kubepods.slice/*",
	},
	{
		.key = "container",
		.read = read_container,
		.offset = offsetof(struct config_service, match.container),
		.expected = "a container's id, its first 12 digits or more, or a glob on it",
	},
	CONSTANT("role", server_role, "server, the only role this version supports"),
	{.key = "namespace", .read = read_unsupported},
	{.key = "pod", .read = read_unsupported},
};

static const struct schema match_schema = {FIELDS(match_fields)};

#define ABOUT(member)                                                                              \
	{                                                                                          \
		.key = #member, .read = read_text,                                                 \
		.offset = offsetof(struct config_service, about.member), .max = MAX_ABOUT_BYTES,   \
		.multiline = true, .expected = "text of at most 4096 bytes",                       \
	}

static const struct schema_field about_fields[] = {
	ABOUT(owner), ABOUT(purpose), ABOUT(importance), ABOUT(mitigation), ABOUT(runbook),
};

static const struct schema about_schema = {FIELDS(about_fields)};

static const struct schema_field service_fields[] = {
	{
		.key = "name",
		.read = read_text,
		.offset = offsetof(struct config_service, name),
		.required = true,
		.valid = valid_service_name,
		.max = CONFIG_MAX_NAME,
		.expected = "a name of at most 63 bytes without '/', '\"', '{' or '}'",
	},
	MAPPING("match", match_schema,
		"a mapping with port, process, exe, user, unit, cgroup or container"),
	{
		.key = "routes",
		.read = read_list,
		.offset = offsetof(struct config_service, routes),
		.items = TEXTS(struct config_service, config_template_item, n_routes),
		.expected = "a list of path templates",
	},
	{.key = "about", .read = read_mapping, .schema = &about_schema},
	{
		.key = "samples",
		.read = read_choice,
		.choices = samples_choices,
		.offset = offsetof(struct config_service, samples_off),
		.expected = "on or off",
	},
};

static const struct schema service_schema = {FIELDS(service_fields)};
static const struct schema_field service_item = {.read = read_mapping, .schema = &service_schema};

/* The whole file. */

static const struct schema_field slo_file_item = {
	.read = read_text,
	.valid = valid_absolute,
	.max = MAX_PATH_BYTES,
	.expected = "a glob on an absolute path",
};

static const struct schema_field root_fields[] = {
	{.key = "agent", .read = read_mapping, .schema = &agent_schema},
	{
		.key = "services",
		.read = read_list,
		.offset = offsetof(struct config, services),
		.items =
			&(const struct schema_items){
				.item = &service_item,
				.item_bytes = sizeof(struct config_service),
				.count_offset = offsetof(struct config, n_services),
				.refused_offset = offsetof(struct config_service, refused),
				.max = CONFIG_MAX_SERVICES,
			},
		.expected = "a list of services",
	},
	{.key = "slos", .read = config_read_slos, .items = &config_slo_items},
	{
		.key = "slo_files",
		.read = read_list,
		.offset = offsetof(struct config, slo_files),
		.items = TEXTS(struct config, slo_file_item, n_slo_files),
		.expected = "a list of globs",
	},
	{.key = "notify", .read = config_read_notify, .items = &config_receiver_items},
	{.key = "alerting", .read = config_read_alerting, .schema = &config_alerting_schema},
	{.key = "maintenance", .read = config_read_maintenance, .items = &config_maintenance_items},
	{.key = "samples", .read = config_read_samples, .schema = &config_samples_schema},
	{.key = "tls", .read = config_read_tls, .schema = &config_tls_schema},
};

static void root_init(void *base)
{
	struct config *config = base;

	config->remind_seconds = 4 * DURATION_H_NS / DURATION_S_NS;
	config_samples_init(&config->samples);
	config->tls.mode = CONFIG_TLS_SERVERS;
}

const struct schema config_schema = {FIELDS(root_fields), .init = root_init};

static const struct schema_field root = {
	.read = read_mapping,
	.schema = &config_schema,
	.expected = "a mapping with agent, services, slos or notify",
};

int config_read(struct document *doc, struct config *config)
{
	return read_mapping(doc, document_root(doc), &root, config);
}
