/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of tls. */
#include <string.h>

#include "config/schema.h"
#include "config/values.h"

enum {
	MAX_GLOB_BYTES = 256,
};

static const struct schema_choice mode_choices[] = {
	{"off", CONFIG_TLS_OFF},
	{"servers", CONFIG_TLS_SERVERS},
	{"all", CONFIG_TLS_ALL},
	{},
};

static const struct schema_field exclude_item = {
	.read = read_text,
	.valid = valid_exe,
	.max = MAX_GLOB_BYTES,
	.expected = "a glob on the path of an executable, such as /usr/bin/clickhouse*",
};

static const struct schema_field tls_fields[] = {
	{
		.key = "mode",
		.read = read_choice,
		.choices = mode_choices,
		.offset = offsetof(struct config, tls.mode),
		.expected = "off, servers or all",
	},
	{
		.key = "exclude",
		.read = read_list,
		.offset = offsetof(struct config, tls.exclude),
		.items =
			&(const struct schema_items){
				.item = &exclude_item,
				.item_bytes = sizeof(char *),
				.count_offset = offsetof(struct config, tls.n_exclude),
				.max = CONFIG_MAX_TLS_EXCLUDE,
			},
		.expected = "a list of globs",
	},
};

const struct schema config_tls_schema = {FIELDS(tls_fields)};

static const struct schema_field tls_field = {
	.schema = &config_tls_schema,
	.expected = "off, servers, all or a mapping with mode and exclude",
};

int config_read_tls(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		    void *base)
{
	const char *text = scalar_text(node);

	(void)field;
	for (const struct schema_choice *choice = mode_choices; text && choice->name; choice++) {
		if (strcmp(choice->name, text) != 0)
			continue;
		((struct config *)base)->tls.mode = choice->value;
		return 0;
	}
	return read_mapping(doc, node, &tls_field, base);
}
