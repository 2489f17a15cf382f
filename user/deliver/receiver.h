/* SPDX-License-Identifier: GPL-2.0-only */
/* One receiver: where it is, what waits for it, and what became of what was sent. */
#ifndef SLIPROBE_DELIVER_RECEIVER_H
#define SLIPROBE_DELIVER_RECEIVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "deliver/books.h"
#include "deliver/command.h"
#include "deliver/http.h"
#include "deliver/queue.h"

enum receiver_busy {
	RECEIVER_IDLE,
	RECEIVER_SENDING, /* the head of its queue */
	RECEIVER_REFRESHING, /* an Alertmanager's open alerts */
};

struct deliver_hub;

struct receiver {
	struct deliver_hub *hub;
	enum config_receiver_kind kind;
	char *identity; /* kind and address: what its messages are kept under */
	char *name; /* the same to be shown: without a password */
	char *url; /* of HTTP */
	char **argv; /* of a command, NULL-terminated */
	uint64_t timeout_ns;
	uint32_t severities;

	struct deliveries queue;
	size_t n_waiting;

	enum receiver_busy busy;
	struct http_post *post;
	struct command *command;

	/* Alertmanager */
	json_t *refresh; /* alerts to be sent, or NULL */
	double refresh_seconds; /* when it is to be told again what is open */
	unsigned int refresh_failures;

	struct books books;
	char *books_key; /* they are kept under */
};

#define RECEIVER_BOOKS_KEY "books " /* all of those begin so, messages' with a digit */

/* Returns 0 or -ENOMEM. */
int receiver_new(const struct config_receiver *config, struct receiver **ret);
/* It must be idle. Takes its queue along. */
void receiver_free(struct receiver *receiver);

/* As in deliver_report(). NULL when out of memory. */
json_t *receiver_report(const struct receiver *receiver);

#endif
