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
#include "deliver/deliver_parts.h"
#include "deliver/work.h"
#include "notify/message.h"

enum {
	RUN_EVENTS_MAX = 64, /* in one run: the agent has other things to do */
};

uint64_t deliver_next_number(struct deliver *deliver)
{
	const uint64_t now_us = (uint64_t)(deliver_unix_now() * 1e6);

	if (now_us > deliver->last_number)
		deliver->last_number = now_us;
	else
		deliver->last_number++;
	return deliver->last_number;
}

/* ---- sending ---- */

void deliver_free_deliveries(struct delivery **deliveries, size_t n)
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
		deliveries[i] = delivery_new(deliver_next_number(deliver), copy);
		failed = !deliveries[i];
	}
	json_decref(copy);
	if (failed) {
		if (deliveries)
			deliver_free_deliveries(deliveries, deliver->n);
		return -ENOMEM;
	}
	deliver->hub.now_seconds = boottime_seconds;
	for (size_t i = 0; i < deliver->n; i++) {
		if (deliveries[i])
			receiver_send(deliver->receivers[i], deliveries[i]);
	}
	return 0;
}

/* ---- over restarts ---- */

/* The place of the receiver of this key in the list; NULL if there is none. */
static struct receiver **receiver_of_key(const struct deliver *deliver, const char *key)
{
	for (size_t i = 0; i < deliver->n; i++) {
		struct receiver **place = &deliver->receivers[i];

		if (*place && !strcmp((*place)->identity.key, key))
			return place;
	}
	return NULL;
}

/* That of this key, or else the first that may be meant. */
static struct receiver **receiver_find(const struct deliver *deliver, const char *identity)
{
	struct receiver **place = receiver_of_key(deliver, identity);

	for (size_t i = 0; i < deliver->n && !place; i++) {
		if (deliver->receivers[i] && receiver_is(deliver->receivers[i], identity))
			place = &deliver->receivers[i];
	}
	return place;
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
	if (place && !r && strcmp((*place)->books_key, key) != 0) {
		deliver_drop(&deliver->hub, key);
		(*place)->books.changed = true;
		receiver_keep_books(*place);
	}
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
	if (strcmp((*place)->identity.key, identity) != 0)
		receiver_keep(*place, delivery);
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
		count.missed += receiver->books.missed.n;
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

static bool is_same_file(const struct config_receiver *a, const struct config_receiver *b)
{
	return a->kind == b->kind && a->url_file && b->url_file &&
	       !strcmp(a->url_file, b->url_file);
}

/* Tells the receiver apart for people from those before it that look alike. Returns 0 or -ENOMEM. */
static int number(struct receiver *const *receivers, size_t i)
{
	struct receiver_identity *identity = &receivers[i]->identity;
	size_t alike = 0;

	for (size_t k = 0; k < i; k++)
		alike += !strcmp(receivers[k]->identity.unnumbered, identity->unnumbered);
	return alike ? identity_number(identity, alike + 1) : 0;
}

static int receivers_new(struct deliver *deliver, const struct config *config,
			 struct receiver ***ret)
{
	struct receiver **receivers = calloc(config->n_receivers + 1, sizeof(struct receiver *));

	if (!receivers)
		return -ENOMEM;
	for (size_t i = 0; i < config->n_receivers; i++) {
		const struct config_receiver *receiver = &config->receivers[i];
		size_t same_address = 0, same_file = 0;

		for (size_t k = 0; k < i; k++) {
			same_address += config_receiver_is_same(&config->receivers[k], receiver);
			same_file += is_same_file(&config->receivers[k], receiver);
		}
		if (receiver_new(receiver, same_address, same_file, &receivers[i]) ||
		    number(receivers, i)) {
			receivers_free(receivers, i + 1);
			return -ENOMEM;
		}
		receivers[i]->hub = &deliver->hub;
	}
	*ret = receivers;
	return 0;
}

/* Its texts are kept under another key from now on. */
static void rename_texts(struct receiver *receiver, const char *old_books_key)
{
	const struct delivery *delivery;

	TAILQ_FOREACH(delivery, &receiver->queue, link) {
		receiver_keep(receiver, delivery);
	}
	deliver_drop(receiver->hub, old_books_key);
	receiver->books.changed = true;
	receiver_keep_books(receiver);
}

/* Puts the old receiver in place of the new one, with the settings of the new. */
static void receiver_go_on(struct receiver **receiver, struct receiver **old)
{
	struct receiver *made = *receiver;

	*receiver = TAKE_PTR(*old);
	receiver_take_settings(*receiver, made);
	if (strcmp((*receiver)->books_key, made->books_key) != 0)
		rename_texts(*receiver, made->books_key);
	(*receiver)->books.introduced &= made->severities;
	receiver_free(made);
}

/* Those of the same key first; then who has moved a URL into a file, or back. */
static void go_on(struct deliver *deliver, struct receiver **receivers, size_t n)
{
	bool gone_on[CONFIG_MAX_RECEIVERS] = {};

	for (int by_address = 0; by_address < 2; by_address++) {
		for (size_t i = 0; i < n && i < CONFIG_MAX_RECEIVERS; i++) {
			const struct receiver_identity *identity = &receivers[i]->identity;
			struct receiver **old =
				gone_on[i] ? NULL :
				by_address ? receiver_find(deliver, identity->address) :
					     receiver_of_key(deliver, identity->key);

			gone_on[i] |= old != NULL;
			if (old)
				receiver_go_on(&receivers[i], old);
		}
	}
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
	go_on(deliver, receivers, config->n_receivers);
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
