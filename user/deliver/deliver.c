/* SPDX-License-Identifier: GPL-2.0-only */
#include "deliver/deliver.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json_values.h"
#include "base/loop.h"
#include "deliver/work.h"
#include "notify/message.h"

enum {
	RUN_EVENTS_MAX = 256, /* in one run: the agent has other things to do */
};

struct deliver {
	struct deliver_hub hub;
	struct receiver **receivers;
	size_t n;
	uint64_t last_number;
};

/* Grows over restarts: by the wall clock, or by the numbers of restored deliveries. */
static uint64_t next_number(struct deliver *deliver)
{
	const uint64_t now_us = (uint64_t)(deliver_unix_now() * 1e6);

	if (now_us > deliver->last_number)
		deliver->last_number = now_us;
	else
		deliver->last_number++;
	return deliver->last_number;
}

/* ---- sending ---- */

static void deliveries_free(struct delivery **deliveries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		delivery_free(deliveries[i]);
}

/* Makes all deliveries first, so that none fails when others are queued. */
int deliver_send(struct deliver *deliver, const json_t *message, double boottime_seconds)
{
	_cleanup_free_ struct delivery **deliveries = calloc(deliver->n + 1, sizeof(*deliveries));
	json_t *copy = deliveries ? json_deep_copy(message) : NULL;
	bool failed = !copy;

	for (size_t i = 0; !failed && i < deliver->n; i++) {
		if (!receiver_wants(deliver->receivers[i], copy))
			continue;
		deliveries[i] = delivery_new(next_number(deliver), copy);
		failed = !deliveries[i];
	}
	json_decref(copy);
	if (failed) {
		if (deliveries)
			deliveries_free(deliveries, deliver->n);
		return -ENOMEM;
	}
	deliver->hub.now_seconds = boottime_seconds;
	for (size_t i = 0; i < deliver->n; i++) {
		if (deliveries[i])
			receiver_send(deliver->receivers[i], deliveries[i]);
	}
	return 0;
}

/* ---- newcomers ---- */

static bool is_new(const struct receiver *receiver)
{
	return receiver->severities & ~receiver->books.introduced;
}

bool deliver_has_newcomers(const struct deliver *deliver)
{
	for (size_t i = 0; i < deliver->n; i++) {
		if (is_new(deliver->receivers[i]))
			return true;
	}
	return false;
}

/* Makes all deliveries first, so that none is queued twice. */
static int introduce(struct deliver *deliver, struct receiver *receiver, const json_t *messages)
{
	const uint32_t severities = receiver->severities & ~receiver->books.introduced;
	const size_t n = json_array_size(messages);
	_cleanup_free_ struct delivery **deliveries = calloc(n + 1, sizeof(*deliveries));
	bool failed = !deliveries;

	for (size_t i = 0; !failed && i < n; i++) {
		json_t *message = json_array_get(messages, i);

		if (!(severities & message_severity(message)) ||
		    receiver->kind == RECEIVER_ALERTMANAGER)
			continue;
		deliveries[i] = delivery_new(next_number(deliver), message);
		failed = !deliveries[i];
	}
	if (failed) {
		if (deliveries)
			deliveries_free(deliveries, n);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		if (deliveries[i])
			receiver_send(receiver, deliveries[i]);
	}
	receiver->books.introduced |= severities;
	receiver->books.changed = true;
	receiver->refresh_seconds = deliver->hub.now_seconds;
	return 0;
}

int deliver_introduce(struct deliver *deliver, const json_t *messages, double boottime_seconds)
{
	int r = 0;

	deliver->hub.now_seconds = boottime_seconds;
	for (size_t i = 0; !r && i < deliver->n; i++) {
		if (is_new(deliver->receivers[i]))
			r = introduce(deliver, deliver->receivers[i], messages);
	}
	return r;
}

/* ---- what is open ---- */

/* NULL when out of memory. */
static json_t *alerts_json(const struct receiver *receiver, const json_t *messages)
{
	json_t *list = json_array();
	int failed = !list;

	for (size_t i = 0; i < json_array_size(messages); i++) {
		const json_t *message = json_array_get(messages, i);
		json_t *alerts;

		if (!(receiver->severities & message_severity(message)))
			continue;
		alerts = message_alerts(message, deliver_unix_now());
		failed |= !alerts || json_array_extend(list, alerts);
		json_decref(alerts);
	}
	return json_checked(list, failed);
}

static bool open_is_due(const struct receiver *receiver, double boottime_seconds)
{
	return receiver->kind == RECEIVER_ALERTMANAGER &&
	       boottime_seconds >= receiver->refresh_seconds;
}

bool deliver_open_is_due(const struct deliver *deliver, double boottime_seconds)
{
	for (size_t i = 0; i < deliver->n; i++) {
		if (open_is_due(deliver->receivers[i], boottime_seconds))
			return true;
	}
	return false;
}

int deliver_open(struct deliver *deliver, const json_t *messages, double boottime_seconds)
{
	int result = 0;

	deliver->hub.now_seconds = boottime_seconds;
	for (size_t i = 0; i < deliver->n; i++) {
		struct receiver *receiver = deliver->receivers[i];
		json_t *alerts;

		if (!open_is_due(receiver, boottime_seconds))
			continue;
		alerts = alerts_json(receiver, messages);
		if (!alerts) {
			result = -ENOMEM;
			continue;
		}
		json_decref(receiver->refresh);
		receiver->refresh = json_array_size(alerts) ? json_incref(alerts) : NULL;
		if (receiver->refresh)
			receiver->refresh_seconds = boottime_seconds + DELIVER_REFRESH_SECONDS;
		json_decref(alerts);
	}
	return result;
}

/* ---- over restarts ---- */

/* The place of the receiver in the list; NULL if there is none. */
static struct receiver **receiver_find(const struct deliver *deliver, const char *identity)
{
	for (size_t i = 0; i < deliver->n; i++) {
		struct receiver **place = &deliver->receivers[i];

		if (*place && !strcmp((*place)->identity, identity))
			return place;
	}
	return NULL;
}

static int restore_books(struct deliver *deliver, const char *key, const char *text)
{
	struct receiver **place = receiver_find(deliver, key + strlen(RECEIVER_BOOKS_KEY));
	int r = place ? books_load(&(*place)->books, text, &(*place)->queue) : 0;

	if (r == -ENOMEM)
		return r;
	if (!place || r)
		deliver_drop(&deliver->hub, key);
	else if (books_newest(&(*place)->books) > deliver->last_number)
		deliver->last_number = books_newest(&(*place)->books);
	return r;
}

static int restore_message(struct deliver *deliver, const char *key, const char *text,
			   double boottime_seconds)
{
	_cleanup_(delivery_free_at) struct delivery *delivery = NULL;
	_cleanup_free_ char *identity = NULL;
	struct receiver **place;
	double waited_seconds, wait_seconds;
	int r = delivery_load(text, &identity, &delivery);

	if (r == -ENOMEM)
		return r;
	place = r ? NULL : receiver_find(deliver, identity);
	if (!place || strcmp(delivery->key, key) != 0) {
		deliver_drop(&deliver->hub, key);
		return r;
	}
	if (delivery->number > deliver->last_number)
		deliver->last_number = delivery->number;
	waited_seconds = deliver_unix_now() - delivery->first_unix;
	delivery->first_seconds = boottime_seconds - fmax(waited_seconds, 0);
	delivery->next_seconds = boottime_seconds;
	wait_seconds = delivery->not_before_unix - deliver_unix_now();
	wait_seconds = fmin(fmax(wait_seconds, 0), HTTP_RETRY_AFTER_MAX_SECONDS);
	(*place)->not_before_seconds =
		fmax((*place)->not_before_seconds, boottime_seconds + wait_seconds);
	deliver->hub.now_seconds = boottime_seconds;
	receiver_enqueue(*place, TAKE_PTR(delivery));
	return 0;
}

int deliver_restore(struct deliver *deliver, const char *key, const char *text,
		    double boottime_seconds)
{
	if (!strncmp(key, RECEIVER_BOOKS_KEY, strlen(RECEIVER_BOOKS_KEY)))
		return restore_books(deliver, key, text);
	return restore_message(deliver, key, text, boottime_seconds);
}

void deliver_keep_books(struct deliver *deliver)
{
	for (size_t i = 0; i < deliver->n; i++)
		receiver_keep_books(deliver->receivers[i]);
}

/* ---- the loop ---- */

int deliver_fd(const struct deliver *deliver)
{
	return deliver->hub.epoll_fd;
}

int deliver_timeout_ms(const struct deliver *deliver, double boottime_seconds)
{
	int timeout_ms = http_timeout_ms(deliver->hub.http);

	for (size_t i = 0; i < deliver->n; i++)
		timeout_ms = loop_sooner_ms(timeout_ms, receiver_timeout_ms(deliver->receivers[i],
									    boottime_seconds));
	return timeout_ms;
}

static void on_event(struct deliver *deliver, const struct epoll_event *event)
{
	const int fd = (int)(event->data.u64 & UINT32_MAX);

	if (event->data.u64 >> 32 == WATCH_HTTP) {
		http_event(deliver->hub.http, fd, event->events);
		return;
	}
	for (size_t i = 0; i < deliver->n; i++) {
		struct command *command = deliver->receivers[i]->command;

		if (command && command_event(command, fd))
			return;
	}
}

/* Takes one event at a time, as each may close the descriptor of another. */
void deliver_run(struct deliver *deliver, double boottime_seconds)
{
	struct epoll_event event;

	deliver->hub.now_seconds = boottime_seconds;
	for (int i = 0; i < RUN_EVENTS_MAX; i++) {
		if (epoll_wait(deliver->hub.epoll_fd, &event, 1, 0) != 1)
			break;
		on_event(deliver, &event);
	}
	for (size_t i = 0; i < deliver->n; i++)
		receiver_run(deliver->receivers[i]);
	http_run(deliver->hub.http);
	deliver_keep_books(deliver);
}

struct deliver_count deliver_count(const struct deliver *deliver, enum config_receiver_kind kind)
{
	struct deliver_count count = {};

	for (size_t i = 0; i < deliver->n; i++) {
		const struct receiver *receiver = deliver->receivers[i];

		if (receiver->kind != kind)
			continue;
		count.receivers++;
		count.sent += receiver->books.sent;
		count.failed += receiver->books.failed;
		count.given_up += receiver->books.given_up;
		count.waiting += receiver->n_waiting;
	}
	return count;
}

json_t *deliver_report(const struct deliver *deliver)
{
	json_t *list = json_array();
	int failed = !list;

	for (size_t i = 0; i < deliver->n; i++)
		failed |= json_push(list, receiver_report(deliver->receivers[i]));
	return json_checked(list, failed);
}

/* ---- life ---- */

static void receivers_free(struct receiver **receivers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!receivers[i])
			continue;
		receiver_cancel(receivers[i]);
		receiver_free(receivers[i]);
	}
	free(receivers);
}

static int receivers_new(struct deliver *deliver, const struct config *config,
			 struct receiver ***ret)
{
	struct receiver **receivers = calloc(config->n_receivers + 1, sizeof(struct receiver *));

	if (!receivers)
		return -ENOMEM;
	for (size_t i = 0; i < config->n_receivers; i++) {
		const struct config_receiver *receiver = &config->receivers[i];
		size_t earlier = 0;

		for (size_t k = 0; k < i; k++)
			earlier += config_receiver_is_same(&config->receivers[k], receiver);
		if (receiver_new(receiver, earlier, &receivers[i])) {
			receivers_free(receivers, i);
			return -ENOMEM;
		}
		receivers[i]->hub = &deliver->hub;
	}
	*ret = receivers;
	return 0;
}

/* Puts the old receiver in place of the new one, with the settings of the new. */
static void receiver_go_on(struct receiver **receiver, struct receiver **old)
{
	struct receiver *made = *receiver;

	*receiver = TAKE_PTR(*old);
	receiver_take_settings(*receiver, made);
	(*receiver)->books.introduced &= made->severities;
	receiver_free(made);
}

/* The texts of a receiver that goes need not be kept. */
static void drop_texts(struct deliver_hub *hub, const struct receiver *receiver)
{
	const struct delivery *delivery;

	TAILQ_FOREACH(delivery, &receiver->queue, link) {
		deliver_drop(hub, delivery->key);
	}
	deliver_drop(hub, receiver->books_key);
}

int deliver_configure(struct deliver *deliver, const struct config *config)
{
	struct receiver **receivers;
	int r = receivers_new(deliver, config, &receivers);

	if (r)
		return r;
	for (size_t i = 0; i < config->n_receivers; i++) {
		struct receiver **old = receiver_find(deliver, receivers[i]->identity);

		if (old)
			receiver_go_on(&receivers[i], old);
	}
	for (size_t i = 0; i < deliver->n; i++) {
		if (deliver->receivers[i])
			drop_texts(&deliver->hub, deliver->receivers[i]);
	}
	receivers_free(deliver->receivers, deliver->n);
	deliver->receivers = receivers;
	deliver->n = config->n_receivers;
	return 0;
}

static void deliver_free_at(struct deliver **deliver)
{
	deliver_free(*deliver);
}

int deliver_new(const struct config *config, const struct deliver_ops *ops, void *context,
		struct deliver **ret)
{
	_cleanup_(deliver_free_at) struct deliver *deliver = calloc(1, sizeof(*deliver));
	int r;

	if (!deliver)
		return -ENOMEM;
	if (ops)
		deliver->hub.ops = *ops;
	deliver->hub.context = context;
	deliver->hub.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (deliver->hub.epoll_fd < 0)
		return -errno;
	r = http_new(deliver->hub.epoll_fd, &deliver->hub.http);
	r = r ?: receivers_new(deliver, config, &deliver->receivers);
	if (r)
		return r;
	deliver->n = config->n_receivers;
	*ret = TAKE_PTR(deliver);
	return 0;
}

void deliver_free(struct deliver *deliver)
{
	if (!deliver)
		return;
	receivers_free(deliver->receivers, deliver->n);
	http_free(deliver->hub.http);
	if (deliver->hub.epoll_fd >= 0)
		close(deliver->hub.epoll_fd);
	free(deliver);
}
