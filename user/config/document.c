/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"

enum { DESCRIPTION_BYTES = DOCUMENT_QUOTED_BYTES + 12 };

void abridge_text(const char *text, size_t len, char ret_text[static DOCUMENT_QUOTED_BYTES + 4])
{
	size_t from = 0, to = 0;

	while (from < len) {
		uint32_t code = 0;
		size_t n = utf8_decode(text + from, len - from, &code);

		if (to + (n ? n : 1) > DOCUMENT_QUOTED_BYTES) {
			memcpy(ret_text + to, "...", 3);
			to += 3;
			break;
		}
		if (!n || utf8_is_control(code)) {
			ret_text[to++] = '?';
		} else {
			memcpy(ret_text + to, text + from, n);
			to += n;
		}
		from += n ? n : 1;
	}
	ret_text[to] = '\0';
}

/*
 * A URL without its path and query, wherever it stands: by the wrong key, too, it may be a secret. Returns the
 * length, and whether something is left out.
 */
static size_t shown_bytes(const char *text, size_t len, bool *ret_cut)
{
	const char *scheme = memmem(text, len, "://", 3);
	const char *host, *end = text + len, *at;

	*ret_cut = false;
	if (!scheme)
		return len;
	host = scheme + 3;
	for (at = host; at < end && !memchr("/?#\\@", *at, 5);)
		at++;
	*ret_cut = at < end;
	/* what stands before an '@' is a user and a password */
	return at < end && *at == '@' ? (size_t)(host - text) : (size_t)(at - text);
}

static void describe(const struct document *doc, const yaml_node_t *node,
		     char ret_text[static DESCRIPTION_BYTES])
{
	static const char *const nouns[] = {
		[YAML_NO_NODE] = "nothing",
		[YAML_SEQUENCE_NODE] = "a list",
		[YAML_MAPPING_NODE] = "a mapping",
	};
	const char *value = (const char *)node->data.scalar.value;
	char text[DOCUMENT_QUOTED_BYTES + 4];
	bool cut;

	if (node->type != YAML_SCALAR_NODE) {
		snprintf(ret_text, DESCRIPTION_BYTES, "%s", nouns[node->type]);
	} else if (doc->secret && node->data.scalar.length) {
		snprintf(ret_text, DESCRIPTION_BYTES, "what is not shown, as it may be a secret");
	} else {
		abridge_text(value, shown_bytes(value, node->data.scalar.length, &cut), text);
		snprintf(ret_text, DESCRIPTION_BYTES, "\"%s%s\"", text, cut ? "/..." : "");
	}
}

__attribute__((format(printf, 4, 0))) static int refuse(struct document *doc, size_t line,
							const char *path, const char *format,
							va_list args)
{
	struct error error;
	const size_t room = sizeof(error.text);
	int n = snprintf(error.text, room, "%s:%zu: %s%s%s%s", doc->file, line, doc->subject ?: "",
			 doc->subject ? ": " : "", path, *path ? ": " : "");

	if (n >= 0 && (size_t)n < room)
		vsnprintf(error.text + n, room - (size_t)n, format, args);
	return refusals_add(doc->refusals, -EINVAL, "%s", error.text);
}

__attribute__((format(printf, 3, 4))) static int refuse_line(struct document *doc, size_t line,
							     const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = refuse(doc, line, "", format, args);
	va_end(args);
	return r;
}

int document_refuse(struct document *doc, const yaml_node_t *node, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = refuse(doc, node->start_mark.line + 1, doc->path, format, args);
	va_end(args);
	return r;
}

int document_refuse_at(struct document *doc, const char *path, const char *format, ...)
{
	const yaml_node_t *node = document_find(doc, path);
	va_list args;
	int r;

	va_start(args, format);
	r = refuse(doc, node ? node->start_mark.line + 1 : 1, path, format, args);
	va_end(args);
	return r;
}

int document_refuse_in(struct document *doc, const char *file, unsigned int line, const char *key,
		       const char *format, ...)
{
	struct document elsewhere = {.file = file, .refusals = doc->refusals};
	va_list args;
	int r;

	va_start(args, format);
	r = refuse(&elsewhere, line, key, format, args);
	va_end(args);
	return r;
}

int document_expected(struct document *doc, const yaml_node_t *node, const char *expected)
{
	char got[DESCRIPTION_BYTES];

	describe(doc, node, got);
	return document_refuse(doc, node, "expected %s, got %s", expected, got);
}

/* Checks the text before libyaml reads it, which would not say in which line it stopped. */
static int check_bytes(struct document *doc, const char *text, size_t len)
{
	size_t line = 1;

	for (size_t at = 0; at < len;) {
		uint32_t code;
		size_t n = utf8_decode(text + at, len - at, &code);

		if (!n)
			return refuse_line(doc, line, "expected UTF-8 text, got byte 0x%02x",
					   (unsigned char)text[at]);
		if (utf8_is_control(code) && code != '\n' && code != '\r' && code != '\t' &&
		    !(code == 0xfeff && at == 0))
			return refuse_line(doc, line, "expected text, got control character U+%04X",
					   code);
		line += code == '\n';
		at += n;
	}
	return 0;
}

static int refuse_syntax(struct document *doc, const yaml_parser_t *parser)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	return refuse_line(doc, parser->problem_mark.line + 1, "expected valid YAML: %s%s%s",
			   parser->problem ? parser->problem : "cannot be read",
			   parser->context ? ", " : "", parser->context ? parser->context : "");
}

static const char *refused_feature(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return "aliases";
	case YAML_SCALAR_EVENT:
		return event->data.scalar.tag ? "tags" : NULL;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.tag ? "tags" : NULL;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.tag ? "tags" : NULL;
	default:
		return NULL;
	}
}

/* Limits are checked on events: composing a document first would already have cost the memory. */
static int check_events(struct document *doc, yaml_parser_t *parser, size_t max_documents)
{
	size_t depth = 0, n_nodes = 0, n_documents = 0;
	bool at_end = false;
	int r = 0;

	while (!at_end && !r) {
		_cleanup_(yaml_event_delete) yaml_event_t event = {};
		const char *feature;
		size_t line;

		if (!yaml_parser_parse(parser, &event))
			return refuse_syntax(doc, parser);
		line = event.start_mark.line + 1;
		feature = refused_feature(&event);
		at_end = event.type == YAML_STREAM_END_EVENT;
		n_documents += event.type == YAML_DOCUMENT_START_EVENT;
		if (event.type == YAML_MAPPING_START_EVENT ||
		    event.type == YAML_SEQUENCE_START_EVENT) {
			depth++;
			n_nodes++;
		}
		if (event.type == YAML_MAPPING_END_EVENT || event.type == YAML_SEQUENCE_END_EVENT)
			depth--;
		n_nodes += event.type == YAML_SCALAR_EVENT;

		if (feature)
			r = refuse_line(doc, line, "expected plain YAML without %s", feature);
		else if (n_documents > max_documents && max_documents == 1)
			r = refuse_line(doc, line, "expected one document, got another");
		else if (n_documents > max_documents)
			r = refuse_line(doc, line, "expected at most %zu documents, got more",
					max_documents);
		else if (depth > DOCUMENT_MAX_DEPTH)
			r = refuse_line(doc, line,
					"expected at most %d levels of nesting, got more",
					DOCUMENT_MAX_DEPTH);
		else if (n_nodes > DOCUMENT_MAX_NODES)
			r = refuse_line(doc, line, "expected at most %d values, got more",
					DOCUMENT_MAX_NODES);
	}
	return r;
}

static int start_parser(yaml_parser_t *parser, const char *text, size_t len)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t skipped =
		len >= strlen(mark) && !memcmp(text, mark, strlen(mark)) ? strlen(mark) : 0;

	if (!yaml_parser_initialize(parser))
		return -ENOMEM;
	/* libyaml, which is told the encoding, takes a byte order mark for text */
	text += skipped;
	len -= skipped;
	yaml_parser_set_input_string(parser, (const unsigned char *)text, len);
	yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
	return 0;
}

/* Checks the whole text before composing any of it. */
static int start_composing(struct document *doc, const char *text, size_t len, size_t max_documents,
			   yaml_parser_t *composer)
{
	_cleanup_(yaml_parser_delete) yaml_parser_t checker = {};
	int r = check_bytes(doc, text, len);

	if (!r)
		r = start_parser(&checker, text, len);
	if (!r)
		r = check_events(doc, &checker, max_documents);
	return r ?: start_parser(composer, text, len);
}

static int compose(struct document *doc, yaml_parser_t *composer)
{
	if (yaml_parser_load(composer, &doc->yaml))
		return 0;
	/* libyaml has freed it: forget it, or document_close() would free it again */
	doc->yaml = (yaml_document_t){};
	return refuse_syntax(doc, composer);
}

int document_open(struct document *doc, const char *text, size_t len)
{
	_cleanup_(yaml_parser_delete) yaml_parser_t composer = {};
	int r = start_composing(doc, text, len, 1, &composer);

	return r ?: compose(doc, &composer);
}

void document_close(struct document *doc)
{
	yaml_document_delete(&doc->yaml);
}

static bool is_empty(struct document *doc)
{
	const yaml_node_t *root = document_root(doc);

	return !root || (root->type == YAML_SCALAR_NODE && !root->data.scalar.length &&
			 root->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
}

/* Composes the next document that is not empty; *ret_more is false if there is none. */
static int compose_next(struct document *doc, yaml_parser_t *composer, bool *ret_more)
{
	for (;;) {
		bool at_end;
		int r = compose(doc, composer);

		if (r)
			return r;
		at_end = !document_root(doc);
		*ret_more = !is_empty(doc);
		if (*ret_more)
			return 0;
		document_close(doc);
		doc->yaml = (yaml_document_t){};
		if (at_end)
			return 0;
	}
}

void document_close_all(struct document *documents, size_t n)
{
	for (size_t i = 0; i < n; i++)
		document_close(&documents[i]);
	free(documents);
}

int document_open_all(const char *file, const char *text, size_t len, size_t max,
		      struct refusals *refusals, struct document **ret_documents, size_t *ret_n)
{
	_cleanup_(yaml_parser_delete) yaml_parser_t composer = {};
	struct document doc = {.file = file, .refusals = refusals}, *documents = NULL;
	size_t n = 0;
	bool more = true;
	int r = start_composing(&doc, text, len, max, &composer);

	while (!r) {
		struct document *grown;

		r = compose_next(&doc, &composer, &more);
		if (r || !more)
			break;
		grown = realloc(documents, (n + 1) * sizeof(*documents));
		if (!grown) {
			document_close(&doc);
			r = -ENOMEM;
			break;
		}
		documents = grown;
		documents[n++] = doc;
	}
	if (r) {
		document_close_all(documents, n);
		return r;
	}
	*ret_documents = documents;
	*ret_n = n;
	return 0;
}

yaml_node_t *document_root(struct document *doc)
{
	return yaml_document_get_root_node(&doc->yaml);
}

static yaml_node_t *find_key(struct document *doc, const yaml_node_t *mapping, const char *key,
			     size_t len)
{
	const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;

	for (; pair < mapping->data.mapping.pairs.top; pair++) {
		const yaml_node_t *node = yaml_document_get_node(&doc->yaml, pair->key);

		if (node->type == YAML_SCALAR_NODE && node->data.scalar.length == len &&
		    !memcmp(node->data.scalar.value, key, len))
			return yaml_document_get_node(&doc->yaml, pair->value);
	}
	return NULL;
}

yaml_node_t *document_find(struct document *doc, const char *path)
{
	yaml_node_t *node = document_root(doc);

	while (node && *path) {
		if (*path == '[') {
			char *end;
			size_t i = strtoul(path + 1, &end, 10);
			const yaml_node_item_t *items = node->data.sequence.items.start;

			if (node->type != YAML_SEQUENCE_NODE ||
			    i >= (size_t)(node->data.sequence.items.top - items))
				return NULL;
			node = yaml_document_get_node(&doc->yaml, items[i]);
			path = end + 1;
		} else {
			size_t len;

			path += *path == '.';
			len = strcspn(path, ".[");
			if (node->type != YAML_MAPPING_NODE)
				return NULL;
			node = find_key(doc, node, path, len);
			path += len;
		}
	}
	return node;
}

const char *scalar_text(const yaml_node_t *node)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
	const char *text = (const char *)node->data.scalar.value;

	if (node->type != YAML_SCALAR_NODE || strlen(text) != node->data.scalar.length)
		return NULL;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(*nulls); i++) {
		if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !strcmp(text, nulls[i]))
			return NULL;
	}
	return text;
}

const char *document_text_at(struct document *doc, const char *path)
{
	const yaml_node_t *node = document_find(doc, path);

	return node ? scalar_text(node) : NULL;
}

size_t document_enter(struct document *doc, const char *format, ...)
{
	size_t before = doc->path_len, room = sizeof(doc->path) - before;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(doc->path + before, room, format, args);
	va_end(args);
	doc->path_len += (size_t)n < room ? (size_t)n : room - 1;
	return before;
}

void document_leave(struct document *doc, size_t before)
{
	doc->path_len = before;
	doc->path[before] = '\0';
}

size_t document_enter_key(struct document *doc, const char *key)
{
	return document_enter(doc, "%s%s", doc->path_len ? "." : "", key);
}
