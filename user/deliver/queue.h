/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The deliveries that wait for one receiver, oldest first, and their texts for the next agent.
 * Pure.
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
	double first_seconds; /* when it was queued, by CLOCK_BOOTTIME */
	double next_seconds; /* CLOCK_BOOTTIME: no attempt before it */
	double not_before_unix; /* its receiver asked for no attempt before; 0: it did not */
};

TAILQ_HEAD(deliveries, delivery);

/* Takes a reference to the message. NULL when out of memory. */
struct delivery *delivery_new(uint64_t number, json_t *message);
void delivery_free(struct delivery *delivery);
void delivery_free_at(struct delivery **delivery);

/*
 * Gives the delivery a message of its own with these SLOs. Returns 0, or -ENOMEM: nothing has
 * changed.
 */
int delivery_set_slos(struct delivery *delivery, json_t *slos);

/*
 * The delivery and its receiver's identity as text for the next agent, without first_seconds and
 * next_seconds, which a boot ends. malloc()ed, NULL when out of memory.
 */
char *delivery_save(const struct delivery *delivery, const char *receiver);
/* Returns 0, -ENOMEM or -EINVAL; *ret_receiver is malloc()ed. */
int delivery_load(const char *text, char **ret_receiver, struct delivery **ret);

/* Inserts by number. */
void deliveries_insert(struct deliveries *deliveries, struct delivery *delivery);

/*
 * Seconds from a failure to the next attempt: 1 s, doubling, DELIVERY_BACKOFF_MAX_SECONDS at most,
 * and a quarter more or less. `attempts`: those that have failed, 1 or more. `random`: of [0, 1).
 */
double delivery_backoff_seconds(unsigned int attempts, double random);

#endif
