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
#include "deliver/identity.h"
#include "deliver/queue.h"

enum receiver_busy {
	RECEIVER_IDLE,
	RECEIVER_SENDING, /* sends one of its queue */
	RECEIVER_REFRESHING, /* sends an Alertmanager the open alerts */
};

/* Why a message is given up. */
enum deliver_loss {
	LOSS_FULL, /* too many wait */
	LOSS_OLD,
	LOSS_REFUSED,
	LOSS_COUNT,
};

/* What was given up since it was last told, tests apart. */
struct deliver_losses {
	unsigned int lost[DELIVERY_CLASSES]; /* messages */
	unsigned int by[LOSS_COUNT]; /* the same ones */
	unsigned int again[DELIVERY_CLASSES]; /* messages of what is open, sent again */
	size_t missed; /* notices that wait to be sent again */
};

struct deliver_hub;

struct receiver {
	struct deliver_hub *hub;
	enum config_receiver_kind kind;
	struct receiver_identity identity;
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
	struct delivery *sending; /* of the queue; or NULL */
	struct http_post *post;
	struct command *command;

	double tests; /* sent lately: deliver/trial */
	double tests_at_seconds;
	struct deliver_losses losses;

	/* of an Alertmanager */
	json_t *refresh; /* the open alerts, to be sent; or NULL */
	double refresh_seconds; /* when it is told of the open alerts again */
	unsigned int refresh_failures;

	struct books books;
	char *books_key; /* the key of their text */
};

#define RECEIVER_BOOKS_KEY                                                                         \
	"books " /* begins the keys of books; those of deliveries begin with a digit */

/* same_address, same_file: as for identity_make(). Returns 0 or -ENOMEM. */
int receiver_new(const struct config_receiver *config, size_t same_address, size_t same_file,
		 struct receiver **ret);
/* True if it is the one of that key, or of that address by whatever key, also those of agents before. */
bool receiver_is(const struct receiver *receiver, const char *identity);
/* Gives the receiver all settings and the identity of another one that it is. */
void receiver_take_settings(struct receiver *receiver, struct receiver *other);
/* Masks the receiver's secrets in the text. */
void receiver_mask(const struct receiver *receiver, char *text);
/* The receiver must be idle. Frees its queue, too. */
void receiver_free(struct receiver *receiver);

/* As in deliver_report(). NULL when out of memory. */
json_t *receiver_report(const struct receiver *receiver);

#endif
