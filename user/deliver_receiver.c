/* SPDX-License-Identifier: GPL-2.0-only */
#include "deliver_receiver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "calendar.h"
#include "message.h"
#include "util.h"

/* ---- where it is ---- */

static const char *kind_name(enum config_receiver_kind kind)
{
	switch (kind) {
	case RECEIVER_ALERTMANAGER:
		return "alertmanager";
	case RECEIVER_WEBHOOK:
		return "webhook";
	case RECEIVER_COMMAND:
		return "command";
	case RECEIVER_JOURNAL:
		break;
	}
	return "journal";
}

/* argv as JSON, so that no two are alike; bytes that are no text would not be kept anyway. */
static char *argv_text(char *const *argv, size_t n)
{
	json_t *list = json_array();
	int failed = !list;
	char *text;

	for (size_t i = 0; i < n; i++) {
		json_t *argument = json_string(argv[i]);

		failed |= json_array_append_new(list, argument ? argument : json_null());
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

static int address_copy(struct receiver *receiver, const struct config_receiver *config)
{
	const char *kind = kind_name(config->kind);
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
	if (address && shown) {
		if (asprintf(&receiver->identity, "%s %s", kind, address) < 0)
			receiver->identity = NULL;
		if (asprintf(&receiver->name, "%s %s", kind, shown) < 0)
			receiver->name = NULL;
	}
	return receiver->identity && receiver->name ? 0 : -ENOMEM;
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

static void receiver_free_at(struct receiver **receiver)
{
	receiver_free(*receiver);
}

int receiver_new(const struct config_receiver *config, struct receiver **ret)
{
	_cleanup_(receiver_free_at) struct receiver *receiver = calloc(1, sizeof(*receiver));
	int r;

	if (!receiver)
		return -ENOMEM;
	TAILQ_INIT(&receiver->queue);
	receiver->kind = config->kind;
	receiver->timeout_ns = config->timeout_ns;
	receiver->severities = config->severities;
	r = address_copy(receiver, config);
	if (!r && config->kind == RECEIVER_COMMAND)
		r = argv_copy(receiver, config);
	else if (!r && config->kind != RECEIVER_JOURNAL)
		r = url_copy(receiver, config);
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
	for (size_t i = 0; i < RECEIVER_RECENT_MAX; i++)
		json_decref(receiver->recent[i].message);
	for (size_t i = 0; receiver->argv && receiver->argv[i]; i++)
		free(receiver->argv[i]);
	json_decref(receiver->refresh);
	free(receiver->argv);
	free(receiver->url);
	free(receiver->identity);
	free(receiver->name);
	free(receiver);
}

/* ---- what became of it ---- */

/* Receivers answer with any bytes: what is no printable ASCII is not worth keeping in an error. */
static void error_copy(char ret[RECEIVER_ERROR_BYTES], const char *error)
{
	snprintf(ret, RECEIVER_ERROR_BYTES, "%s", error ? error : "");
	for (char *at = ret; *at; at++) {
		if ((unsigned char)*at < ' ')
			*at = ' ';
		else if ((unsigned char)*at > '~')
			*at = '?';
	}
}

void receiver_note_queued(struct receiver *receiver, const struct delivery *delivery)
{
	struct recent *recent = &receiver->recent[receiver->n_recent++ % RECEIVER_RECENT_MAX];

	json_decref(recent->message);
	*recent = (struct recent){
		.number = delivery->number,
		.message = json_incref(delivery->message),
		.at_unix = delivery->first_unix,
		.result = DELIVERY_WAITING,
		.attempts = delivery->attempts,
	};
}

void receiver_note_error(struct receiver *receiver, const char *error, double unix_seconds)
{
	error_copy(receiver->last_error, error);
	receiver->last_error_unix = unix_seconds;
}

void receiver_note(struct receiver *receiver, const struct delivery *delivery,
		   enum delivery_result result, const char *error, double unix_seconds)
{
	if (result == DELIVERY_SENT) {
		receiver->sent++;
		receiver->last_sent_unix = unix_seconds;
	} else {
		receiver_note_error(receiver, error, unix_seconds);
		if (result == DELIVERY_GIVEN_UP)
			receiver->given_up++;
	}
	for (size_t i = 0; i < RECEIVER_RECENT_MAX; i++) {
		struct recent *recent = &receiver->recent[i];

		if (!recent->message || recent->number != delivery->number)
			continue;
		recent->result = result;
		recent->attempts = delivery->attempts;
		error_copy(recent->error, error);
		if (result != DELIVERY_WAITING)
			recent->at_unix = unix_seconds;
	}
}

/* ---- report ---- */

static json_t *time_json(double unix_seconds)
{
	char text[32];

	if (unix_seconds <= 0)
		return json_null();
	calendar_rfc3339(unix_seconds, text);
	return json_string(text);
}

static json_t *recent_json(const struct recent *recent)
{
	static const char *const results[] = {
		[DELIVERY_WAITING] = "waiting",
		[DELIVERY_SENT] = "sent",
		[DELIVERY_GIVEN_UP] = "given up",
	};
	const json_t *message = recent->message;

	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:I, s:s?}", "id",
			 message_text(message, "id"), "kind", message_text(message, "kind"),
			 "service", message_text(message, "service"), "severity",
			 message_text(message, "severity"), "at", time_json(recent->at_unix),
			 "result", results[recent->result], "attempts",
			 (json_int_t)recent->attempts, "error",
			 recent->error[0] ? recent->error : NULL);
}

json_t *receiver_report(const struct receiver *receiver)
{
	const uint64_t n = receiver->n_recent;
	json_t *recent = json_array();
	int failed = !recent;

	/* the newest first */
	for (uint64_t i = 0; i < n && i < RECEIVER_RECENT_MAX; i++)
		failed |= json_array_append_new(
			recent, recent_json(&receiver->recent[(n - 1 - i) % RECEIVER_RECENT_MAX]));
	if (failed) {
		json_decref(recent);
		return NULL;
	}
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:s?, s:o, s:o}", "receiver",
			 receiver->name, "sent", (json_int_t)receiver->sent, "failed",
			 (json_int_t)receiver->failed, "given_up", (json_int_t)receiver->given_up,
			 "waiting", (json_int_t)receiver->n_waiting, "last_sent_at",
			 time_json(receiver->last_sent_unix), "last_error",
			 receiver->last_error[0] ? receiver->last_error : NULL, "last_error_at",
			 time_json(receiver->last_error_unix), "recent", recent);
}
