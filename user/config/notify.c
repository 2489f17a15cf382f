/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of notify. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "config/notify_body.h"
#include "config/notify_files.h"
#include "config/schema.h"
#include "config/values.h"

enum {
	MAX_ARGUMENTS = 256,
	MAX_ARGUMENT_BYTES = 4095,
	MAX_PATH_BYTES = 4095,
	MAX_URL_BYTES = NOTIFY_MAX_URL_BYTES,
	MAX_BODY_BYTES = 32768,
	MAX_HEADER_BYTES = NOTIFY_MAX_HEADER_BYTES,
};

static int read_severity(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			 void *base)
{
	const char *text = scalar_text(node);
	enum alert_severity severity;

	if (!text || !alert_severity_find(text, &severity))
		return document_expected(doc, node, field->expected);
	*(uint32_t *)base |= 1U << severity;
	return 0;
}

static int read_severities(struct document *doc, yaml_node_t *node,
			   const struct schema_field *field, void *base)
{
	*VALUE_AT(uint32_t, base, field) = 0;
	return read_list(doc, node, field, base);
}

static const struct schema_field severity_item = {
	.read = read_severity,
	.expected = "page, ticket or notice",
};

static const struct schema_items severity_items = {
	.item = &severity_item,
	.min = 1,
	.max = 2 * (size_t)SEVERITY_COUNT,
};

#define SEVERITIES                                                                                 \
	{                                                                                          \
		.key = "severities", .read = read_severities,                                      \
		.offset = offsetof(struct config_receiver, severities), .items = &severity_items,  \
		.expected = "a list of page, ticket, notice",                                      \
	}

#define TIMEOUT                                                                                    \
	{                                                                                          \
		.key = "timeout", .read = read_duration_ns,                                        \
		.offset = offsetof(struct config_receiver, timeout_ns), .min = DURATION_S_NS,      \
		.max = 5 * DURATION_M_NS, .expected = "a duration from 1s to 5m",                  \
	}

/* Names the receiver, where its address is not shown. */
#define NAME                                                                                       \
	{                                                                                          \
		.key = "name", .read = read_text,                                                  \
		.offset = offsetof(struct config_receiver, name), NAME_VALUE                       \
	}

#define SECRET_FILE(name, what)                                                                    \
	{                                                                                          \
		.key = #name, .read = read_text, .offset = offsetof(struct config_receiver, name), \
		.valid = valid_absolute, .max = MAX_PATH_BYTES,                                    \
		.expected = "the absolute path of a file with " what,                              \
	}

#define URL(check, text)                                                                           \
	{                                                                                          \
		.key = "url", .read = read_text, .offset = offsetof(struct config_receiver, url),  \
		.valid = (check), .max = MAX_URL_BYTES, .expected = (text),                        \
	}

static const struct schema_field header_item = {
	.read = read_text,
	.valid = config_valid_header,
	.max = MAX_HEADER_BYTES,
	.expected = NOTIFY_HEADER,
};

#define HEADERS                                                                                    \
	{                                                                                          \
		.key = "headers", .read = read_list, .secret = true,                               \
		.offset = offsetof(struct config_receiver, headers), .items = &header_items,       \
		.expected = "a list of headers such as \"X-Token: abc\"",                          \
	}

static const struct schema_items header_items = {
	.item = &header_item,
	.item_bytes = sizeof(char *),
	.count_offset = offsetof(struct config_receiver, n_headers),
	.max = NOTIFY_MAX_HEADERS,
};

static const struct schema_field alertmanager_fields[] = {
	NAME,
	URL(valid_base_url, NOTIFY_BASE_URL),
	SECRET_FILE(url_file, "that URL"),
	HEADERS,
	SECRET_FILE(header_file, "more headers, one a line"),
	TIMEOUT,
	SEVERITIES,
};

static const struct schema alertmanager_schema = {FIELDS(alertmanager_fields)};

static const struct schema_field webhook_fields[] = {
	NAME,
	URL(valid_url, NOTIFY_URL),
	SECRET_FILE(url_file, "that URL"),
	{
		.key = "body",
		.read = config_read_body,
		.offset = offsetof(struct config_receiver, body),
		.late = true,
		.secret = true,
		.multiline = true,
		.max = MAX_BODY_BYTES,
		.expected = "text or YAML of at most 32768 bytes",
	},
	{
		.key = "content_type",
		.read = read_text,
		.offset = offsetof(struct config_receiver, content_type),
		.valid = config_valid_content_type,
		.max = MAX_HEADER_BYTES,
		.expected = "a media type such as application/json",
	},
	HEADERS,
	SECRET_FILE(header_file, "more headers, one a line"),
	TIMEOUT,
	SEVERITIES,
};

static const struct schema webhook_schema = {FIELDS(webhook_fields)};

static const struct schema_field argument_item = {
	.read = read_text,
	.max = MAX_ARGUMENT_BYTES,
	.expected = "an argument of at most 4095 bytes",
};

static int read_argv(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		     void *base)
{
	const struct config_receiver *receiver = base;
	char path[DOCUMENT_PATH_BYTES + 16];
	int r = read_list(doc, node, field, base);
	size_t word;

	if (r)
		return r;
	/* what follows the command may be a secret */
	word = strcspn(receiver->argv[0], " ");
	if (word > DOCUMENT_QUOTED_BYTES)
		word = DOCUMENT_QUOTED_BYTES;
	if (!valid_absolute(receiver->argv[0]))
		return document_refuse_at(doc, PATH("%s[0]", doc->path),
					  "expected an absolute path, got \"%.*s\"", (int)word,
					  receiver->argv[0]);
	return r;
}

static const struct schema_field command_fields[] = {
	NAME,
	{
		.key = "argv",
		.secret = true,
		.read = read_argv,
		.offset = offsetof(struct config_receiver, argv),
		.required = true,
		.items =
			&(const struct schema_items){
				.item = &argument_item,
				.item_bytes = sizeof(char *),
				.count_offset = offsetof(struct config_receiver, n_argv),
				.min = 1,
				.max = MAX_ARGUMENTS,
			},
		.expected = "a list of a command and its arguments",
	},
	TIMEOUT,
	SEVERITIES,
};

static const struct schema command_schema = {FIELDS(command_fields)};

static const struct schema_field journal_fields[] = {SEVERITIES};
static const struct schema journal_schema = {FIELDS(journal_fields)};

/* field->min is the receiver's kind. */
static int read_kind(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		     void *base)
{
	struct config_receiver *receiver = base;

	receiver->kind = (enum config_receiver_kind)field->min;
	return read_mapping(doc, node, field, base);
}

static int read_http(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		     void *base)
{
	int r = read_kind(doc, node, field, base);

	return r ?: config_read_notify_files(doc, node, base);
}

static int read_alertmanager(struct document *doc, yaml_node_t *node,
			     const struct schema_field *field, void *base)
{
	struct config_receiver *receiver = base;
	int r = read_http(doc, node, field, base);

	for (size_t n = r || !receiver->url ? 0 : strlen(receiver->url);
	     n && receiver->url[n - 1] == '/'; n--)
		receiver->url[n - 1] = '\0';
	return r;
}

static const struct schema_field receiver_fields[] = {
	{
		.key = "alertmanager",
		.read = read_alertmanager,
		.min = RECEIVER_ALERTMANAGER,
		.schema = &alertmanager_schema,
	},
	{
		.key = "webhook",
		.read = read_http,
		.min = RECEIVER_WEBHOOK,
		.schema = &webhook_schema,
	},
	{
		.key = "command",
		.read = read_kind,
		.min = RECEIVER_COMMAND,
		.schema = &command_schema,
	},
	{
		.key = "journal",
		.read = read_kind,
		.min = RECEIVER_JOURNAL,
		.schema = &journal_schema,
	},
};

static void receiver_init(void *base)
{
	struct config_receiver *receiver = base;

	receiver->timeout_ns = 10 * DURATION_S_NS;
	receiver->severities = 1U << SEVERITY_PAGE | 1U << SEVERITY_TICKET;
}

const struct schema config_receiver_schema = {
	FIELDS(receiver_fields),
	.init = receiver_init,
	.one_key = true,
};

static int read_receiver(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			 void *base)
{
	struct config_receiver *receiver = base;
	const char *text = scalar_text(node);

	if (!text || strcmp(text, "journal") != 0)
		return read_mapping(doc, node, field, base);
	receiver_init(receiver);
	receiver->kind = RECEIVER_JOURNAL;
	return 0;
}

static const struct schema_field receiver_item = {
	.read = read_receiver,
	.schema = &config_receiver_schema,
	.expected = "journal or a mapping with one of alertmanager, webhook, command, journal",
};

const struct schema_items config_receiver_items = {
	.item = &receiver_item,
	.item_bytes = sizeof(struct config_receiver),
	.count_offset = offsetof(struct config, n_receivers),
	.max = CONFIG_MAX_RECEIVERS,
};

static const struct schema_field receivers_list = {
	.offset = offsetof(struct config, receivers),
	.items = &config_receiver_items,
	.expected = "a list of receivers",
};

static bool is_same_text(const char *a, const char *b)
{
	return !strcmp(a ?: "", b ?: "");
}

/* One address may be sent bodies of several shapes: to two services of one pager, say. */
static bool is_again(const struct config_receiver *a, const struct config_receiver *b)
{
	if (!config_receiver_is_same(a, b) || !is_same_text(a->body, b->body) ||
	    !is_same_text(a->content_type, b->content_type) || a->n_headers != b->n_headers)
		return false;
	for (size_t i = 0; i < a->n_headers; i++) {
		if (!is_same_text(a->headers[i], b->headers[i]))
			return false;
	}
	return true;
}

int config_read_notify(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		       void *base)
{
	const struct config *config = base;
	char path[DOCUMENT_PATH_BYTES];
	int r = read_list(doc, node, &receivers_list, base);

	(void)field;

	for (size_t i = 0; i < config->n_receivers && !r; i++) {
		for (size_t j = 0; j < i && !r; j++) {
			if (is_again(&config->receivers[i], &config->receivers[j]))
				r = document_refuse_at(
					doc, PATH("notify[%zu]", i),
					"expected each receiver once, got notify[%zu] "
					"again",
					j);
		}
	}
	return r;
}

/* alerting: */

static int read_remind(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		       void *base)
{
	const char *text = scalar_text(node);
	struct config *config = base;

	if (!text || strcmp(text, "never") != 0)
		return read_duration_seconds(doc, node, field, base);
	config->remind_seconds = 0;
	return 0;
}

static const struct schema_field alerting_fields[] = {
	{
		.key = "remind",
		.read = read_remind,
		.offset = offsetof(struct config, remind_seconds),
		.min = DURATION_M_NS,
		.max = 7 * DURATION_D_NS,
		.expected = "never or a duration from 1m to 7d in whole seconds",
	},
};

const struct schema config_alerting_schema = {FIELDS(alerting_fields)};

int config_read_alerting(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			 void *base)
{
	const struct schema_field alerting = {.schema = &config_alerting_schema};

	(void)field;
	return read_mapping(doc, node, &alerting, base);
}
