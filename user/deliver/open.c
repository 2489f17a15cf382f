/* SPDX-License-Identifier: GPL-2.0-only */
/* What is open, told to receivers that do not know it. Part of deliver/deliver, which has the contract. */
#include "deliver/deliver_parts.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/json_values.h"
#include "notify/message.h"

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
		deliveries[i] = delivery_new(deliver_next_number(deliver), message);
		failed = !deliveries[i];
	}
	if (failed) {
		if (deliveries)
			deliver_free_deliveries(deliveries, n);
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

/* ---- what was missed ---- */

bool deliver_has_missed(const struct deliver *deliver)
{
	for (size_t i = 0; i < deliver->n; i++) {
		if (deliver->receivers[i]->books.missed.n)
			return true;
	}
	return false;
}

void deliver_forget_missed(struct deliver *deliver, const json_t *ids)
{
	for (size_t i = 0; i < deliver->n; i++) {
		struct books *books = &deliver->receivers[i]->books;

		if (missed_keep(&books->missed, ids))
			books->changed = true;
	}
}

bool deliver_misses(const struct deliver *deliver, const char *id, double boottime_seconds)
{
	for (size_t i = 0; i < deliver->n; i++) {
		if (receiver_misses(deliver->receivers[i], id, boottime_seconds))
			return true;
	}
	return false;
}

static int send_again(struct deliver *deliver, struct receiver *receiver, json_t *message,
		      enum delivery_class class)
{
	struct delivery *delivery;

	if (!receiver_misses(receiver, message_text(message, "id"), deliver->hub.now_seconds) ||
	    !receiver_wants(receiver, message))
		return 0;
	delivery = delivery_new(deliver_next_number(deliver), message);
	if (!delivery)
		return -ENOMEM;
	if (delivery->class != class) {
		delivery_free(delivery);
		return 0;
	}
	receiver->losses.again[class]++;
	receiver_send(receiver, delivery);
	return 0;
}

int deliver_send_again(struct deliver *deliver, const json_t *messages, double boottime_seconds)
{
	int r = 0;

	deliver->hub.now_seconds = boottime_seconds;
	for (enum delivery_class class = DELIVERY_CLASSES; class -- > DELIVERY_NOTICE;) {
		for (size_t i = 0; i < json_array_size(messages); i++) {
			for (size_t k = 0; !r && k < deliver->n; k++)
				r = send_again(deliver, deliver->receivers[k],
					       json_array_get(messages, i), class);
		}
	}
	return r;
}

static bool has_losses(const struct deliver_losses *losses)
{
	unsigned int n = 0;

	for (enum delivery_class class = 0; class < DELIVERY_CLASSES; class ++)
		n += losses->lost[class] + losses->again[class];
	return n > 0;
}

void deliver_tell_losses(struct deliver *deliver)
{
	for (size_t i = 0; i < deliver->n; i++) {
		struct receiver *receiver = deliver->receivers[i];

		if (!has_losses(&receiver->losses))
			continue;
		receiver->losses.missed = receiver->books.missed.n;
		if (deliver->hub.ops.lost)
			deliver->hub.ops.lost(deliver->hub.context, receiver->identity.name,
					      &receiver->losses);
		receiver->losses = (struct deliver_losses){};
	}
}
