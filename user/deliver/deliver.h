/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Delivers messages (notify/message) to receivers, from the agent's one event loop: HTTP by
 * libcurl's multi interface on our epoll, commands as child processes. Every receiver has its own
 * queue and one attempt under way, so that a dead one delays no other.
 *
 * Pages are sent first, tests last: deliver/queue. A delivery is tried until it is taken: again after 1 s,
 * doubling up to 5 min, each with a random quarter more or less. It is given up after 24 h, a test after 5 min, and
 * when more than 256 wait for a receiver the one that is worth least; the report counts and shows it. HTTP: 2xx is
 * success, 4xx other than 408 and 429 is given up at once; after a 429 or 503 with Retry-After nothing is sent to
 * that receiver for as long as it asks for, 1 h at most, over a restart, too. A command: exit status 0 is success.
 * It runs in a process group of its own, which is killed at the timeout. A message that arrives twice has the same
 * `id`.
 *
 * An alarm that was given up is missed (deliver/missed): as long as its notice is open, the receiver is sent the
 * notice again, once there is room; if it was refused, after 5 min, doubling up to 4 h.
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

#include "base/error.h"
#include "config/config.h"

struct deliver;
struct deliver_losses; /* deliver/receiver */

enum {
	DELIVER_QUEUE_MAX = 256, /* messages waiting for one receiver */
	DELIVER_GIVE_UP_SECONDS = 24 * 3600,
	DELIVER_TEST_GIVE_UP_SECONDS = 300,
	/* of tests a receiver gets so many at once, then one in so many seconds */
	DELIVER_TESTS_BURST = 4,
	DELIVER_TEST_SECONDS = 15,
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
	/* messages to a receiver were given up, or sent again: deliver_tell_losses(). May be NULL. */
	void (*lost)(void *context, const char *receiver, const struct deliver_losses *losses);
	/*
	 * What became of a message: "sent", "given up", or "waiting" after an attempt that failed; with the number of
	 * attempts, and why it failed, or NULL. May be NULL.
	 */
	void (*settled)(void *context, const char *receiver, const json_t *message,
			const char *result, unsigned int attempts, const char *error);
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

/*
 * Queues a test message for every receiver that wants its severity. Returns their number, or -ENOMEM; or -EBUSY and
 * why, and queues nothing: one of them has a test waiting already, or was sent too many.
 */
int deliver_test(struct deliver *deliver, const json_t *message, double boottime_seconds,
		 struct error *ret_error);

/* ---- what is open: deliver/open ---- */

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

/* Whether a receiver misses a notice. */
bool deliver_has_missed(const struct deliver *deliver);
/* Of the missed ones only those are open that are members of `ids`: the others are forgotten. */
void deliver_forget_missed(struct deliver *deliver, const json_t *ids);
/* Whether deliver_send_again() would send a message of this id now. */
bool deliver_misses(const struct deliver *deliver, const char *id, double boottime_seconds);
/*
 * Queues the messages of open notices for the receivers that miss them, as far as there is room, pages first.
 * Returns 0, or -ENOMEM: the next call goes on.
 */
int deliver_send_again(struct deliver *deliver, const json_t *messages, double boottime_seconds);

/* Tells the owner of what was given up, and sent again, since the last call: a receiver at a time. */
void deliver_tell_losses(struct deliver *deliver);

/* ---- the loop ---- */

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
	size_t missed; /* notices */
};

struct deliver_count deliver_count(const struct deliver *deliver, enum config_receiver_kind kind);

/*
 * [{"receiver": "webhook http://...", "sent": 3, "failed": 1, "given_up": 0, "waiting": 1,
 *   "missed": 0, "last_sent_at": RFC 3339|null, "last_error": text|null, "last_error_at": ...,
 *   "recent": [{"id", "kind", "service", "severity", "at", "result": "sent|waiting|given up",
 *               "attempts", "error"}]}]
 * since the receiver was configured, over restarts. `recent` has the last 16, newest first.
 * `failed` counts attempts, `missed` open notices that are to be sent again. A URL is shown without user and password. NULL when out of memory.
 */
json_t *deliver_report(const struct deliver *deliver);

#endif
