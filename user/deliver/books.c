/* SPDX-License-Identifier: GPL-2.0-only */
#include "deliver/books.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/cleanup.h"
#include "base/json_values.h"
#include "notify/message.h"

static const char *const result_names[] = {
	[DELIVERY_WAITING] = "waiting",
	[DELIVERY_SENT] = "sent",
	[DELIVERY_GIVEN_UP] = "given up",
};

enum { N_RESULTS = sizeof(result_names) / sizeof(result_names[0]) };

const char *delivery_result_name(enum delivery_result result)
{
	return result_names[result];
}

void books_clear(struct books *books)
{
	for (size_t i = 0; i < BOOKS_RECENT_MAX; i++)
		json_decref(books->recent[i].message);
	missed_clear(&books->missed);
	*books = (struct books){};
}

/* ---- entries ---- */

uint64_t books_newest(const struct books *books)
{
	return books->n_recent ? books->recent[(books->n_recent - 1) % BOOKS_RECENT_MAX].number : 0;
}

/* Receivers answer with any bytes: what is no printable ASCII is not worth keeping in an error. */
static void error_copy(char ret[BOOKS_ERROR_BYTES], const char *error)
{
	snprintf(ret, BOOKS_ERROR_BYTES, "%s", error ? error : "");
	for (char *at = ret; *at; at++) {
		if ((unsigned char)*at < ' ')
			*at = ' ';
		else if ((unsigned char)*at > '~')
			*at = '?';
	}
}

/* Takes the message. */
static void recent_add(struct books *books, const struct recent *added)
{
	struct recent *recent = &books->recent[books->n_recent++ % BOOKS_RECENT_MAX];

	json_decref(recent->message);
	*recent = *added;
	books->changed = true;
}

void books_queued(struct books *books, const struct delivery *delivery)
{
	recent_add(books, &(const struct recent){
				  .number = delivery->number,
				  .message = json_incref(delivery->message),
				  .at_unix = delivery->first_unix,
				  .result = DELIVERY_WAITING,
				  .attempts = delivery->attempts,
			  });
}

static void note_sent(struct books *books, double unix_seconds)
{
	books->last_sent_unix = unix_seconds;
	books->changed = true;
}

static void note_error(struct books *books, const char *error, double unix_seconds)
{
	error_copy(books->last_error, error);
	books->last_error_unix = unix_seconds;
	books->changed = true;
}

void books_attempt_failed(struct books *books)
{
	books->failed++;
	books->changed = true;
}

void books_note(struct books *books, const struct delivery *delivery, enum delivery_result result,
		const char *error, double unix_seconds)
{
	if (result == DELIVERY_SENT) {
		books->sent++;
		note_sent(books, unix_seconds);
	} else {
		note_error(books, error, unix_seconds);
		if (result == DELIVERY_GIVEN_UP)
			books->given_up++;
	}
	for (size_t i = 0; i < BOOKS_RECENT_MAX; i++) {
		struct recent *recent = &books->recent[i];

		if (!recent->message || recent->number != delivery->number)
			continue;
		recent->result = result;
		recent->attempts = delivery->attempts;
		error_copy(recent->error, error);
		if (result != DELIVERY_WAITING)
			recent->at_unix = unix_seconds;
	}
}

void books_refreshed(struct books *books, double unix_seconds)
{
	note_sent(books, unix_seconds);
}

void books_refresh_failed(struct books *books, const char *error, double unix_seconds)
{
	books_attempt_failed(books);
	note_error(books, error, unix_seconds);
}

/* ---- report ---- */

static json_t *time_json(double unix_seconds)
{
	char text[32];

	if (unix_seconds <= 0)
		return json_null();
	calendar_rfc3339(unix_seconds, text);
	return json_string(text);
}

static json_t *recent_json(const struct recent *recent)
{
	const json_t *message = recent->message;

	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:I, s:s?}", "id",
			 message_text(message, "id"), "kind", message_text(message, "kind"),
			 "service", message_text(message, "service"), "severity",
			 message_text(message, "severity"), "at", time_json(recent->at_unix),
			 "result", result_names[recent->result], "attempts",
			 (json_int_t)recent->attempts, "error",
			 recent->error[0] ? recent->error : NULL);
}

/* Newest first. NULL when out of memory. */
static json_t *each_recent(const struct books *books, json_t *(*json)(const struct recent *recent))
{
	const uint64_t n = books->n_recent;
	json_t *list = json_array();
	int failed = !list;

	for (uint64_t i = 0; i < n && i < BOOKS_RECENT_MAX; i++)
		failed |= json_push(list, json(&books->recent[(n - 1 - i) % BOOKS_RECENT_MAX]));
	return json_checked(list, failed);
}

json_t *books_report(const struct books *books)
{
	json_t *recent = each_recent(books, recent_json);

	return recent ? json_pack("{s:I, s:I, s:I, s:o, s:s?, s:o, s:o}", "sent",
				  (json_int_t)books->sent, "failed", (json_int_t)books->failed,
				  "given_up", (json_int_t)books->given_up, "last_sent_at",
				  time_json(books->last_sent_unix), "last_error",
				  books->last_error[0] ? books->last_error : NULL, "last_error_at",
				  time_json(books->last_error_unix), "recent", recent) :
			NULL;
}

/* ---- over restarts ---- */

static json_t *recent_saved(const struct recent *recent)
{
	const json_t *message = recent->message;

	return json_pack("{s:I, s:{s:s, s:s, s:s, s:s}, s:f, s:s, s:I, s:s}", "number",
			 (json_int_t)recent->number, "message", "id", message_text(message, "id"),
			 "kind", message_text(message, "kind"), "service",
			 message_text(message, "service"), "severity",
			 message_text(message, "severity"), "at_unix", recent->at_unix, "result",
			 result_names[recent->result], "attempts", (json_int_t)recent->attempts,
			 "error", recent->error);
}

char *books_save(const struct books *books)
{
	json_t *recent = each_recent(books, recent_saved);
	json_t *missed = recent ? missed_save(&books->missed) : NULL;
	json_t *saved = NULL;
	char *text;

	if (missed)
		saved = json_pack("{s:i, s:I, s:I, s:I, s:I, s:f, s:f, s:s, s:o, s:o}", "version",
				  1, "introduced", (json_int_t)books->introduced, "sent",
				  (json_int_t)books->sent, "failed", (json_int_t)books->failed,
				  "given_up", (json_int_t)books->given_up, "last_sent_unix",
				  books->last_sent_unix, "last_error_unix", books->last_error_unix,
				  "last_error", books->last_error, "recent", recent, "missed",
				  missed);
	else
		json_decref(recent);
	text = saved ? json_dumps(saved, JSON_COMPACT) : NULL;
	json_decref(saved);
	return text;
}

static int result_find(const char *name, enum delivery_result *ret)
{
	for (int i = 0; i < N_RESULTS; i++) {
		if (!strcmp(result_names[i], name))
			return *ret = i, 0;
	}
	return -EINVAL;
}

/* Its message is borrowed. */
static int recent_load(json_t *saved, struct recent *ret)
{
	const char *result, *error;
	json_int_t number, attempts;
	struct recent recent = {};

	if (json_unpack(saved, "{s:I, s:o, s:F, s:s, s:I, s:s}", "number", &number, "message",
			&recent.message, "at_unix", &recent.at_unix, "result", &result, "attempts",
			&attempts, "error", &error))
		return -EINVAL;
	if (number <= 0 || attempts < 0 || attempts > INT32_MAX ||
	    !json_is_object(recent.message) || result_find(result, &recent.result))
		return -EINVAL;
	recent.number = (uint64_t)number;
	recent.attempts = (unsigned int)attempts;
	error_copy(recent.error, error);
	*ret = recent;
	return 0;
}

static bool waits(const struct deliveries *queue, uint64_t number)
{
	const struct delivery *delivery;

	TAILQ_FOREACH(delivery, queue, link) {
		if (delivery->number == number)
			return true;
	}
	return false;
}

static int list_recent(struct books *books, json_t *saved, const struct deliveries *queue)
{
	const struct delivery *delivery;

	for (size_t i = json_array_size(saved); i-- > 0;) {
		struct recent recent;

		if (recent_load(json_array_get(saved, i), &recent))
			return -EINVAL;
		/* what waited and does no more has come to an end that is not known */
		if (recent.result == DELIVERY_WAITING && !waits(queue, recent.number))
			continue;
		json_incref(recent.message);
		recent_add(books, &recent);
	}
	TAILQ_FOREACH(delivery, queue, link) {
		if (delivery->number > books_newest(books))
			books_queued(books, delivery);
	}
	return 0;
}

static int books_unpack(json_t *saved, const struct deliveries *queue, struct books *ret)
{
	/* older agents did not write it: who has books was told */
	json_int_t version, introduced = UINT32_MAX, sent, failed, given_up;
	const char *error;
	json_t *recent, *missed = NULL;
	int r;

	if (json_unpack(saved, "{s:I, s?I, s:I, s:I, s:I, s:F, s:F, s:s, s:o, s?o}", "version",
			&version, "introduced", &introduced, "sent", &sent, "failed", &failed,
			"given_up", &given_up, "last_sent_unix", &ret->last_sent_unix,
			"last_error_unix", &ret->last_error_unix, "last_error", &error, "recent",
			&recent, "missed", &missed))
		return -EINVAL;
	if (version != 1 || sent < 0 || failed < 0 || given_up < 0 || !json_is_array(recent) ||
	    introduced < 0 || introduced > UINT32_MAX)
		return -EINVAL;
	ret->introduced = (uint32_t)introduced;
	ret->sent = (uint64_t)sent;
	ret->failed = (uint64_t)failed;
	ret->given_up = (uint64_t)given_up;
	error_copy(ret->last_error, error);
	r = missed_load(&ret->missed, missed);
	return r ?: list_recent(ret, recent, queue);
}

int books_load(struct books *books, const char *text, const struct deliveries *queue)
{
	_cleanup_(books_clear) struct books loaded = {};
	json_error_t error;
	json_t *saved = json_loads(text, 0, &error);
	int r;

	if (!saved)
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EINVAL;
	r = books_unpack(saved, queue, &loaded);
	json_decref(saved);
	if (r)
		return r;
	books_clear(books);
	*books = loaded;
	loaded = (struct books){};
	return 0;
}
