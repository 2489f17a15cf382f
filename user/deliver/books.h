/* SPDX-License-Identifier: GPL-2.0-only */
/* The books of one receiver: what became of its deliveries, as text for the next agent. Pure. */
#ifndef SLIPROBE_DELIVER_BOOKS_H
#define SLIPROBE_DELIVER_BOOKS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "deliver/missed.h"
#include "deliver/queue.h"

enum {
	BOOKS_RECENT_MAX = 16,
	BOOKS_ERROR_BYTES = 320,
};

enum delivery_result {
	DELIVERY_WAITING,
	DELIVERY_SENT,
	DELIVERY_GIVEN_UP,
};

/* "waiting", "sent", "given up" */
const char *delivery_result_name(enum delivery_result result);

/* One of the last deliveries. */
struct recent {
	uint64_t number;
	json_t *message; /* after a restart only the members that the report shows */
	double at_unix; /* when it came to this result; while it waits, when it was queued */
	enum delivery_result result;
	unsigned int attempts;
	char error[BOOKS_ERROR_BYTES];
};

struct books {
	uint32_t introduced; /* severities of which it was told what was open; all bits: of all */
	uint64_t sent;
	uint64_t failed; /* attempts */
	uint64_t given_up;
	double last_sent_unix; /* 0: never */
	double last_error_unix;
	char last_error[BOOKS_ERROR_BYTES];
	struct recent recent[BOOKS_RECENT_MAX]; /* the last one queued is at (n_recent - 1) % max */
	uint64_t n_recent;
	struct missed missed;
	bool changed; /* since books_save(): set here, cleared by the caller of that */
};

void books_clear(struct books *books);

/* A delivery is queued, an attempt has failed, a delivery has a result. `error` may be NULL. */
void books_queued(struct books *books, const struct delivery *delivery);
void books_attempt_failed(struct books *books);
void books_note(struct books *books, const struct delivery *delivery, enum delivery_result result,
		const char *error, double unix_seconds);
/* A refresh of an Alertmanager, which is no delivery, has succeeded; has failed. */
void books_refreshed(struct books *books, double unix_seconds);
void books_refresh_failed(struct books *books, const char *error, double unix_seconds);

/* As in deliver_report(), without `receiver` and `waiting`. NULL when out of memory. */
json_t *books_report(const struct books *books);

/* The number of the last delivery; 0 if there was none. */
uint64_t books_newest(const struct books *books);

/*
 * The books as text for the next agent: at most 16 KiB, the services' names, and 128 bytes
 * for each notice that was missed. malloc()ed, NULL
 * when out of memory.
 */
char *books_save(const struct books *books);

/*
 * Replaces the books by saved ones. `queue`: the deliveries that wait now. Returns 0, or -ENOMEM or
 * -EINVAL: nothing has changed.
 */
int books_load(struct books *books, const char *text, const struct deliveries *queue);

#endif
