/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The deliveries that wait for one receiver, in the order in which they are sent, and their texts for the next
 * agent. Pure.
 *
 * They are sent by severity, pages first, of a severity the oldest first. A message's id is of one severity, so
 * that its messages keep their order. Tests come last: they delay nothing.
 *
 * When too many wait, the one that is worth least goes (delivery_worth), the oldest first among equals: tests,
 * then by severity. Of a severity first what tells nothing that a later message would not, then what is over, last
 * what says that something fails now.
 */
#ifndef SLIPROBE_DELIVER_QUEUE_H
#define SLIPROBE_DELIVER_QUEUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
	DELIVERY_BACKOFF_MAX_SECONDS = 300,
	DELIVERY_KEY_BYTES = 24,
};

enum delivery_class {
	DELIVERY_TEST,
	DELIVERY_NOTICE,
	DELIVERY_TICKET,
	DELIVERY_PAGE,
	DELIVERY_CLASSES,
};

struct delivery {
	TAILQ_ENTRY(delivery) link;
	enum delivery_class class;
	bool over; /* the end of what it tells waits behind it */
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

/* "test", "notice", "ticket", "page" */
const char *delivery_class_name(enum delivery_class class);

/* The message's member `id`; "" if it has none. */
const char *delivery_id(const struct delivery *delivery);

/* Whether it says that an alert fires, so that who does not get it may not know. */
bool delivery_is_alarm(const struct delivery *delivery);

/* The higher, the longer it stays. */
unsigned int delivery_worth(const struct delivery *delivery);
/* Of the first message of a notice of this class. */
unsigned int delivery_alarm_worth(enum delivery_class class);

/* Inserts by class and number, and notes what is over. */
void deliveries_insert(struct deliveries *deliveries, struct delivery *delivery);

/* The oldest of those that are worth least, but for `spared` (or NULL). NULL if there is none. */
struct delivery *deliveries_least(const struct deliveries *deliveries,
				  const struct delivery *spared);

/* Whether one of this id waits that is no test and newer than `number`. */
bool deliveries_newer(const struct deliveries *deliveries, const char *id, uint64_t number);

/*
 * Seconds from a failure to the next attempt: 1 s, doubling, DELIVERY_BACKOFF_MAX_SECONDS at most,
 * and a quarter more or less. `attempts`: those that have failed, 1 or more. `random`: of [0, 1).
 */
double delivery_backoff_seconds(unsigned int attempts, double random);

#endif
