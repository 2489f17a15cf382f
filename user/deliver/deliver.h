/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Delivers messages (notify/message) to receivers, from the agent's one event loop: HTTP by
 * libcurl's multi interface on our epoll, commands as child processes. Every receiver has its own
 * queue and one attempt under way, so that a dead one delays no other.
 *
 * A delivery is tried until it is taken: again after 1 s, doubling up to 5 min, each with a random
 * quarter more or less. It is given up after 24 h, and the oldest when more than 256 wait for a
 * receiver; the report counts and shows it. HTTP: 2xx is success, 4xx other than 408 and 429 is
 * given up at once; after a 429 or 503 with Retry-After nothing is sent to that receiver for as long
 * as it asks for, 1 h at most, over a restart, too. A command: exit status 0 is success. It runs in a process group of its own,
 * which is killed at the timeout. A message that arrives twice has the same `id`.
 *
 * Alertmanager (API v2, POST /api/v2/alerts): it gets a list of one alert an SLO and severity, and
 * groups and repeats them by itself. Open ones are sent again every minute, with endsAt 4 minutes
 * ahead; one that has ended once, with endsAt in the past. Labels and startsAt do not change from
 * its begin to its end, nor over restarts, so that it is one alert there. Reminders are not sent. An
 * end replaces what waits of its SLO and severity. A ticket stays open there under a page.
 *
 * Write-ahead: deliver_send() and deliver_open() only queue, deliver_run() transmits. Persist
 * between the two. SIGPIPE must be ignored.
 */
#ifndef SLIPROBE_DELIVER_DELIVER_H
#define SLIPROBE_DELIVER_DELIVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

struct deliver;

enum {
	DELIVER_QUEUE_MAX = 256, /* messages waiting for one receiver */
	DELIVER_GIVE_UP_SECONDS = 24 * 3600,
};

/*
 * The owner keeps texts by key for the next agent: one for each delivery that waits, one for each
 * receiver's books (deliver/books). A delivery's text changes at once, the books' in deliver_run()
 * and deliver_keep_books(). The owner reports failures of its own.
 */
struct deliver_ops {
	void (*keep)(void *context, const char *key, const char *text);
	void (*drop)(void *context, const char *key);
	/* a receiver begins to fail, with why; or takes something again (error is NULL). May be NULL. */
	void (*failing)(void *context, const char *receiver, const char *error);
};

/*
 * Copies the receivers of the configuration. ops may be NULL. Times given to this module are
 * CLOCK_BOOTTIME seconds; messages have wall clock times.
 */
int deliver_new(const struct config *config, const struct deliver_ops *ops, void *context,
		struct deliver **ret);
void deliver_free(struct deliver *deliver);

/*
 * Takes another configuration's receivers. A receiver that stays, by kind and address, goes on with
 * its queue and books; those of the others are dropped. Returns 0, or -ENOMEM: nothing has changed.
 */
int deliver_configure(struct deliver *deliver, const struct config *config);

/*
 * Puts back a text that ops->keep() was given, before anything is sent: deliveries in any order,
 * then books, as keys sort. Returns 0, -ENOMEM, or -EINVAL for an unreadable text. A text that is
 * unreadable or of an unknown receiver is dropped.
 */
int deliver_restore(struct deliver *deliver, const char *key, const char *text,
		    double boottime_seconds);

/* Queues a message for every receiver that wants its severity. Returns 0 or -ENOMEM. */
int deliver_send(struct deliver *deliver, const json_t *message, double boottime_seconds);

/* Whether a receiver is new, or wants severities that it did not want before. */
bool deliver_has_newcomers(const struct deliver *deliver);

/*
 * Queues for newcomers the messages of what is open and new to them, once, over restarts, too. To an
 * Alertmanager deliver_open() tells it. Returns 0, or -ENOMEM: the next call goes on.
 */
int deliver_introduce(struct deliver *deliver, const json_t *messages, double boottime_seconds);

/* Whether deliver_open() would tell one now. */
bool deliver_open_is_due(const struct deliver *deliver, double boottime_seconds);

/*
 * Tells Alertmanagers of the notices that are open now, given as a list of messages. Call it at
 * every step; it sends by its own clock. Returns 0, or -ENOMEM: the next call tries again.
 */
int deliver_open(struct deliver *deliver, const json_t *messages, double boottime_seconds);

/* Gives changed books to ops->keep(). Call it before the texts are written to disk. */
void deliver_keep_books(struct deliver *deliver);

/* Run it when the descriptor is readable, and after timeout_ms; -1: no time. */
int deliver_fd(const struct deliver *deliver);
int deliver_timeout_ms(const struct deliver *deliver, double boottime_seconds);
void deliver_run(struct deliver *deliver, double boottime_seconds);

/* What became of the messages to the receivers of a kind, since each was configured. */
struct deliver_count {
	size_t receivers;
	uint64_t sent, given_up; /* messages */
	uint64_t failed; /* attempts */
	size_t waiting; /* messages */
};

struct deliver_count deliver_count(const struct deliver *deliver, enum config_receiver_kind kind);

/*
 * [{"receiver": "webhook http://...", "sent": 3, "failed": 1, "given_up": 0, "waiting": 1,
 *   "last_sent_at": RFC 3339|null, "last_error": text|null, "last_error_at": ...,
 *   "recent": [{"id", "kind", "service", "severity", "at", "result": "sent|waiting|given up",
 *               "attempts", "error"}]}]
 * since the receiver was configured, over restarts. `recent` has the last 16, newest first.
 * `failed` counts attempts. A URL is shown without user and password. NULL when out of memory.
 */
json_t *deliver_report(const struct deliver *deliver);

#endif
