/* SPDX-License-Identifier: GPL-2.0-only */
#include "deliver/queue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

struct delivery *delivery_new(uint64_t number, json_t *message)
{
	struct delivery *delivery = calloc(1, sizeof(*delivery));

	if (!delivery)
		return NULL;
	delivery->number = number;
	snprintf(delivery->key, sizeof(delivery->key), "%020llu", (unsigned long long)number);
	delivery->message = json_incref(message);
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

void deliveries_insert(struct deliveries *deliveries, struct delivery *delivery)
{
	struct delivery *before = TAILQ_LAST(deliveries, deliveries);

	while (before && before->number > delivery->number)
		before = TAILQ_PREV(before, deliveries, link);
	if (before)
		TAILQ_INSERT_AFTER(deliveries, before, delivery, link);
	else
		TAILQ_INSERT_HEAD(deliveries, delivery, link);
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
