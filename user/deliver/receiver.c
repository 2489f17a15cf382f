/* SPDX-License-Identifier: GPL-2.0-only */
#include "deliver/receiver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_values.h"

/* ---- where it is ---- */

/* argv as JSON, so that no two are alike. Bytes that are no text become null. */
static char *argv_text(char *const *argv, size_t n)
{
	json_t *list = json_array();
	int failed = !list;
	char *text;

	for (size_t i = 0; i < n; i++) {
		json_t *argument = json_string(argv[i]);

		failed |= json_push(list, argument ? argument : json_null());
	}
	text = failed ? NULL : json_dumps(list, JSON_COMPACT);
	json_decref(list);
	return text;
}

/* A URL without the user and password in it. */
static char *url_shown(const char *url)
{
	const char *host = strstr(url, "://");
	const char *at, *path;
	char *shown;

	host = host ? host + 3 : url;
	path = host + strcspn(host, "/?#");
	at = memrchr(host, '@', path - host);
	if (!at)
		return strdup(url);
	return asprintf(&shown, "%.*s***%s", (int)(host - url), url, at) < 0 ? NULL : shown;
}

static int address_copy(struct receiver *receiver, const struct config_receiver *config,
			size_t earlier)
{
	const char *kind = config_receiver_kind_name(config->kind);
	char which[24] = "";
	_cleanup_free_ char *shown = NULL, *address = NULL;

	if (config->kind == RECEIVER_JOURNAL) {
		receiver->identity = strdup(kind);
		receiver->name = strdup(kind);
	} else if (config->kind == RECEIVER_COMMAND) {
		address = argv_text(config->argv, config->n_argv);
		shown = config->n_argv ? strdup(config->argv[0]) : strdup("");
	} else {
		address = strdup(config->url);
		shown = url_shown(config->url);
	}
	if (earlier)
		snprintf(which, sizeof(which), " (%zu)", earlier + 1);
	if (address && shown) {
		if (asprintf(&receiver->identity, "%s %s%s", kind, address, which) < 0)
			receiver->identity = NULL;
		if (asprintf(&receiver->name, "%s %s%s", kind, shown, which) < 0)
			receiver->name = NULL;
	}
	if (!receiver->identity || !receiver->name)
		return -ENOMEM;
	if (asprintf(&receiver->books_key, RECEIVER_BOOKS_KEY "%s", receiver->identity) < 0)
		receiver->books_key = NULL;
	return receiver->books_key ? 0 : -ENOMEM;
}

static int url_copy(struct receiver *receiver, const struct config_receiver *config)
{
	size_t len = strlen(config->url);

	if (config->kind == RECEIVER_WEBHOOK) {
		receiver->url = strdup(config->url);
		return receiver->url ? 0 : -ENOMEM;
	}
	while (len && config->url[len - 1] == '/')
		len--;
	if (asprintf(&receiver->url, "%.*s/api/v2/alerts", (int)len, config->url) < 0) {
		receiver->url = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int argv_copy(struct receiver *receiver, const struct config_receiver *config)
{
	receiver->argv = calloc(config->n_argv + 1, sizeof(*receiver->argv));
	if (!receiver->argv)
		return -ENOMEM;
	for (size_t i = 0; i < config->n_argv; i++) {
		receiver->argv[i] = strdup(config->argv[i]);
		if (!receiver->argv[i])
			return -ENOMEM;
	}
	return 0;
}

static int body_copy(struct receiver *receiver, const struct config_receiver *config)
{
	receiver->body = config->body ? strdup(config->body) : NULL;
	receiver->content_type = config->content_type ? strdup(config->content_type) : NULL;
	receiver->headers = calloc(config->n_headers + 1, sizeof(*receiver->headers));
	if (!receiver->headers || (config->body && !receiver->body) ||
	    (config->content_type && !receiver->content_type))
		return -ENOMEM;
	for (size_t i = 0; i < config->n_headers; i++) {
		receiver->headers[i] = strdup(config->headers[i]);
		if (!receiver->headers[i])
			return -ENOMEM;
		receiver->n_headers++;
	}
	return 0;
}

void receiver_take_settings(struct receiver *receiver, struct receiver *other)
{
	const struct receiver old = *receiver;

	receiver->timeout_ns = other->timeout_ns;
	receiver->severities = other->severities;
	receiver->body = other->body;
	receiver->content_type = other->content_type;
	receiver->headers = other->headers;
	receiver->n_headers = other->n_headers;
	other->body = old.body;
	other->content_type = old.content_type;
	other->headers = old.headers;
	other->n_headers = old.n_headers;
}

static void receiver_free_at(struct receiver **receiver)
{
	receiver_free(*receiver);
}

int receiver_new(const struct config_receiver *config, size_t earlier, struct receiver **ret)
{
	_cleanup_(receiver_free_at) struct receiver *receiver = calloc(1, sizeof(*receiver));
	int r;

	if (!receiver)
		return -ENOMEM;
	TAILQ_INIT(&receiver->queue);
	receiver->kind = config->kind;
	receiver->timeout_ns = config->timeout_ns;
	receiver->severities = config->severities;
	r = address_copy(receiver, config, earlier);
	if (!r && config->kind == RECEIVER_COMMAND)
		r = argv_copy(receiver, config);
	else if (!r && config->kind != RECEIVER_JOURNAL)
		r = url_copy(receiver, config);
	r = r ?: body_copy(receiver, config);
	if (r)
		return r;
	*ret = TAKE_PTR(receiver);
	return 0;
}

void receiver_free(struct receiver *receiver)
{
	struct delivery *delivery;

	if (!receiver)
		return;
	while ((delivery = TAILQ_FIRST(&receiver->queue))) {
		TAILQ_REMOVE(&receiver->queue, delivery, link);
		delivery_free(delivery);
	}
	books_clear(&receiver->books);
	for (size_t i = 0; receiver->argv && receiver->argv[i]; i++)
		free(receiver->argv[i]);
	json_decref(receiver->refresh);
	for (size_t i = 0; i < receiver->n_headers; i++)
		free(receiver->headers[i]);
	free(receiver->headers);
	free(receiver->body);
	free(receiver->content_type);
	free(receiver->argv);
	free(receiver->url);
	free(receiver->identity);
	free(receiver->books_key);
	free(receiver->name);
	free(receiver);
}

json_t *receiver_report(const struct receiver *receiver)
{
	json_t *report = books_report(&receiver->books);
	int failed = !report;

	failed |= json_put(report, "receiver", json_string(receiver->name));
	failed |= json_put(report, "waiting", json_integer((json_int_t)receiver->n_waiting));
	return json_checked(report, failed);
}
