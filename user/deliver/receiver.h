/* SPDX-License-Identifier: GPL-2.0-only */
/* One receiver: its address, the deliveries that wait for it, its books. */
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
	RECEIVER_SENDING, /* sends the head of its queue */
	RECEIVER_REFRESHING, /* sends an Alertmanager the open alerts */
};

struct deliver_hub;

struct receiver {
	struct deliver_hub *hub;
	enum config_receiver_kind kind;
	char *identity; /* kind and address, which tell receivers apart over restarts */
	char *name; /* kind and address as shown: without a password */
	char *url; /* of HTTP */
	char **argv; /* of a command, NULL-terminated */
	/* of a webhook, as in struct config_receiver */
	char *body;
	char *content_type;
	char **headers;
	size_t n_headers;
	uint64_t timeout_ns;
	uint32_t severities;

	struct deliveries queue;
	size_t n_waiting;

	bool failing; /* the last attempt has failed */
	double not_before_seconds; /* CLOCK_BOOTTIME: it asks for no attempt before */
	enum receiver_busy busy;
	struct http_post *post;
	struct command *command;

	/* of an Alertmanager */
	json_t *refresh; /* the open alerts, to be sent; or NULL */
	double refresh_seconds; /* when it is told of the open alerts again */
	unsigned int refresh_failures;

	struct books books;
	char *books_key; /* the key of their text */
};

#define RECEIVER_BOOKS_KEY                                                                         \
	"books " /* begins the keys of books; those of deliveries begin with a digit */

/*
 * earlier: how many receivers of this address stand before it in the configuration; its identity
 * and name tell them apart. Returns 0 or -ENOMEM.
 */
int receiver_new(const struct config_receiver *config, size_t earlier, struct receiver **ret);
/* Gives the receiver all settings of another one of the same identity, but for its address. */
void receiver_take_settings(struct receiver *receiver, struct receiver *other);
/* The receiver must be idle. Frees its queue, too. */
void receiver_free(struct receiver *receiver);

/* As in deliver_report(). NULL when out of memory. */
json_t *receiver_report(const struct receiver *receiver);

#endif
