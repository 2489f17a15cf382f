/* SPDX-License-Identifier: GPL-2.0-only */
/* Fills and packs a batch. */
#include "samples/batch.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "samples/batch_fields.h"
#include "samples/varint.h"

enum {
	ROOM_LEAST = 512,
	SLOTS_LEAST = 64,
	CLASSES_LEAST = 8,
	DENSITY_BITS = 3,
	CLASS_GOOD = 0,
	CLASS_BAD = 1, /* for no SLO; from here on 1 + the number of the SLO's name */
};

struct room {
	uint8_t *bytes;
	size_t n, size;
};

/* Samples that are as likely as each other: a class of the header. */
struct stratum {
	uint64_t key;
	uint64_t twice_counted;
	uint32_t sampled;
};

/* The last sample of a verdict and processor. */
struct last {
	uint64_t key;
	uint32_t class;
};

struct batch {
	int64_t slot, first_id;
	size_t n_events;
	struct room texts, events;
	uint32_t n_texts;
	/* open addressing, at most half full: text n (from 1 on), and where it is */
	struct text_slot {
		uint32_t number, at;
	} * slots;
	size_t n_slots;
	struct stratum *classes;
	size_t n_classes, classes_room;
	struct last *lasts;
	size_t n_lasts, lasts_room;
};

struct batch *batch_new(int64_t slot, int64_t first_id)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		return NULL;
	batch->slot = slot;
	batch->first_id = first_id;
	return batch;
}

void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	free(batch->texts.bytes);
	free(batch->events.bytes);
	free(batch->slots);
	free(batch->classes);
	free(batch->lasts);
	free(batch);
}

size_t batch_events(const struct batch *batch)
{
	return batch->n_events;
}

size_t batch_bytes(const struct batch *batch)
{
	return sizeof(*batch) + batch->texts.size + batch->events.size +
	       batch->n_slots * sizeof(*batch->slots) +
	       batch->classes_room * sizeof(*batch->classes) +
	       batch->lasts_room * sizeof(*batch->lasts);
}

/* ---- room for what comes: reserved before anything is written ---- */

static int reserve(struct room *room, size_t more)
{
	size_t size = room->size ?: ROOM_LEAST;
	uint8_t *bytes;

	while (size < room->n + more)
		size += size / 2;
	if (size == room->size)
		return 0;
	bytes = realloc(room->bytes, size);
	if (!bytes)
		return -ENOMEM;
	room->bytes = bytes;
	room->size = size;
	return 0;
}

static const char *text_at(const struct batch *batch, uint32_t at)
{
	return (const char *)batch->texts.bytes + at;
}

static struct text_slot *find_slot(const struct batch *batch, const char *text, size_t len)
{
	size_t i = hash_fnv1a(text, len) & (batch->n_slots - 1);

	while (batch->slots[i].number && strcmp(text_at(batch, batch->slots[i].at), text) != 0)
		i = (i + 1) & (batch->n_slots - 1);
	return &batch->slots[i];
}

static int reserve_slots(struct batch *batch, size_t more)
{
	struct text_slot *const before = batch->slots;
	const size_t n_before = batch->n_slots;
	size_t n = n_before ?: SLOTS_LEAST;

	while (n < 2 * (batch->n_texts + more))
		n *= 2;
	if (n == n_before)
		return 0;
	batch->slots = calloc(n, sizeof(*batch->slots));
	if (!batch->slots) {
		batch->slots = before;
		return -ENOMEM;
	}
	batch->n_slots = n;
	for (size_t i = 0; i < n_before; i++) {
		const char *text = text_at(batch, before[i].at);

		if (before[i].number)
			*find_slot(batch, text, strlen(text)) = before[i];
	}
	free(before);
	return 0;
}

/* Room for one more of n things. */
static int reserve_one(void **things, size_t n, size_t *room, size_t size)
{
	void *more;

	if (n < *room || n == BATCH_CLASSES_MAX)
		return 0;
	more = reallocarray(*things, *room ? 2 * *room : CLASSES_LEAST, size);
	if (!more)
		return -ENOMEM;
	*things = more;
	*room = *room ? 2 * *room : CLASSES_LEAST;
	return 0;
}

struct need {
	size_t texts, bytes;
};

static void add_need(struct need *need, const char *text)
{
	if (!text)
		return;
	need->texts++;
	need->bytes += strlen(text) + 1;
}

static struct need need_of(const struct event *event)
{
	struct need need = {};

#define X(name) add_need(&need, event->name);
	BATCH_TEXTS(X)
#undef X
	for (size_t i = 0; i < event->n_headers; i++) {
		add_need(&need, event->headers[i].name);
		add_need(&need, event->headers[i].value);
	}
	for (size_t i = 0; i < event->n_bad_for; i++)
		add_need(&need, event->bad_for[i]);
	for (size_t i = 0; i < event->n_eligible_for; i++)
		add_need(&need, event->eligible_for[i]);
	return need;
}

static int reserve_all(struct batch *batch, const struct event *event)
{
	const struct need need = need_of(event);
	const size_t lists = 2 * event->n_headers + event->n_bad_for + event->n_eligible_for;
	const size_t numbers = (BATCH_EVENT_NUMBERS + lists) * (size_t)VARINT_MAX;
	const size_t classes = (2 * (batch->n_classes + 1) + 8) * (size_t)VARINT_MAX;
	int r;

	if (batch->texts.n + need.bytes + batch->events.n + numbers + classes > BATCH_MAX_BYTES)
		return -ENOSPC;
	r = reserve(&batch->texts, need.bytes);
	r = r ?: reserve(&batch->events, numbers);
	r = r	  ?:
		    reserve_one((void **)&batch->classes, batch->n_classes, &batch->classes_room,
				sizeof(*batch->classes));
	r = r	  ?:
		    reserve_one((void **)&batch->lasts, batch->n_lasts, &batch->lasts_room,
				sizeof(*batch->lasts));
	return r ?: reserve_slots(batch, need.texts);
}

/* ---- an event ---- */

/* The text's number, from 1 on; 0: there is none. */
static uint32_t number_of(struct batch *batch, const char *text)
{
	struct text_slot *slot;
	size_t len;

	if (!text)
		return 0;
	len = strlen(text);
	slot = find_slot(batch, text, len);
	if (!slot->number) {
		*slot = (struct text_slot){++batch->n_texts, (uint32_t)batch->texts.n};
		memcpy(batch->texts.bytes + batch->texts.n, text, len + 1);
		batch->texts.n += len + 1;
	}
	return slot->number;
}

static uint64_t since_slot(const struct batch *batch, const struct event *event)
{
	const int64_t time_ns = event->time_ns ?: (int64_t)llround(event->time * 1e9);
	const int64_t ns = time_ns - batch->slot * BATCH_SLOT_NS;

	return ns < 0 ? 0 : (uint64_t)ns;
}

static uint32_t find_class(struct batch *batch, uint64_t key)
{
	size_t i = 0;

	while (i < batch->n_classes && batch->classes[i].key != key)
		i++;
	if (i == BATCH_CLASSES_MAX)
		i--;
	else if (i == batch->n_classes)
		batch->classes[batch->n_classes++] = (struct stratum){.key = key};
	return (uint32_t)i;
}

/* The class of the sample before this one, of the same key, which is this one's from now on. */
static uint32_t swap_last(struct batch *batch, uint64_t key, uint32_t class)
{
	size_t i = 0;
	uint32_t before;

	while (i < batch->n_lasts && batch->lasts[i].key != key)
		i++;
	if (i == BATCH_CLASSES_MAX)
		return class;
	if (i == batch->n_lasts)
		batch->lasts[batch->n_lasts++] = (struct last){key, class};
	before = batch->lasts[i].class;
	batch->lasts[i].class = class;
	return before;
}

static uint32_t count_in(struct batch *batch, const struct event *event,
			 const struct batch_draw *draw)
{
	const uint32_t stands_for = draw->stands_for ?: 1;
	const uint64_t verdict = !event->bad ? CLASS_GOOD :
				 !event->n_bad_for ?
					       CLASS_BAD :
					       CLASS_BAD + number_of(batch, event->bad_for[0]);
	const uint64_t second = since_slot(batch, event) / 1000000000;
	const uint64_t density = (uint64_t)(31 - __builtin_clz(stands_for)) / DENSITY_BITS;
	const uint32_t class = find_class(batch, verdict << 16 | second << 8 | density);
	const uint32_t before = swap_last(batch, verdict << 32 | draw->cpu, class);

	batch->classes[class].sampled++;
	batch->classes[class].twice_counted += 2 + (stands_for - 1);
	batch->classes[before].twice_counted += stands_for - 1;
	return class;
}

static uint64_t ns_or_0(double seconds)
{
	return seconds >= 0 && seconds < 9e9 ? (uint64_t)llround(seconds * 1e9) + 1 : 0;
}

static uint64_t count_or_0(uint64_t count)
{
	return count == EVENT_UNKNOWN ? 0 : count + 1;
}

static void put(struct batch *batch, uint64_t number)
{
	batch->events.n += varint_write(number, batch->events.bytes + batch->events.n);
}

static void put_list(struct batch *batch, const char *const *names, size_t n)
{
	put(batch, n);
	for (size_t i = 0; i < n; i++)
		put(batch, number_of(batch, names[i]));
}

static void put_event(struct batch *batch, const struct event *event, uint32_t class)
{
	put(batch, class);
	put(batch, event->bad);
#define X(name) put(batch, event->name);
	BATCH_SMALL(X)
#undef X
#define X(name) put(batch, ns_or_0(event->name));
	BATCH_SECONDS(X)
#undef X
#define X(name) put(batch, count_or_0(event->name));
	BATCH_COUNTS(X)
#undef X
#define X(name) put(batch, number_of(batch, event->name));
	BATCH_TEXTS(X)
#undef X
	put(batch, event->n_headers);
	for (size_t i = 0; i < event->n_headers; i++) {
		put(batch, number_of(batch, event->headers[i].name));
		put(batch, number_of(batch, event->headers[i].value));
	}
	put_list(batch, event->bad_for, event->n_bad_for);
	put_list(batch, event->eligible_for, event->n_eligible_for);
}

int batch_add(struct batch *batch, const struct event *event, int64_t id,
	      const struct batch_draw *draw)
{
	uint8_t length[VARINT_MAX];
	size_t begin, n;
	int r = reserve_all(batch, event);

	if (r)
		return r;
	begin = batch->events.n;
	put(batch, since_slot(batch, event));
	put(batch, (uint64_t)(id - batch->first_id));
	put_event(batch, event, count_in(batch, event, draw));
	n = varint_write(batch->events.n - begin, length);
	memmove(batch->events.bytes + begin + n, batch->events.bytes + begin,
		batch->events.n - begin);
	memcpy(batch->events.bytes + begin, length, n);
	batch->events.n += n;
	batch->n_events++;
	return 0;
}

/* ---- all of it ---- */

uint8_t *batch_pack(const struct batch *batch, size_t *ret_bytes)
{
	uint8_t *bytes = malloc(batch->texts.n + batch->events.n +
				(2 * batch->n_classes + 5) * (size_t)VARINT_MAX);
	size_t n = 0;

	if (!bytes)
		return NULL;
	n += varint_write(BATCH_VERSION, bytes + n);
	n += varint_write(batch->n_classes, bytes + n);
	for (size_t i = 0; i < batch->n_classes; i++) {
		n += varint_write(batch->classes[i].twice_counted, bytes + n);
		n += varint_write(batch->classes[i].sampled, bytes + n);
	}
	n += varint_write(batch->n_texts, bytes + n);
	n += varint_write(batch->texts.n, bytes + n);
	if (batch->texts.n)
		memcpy(bytes + n, batch->texts.bytes, batch->texts.n);
	n += batch->texts.n;
	n += varint_write(batch->n_events, bytes + n);
	if (batch->events.n)
		memcpy(bytes + n, batch->events.bytes, batch->events.n);
	*ret_bytes = n + batch->events.n;
	return bytes;
}
