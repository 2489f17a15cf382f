/* SPDX-License-Identifier: GPL-2.0-only */
/* One receiver: where it is, what waits for it, and what became of what was sent. */
#ifndef SLIPROBE_USER_DELIVER_RECEIVER_H
#define SLIPROBE_USER_DELIVER_RECEIVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "config.h"
#include "deliver_command.h"
#include "deliver_http.h"
#include "deliver_queue.h"

enum {
	RECEIVER_RECENT_MAX = 16,
	RECEIVER_ERROR_BYTES = 320,
};

enum delivery_result {
	DELIVERY_WAITING,
	DELIVERY_SENT,
	DELIVERY_GIVEN_UP,
};

/* A message that was queued not long ago. */
struct recent {
	uint64_t number;
	json_t *message;
	double at_unix; /* when it came to this result; of one that waits, when it was queued */
	enum delivery_result result;
	unsigned int attempts;
	char error[RECEIVER_ERROR_BYTES];
};

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

	uint64_t sent;
	uint64_t failed;
	uint64_t given_up;
	double last_sent_unix; /* 0: never */
	double last_error_unix;
	char last_error[RECEIVER_ERROR_BYTES];
	struct recent
		recent[RECEIVER_RECENT_MAX]; /* the last one queued is at (n_recent - 1) % max */
	uint64_t n_recent;
};

/* Returns 0 or -ENOMEM. */
int receiver_new(const struct config_receiver *config, struct receiver **ret);
/* It must be idle. Takes its queue along. */
void receiver_free(struct receiver *receiver);

/* Counts what became of a message or an attempt; `error` may be NULL. */
void receiver_note_queued(struct receiver *receiver, const struct delivery *delivery);
void receiver_note(struct receiver *receiver, const struct delivery *delivery,
		   enum delivery_result result, const char *error, double unix_seconds);
void receiver_note_error(struct receiver *receiver, const char *error, double unix_seconds);

/* As in deliver_report(). NULL when out of memory. */
json_t *receiver_report(const struct receiver *receiver);

#endif
