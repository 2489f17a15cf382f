/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The messages that wait for one receiver, oldest first, and how each is kept over restarts. Pure.
 */
#ifndef SLIPROBE_DELIVER_QUEUE_H
#define SLIPROBE_DELIVER_QUEUE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
	DELIVERY_BACKOFF_MAX_SECONDS = 300,
	DELIVERY_KEY_BYTES = 24,
};

struct delivery {
	TAILQ_ENTRY(delivery) link;
	uint64_t number; /* grows with time, over restarts, too */
	char key[DELIVERY_KEY_BYTES]; /* the number, so that keys sort as they were made */
	json_t *message;
	unsigned int attempts;
	double first_unix; /* when it was queued, by the wall clock */
	double first_seconds; /* the same by CLOCK_BOOTTIME */
	double next_seconds; /* not tried before */
};

TAILQ_HEAD(deliveries, delivery);

/* Takes a reference to the message. NULL when out of memory. */
struct delivery *delivery_new(uint64_t number, json_t *message);
void delivery_free(struct delivery *delivery);
void delivery_free_at(struct delivery **delivery);

/*
 * As text for the time that the agent does not run; `receiver` is whose it is. malloc()ed, NULL
 * when out of memory. first_seconds and next_seconds do not outlast a boot: they are left out.
 */
char *delivery_save(const struct delivery *delivery, const char *receiver);
/* Returns 0, -ENOMEM or -EINVAL; *ret_receiver is malloc()ed. */
int delivery_load(const char *text, char **ret_receiver, struct delivery **ret);

/* Puts it where its number belongs. */
void deliveries_insert(struct deliveries *deliveries, struct delivery *delivery);

/*
 * Seconds from the attempt-th failure (from 1) to the next attempt; `random` is of [0, 1): 1 s,
 * doubling, DELIVERY_BACKOFF_MAX_SECONDS at most, and a quarter more or less.
 */
double delivery_backoff_seconds(unsigned int attempts, double random);

#endif
