/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/notify_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "config/file.h"
#include "config/notify_body.h"
#include "config/texts.h"
#include "config/values.h"

static bool is_one_line(const char *text)
{
	const size_t len = strlen(text);

	for (size_t at = 0; at < len;) {
		uint32_t code;
		const size_t n = utf8_decode(text + at, len - at, &code);

		if (!n || utf8_is_control(code))
			return false;
		at += n;
	}
	return true;
}

/* Of the key at doc->path. *ret_text is NULL if the file may be missing and is. */
static int read_file(struct document *doc, const char *path, char **ret_text, bool *ret_exposed)
{
	_cleanup_(config_text_clear) struct config_text text = {};
	struct error error;
	int r = config_read_file(path, CONFIG_FILE_REGULAR, &text, &error);

	if (r == -ENOMEM)
		return r;
	if (r && doc->elsewhere && r != -EINVAL) {
		*ret_text = NULL;
		return 0;
	}
	if (r)
		return document_refuse_at(doc, doc->path, "%s", error.text);
	if (strlen(text.text) != text.len)
		return document_refuse_at(doc, doc->path, "%s: expected text, got a NUL byte",
					  path);
	*ret_text = TAKE_PTR(text.text);
	*ret_exposed = text.exposed;
	return 0;
}

/* ---- a URL ---- */

static void trim_end_of_line(char *text)
{
	size_t len = strlen(text);

	if (len && text[len - 1] == '\n')
		text[--len] = 0;
	if (len && text[len - 1] == '\r')
		text[--len] = 0;
}

static int read_url(struct document *doc, struct config_receiver *receiver)
{
	const bool base = receiver->kind == RECEIVER_ALERTMANAGER;
	_cleanup_free_ char *text = NULL;
	int r = read_file(doc, receiver->url_file, &text, &receiver->url_file_exposed);

	if (r || !text)
		return r;
	trim_end_of_line(text);
	if (!*text || strlen(text) > NOTIFY_MAX_URL_BYTES || !is_one_line(text) ||
	    !(base ? valid_base_url(text) : valid_url(text)))
		return document_refuse_at(
			doc, doc->path, "%s:1: expected %s, and nothing else, got %s",
			receiver->url_file, base ? NOTIFY_BASE_URL : NOTIFY_URL,
			*text ? "what is not shown, as it may be a secret" : "nothing");
	receiver->url = TAKE_PTR(text);
	return 0;
}

/* ---- headers ---- */

static int add_header(struct config_receiver *receiver, const char *text)
{
	char **grown = realloc(receiver->headers, (receiver->n_headers + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	receiver->headers = grown;
	grown[receiver->n_headers] = dup_text(text);
	if (!grown[receiver->n_headers])
		return -ENOMEM;
	receiver->n_headers++;
	return 0;
}

static int read_headers(struct document *doc, struct config_receiver *receiver)
{
	_cleanup_free_ char *text = NULL;
	unsigned int line = 0;
	int r = read_file(doc, receiver->header_file, &text, &receiver->header_file_exposed);

	receiver->header_file_missing = !text;
	for (char *rest = text, *at; !r && (at = strsep(&rest, "\n"));) {
		line++;
		trim_end_of_line(at);
		if (!*at)
			continue;
		if (strlen(at) > NOTIFY_MAX_HEADER_BYTES || !is_one_line(at) ||
		    !config_valid_header(at))
			r = document_refuse_at(doc, doc->path,
					       "%s:%u: expected " NOTIFY_HEADER
					       ", got what is not shown, as it may be a secret",
					       receiver->header_file, line);
		else if (receiver->n_headers == NOTIFY_MAX_HEADERS)
			r = document_refuse_at(doc, doc->path,
					       "%s:%u: expected at most %d headers, got more",
					       receiver->header_file, line, NOTIFY_MAX_HEADERS);
		else
			r = add_header(receiver, at);
	}
	return r;
}

/* ---- both ---- */

int config_read_notify_files(struct document *doc, yaml_node_t *node,
			     struct config_receiver *receiver)
{
	size_t before;
	int r = 0;

	receiver->n_headers_given = receiver->n_headers;
	if (!receiver->url == !receiver->url_file)
		return document_refuse(doc, node, "expected one of url and url_file, got %s",
				       receiver->url ? "both" : "none");
	if (receiver->url_file) {
		before = document_enter_key(doc, "url_file");
		r = read_url(doc, receiver);
		document_leave(doc, before);
	}
	if (!r && receiver->header_file) {
		before = document_enter_key(doc, "header_file");
		r = read_headers(doc, receiver);
		document_leave(doc, before);
	}
	return r;
}
