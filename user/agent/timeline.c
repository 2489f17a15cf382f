/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/timeline.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/json_values.h"

static const double AT_MAX = 253402300800; /* the year 10000 */

struct timeline_entry {
	struct timeline_change change; /* with its own texts */
	uint64_t serial;
	uint64_t hash; /* of the service and `found`: what is compared first */
};

const char *timeline_what_name(enum timeline_what what)
{
	static const char *const names[] = {
#define X(word, text) [TIMELINE_##word] = text,
		TIMELINE_WHATS(X)
#undef X
	};

	return what < TIMELINE_WHAT_COUNT ? names[what] : "";
}

static int what_find(const char *name, enum timeline_what *ret)
{
	for (size_t i = 0; i < TIMELINE_WHAT_COUNT; i++) {
		if (strcmp(timeline_what_name(i), name) != 0)
			continue;
		*ret = i;
		return 0;
	}
	return -EINVAL;
}

/* ---- an entry ---- */

static void entry_free(struct timeline_entry *entry)
{
	if (!entry)
		return;
	free((char *)entry->change.service);
	free((char *)entry->change.from);
	free((char *)entry->change.to);
	free((char *)entry->change.detail);
	free(entry);
}

static void entry_free_at(struct timeline_entry **entry)
{
	entry_free(*entry);
}

/* A clean copy: valid UTF-8, cut between two characters. */
static int copy_text(const char *text, const char **ret)
{
	size_t at = 0, len;
	uint32_t code;
	char *clean;

	if (!text)
		return 0;
	clean = utf8_clean(text);
	if (!clean)
		return -ENOMEM;
	while ((len = utf8_decode(clean + at, strlen(clean + at), &code)) &&
	       at + len <= TIMELINE_TEXT_BYTES)
		at += len;
	clean[at] = 0;
	*ret = clean;
	return 0;
}

static struct timeline_entry *entry_new(const struct timeline_change *change, uint64_t serial)
{
	_cleanup_(entry_free_at) struct timeline_entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->serial = serial;
	entry->change.at = change->at;
	entry->change.found = change->found;
	entry->change.what = change->what;
	entry->change.pid = change->pid;
	if (copy_text(change->service, &entry->change.service) ||
	    copy_text(change->from, &entry->change.from) ||
	    copy_text(change->to, &entry->change.to) ||
	    copy_text(change->detail, &entry->change.detail))
		return NULL;
	if (entry->change.service)
		entry->hash = hash_fnv1a(entry->change.service, strlen(entry->change.service));
	return TAKE_PTR(entry);
}

/* ---- the record ---- */

/* Their order in the record's keys is that of their numbers. */
static void key_of(uint64_t serial, char ret[static 24])
{
	snprintf(ret, 24, "%020" PRIu64, serial);
}

static void keep(const struct timeline_changes *changes, const struct timeline_entry *entry)
{
	_cleanup_free_ char *text = NULL;
	json_t *json = timeline_change_json(&entry->change);
	int failed = !json;
	char key[24];

	if (!changes->record)
		return json_decref(json);
	key_of(entry->serial, key);
	failed |= json_put(json, "unix", json_real(entry->change.at));
	failed |= json_put(json, "found", json_boolean(entry->change.found));
	text = failed ? NULL : json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (text)
		record_keep(changes->record, RECORD_CHANGED, key, text);
}

static void drop(struct timeline_changes *changes, size_t i)
{
	char key[24];

	key_of(changes->list[i]->serial, key);
	if (changes->record)
		record_drop(changes->record, RECORD_CHANGED, key);
	entry_free(changes->list[i]);
	changes->n--;
	memmove(&changes->list[i], &changes->list[i + 1],
		(changes->n - i) * sizeof(changes->list[0]));
}

/* ---- bounds ---- */

static bool same_service(const struct timeline_entry *a, const struct timeline_entry *b)
{
	return a->hash == b->hash && a->change.found == b->change.found &&
	       (a->change.service && b->change.service ?
			!strcmp(a->change.service, b->change.service) :
			a->change.service == b->change.service);
}

/* The oldest of the service that has most of this half. */
static size_t find_least(const struct timeline_changes *changes, bool found)
{
	size_t most = 0, ret = 0;

	for (size_t i = 0; i < changes->n; i++) {
		const struct timeline_entry *entry = changes->list[i];
		size_t n = 0;

		if (entry->change.found != found || changes->n - i <= most)
			continue;
		for (size_t k = i; k < changes->n; k++)
			n += same_service(entry, changes->list[k]);
		if (n > most) {
			most = n;
			ret = i;
		}
	}
	return ret;
}

static void make_room(struct timeline_changes *changes, bool found)
{
	size_t n = 0;

	for (size_t i = 0; i < changes->n; i++)
		n += changes->list[i]->change.found == found;
	if (n >= TIMELINE_HALF)
		drop(changes, find_least(changes, found));
}

/* A year before the newest. */
static void forget_old(struct timeline_changes *changes)
{
	while (changes->n &&
	       changes->list[0]->change.at <
		       changes->list[changes->n - 1]->change.at - TIMELINE_KEPT_SECONDS)
		drop(changes, 0);
}

static void insert(struct timeline_changes *changes, struct timeline_entry *entry)
{
	size_t at = changes->n++;

	while (at && changes->list[at - 1]->change.at > entry->change.at) {
		changes->list[at] = changes->list[at - 1];
		at--;
	}
	changes->list[at] = entry;
}

static int add(struct timeline_changes *changes, const struct timeline_change *change,
	       uint64_t serial)
{
	struct timeline_entry *entry = entry_new(change, serial);

	if (!entry)
		return -ENOMEM;
	make_room(changes, change->found);
	insert(changes, entry);
	if (serial > changes->serial)
		changes->serial = serial;
	return 0;
}

void timeline_add(struct timeline_changes *changes, const struct timeline_change *change)
{
	uint64_t serial = changes->serial + 1;

	if (!(change->at >= 0 && change->at < AT_MAX))
		return;
	/* so that a record that could not be read at the start has no other of this number */
	if ((uint64_t)(change->at * 1e6) > serial)
		serial = (uint64_t)(change->at * 1e6);
	if (add(changes, change, serial))
		return;
	for (size_t i = changes->n; i--;) {
		if (changes->list[i]->serial == serial)
			keep(changes, changes->list[i]);
	}
	forget_old(changes);
}

/* ---- life ---- */

static int restore(void *context, const char *key, const char *text)
{
	struct timeline_changes *changes = context;
	json_t *json = json_loads(text, 0, NULL);
	const char *what = json_string_value(json_object_get(json, "what"));
	struct timeline_change change = {
		.at = json_number_value(json_object_get(json, "unix")),
		.service = json_string_value(json_object_get(json, "service")),
		.found = json_is_true(json_object_get(json, "found")),
		.from = json_string_value(json_object_get(json, "from")),
		.to = json_string_value(json_object_get(json, "to")),
		.detail = json_string_value(json_object_get(json, "detail")),
		.pid = json_integer_value(json_object_get(json, "pid")),
	};
	int r = what && !what_find(what, &change.what) ?
			add(changes, &change, strtoull(key, NULL, 10)) :
			0;

	json_decref(json);
	return r;
}

int timeline_open(struct timeline_changes *changes, struct record *record)
{
	int r = record ? record_each_text(record, RECORD_CHANGED, restore, changes) : 0;

	changes->record = record;
	return r;
}

void timeline_close(struct timeline_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++)
		entry_free(changes->list[i]);
	*changes = (struct timeline_changes){};
}

/* ---- asking ---- */

int timeline_each(const struct timeline_changes *changes, const char *service, double from,
		  double until, int (*fn)(void *context, const struct timeline_change *change),
		  void *context)
{
	for (size_t i = 0; i < changes->n; i++) {
		const struct timeline_change *change = &changes->list[i]->change;
		int r;

		if (change->at < from || change->at > until ||
		    (service && change->service && strcmp(change->service, service) != 0))
			continue;
		r = fn(context, change);
		if (r)
			return r;
	}
	return 0;
}

json_t *timeline_change_json(const struct timeline_change *change)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "at", json_time_or_null(change->at));
	failed |= json_put(object, "service", json_text_or_null(change->service));
	failed |= json_put(object, "what", json_string(timeline_what_name(change->what)));
	failed |= json_put(object, "from", json_text_or_null(change->from));
	failed |= json_put(object, "to", json_text_or_null(change->to));
	failed |= json_put(object, "pid", change->pid ? json_integer(change->pid) : json_null());
	failed |= json_put(object, "detail", json_text_or_null(change->detail));
	return json_checked(object, failed);
}

struct listing {
	json_t *array;
	size_t max;
};

static int list(void *context, const struct timeline_change *change)
{
	struct listing *listing = context;

	if (json_push(listing->array, timeline_change_json(change)))
		return -ENOMEM;
	if (json_array_size(listing->array) > listing->max)
		json_array_remove(listing->array, 0);
	return 0;
}

json_t *timeline_json(const struct timeline_changes *changes, const char *service, double from,
		      double until, size_t max)
{
	struct listing listing = {json_array(), max};

	return json_checked(listing.array,
			    timeline_each(changes, service, from, until, list, &listing));
}
