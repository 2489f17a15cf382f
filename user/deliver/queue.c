/* SPDX-License-Identifier: GPL-2.0-only */
#include "deliver/queue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "notify/message.h"

static enum delivery_class class_of(const json_t *message)
{
	const unsigned int severity = message_severity(message);

	if (message_is(message, "kind", "test"))
		return DELIVERY_TEST;
	if (severity == 1U << SEVERITY_PAGE)
		return DELIVERY_PAGE;
	return severity == 1U << SEVERITY_TICKET ? DELIVERY_TICKET : DELIVERY_NOTICE;
}

struct delivery *delivery_new(uint64_t number, json_t *message)
{
	struct delivery *delivery = calloc(1, sizeof(*delivery));

	if (!delivery)
		return NULL;
	delivery->number = number;
	snprintf(delivery->key, sizeof(delivery->key), "%020llu", (unsigned long long)number);
	delivery->message = json_incref(message);
	delivery->class = class_of(message);
	return delivery;
}

void delivery_free(struct delivery *delivery)
{
	if (!delivery)
		return;
	json_decref(delivery->message);
	free(delivery);
}

void delivery_free_at(struct delivery **delivery)
{
	delivery_free(*delivery);
}

int delivery_set_slos(struct delivery *delivery, json_t *slos)
{
	json_t *message = json_copy(delivery->message);

	if (!message || json_object_set(message, "slos", slos)) {
		json_decref(message);
		return -ENOMEM;
	}
	json_decref(delivery->message);
	delivery->message = message;
	return 0;
}

char *delivery_save(const struct delivery *delivery, const char *receiver)
{
	json_t *saved = json_pack("{s:i, s:s, s:I, s:I, s:f, s:f, s:O}", "version", 1, "receiver",
				  receiver, "number", (json_int_t)delivery->number, "attempts",
				  (json_int_t)delivery->attempts, "first_unix",
				  delivery->first_unix, "not_before_unix",
				  delivery->not_before_unix, "message", delivery->message);
	char *text = saved ? json_dumps(saved, JSON_COMPACT) : NULL;

	json_decref(saved);
	return text;
}

static int delivery_unpack(json_t *saved, char **ret_receiver, struct delivery **ret)
{
	_cleanup_(delivery_free_at) struct delivery *delivery = NULL;
	_cleanup_free_ char *receiver = NULL;
	json_int_t version, number, attempts;
	const char *name;
	double first_unix, not_before_unix = 0;
	json_t *message;

	if (json_unpack(saved, "{s:I, s:s, s:I, s:I, s:F, s?F, s:o}", "version", &version,
			"receiver", &name, "number", &number, "attempts", &attempts, "first_unix",
			&first_unix, "not_before_unix", &not_before_unix, "message", &message))
		return -EINVAL;
	if (version != 1 || number <= 0 || attempts < 0 || attempts > INT32_MAX ||
	    !json_is_object(message))
		return -EINVAL;
	receiver = strdup(name);
	delivery = delivery_new((uint64_t)number, message);
	if (!receiver || !delivery)
		return -ENOMEM;
	delivery->attempts = (unsigned int)attempts;
	delivery->first_unix = first_unix;
	delivery->not_before_unix = not_before_unix;
	*ret_receiver = TAKE_PTR(receiver);
	*ret = TAKE_PTR(delivery);
	return 0;
}

int delivery_load(const char *text, char **ret_receiver, struct delivery **ret)
{
	json_error_t error;
	json_t *saved = json_loads(text, 0, &error);
	int r;

	if (!saved)
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EINVAL;
	r = delivery_unpack(saved, ret_receiver, ret);
	json_decref(saved);
	return r;
}

/* ---- what it is worth ---- */

const char *delivery_class_name(enum delivery_class class)
{
	static const char *const names[] = {
		[DELIVERY_TEST] = "test",
		[DELIVERY_NOTICE] = "notice",
		[DELIVERY_TICKET] = "ticket",
		[DELIVERY_PAGE] = "page",
	};

	return names[class];
}

const char *delivery_id(const struct delivery *delivery)
{
	return message_text(delivery->message, "id");
}

static bool is(const struct delivery *delivery, const char *kind)
{
	return message_is(delivery->message, "kind", kind);
}

bool delivery_is_alarm(const struct delivery *delivery)
{
	return is(delivery, "fire") || is(delivery, "escalate") || is(delivery, "joined");
}

/* What a message is worth among those of its class. */
enum worth {
	WORTH_REMINDER,
	WORTH_LEFT,
	WORTH_OVER,
	WORTH_END,
	WORTH_JOINED,
	WORTH_ALARM,
	WORTHS,
};

static enum worth worth_in_class(const struct delivery *delivery)
{
	if (is(delivery, "remind"))
		return WORTH_REMINDER;
	if (is(delivery, "left"))
		return WORTH_LEFT;
	if (delivery->over)
		return WORTH_OVER;
	if (is(delivery, "resolve"))
		return WORTH_END;
	return is(delivery, "joined") ? WORTH_JOINED : WORTH_ALARM;
}

unsigned int delivery_worth(const struct delivery *delivery)
{
	return delivery->class * WORTHS + worth_in_class(delivery);
}

unsigned int delivery_alarm_worth(enum delivery_class class)
{
	return class * WORTHS + WORTH_ALARM;
}

/* ---- the queue ---- */

static bool goes_before(const struct delivery *a, const struct delivery *b)
{
	return a->class != b->class ? a->class > b->class : a->number < b->number;
}

/* An end makes over what waits of its id, whichever of them came first. */
static void note_over(const struct deliveries *deliveries, struct delivery *delivery)
{
	const char *id = delivery_id(delivery);
	const bool end = is(delivery, "resolve");
	struct delivery *other;

	TAILQ_FOREACH(other, deliveries, link) {
		if (other == delivery || strcmp(delivery_id(other), id) != 0)
			continue;
		if (end && other->number < delivery->number)
			other->over = true;
		else if (is(other, "resolve") && delivery->number < other->number)
			delivery->over = true;
	}
}

void deliveries_insert(struct deliveries *deliveries, struct delivery *delivery)
{
	struct delivery *before = TAILQ_LAST(deliveries, deliveries);

	while (before && goes_before(delivery, before))
		before = TAILQ_PREV(before, deliveries, link);
	if (before)
		TAILQ_INSERT_AFTER(deliveries, before, delivery, link);
	else
		TAILQ_INSERT_HEAD(deliveries, delivery, link);
	note_over(deliveries, delivery);
}

struct delivery *deliveries_least(const struct deliveries *deliveries,
				  const struct delivery *spared)
{
	struct delivery *least = NULL, *delivery;

	TAILQ_FOREACH(delivery, deliveries, link) {
		const unsigned int worth = delivery_worth(delivery);

		if (delivery == spared)
			continue;
		if (!least || worth < delivery_worth(least) ||
		    (worth == delivery_worth(least) && delivery->number < least->number))
			least = delivery;
	}
	return least;
}

bool deliveries_newer(const struct deliveries *deliveries, const char *id, uint64_t number)
{
	const struct delivery *delivery;

	TAILQ_FOREACH(delivery, deliveries, link) {
		if (delivery->class != DELIVERY_TEST && delivery->number > number &&
		    !strcmp(delivery_id(delivery), id))
			return true;
	}
	return false;
}

double delivery_backoff_seconds(unsigned int attempts, double random)
{
	double seconds = DELIVERY_BACKOFF_MAX_SECONDS;

	/* 2^9 s are above the limit */
	if (attempts < 10)
		seconds = attempts ? 1U << (attempts - 1) : 1;
	if (seconds > DELIVERY_BACKOFF_MAX_SECONDS)
		seconds = DELIVERY_BACKOFF_MAX_SECONDS;
	return seconds * (0.75 + 0.5 * random);
}
