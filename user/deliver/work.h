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

/* Keeps the text of books that have changed. */
void receiver_keep_books(struct receiver *receiver);

/* Starts the attempt that is due, ends the one that has lasted too long. */
void receiver_run(struct receiver *receiver);
/* -1: no limit */
int receiver_timeout_ms(const struct receiver *receiver, double boottime_seconds);
/* Ends the attempt under way as if it had not been made. */
void receiver_cancel(struct receiver *receiver);

#endif
