/* SPDX-License-Identifier: GPL-2.0-only */
#include "deliver/receiver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_values.h"
#include "deliver/secrets.h"

/* ---- where it is ---- */

static int books_key_set(struct receiver *receiver)
{
	char *key;

	if (asprintf(&key, RECEIVER_BOOKS_KEY "%s", receiver->identity.key) < 0)
		return -ENOMEM;
	free(receiver->books_key);
	receiver->books_key = key;
	return 0;
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

	missed_due_now(&receiver->books.missed);
	receiver->identity = other->identity;
	receiver->books_key = other->books_key;
	receiver->url = other->url;
	other->identity = old.identity;
	other->books_key = old.books_key;
	other->url = old.url;
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

int receiver_new(const struct config_receiver *config, size_t same_address, size_t same_file,
		 struct receiver **ret)
{
	_cleanup_(receiver_free_at) struct receiver *receiver = calloc(1, sizeof(*receiver));
	int r;

	if (!receiver)
		return -ENOMEM;
	TAILQ_INIT(&receiver->queue);
	receiver->kind = config->kind;
	receiver->timeout_ns = config->timeout_ns;
	receiver->severities = config->severities;
	r = identity_make(config, same_address, same_file, &receiver->identity);
	r = r ?: books_key_set(receiver);
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
	identity_clear(&receiver->identity);
	free(receiver->books_key);
	free(receiver);
}

bool receiver_is(const struct receiver *receiver, const char *identity)
{
	return !strcmp(receiver->identity.key, identity) ||
	       !strcmp(receiver->identity.address, identity) ||
	       !strcmp(receiver->identity.older, identity);
}

void receiver_mask(const struct receiver *receiver, char *text)
{
	secrets_mask(&(const struct secrets){.url = receiver->url,
					     .plain_path = receiver->kind == RECEIVER_ALERTMANAGER,
					     .headers = receiver->headers,
					     .n_headers = receiver->n_headers,
					     .argv = receiver->argv},
		     text);
}

json_t *receiver_report(const struct receiver *receiver)
{
	json_t *report = books_report(&receiver->books);
	int failed = !report;

	failed |= json_put(report, "receiver", json_string(receiver->identity.name));
	failed |= json_put(report, "waiting", json_integer((json_int_t)receiver->n_waiting));
	failed |= json_put(report, "missed", json_integer((json_int_t)receiver->books.missed.n));
	return json_checked(report, failed);
}
