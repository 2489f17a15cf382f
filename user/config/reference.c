/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/reference.h"

#include <stdbool.h>
#include <string.h>

#include "config/schema.h"

enum {
	KEY_BYTES = 128,
};

const struct config_default config_defaults[] = {
	{"agent.socket", "/run/sliprobe/status.sock"},
	{"agent.state_dir", "/var/lib/sliprobe"},
	{"agent.interval", "10s"},
	{"agent.unanswered_after", "60s"},
	{"agent.admin_group", "root alone"},
	{"agent.metrics_listen", "no listener"},
	{"agent.page_listen", "no listener"},
	{"agent.page_listen_anywhere", "false: an address of the host itself"},
	{"agent.page_hosts", "localhost and addresses alone"},
	{"services[].match.user", "any"},
	{"services[].match.netns", "host; any beside unit, cgroup or container"},
	{"services[].routes", "all paths are `_other`"},
	{"slos[].window", "30d"},
	{"slos[].time_zone", "UTC, beside calendar"},
	{"slos[].budgeting", "occurrences"},
	{"slos[].eligible", "every request"},
	{"slos[].good.status", "100-499"},
	{"slos[].good.grpc_status",
	 "all codes but UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS"},
	{"slos[].good.latency", "any"},
	{"slos[].good.latency_of", "total"},
	{"slos[].good.min_body", "0"},
	{"slos[].client_abort", "late"},
	{"slos[].alerts", "default"},
	{"slos[].alerts.min_bad", "5"},
	{"slos[].alerts.min_events", "0"},
	{"slos[].alerts.rules[].burn.short", "a twelfth of the window"},
	{"slos[].alerts.rules[].burn.severity", "page up to 6h, else ticket"},
	{"slos[].alerts.rules[].exhaust.severity", "page up to 12h, else ticket"},
	{"notify[].alertmanager.url", "`url_file` must be given"},
	{"notify[].alertmanager.url_file", "`url` must be given"},
	{"notify[].webhook.url", "`url_file` must be given"},
	{"notify[].webhook.url_file", "`url` must be given"},
	{"notify[].alertmanager.timeout", "10s"},
	{"notify[].webhook.timeout", "10s"},
	{"notify[].command.timeout", "10s"},
	{"notify[].alertmanager.severities", "page, ticket"},
	{"notify[].webhook.severities", "page, ticket"},
	{"notify[].command.severities", "page, ticket"},
	{"notify[].journal.severities", "page, ticket"},
	{"alerting.remind", "4h"},
	{"maintenance[].time_zone", "UTC"},
	{"services[].samples", "on"},
	{"samples.bad_per_second", "50"},
	{"samples.good_per_second", "10"},
	{"samples.head_bytes", "512"},
	{"samples.headers", "x-request-id"},
	{"samples.keep.time", "7d"},
	{"samples.keep.size", "256MiB"},
	{"samples.redact.paths", "keep"},
	{"samples.redact.clients", "no"},
	{"samples.trusted_proxies", "nobody"},
	{"tls.mode", "servers"},
	{"tls.exclude", "none"},
};

const size_t config_n_defaults = sizeof(config_defaults) / sizeof(config_defaults[0]);

static const char *default_of(const char *key)
{
	for (size_t i = 0; i < config_n_defaults; i++) {
		if (!strcmp(config_defaults[i].key, key))
			return config_defaults[i].text;
	}
	return "";
}

static void write_cell(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (strchr("|*<", *text))
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void write_fields(const struct schema *schema, const char *before, FILE *out);

/* What the field holds: the keys of a mapping, or of each item of a list. */
static void write_below(const struct schema_field *field, const char *key, FILE *out)
{
	char list[KEY_BYTES];

	if (field->schema)
		write_fields(field->schema, key, out);
	if (!field->items)
		return;
	snprintf(list, sizeof(list), "%s[]", key);
	if (field->items->item->schema)
		write_fields(field->items->item->schema, list, out);
}

static void write_field(const struct schema_field *field, const char *key, FILE *out)
{
	fprintf(out, "| `%s` | ", key);
	write_cell(field->expected ?: (field->schema ? "a mapping" : "a list"), out);
	if (field->items && field->items->item->expected && !field->items->item->schema) {
		fprintf(out, "; each is ");
		write_cell(field->items->item->expected, out);
	}
	fprintf(out, " | %s |\n", field->required ? "must be given" : default_of(key));
	write_below(field, key, out);
}

static void write_fields(const struct schema *schema, const char *before, FILE *out)
{
	for (size_t i = 0; i < schema->n_fields; i++) {
		char key[KEY_BYTES];

		if (schema->fields[i].read == read_unsupported)
			continue;
		snprintf(key, sizeof(key), "%s.%s", before, schema->fields[i].key);
		write_field(&schema->fields[i], key, out);
	}
}

void config_write_reference(FILE *out)
{
	for (size_t i = 0; i < config_schema.n_fields; i++) {
		const struct schema_field *section = &config_schema.fields[i];

		fprintf(out, "%s### %s\n\n| key | value | without it |\n|---|---|---|\n",
			i ? "\n" : "", section->key);
		if (section->items && !section->items->item->schema)
			write_field(section, section->key, out);
		else
			write_below(section, section->key, out);
	}
}
