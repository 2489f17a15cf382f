/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Delivers notifications to receivers, from the agent's one event loop: HTTP by libcurl's multi
 * interface on our epoll, commands as child processes. Every receiver has its own queue and one
 * delivery under way, so that a dead one delays no other.
 *
 * A delivery is tried until it is taken: again after 1 s, doubling up to 5 min, each with a random
 * quarter more or less; given up after 24 h or, when more than 256 wait for a receiver, the oldest
 * first: both are counted and shown. HTTP: 2xx is success; 4xx other than 408 and 429 is given up at
 * once. A command: exit status 0 is success; it runs in a process group of its own that is killed at
 * the timeout. What is delivered twice has the same `id`.
 *
 * Alertmanager (API v2, POST /api/v2/alerts): a list of one alert a notice, resent every minute
 * while it is open with endsAt 4 minutes ahead, and once with endsAt in the past when it resolves.
 * Its labels and startsAt are the same from fire to resolve, over restarts, too: so it is one alert
 * there. Reminders are not sent to it, it repeats at intervals of its own; what waits for it when
 * the resolve comes is given up in favour of that. A ticket stays open there under a page.
 *
 * Messages are only queued by deliver_send() and deliver_open(), attempts are made by deliver_run():
 * what is written down between them is written before anything goes out. SIGPIPE must be ignored.
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
 * What queues and books (counts, errors and recent messages of each receiver) are kept by. A queue's
 * change is told at once, the books' in deliver_run() and deliver_keep_books(). Failures are the
 * owner's to report.
 */
struct deliver_ops {
	void (*keep)(void *context, const char *key, const char *text);
	void (*drop)(void *context, const char *key);
};

/*
 * Receivers are taken from config->notify (copied); ops may be NULL. Times given to this module are
 * CLOCK_BOOTTIME seconds but for the wall clock ones that go into messages.
 */
int deliver_new(const struct config *config, const struct deliver_ops *ops, void *context,
		struct deliver **ret);
void deliver_free(struct deliver *deliver);

/*
 * Other receivers from now on. Queues and books of receivers that stay (same kind and address) go
 * on; those of others are dropped. Returns 0 or -ENOMEM (then nothing has changed).
 */
int deliver_configure(struct deliver *deliver, const struct config *config);

/*
 * Puts back what ops->keep() was given, before anything is sent: messages in any order, then books.
 * So keys sort. Unknown receivers' are dropped (by ops->drop()): 0. So are unreadable ones: -EINVAL.
 * Or -ENOMEM.
 */
int deliver_restore(struct deliver *deliver, const char *key, const char *text,
		    double boottime_seconds);

/*
 * Queues a message for every receiver that wants its severity. The message, as JSON for webhooks
 * and commands:
 *   {"version": 1, "id", "kind": "fire|escalate|remind|resolve|test", "status": "firing|resolved",
 *    "severity", "service", "host", "started_at", "sent_at", "summary",
 *    "slos": [{"name", "objective", "window_seconds", "availability", "burn_rate": {...},
 *              "budget": {... as in the status}, "alerts": [{"name", "since", ...}]}],
 *    "about": {"owner", "purpose", "mitigation", "runbook"}, "command": "slictl slo NAME"}
 * Returns 0 or -ENOMEM.
 */
int deliver_send(struct deliver *deliver, const json_t *message, double boottime_seconds);

/*
 * The notices that are open now, as messages like above: what Alertmanagers are kept informed of.
 * To be called at every step; it resends by its own clock. Returns 0 or -ENOMEM (it is tried again).
 */
int deliver_open(struct deliver *deliver, const json_t *messages, double boottime_seconds);

/* Has the books kept that have changed: to be called before what was kept is written down. */
void deliver_keep_books(struct deliver *deliver);

/* As status_fd() and status_timeout_ms(): wait on the descriptor for reading, then run. */
int deliver_fd(const struct deliver *deliver);
int deliver_timeout_ms(const struct deliver *deliver, double boottime_seconds);
void deliver_run(struct deliver *deliver, double boottime_seconds);

/*
 * [{"receiver": "webhook http://...", "sent": 3, "failed": 1, "given_up": 0, "waiting": 1,
 *   "last_sent_at": RFC 3339|null, "last_error": text|null, "last_error_at": ...,
 *   "recent": [{"id", "kind", "service", "severity", "at", "result": "sent|waiting|given up",
 *               "attempts", "error"}]}]  (the last 16 of each, newest first; `failed`
 * counts attempts). All that is since the receiver was configured, over restarts, too. A URL is shown
 * without user and password. NULL when out of memory.
 */
json_t *deliver_report(const struct deliver *deliver);

#endif
