/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One receiver at work: its queue, its attempts, the refreshes of an Alertmanager. Part of
 * deliver/deliver, which has the contract.
 */
#ifndef SLIPROBE_DELIVER_WORK_H
#define SLIPROBE_DELIVER_WORK_H

#include <jansson.h>
#include <stdbool.h>

#include "deliver/deliver.h"
#include "deliver/receiver.h"

enum { DELIVER_REFRESH_SECONDS = 60 };

/* Shared by all receivers. */
struct deliver_hub {
	struct deliver_ops ops;
	void *context;
	int epoll_fd;
	struct http *http;
	double now_seconds; /* CLOCK_BOOTTIME, of the last call that was given it */
};

/* CLOCK_REALTIME */
double deliver_unix_now(void);

/* The owner need not keep the text under `key` any more. */
void deliver_drop(struct deliver_hub *hub, const char *key);

bool receiver_wants(const struct receiver *receiver, const json_t *message);
/* Queues a new delivery, keeps its text, and tries it in the next run. Takes the delivery. */
void receiver_send(struct receiver *receiver, struct delivery *delivery);
/* Queues a delivery that has its times already. Takes the delivery. */
void receiver_enqueue(struct receiver *receiver, struct delivery *delivery);

/*
 * Whether a notice of this id is to be sent again now: the receiver has lost an alarm of it, nothing newer of it
 * waits, and there is room for a message of its severity.
 */
bool receiver_misses(const struct receiver *receiver, const char *id, double boottime_seconds);

/* Gives up what has waited too long. */
void receiver_expire(struct receiver *receiver);

/* Keeps the text of a delivery of the receiver. */
void receiver_keep(const struct receiver *receiver, const struct delivery *delivery);
/* Keeps the text of books that have changed. */
void receiver_keep_books(struct receiver *receiver);

/* Starts the attempt that is due, ends the one that has lasted too long. */
void receiver_run(struct receiver *receiver);
/* -1: no limit */
int receiver_timeout_ms(const struct receiver *receiver, double boottime_seconds);
/* Ends the attempt under way as if it had not been made. */
void receiver_cancel(struct receiver *receiver);

#endif
