/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One receiver at work: its queue, the attempts, and what an Alertmanager needs besides. Part of
 * deliver/deliver; contract there.
 */
#ifndef SLIPROBE_DELIVER_WORK_H
#define SLIPROBE_DELIVER_WORK_H

#include <jansson.h>
#include <stdbool.h>

#include "deliver/deliver.h"
#include "deliver/receiver.h"

enum { DELIVER_REFRESH_SECONDS = 60 };

/* What the receivers share. */
struct deliver_hub {
	struct deliver_ops ops;
	void *context;
	int epoll_fd;
	struct http *http;
	double now_seconds; /* CLOCK_BOOTTIME, at the last call that was told */
};

/* CLOCK_REALTIME */
double deliver_unix_now(void);

/* What is kept of a message is needed no more. */
void deliver_drop(struct deliver_hub *hub, const char *key);

bool receiver_wants(const struct receiver *receiver, const json_t *message);
/* A new message: it is kept, and attempted in the next run. Takes the delivery. */
void receiver_send(struct receiver *receiver, struct delivery *delivery);
/* One that has its times already. Takes the delivery. */
void receiver_enqueue(struct receiver *receiver, struct delivery *delivery);

/* If they have changed. */
void receiver_keep_books(struct receiver *receiver);

/* Starts what is due, ends what has lasted too long. */
void receiver_run(struct receiver *receiver);
/* -1: no limit */
int receiver_timeout_ms(const struct receiver *receiver, double boottime_seconds);
/* Ends an attempt that is under way, as if it had not been made. */
void receiver_cancel(struct receiver *receiver);

#endif
