/* SPDX-License-Identifier: GPL-2.0-only */
#include "deliver/work.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/json_values.h"
#include "base/say.h"
#include "deliver/deliver.h"
#include "notify/message.h"
#include "notify/message_body.h"

enum {
	LINE_BYTES = 1024,
	ERROR_BYTES = 216, /* of an error that is told: 200 of an answer, and its status */
};

double deliver_unix_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* [0, 1) */
static double random_ratio(void)
{
	uint32_t random;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		return 0.5;
	return random / 4294967296.0;
}

/* ---- a receiver's queue ---- */

void receiver_keep(const struct receiver *receiver, const struct delivery *delivery)
{
	const struct deliver_hub *hub = receiver->hub;
	_cleanup_free_ char *text = NULL;

	if (!hub->ops.keep)
		return;
	text = delivery_save(delivery, receiver->identity.key);
	if (text)
		hub->ops.keep(hub->context, delivery->key, text);
}

void receiver_keep_books(struct receiver *receiver)
{
	const struct deliver_hub *hub = receiver->hub;
	_cleanup_free_ char *text = NULL;

	if (!receiver->books.changed || !hub->ops.keep)
		return;
	text = books_save(&receiver->books);
	if (!text)
		return; /* the next run tries again */
	hub->ops.keep(hub->context, receiver->books_key, text);
	receiver->books.changed = false;
}

void deliver_drop(struct deliver_hub *hub, const char *key)
{
	if (hub->ops.drop)
		hub->ops.drop(hub->context, key);
}

static void tell_settled(const struct receiver *receiver, const struct delivery *delivery,
			 enum delivery_result result, const char *error)
{
	const struct deliver_hub *hub = receiver->hub;

	if (hub->ops.settled && delivery->class != DELIVERY_TEST)
		hub->ops.settled(hub->context, receiver->identity.name, delivery->message,
				 delivery_result_name(result), delivery->attempts, error);
}

/* The delivery has a result and leaves the queue. */
static void settle(struct receiver *receiver, struct delivery *delivery,
		   enum delivery_result result, const char *error)
{
	books_note(&receiver->books, delivery, result, error, deliver_unix_now());
	tell_settled(receiver, delivery, result, error);
	TAILQ_REMOVE(&receiver->queue, delivery, link);
	receiver->n_waiting--;
	deliver_drop(receiver->hub, delivery->key);
	delivery_free(delivery);
}

/* It is given up, and the owner is told. An Alertmanager gets what is open anyway. */
static void lose(struct receiver *receiver, struct delivery *delivery, enum deliver_loss why,
		 const char *error)
{
	if (delivery->class != DELIVERY_TEST) {
		receiver->losses.lost[delivery->class]++;
		receiver->losses.by[why]++;
	}
	/* without memory it is not sent again: the reminder comes */
	if (delivery_is_alarm(delivery) && !delivery->over &&
	    receiver->kind != RECEIVER_ALERTMANAGER &&
	    !missed_add(&receiver->books.missed, delivery, why == LOSS_REFUSED,
			receiver->hub->now_seconds))
		receiver->books.changed = true;
	settle(receiver, delivery, DELIVERY_GIVEN_UP, error);
}

void receiver_expire(struct receiver *receiver)
{
	struct delivery *delivery = TAILQ_FIRST(&receiver->queue), *next;

	for (; delivery; delivery = next) {
		const double age = receiver->hub->now_seconds - delivery->first_seconds;

		next = TAILQ_NEXT(delivery, link);
		if (delivery == receiver->sending)
			continue;
		if (delivery->class == DELIVERY_TEST && age >= DELIVER_TEST_GIVE_UP_SECONDS)
			lose(receiver, delivery, LOSS_OLD, "not taken for 5 minutes");
		else if (age >= DELIVER_GIVE_UP_SECONDS)
			lose(receiver, delivery, LOSS_OLD, "not taken for 24 hours");
	}
}

void receiver_enqueue(struct receiver *receiver, struct delivery *delivery)
{
	struct delivery *least;

	deliveries_insert(&receiver->queue, delivery);
	receiver->n_waiting++;
	books_queued(&receiver->books, delivery);
	while (receiver->n_waiting > DELIVER_QUEUE_MAX &&
	       (least = deliveries_least(&receiver->queue, receiver->sending)))
		lose(receiver, least, LOSS_FULL, "too many messages wait");
}

static bool has_room(const struct receiver *receiver, enum delivery_class class)
{
	const struct delivery *least;

	if (receiver->n_waiting < DELIVER_QUEUE_MAX)
		return true;
	least = deliveries_least(&receiver->queue, receiver->sending);
	return least && delivery_worth(least) < delivery_alarm_worth(class);
}

bool receiver_misses(const struct receiver *receiver, const char *id, double boottime_seconds)
{
	const struct missed_notice *missed = missed_find(&receiver->books.missed, id);

	return missed && missed->due_seconds <= boottime_seconds &&
	       !deliveries_newer(&receiver->queue, id, missed->number) &&
	       has_room(receiver, missed->class);
}

/* ---- attempts ---- */

static void refresh_done(struct receiver *receiver, const struct attempt_end *end)
{
	struct deliver_hub *hub = receiver->hub;
	struct delivery *head = TAILQ_FIRST(&receiver->queue);
	double seconds;

	if (end->result == ATTEMPT_TAKEN) {
		receiver->refresh_failures = 0;
		books_refreshed(&receiver->books, deliver_unix_now());
		/* the receiver is back: the queue need not wait longer */
		if (head && head->next_seconds > hub->now_seconds)
			head->next_seconds = hub->now_seconds;
		return;
	}
	books_refresh_failed(&receiver->books, end->error, deliver_unix_now());
	seconds = delivery_backoff_seconds(++receiver->refresh_failures, random_ratio());
	receiver->refresh_seconds = hub->now_seconds + fmin(seconds, DELIVER_REFRESH_SECONDS);
}

static void message_done(struct receiver *receiver, const struct attempt_end *end)
{
	struct deliver_hub *hub = receiver->hub;
	struct delivery *delivery = TAKE_PTR(receiver->sending);

	delivery->attempts++;
	if (end->result == ATTEMPT_TAKEN) {
		missed_taken(&receiver->books.missed, delivery);
		settle(receiver, delivery, DELIVERY_SENT, NULL);
		return;
	}
	books_attempt_failed(&receiver->books);
	if (end->result == ATTEMPT_REFUSED) {
		lose(receiver, delivery, LOSS_REFUSED, end->error);
		return;
	}
	delivery->next_seconds =
		hub->now_seconds + delivery_backoff_seconds(delivery->attempts, random_ratio());
	delivery->not_before_unix = deliver_unix_now() + end->retry_after_seconds;
	books_note(&receiver->books, delivery, DELIVERY_WAITING, end->error, deliver_unix_now());
	tell_settled(receiver, delivery, DELIVERY_WAITING, end->error);
	receiver_keep(receiver, delivery);
}

/* Tells the owner when it changes whether the receiver takes what it is sent. */
static void note_failing(struct receiver *receiver, const struct attempt_end *end)
{
	const struct deliver_hub *hub = receiver->hub;
	const bool failing = end->result != ATTEMPT_TAKEN;

	if (failing == receiver->failing)
		return;
	receiver->failing = failing;
	if (hub->ops.failing)
		hub->ops.failing(hub->context, receiver->identity.name,
				 failing ? end->error : NULL);
}

/*
 * An error is told to all who may read: without what the receiver was given and may have repeated, and cut
 * only then, so that no rest of a secret is left.
 */
static const char *error_shown(const struct receiver *receiver, const char *error,
			       char buffer[static ERROR_BYTES])
{
	_cleanup_free_ char *copy = error ? strdup(error) : NULL;

	if (!error)
		return NULL;
	if (copy)
		receiver_mask(receiver, copy);
	snprintf(buffer, ERROR_BYTES, "%s", copy ?: "out of memory");
	return buffer;
}

static void on_done(void *context, const struct attempt_end *attempt_end)
{
	struct receiver *receiver = context;
	const enum receiver_busy busy = receiver->busy;
	char buffer[ERROR_BYTES];
	struct attempt_end told = *attempt_end;
	const struct attempt_end *end = &told;

	told.error = error_shown(receiver, attempt_end->error, buffer);
	receiver->busy = RECEIVER_IDLE;
	receiver->post = NULL;
	receiver->command = NULL;
	receiver->not_before_seconds = receiver->hub->now_seconds + end->retry_after_seconds;
	note_failing(receiver, end);
	if (busy == RECEIVER_REFRESHING)
		refresh_done(receiver, end);
	else
		message_done(receiver, end);
}

void receiver_cancel(struct receiver *receiver)
{
	if (receiver->post)
		http_post_cancel(receiver->hub->http, receiver->post);
	if (receiver->command)
		command_cancel(receiver->command);
	receiver->post = NULL;
	receiver->command = NULL;
	receiver->sending = NULL;
	receiver->busy = RECEIVER_IDLE;
}

/* Takes the body, which is NULL when out of memory. */
static void attempt(struct receiver *receiver, enum receiver_busy busy, char *body)
{
	struct deliver_hub *hub = receiver->hub;
	const struct attempt_done done = {on_done, receiver};
	int r = -ENOMEM;

	receiver->busy = busy;
	if (body && receiver->kind == RECEIVER_COMMAND)
		r = command_start(hub->epoll_fd, receiver->argv, body, receiver->timeout_ns, &done,
				  &receiver->command);
	else if (body)
		r = http_post_start(hub->http,
				    &(const struct http_request){
					    .url = receiver->url,
					    .body = body,
					    .content_type = receiver->content_type,
					    .headers = receiver->headers,
					    .n_headers = receiver->n_headers,
					    .timeout_ns = receiver->timeout_ns,
				    },
				    &done, &receiver->post);
	if (r)
		on_done(receiver, &(const struct attempt_end){.result = ATTEMPT_FAILED,
							      .error = strerror(-r)});
}

/* The journal's attempt. */
static struct attempt_end print_line(const json_t *message)
{
	char line[LINE_BYTES];

	message_line(message, line, sizeof(line));
	say("%s", line);
	if (say_was_taken())
		return (struct attempt_end){.result = ATTEMPT_TAKEN};
	return (struct attempt_end){.result = ATTEMPT_FAILED,
				    .error = "nobody reads standard error"};
}

static char *json_text(json_t *json)
{
	return json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
}

static void attempt_message(struct receiver *receiver, struct delivery *delivery)
{
	json_t *list = NULL;

	receiver->sending = delivery;
	if (receiver->kind == RECEIVER_JOURNAL) {
		const struct attempt_end end = print_line(delivery->message);

		receiver->busy = RECEIVER_SENDING;
		on_done(receiver, &end);
		return;
	}
	if (receiver->body) {
		attempt(receiver, RECEIVER_SENDING,
			message_body(delivery->message, receiver->body,
				     body_format_of(receiver->content_type)));
		return;
	}
	if (receiver->kind != RECEIVER_ALERTMANAGER) {
		attempt(receiver, RECEIVER_SENDING, json_text(delivery->message));
		return;
	}
	list = message_alerts(delivery->message, deliver_unix_now());
	attempt(receiver, RECEIVER_SENDING, json_text(list));
	json_decref(list);
}

static void attempt_refresh(struct receiver *receiver)
{
	json_t *list = TAKE_PTR(receiver->refresh);

	attempt(receiver, RECEIVER_REFRESHING, json_text(list));
	json_decref(list);
}

void receiver_run(struct receiver *receiver)
{
	struct delivery *next;

	if (receiver->command)
		command_run(receiver->command);
	receiver_expire(receiver);
	next = TAILQ_FIRST(&receiver->queue);
	if (receiver->busy != RECEIVER_IDLE ||
	    receiver->not_before_seconds > receiver->hub->now_seconds)
		return;
	if (next && next->next_seconds <= receiver->hub->now_seconds)
		attempt_message(receiver, next);
	else if (receiver->refresh)
		attempt_refresh(receiver);
}

/* ---- sending ---- */

bool receiver_wants(const struct receiver *receiver, const json_t *message)
{
	if (!(receiver->severities & message_severity(message)))
		return false;
	/* an Alertmanager knows what is open, and repeats at intervals of its own */
	return receiver->kind != RECEIVER_ALERTMANAGER || !message_is(message, "kind", "remind");
}

/* Whether the message says of an SLO of this name that it has ended. */
static bool ends(const json_t *message, const char *slo)
{
	const json_t *slos = json_object_get(message, "slos");

	for (size_t i = 0; i < json_array_size(slos); i++) {
		const json_t *one = json_array_get(slos, i);

		if (message_is(one, "name", slo) && (message_is(message, "status", "resolved") ||
						     message_is(one, "status", "resolved")))
			return true;
	}
	return false;
}

/* The SLOs of `message` that `end` does not end. NULL when out of memory. */
static json_t *lasting(const json_t *message, const json_t *end)
{
	const json_t *slos = json_object_get(message, "slos");
	json_t *list = json_array();
	int failed = !list;

	for (size_t i = 0; i < json_array_size(slos); i++) {
		json_t *slo = json_array_get(slos, i);

		if (!ends(end, message_text(slo, "name")))
			failed |= json_push(list, json_incref(slo));
	}
	return json_checked(list, failed);
}

/*
 * SLOs have ended that an Alertmanager has not been told of: the end alone brings it up to date, and
 * what waits of them is given up. What waits of other SLOs stays. Out of memory, all waits on.
 */
static void overtake(struct receiver *receiver, const json_t *message)
{
	struct delivery *delivery = TAILQ_FIRST(&receiver->queue), *next;
	const char *id = message_text(message, "id");

	for (; delivery; delivery = next) {
		json_t *left;

		next = TAILQ_NEXT(delivery, link);
		if (delivery == receiver->sending || !message_is(delivery->message, "id", id) ||
		    message_is(delivery->message, "kind", "left"))
			continue;
		left = lasting(delivery->message, message);
		if (left && !json_array_size(left))
			settle(receiver, delivery, DELIVERY_GIVEN_UP, "it has resolved meanwhile");
		else if (left && !delivery_set_slos(delivery, left))
			receiver_keep(receiver, delivery);
		json_decref(left);
	}
	json_decref(receiver->refresh);
	receiver->refresh = NULL;
	receiver->refresh_seconds = receiver->hub->now_seconds;
}

void receiver_send(struct receiver *receiver, struct delivery *delivery)
{
	struct deliver_hub *hub = receiver->hub;

	if (receiver->kind == RECEIVER_ALERTMANAGER &&
	    (message_is(delivery->message, "status", "resolved") ||
	     message_is(delivery->message, "kind", "left")))
		overtake(receiver, delivery->message);
	delivery->first_unix = deliver_unix_now();
	delivery->first_seconds = hub->now_seconds;
	delivery->next_seconds = hub->now_seconds;
	/* the journal can be told at once: nothing need be kept */
	if (receiver->kind == RECEIVER_JOURNAL && TAILQ_EMPTY(&receiver->queue)) {
		receiver_enqueue(receiver, delivery);
		attempt_message(receiver, delivery);
		return;
	}
	/* kept first: too many may wait, and it is the one that goes */
	receiver_keep(receiver, delivery);
	receiver_enqueue(receiver, delivery);
}

int receiver_timeout_ms(const struct receiver *receiver, double boottime_seconds)
{
	const struct delivery *head = TAILQ_FIRST(&receiver->queue);
	double next_seconds = receiver->not_before_seconds, left_ms;

	if (receiver->command)
		return command_timeout_ms(receiver->command);
	if (receiver->busy != RECEIVER_IDLE || (!head && !receiver->refresh))
		return -1;
	if (!receiver->refresh)
		next_seconds = fmax(next_seconds, head->next_seconds);
	left_ms = ceil((next_seconds - boottime_seconds) * 1000);
	if (left_ms <= 0)
		return 0;
	return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}
