/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes that wait to be looked at, and how many may be by now. Pure. */
#ifndef SLIPROBE_HELPER_QUEUE_H
#define SLIPROBE_HELPER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "helper/packets.h"
#include "helper/worker.h"

struct queue {
	struct tls_packet_look list[WORKER_QUEUE_MAX];
	size_t first, n;
	double tokens; /* looks that may be had at once */
	double at; /* CLOCK_MONOTONIC, seconds, when those were counted */
};

void queue_init(struct queue *queue, double now);

/* One that waits already is waited for once, with what either allows. Returns false if there is no room. */
bool queue_add(struct queue *queue, const struct tls_packet_look *look);

/* Takes the next, if it may be looked at now. */
bool queue_take(struct queue *queue, double now, struct tls_packet_look *ret);

/* How long until queue_take() gives one, in ms; -1: nothing waits. */
int queue_wait_ms(const struct queue *queue, double now);

#endif
