/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of samples. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cidr.h"
#include "base/duration.h"
#include "config/sample_headers.h"
#include "config/schema.h"
#include "config/texts.h"
#include "config/values.h"

enum {
	MAX_HEADER_BYTES = 64,
	MAX_CIDR_BYTES = 64,
	MAX_PER_SECOND = 10000,
	MAX_HEAD_BYTES = 1024,
	DEFAULT_BAD_PER_SECOND = 50,
	DEFAULT_GOOD_PER_SECOND = 10,
	DEFAULT_HEAD_BYTES = 512,
};

#define KEEP_SECONDS (7 * DURATION_D_NS / DURATION_S_NS)
#define KEEP_BYTES (UINT64_C(256) << 20)
#define MIN_KEEP_BYTES (UINT64_C(16) << 20)
#define MAX_KEEP_BYTES (UINT64_C(1) << 40)

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* RFC 9110, section 5.6.2: a token. */
static bool valid_header(const char *text)
{
	return !text[strspn(text, LOWER UPPER DIGITS "!#$%&'*+-.^_`|~")];
}

static int read_header(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		       void *base)
{
	char *name;
	const char *text = scalar_text(node);
	int r = read_text(doc, node, field, base);

	if (r)
		return r;
	if (sample_header_is_secret(text))
		return document_refuse(
			doc, node,
			"expected a header that lets nobody in, got \"%.40s\", which is "
			"never kept",
			text);
	name = *VALUE_AT(char *, base, field);
	for (; *name; name++) {
		if (*name >= 'A' && *name <= 'Z')
			*name = (char)(*name - 'A' + 'a');
	}
	return 0;
}

static int read_headers(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			void *base)
{
	((struct config *)base)->samples.headers_given = true;
	return read_list(doc, node, field, base);
}

/* "256MiB": of binary and of decimal units. */
static int read_size(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		     void *base)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} units[] = {
		{"MB", 1000000},
		{"GB", 1000000000},
		{"MiB", UINT64_C(1) << 20},
		{"GiB", UINT64_C(1) << 30},
	};
	const char *text = scalar_text(node);
	const size_t digits = text ? strspn(text, DIGITS) : 0;
	uint64_t number;

	if (!digits || digits > 7)
		return document_expected(doc, node, field->expected);
	number = strtoull(text, NULL, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const uint64_t bytes = number * units[i].bytes;

		if (strcmp(text + digits, units[i].name) != 0)
			continue;
		if (bytes < field->min || bytes > field->max)
			break;
		*VALUE_AT(uint64_t, base, field) = bytes;
		return 0;
	}
	return document_expected(doc, node, field->expected);
}

static bool valid_cidr(const char *text)
{
	struct cidr cidr;

	return !cidr_parse(text, &cidr);
}

/* POSIX.1-2017, 8.1: what shells can set. */
static bool valid_variable(const char *text)
{
	return !strchr(DIGITS, text[0]) && !text[strspn(text, LOWER UPPER DIGITS "_")];
}

/* ---- the keys ---- */

static const struct schema_field header_item = {
	.read = read_header,
	.valid = valid_header,
	.max = MAX_HEADER_BYTES,
	.expected = "the name of a header, such as x-user-id",
};

static const struct schema_field proxy_item = {
	.read = read_text,
	.valid = valid_cidr,
	.max = MAX_CIDR_BYTES,
	.expected = "an address or a network, such as 10.0.0.0/8",
};

static const struct schema_field variable_item = {
	.read = read_text,
	.valid = valid_variable,
	.max = CONFIG_MAX_VERSION_ENV_BYTES,
	.expected = "the name of a variable, such as APP_VERSION",
};

#define LIST(name, member, what, of_item, limit, reader)                                           \
	{                                                                                          \
		.key = name, .read = (reader), .expected = (what),                                 \
		.offset = offsetof(struct config, samples.member),                                 \
		.items = &(const struct schema_items){                                             \
			.item = &(of_item),                                                        \
			.item_bytes = sizeof(char *),                                              \
			.count_offset = offsetof(struct config, samples.n_##member),               \
			.max = (limit),                                                            \
		},                                                                                 \
	}

static const struct schema_field keep_fields[] = {
	{
		.key = "time",
		.read = read_duration_seconds,
		.offset = offsetof(struct config, samples.keep_seconds),
		.min = DURATION_H_NS,
		.max = 92 * DURATION_D_NS,
		.expected = "a duration from 1h to 92d in whole seconds",
	},
	{
		.key = "size",
		.read = read_size,
		.offset = offsetof(struct config, samples.keep_bytes),
		.min = MIN_KEEP_BYTES,
		.max = MAX_KEEP_BYTES,
		.expected = "a size from 16MiB to 1024GiB, such as 256MiB",
	},
};

static const struct schema keep_schema = {FIELDS(keep_fields)};

static const struct schema_choice paths_choices[] = {
	{"keep", REDACT_PATHS_KEEP},
	{"mask", REDACT_PATHS_MASK},
	{"template", REDACT_PATHS_TEMPLATE},
	{},
};

static const struct schema_choice yes_choices[] = {
	{"no", false}, {"yes", true}, {"false", false}, {"true", true}, {},
};

static const struct schema_field redact_fields[] = {
	{
		.key = "paths",
		.read = read_choice,
		.choices = paths_choices,
		.offset = offsetof(struct config, samples.redact_paths),
		.expected = "keep, mask or template",
	},
	LIST("headers", redact_headers, "a list of headers", header_item, CONFIG_MAX_SAMPLE_HEADERS,
	     read_list),
	{
		.key = "clients",
		.read = read_choice,
		.choices = yes_choices,
		.offset = offsetof(struct config, samples.redact_clients),
		.expected = "yes or no",
	},
};

static const struct schema redact_schema = {FIELDS(redact_fields)};

#define PER_SECOND(member)                                                                         \
	{                                                                                          \
		.key = #member, .read = read_count,                                                \
		.offset = offsetof(struct config, samples.member), .max = MAX_PER_SECOND,          \
		.expected = "a number from 0 to 10000",                                            \
	}

static const struct schema_field samples_fields[] = {
	PER_SECOND(bad_per_second),
	PER_SECOND(good_per_second),
	{
		.key = "head_bytes",
		.read = read_count,
		.offset = offsetof(struct config, samples.head_bytes),
		.max = MAX_HEAD_BYTES,
		.expected = "a number from 0 to 1024",
	},
	LIST("headers", headers, "a list of headers", header_item, CONFIG_MAX_SAMPLE_HEADERS,
	     read_headers),
	{.key = "keep", .read = read_mapping, .schema = &keep_schema},
	{.key = "redact", .read = read_mapping, .schema = &redact_schema},
	LIST("trusted_proxies", trusted_proxies, "a list of networks", proxy_item,
	     CONFIG_MAX_PROXIES, read_list),
	LIST("version_env", version_env, "a list of variables", variable_item,
	     CONFIG_MAX_VERSION_ENV, read_list),
};

const struct schema config_samples_schema = {FIELDS(samples_fields)};

static const struct schema_field samples_field = {
	.schema = &config_samples_schema,
	.expected = "off or a mapping",
};

int config_read_samples(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			void *base)
{
	const char *text = scalar_text(node);

	(void)field;
	if (!text || strcmp(text, "off") != 0)
		return read_mapping(doc, node, &samples_field, base);
	((struct config *)base)->samples.off = true;
	return 0;
}

/* ---- defaults ---- */

void config_samples_init(struct config_samples *samples)
{
	*samples = (struct config_samples){
		.bad_per_second = DEFAULT_BAD_PER_SECOND,
		.good_per_second = DEFAULT_GOOD_PER_SECOND,
		.head_bytes = DEFAULT_HEAD_BYTES,
		.keep_seconds = KEEP_SECONDS,
		.keep_bytes = KEEP_BYTES,
	};
}

int config_samples_defaults(struct config_samples *samples)
{
	if (samples->headers_given)
		return 0;
	samples->headers_given = true;
	samples->headers = calloc(1, sizeof(*samples->headers));
	if (!samples->headers)
		return -ENOMEM;
	samples->n_headers = 1;
	samples->headers[0] = dup_text("x-request-id");
	return samples->headers[0] ? 0 : -ENOMEM;
}
