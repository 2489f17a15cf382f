/* SPDX-License-Identifier: GPL-2.0-only */
#include "deliver/missed.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_values.h"

void missed_clear(struct missed *missed)
{
	free(missed->list);
	*missed = (struct missed){};
}

struct missed_notice *missed_find(const struct missed *missed, const char *id)
{
	for (size_t i = 0; i < missed->n; i++) {
		if (!strcmp(missed->list[i].id, id))
			return &missed->list[i];
	}
	return NULL;
}

static void remove_at(struct missed *missed, size_t at)
{
	missed->n--;
	memmove(&missed->list[at], &missed->list[at + 1],
		(missed->n - at) * sizeof(missed->list[0]));
}

/* Makes room: the oldest of the lowest class goes, if that is not above `class`. */
static int make_room(struct missed *missed, enum delivery_class class)
{
	size_t least = 0;

	for (size_t i = 1; i < missed->n; i++) {
		const struct missed_notice *one = &missed->list[i], *other = &missed->list[least];

		if (one->class < other->class ||
		    (one->class == other->class && one->number < other->number))
			least = i;
	}
	if (missed->list[least].class > class)
		return -E2BIG;
	remove_at(missed, least);
	return 0;
}

static int append(struct missed *missed, const char *id, enum delivery_class class,
		  struct missed_notice **ret)
{
	struct missed_notice *grown;

	if (strlen(id) >= MISSED_ID_BYTES)
		return -EINVAL;
	if (missed->n >= MISSED_MAX) {
		int r = make_room(missed, class);

		if (r)
			return r;
	}
	grown = realloc(missed->list, (missed->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	missed->list = grown;
	*ret = &grown[missed->n++];
	**ret = (struct missed_notice){.class = class};
	snprintf((*ret)->id, sizeof((*ret)->id), "%s", id);
	return 0;
}

int missed_add(struct missed *missed, const struct delivery *delivery, bool refused,
	       double boottime_seconds)
{
	struct missed_notice *notice = missed_find(missed, delivery_id(delivery));
	int r = notice ? 0 : append(missed, delivery_id(delivery), delivery->class, &notice);

	if (r)
		return r;
	if (delivery->number > notice->number)
		notice->number = delivery->number;
	notice->due_seconds = boottime_seconds;
	if (refused) {
		const double wait = ldexp(MISSED_REFUSED_SECONDS, (int)notice->refusals);

		notice->due_seconds += fmin(wait, MISSED_REFUSED_MAX_SECONDS);
		if (notice->refusals < 16)
			notice->refusals++;
	}
	return 0;
}

bool missed_taken(struct missed *missed, const struct delivery *delivery)
{
	const struct missed_notice *notice = missed_find(missed, delivery_id(delivery));

	if (!notice || notice->number > delivery->number || delivery->class == DELIVERY_TEST)
		return false;
	remove_at(missed, (size_t)(notice - missed->list));
	return true;
}

size_t missed_keep(struct missed *missed, const json_t *ids)
{
	const size_t before = missed->n;

	for (size_t i = missed->n; i-- > 0;) {
		if (!json_object_get(ids, missed->list[i].id))
			remove_at(missed, i);
	}
	return before - missed->n;
}

void missed_due_now(struct missed *missed)
{
	for (size_t i = 0; i < missed->n; i++)
		missed->list[i].due_seconds = 0;
}

/* ---- over restarts ---- */

json_t *missed_save(const struct missed *missed)
{
	json_t *list = json_array();
	int failed = !list;

	for (size_t i = 0; i < missed->n; i++) {
		const struct missed_notice *notice = &missed->list[i];

		failed |= json_push(list, json_pack("{s:s, s:s, s:I}", "id", notice->id, "severity",
						    delivery_class_name(notice->class), "number",
						    (json_int_t)notice->number));
	}
	return json_checked(list, failed);
}

static int load_one(struct missed *missed, json_t *saved)
{
	struct missed_notice *notice;
	const char *id, *severity;
	json_int_t number;
	int r;

	if (json_unpack(saved, "{s:s, s:s, s:I}", "id", &id, "severity", &severity, "number",
			&number) ||
	    number <= 0 || missed_find(missed, id))
		return -EINVAL;
	for (enum delivery_class class = DELIVERY_NOTICE; class < DELIVERY_CLASSES; class ++) {
		if (strcmp(delivery_class_name(class), severity) != 0)
			continue;
		r = append(missed, id, class, &notice);
		if (!r)
			notice->number = (uint64_t)number;
		return r == -E2BIG ? 0 : r;
	}
	return -EINVAL;
}

int missed_load(struct missed *missed, const json_t *saved)
{
	int r = saved && !json_is_array(saved) ? -EINVAL : 0;

	for (size_t i = 0; !r && i < json_array_size(saved); i++)
		r = load_one(missed, json_array_get(saved, i));
	if (r)
		missed_clear(missed);
	return r;
}
