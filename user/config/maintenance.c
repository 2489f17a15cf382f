/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of maintenance. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/duration.h"
#include "config/check.h"
#include "config/texts.h"
#include "config/values.h"

enum {
	MAX_MAINTENANCE = 256,
};

#define MAX_ONCE (366 * DURATION_D_NS)
#define MAX_WEEKLY_SECONDS (6 * DURATION_D_NS / DURATION_S_NS)

static int read_time(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		     void *base)
{
	const char *text = scalar_text(node);
	int64_t seconds;

	if (!text || calendar_parse_rfc3339(text, &seconds) < 0)
		return document_expected(doc, node, field->expected);
	*VALUE_AT(int64_t, base, field) = seconds;
	return 0;
}

static bool two_digits(const char *text, int max, int *ret)
{
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return false;
	*ret = (text[0] - '0') * 10 + text[1] - '0';
	return *ret <= max;
}

/* "Sun 02:00" */
static int read_weekly(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		       void *base)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	struct config_maintenance *maintenance = base;
	const char *text = scalar_text(node);
	int day = 0, hour, minute;

	if (!text || strlen(text) != sizeof("Sun 02:00") - 1 || text[3] != ' ' || text[6] != ':' ||
	    !two_digits(text + 4, 23, &hour) || !two_digits(text + 7, 59, &minute))
		return document_expected(doc, node, field->expected);
	while (day < 7 && strncmp(text, days[day], 3) != 0)
		day++;
	if (day == 7)
		return document_expected(doc, node, field->expected);
	maintenance->weekly = true;
	maintenance->weekday = day;
	maintenance->minute_of_day = hour * 60 + minute;
	return 0;
}

static const struct schema_choice exclude_choices[] = {{"alerts", false}, {"eligible", true}, {}};

static const struct schema_field name_item = {
	.read = read_text,
	.max = CONFIG_MAX_NAME,
	.expected = "a name of at most 63 bytes",
};

static const struct schema_field maintenance_fields[] = {
	{
		.key = "name",
		.read = read_text,
		.offset = offsetof(struct config_maintenance, name),
		.required = true,
		NAME_VALUE,
	},
	{
		.key = "services",
		.read = read_list,
		.offset = offsetof(struct config_maintenance, services),
		.items = TEXTS(struct config_maintenance, name_item, n_services),
		.expected = "a list of services",
	},
	{
		.key = "slos",
		.read = read_list,
		.offset = offsetof(struct config_maintenance, slos),
		.items = TEXTS(struct config_maintenance, name_item, n_slos),
		.expected = "a list of SLOs",
	},
	{
		.key = "start",
		.read = read_time,
		.offset = offsetof(struct config_maintenance, start_unix_seconds),
		.expected = "a time such as 2026-03-01T02:00:00Z",
	},
	{
		.key = "end",
		.read = read_time,
		.offset = offsetof(struct config_maintenance, end_unix_seconds),
		.expected = "a time such as 2026-03-01T04:00:00Z",
	},
	{
		.key = "duration",
		.read = read_duration_seconds,
		.offset = offsetof(struct config_maintenance, duration_seconds),
		.min = DURATION_M_NS,
		.max = MAX_ONCE,
		.expected = "a duration from 1m to 366d in whole seconds",
	},
	{
		.key = "weekly",
		.read = read_weekly,
		.expected = "a weekday and time such as \"Sun 02:00\"",
	},
	{
		.key = "time_zone",
		.read = read_text,
		.offset = offsetof(struct config_maintenance, time_zone),
		TIME_ZONE_VALUE,
	},
	{
		.key = "exclude",
		.read = read_choice,
		.choices = exclude_choices,
		.offset = offsetof(struct config_maintenance, exclude_eligible),
		.expected = "alerts or eligible",
	},
};

static const struct schema maintenance_schema = {FIELDS(maintenance_fields)};

/* True if the maintenance being read has the key. */
static bool has(struct document *doc, const char *key)
{
	char path[DOCUMENT_PATH_BYTES + 16];

	return document_find(doc, PATH("%s.%s", doc->path, key)) != NULL;
}

static int finish_weekly(struct document *doc, const yaml_node_t *node,
			 struct config_maintenance *maintenance)
{
	char path[DOCUMENT_PATH_BYTES + 16];

	if (has(doc, "start") || has(doc, "end"))
		return document_refuse(doc, node, "expected either weekly or %s, got both",
				       has(doc, "start") ? "start" : "end");
	if (!maintenance->duration_seconds)
		return document_refuse(doc, node, "expected a duration beside weekly, got none");
	if (maintenance->duration_seconds > MAX_WEEKLY_SECONDS)
		return document_refuse_at(doc, PATH("%s.duration", doc->path),
					  "expected at most 6d beside weekly, got more");
	if (!maintenance->time_zone) {
		maintenance->time_zone = dup_text("UTC");
		if (!maintenance->time_zone)
			return -ENOMEM;
	}
	return 0;
}

static int finish_once(struct document *doc, const yaml_node_t *node,
		       struct config_maintenance *maintenance)
{
	char path[DOCUMENT_PATH_BYTES + 16];
	bool has_end = has(doc, "end");

	if (!has(doc, "start"))
		return document_refuse(doc, node, "expected start or weekly, got none");
	if (has_end == (maintenance->duration_seconds > 0))
		return document_refuse(doc, node, "expected one of end, duration, got %s",
				       has_end ? "both" : "none");
	if (maintenance->time_zone)
		return document_refuse_at(doc, PATH("%s.time_zone", doc->path),
					  "expected no time zone unless weekly is given");
	if (!has_end)
		maintenance->end_unix_seconds =
			maintenance->start_unix_seconds + (int64_t)maintenance->duration_seconds;
	if (maintenance->end_unix_seconds <= maintenance->start_unix_seconds) {
		const yaml_node_t *end = document_find(doc, PATH("%s.end", doc->path));

		return document_refuse_at(doc, path, "expected a time after start, got \"%s\"",
					  scalar_text(end));
	}
	maintenance->duration_seconds = 0;
	return 0;
}

static int read_maintenance(struct document *doc, yaml_node_t *node,
			    const struct schema_field *field, void *base)
{
	struct config_maintenance *maintenance = base;
	int r = read_mapping(doc, node, field, base);

	if (r)
		return r;
	return maintenance->weekly ? finish_weekly(doc, node, maintenance) :
				     finish_once(doc, node, maintenance);
}

static const struct schema_field maintenance_item = {
	.read = read_maintenance,
	.schema = &maintenance_schema,
};

const struct schema_items config_maintenance_items = {
	.item = &maintenance_item,
	.item_bytes = sizeof(struct config_maintenance),
	.count_offset = offsetof(struct config, n_maintenance),
	.refused_offset = offsetof(struct config_maintenance, refused),
	.max = MAX_MAINTENANCE,
};

static const struct schema_field maintenance_list = {
	.offset = offsetof(struct config, maintenance),
	.items = &config_maintenance_items,
	.expected = "a list of maintenance windows",
};

int config_read_maintenance(struct document *doc, yaml_node_t *node,
			    const struct schema_field *field, void *base)
{
	(void)field;
	return read_list(doc, node, &maintenance_list, base);
}

/* With an SLO for every service found, any name will do: found services are not configured. */
static bool knows_service(const struct config *config, const char *name)
{
	if (config_service_named(config, name))
		return true;
	for (size_t i = 0; i < config->n_slos; i++) {
		if (config_slo_is_wildcard(&config->slos[i]))
			return true;
	}
	return false;
}

/* True also if the name may be one of an SLO that was refused before its name was read. */
static bool knows_slo(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_slos; i++) {
		if (!config->slos[i].name || !strcmp(config->slos[i].name, name))
			return true;
	}
	return false;
}

static int check_name(struct document *doc, const struct config *config, size_t i)
{
	const struct config_maintenance *maintenance = &config->maintenance[i];
	char path[DOCUMENT_PATH_BYTES];

	for (size_t j = 0; j < i; j++) {
		const char *earlier = config->maintenance[j].name;

		if (earlier && !strcmp(maintenance->name, earlier))
			return document_refuse_at(doc, PATH("maintenance[%zu].name", i),
						  "expected a unique name, got \"%s\" as in "
						  "maintenance[%zu]",
						  maintenance->name, j);
	}
	return 0;
}

static int check_service(struct document *doc, const struct config *config, size_t i, size_t j)
{
	const char *name = config->maintenance[i].services[j];
	char path[DOCUMENT_PATH_BYTES], meant[SUGGESTION_BYTES];

	if (knows_service(config, name))
		return 0;
	return document_refuse_at(doc, PATH("maintenance[%zu].services[%zu]", i, j),
				  "expected the name of a service in services, got \"%s\"%s", name,
				  config_suggest_service(config, name, meant));
}

static int check_slo(struct document *doc, const struct config *config, size_t i, size_t j)
{
	const char *name = config->maintenance[i].slos[j];
	struct suggestion suggestion = suggestion_for(name);
	char path[DOCUMENT_PATH_BYTES], meant[SUGGESTION_BYTES];

	if (knows_slo(config, name))
		return 0;
	for (size_t k = 0; k < config->n_slos; k++)
		suggestion_try(&suggestion, config->slos[k].name);
	return document_refuse_at(
		doc, PATH("maintenance[%zu].slos[%zu]", i, j),
		"expected the name of an SLO as it is written in slos, got \"%s\"%s", name,
		suggestion_text(&suggestion, meant));
}

int config_check_maintenance(struct document *doc, const struct config *config, bool services_known)
{
	int ret = 0;

	for (size_t i = 0; i < config->n_maintenance && may_go_on(ret); i++) {
		const struct config_maintenance *maintenance = &config->maintenance[i];

		if (maintenance->refused)
			continue;
		ret = first_failure(ret, check_name(doc, config, i));
		for (size_t j = 0; j < maintenance->n_services && services_known; j++)
			ret = first_failure(ret, check_service(doc, config, i, j));
		for (size_t j = 0; j < maintenance->n_slos; j++)
			ret = first_failure(ret, check_slo(doc, config, i, j));
	}
	return ret;
}
