/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/group.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "samples/bucket.h"
#include "samples/group_json.h"

enum {
	PLACES = 2 * GROUPS_MAX, /* of the table of hashes: half of them stay free */
	KEY_BYTES_MAX = 8192,
	NO_GROUP = -1,
	VALUES_BEGIN = 4096,
};

static const char unknown_mark = '-', known_mark = '+';

int group_by_parse(const char *text, struct group_by *ret, struct error *ret_error)
{
	struct group_by by = {.time_step = 60};
	struct error why;

	for (const char *at = text;; at++) {
		const size_t len = strcspn(at, ",");

		if (by.n_fields == GROUP_BY_MAX)
			return error_set(ret_error, -EINVAL, "by: expected up to %d fields",
					 GROUP_BY_MAX);
		if (field_find(at, len, &by.fields[by.n_fields], &why) < 0)
			return error_set(ret_error, -EINVAL, "by: %s", why.text);
		by.n_fields++;
		at += len;
		if (!*at)
			break;
	}
	*ret = by;
	return 0;
}

void group_sums_add(struct group_sums *sums, const struct event *event)
{
	const double weight = event->weight > 0 ? event->weight : 0;

	sums->samples++;
	sums->requests += weight;
	if (!event->bad)
		return;
	sums->bad_samples++;
	sums->bad += weight;
}

int groups_new(const struct group_by *by, struct groups **ret)
{
	_cleanup_(groups_freep) struct groups *groups = calloc(1, sizeof(*groups));

	if (!groups)
		return -ENOMEM;
	groups->by = *by;
	groups->places = malloc(PLACES * sizeof(*groups->places));
	groups->groups = calloc(GROUPS_MAX, sizeof(*groups->groups));
	if (!groups->places || !groups->groups)
		return -ENOMEM;
	for (size_t i = 0; i < PLACES; i++)
		groups->places[i] = NO_GROUP;
	*ret = TAKE_PTR(groups);
	return 0;
}

void groups_free(struct groups *groups)
{
	if (!groups)
		return;
	for (size_t i = 0; i < groups->n; i++)
		free(groups->groups[i].key);
	free(groups->groups);
	free(groups->places);
	free(groups->values);
	free(groups);
}

/* ---- keys ---- */

struct key {
	char text[KEY_BYTES_MAX]; /* of each field a mark and its text with its end */
	size_t len;
	double numbers[GROUP_BY_MAX]; /* of fields with ranges */
};

/* Returns false if there is no room. */
static bool key_append(struct key *key, const char *text)
{
	const size_t len = text ? strlen(text) + 1 : 0;

	if (key->len + 1 + len > sizeof(key->text))
		return false;
	key->text[key->len++] = text ? known_mark : unknown_mark;
	if (text)
		memcpy(key->text + key->len, text, len);
	key->len += len;
	return true;
}

static bool key_append_field(struct key *key, const struct group_by *by, size_t i,
			     const struct event *event)
{
	const struct field_ref *field = &by->fields[i];
	const enum field_type type = field->field->type;
	char buffer[FIELD_TEXT_BYTES], range[BUCKET_TEXT_BYTES];
	struct bucket bucket;

	if (!bucket_is_for(type))
		return key_append(key, field_text(field, event, buffer));
	key->numbers[i] = field_number(field, event);
	if (isnan(key->numbers[i]))
		return key_append(key, NULL);
	bucket = bucket_of(type, key->numbers[i], by->time_step);
	return key_append(key, bucket_text(&bucket, type, range));
}

/* The place of the key, or the free one where it would be. */
static size_t find_place(const struct groups *groups, const struct key *key, uint64_t hash)
{
	size_t place = hash % PLACES;

	for (; groups->places[place] != NO_GROUP; place = (place + 1) % PLACES) {
		const struct group *group = &groups->groups[groups->places[place]];

		if (group->hash == hash && group->key_len == key->len &&
		    !memcmp(group->key, key->text, key->len))
			break;
	}
	return place;
}

/* The group of the event, or NO_GROUP: it is of the rest. Returns 0 or -ENOMEM. */
static int find_group(struct groups *groups, const struct event *event, int *ret)
{
	struct key key;
	struct group *group;
	uint64_t hash;
	size_t place;

	key.len = 0;
	*ret = NO_GROUP;
	for (size_t i = 0; i < groups->by.n_fields; i++) {
		key.numbers[i] = NAN;
		if (!key_append_field(&key, &groups->by, i, event))
			return 0;
	}
	hash = hash_fnv1a(key.text, key.len);
	place = find_place(groups, &key, hash);
	*ret = groups->places[place];
	if (*ret != NO_GROUP || groups->n == GROUPS_MAX ||
	    groups->keys_bytes + key.len > GROUP_KEYS_BYTES)
		return 0;
	group = &groups->groups[groups->n];
	group->key = malloc(key.len + 1);
	if (!group->key)
		return -ENOMEM;
	memcpy(group->key, key.text, key.len);
	memcpy(group->numbers, key.numbers, sizeof(group->numbers));
	group->key_len = key.len;
	group->hash = hash;
	group->first = INFINITY;
	group->last = -INFINITY;
	groups->keys_bytes += key.len;
	*ret = groups->places[place] = (int)groups->n++;
	return 0;
}

const char *group_part(const struct group *group, size_t i)
{
	const char *at = group->key;

	for (; i; i--)
		at += *at == known_mark ? strlen(at) + 1 : 1;
	return *at == known_mark ? at + 1 : NULL;
}

/* ---- values ---- */

static int keep_value(struct groups *groups, int group, const struct event *event)
{
	struct group_value *grown;

	if (isnan(event->total_seconds))
		return 0;
	if (groups->n_values == GROUP_VALUES_MAX) {
		groups->values_cut = true;
		return 0;
	}
	if (groups->n_values == groups->values_room) {
		const size_t room = groups->values_room ? groups->values_room * 2 : VALUES_BEGIN;

		grown = reallocarray(groups->values, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		groups->values = grown;
		groups->values_room = room;
	}
	groups->values[groups->n_values++] =
		(struct group_value){(uint32_t)group, (float)event->total_seconds,
				     event->weight > 0 ? (float)event->weight : 0};
	return 0;
}

int groups_add(struct groups *groups, const struct event *event)
{
	struct group *group;
	int index, r = find_group(groups, event, &index);

	group_sums_add(&groups->all, event);
	if (r < 0)
		return r;
	if (index == NO_GROUP) {
		group_sums_add(&groups->beyond, event);
		return 0;
	}
	group = &groups->groups[index];
	group_sums_add(&group->sums, event);
	group->first = fmin(group->first, event->time);
	group->last = fmax(group->last, event->time);
	return keep_value(groups, index, event);
}

static int by_group_and_value(const void *a, const void *b)
{
	const struct group_value *left = a, *right = b;

	if (left->group != right->group)
		return left->group < right->group ? -1 : 1;
	return (left->seconds > right->seconds) - (left->seconds < right->seconds);
}

static double quantile(const struct group_value *values, size_t n, double q)
{
	double sum = 0, all = 0;

	for (size_t i = 0; i < n; i++)
		all += (double)values[i].weight;
	for (size_t i = 0; i < n; i++) {
		sum += (double)values[i].weight;
		/* sums of weights are not exact in their last bits */
		if (sum >= q * all * (1 - 1e-9))
			return (double)values[i].seconds;
	}
	return NAN;
}

void groups_find_quantiles(struct groups *groups)
{
	if (groups->n_values)
		qsort(groups->values, groups->n_values, sizeof(*groups->values),
		      by_group_and_value);
	for (size_t i = 0; i < groups->n; i++)
		groups->groups[i].p50 = groups->groups[i].p99 = NAN;
	for (size_t from = 0, to; from < groups->n_values; from = to) {
		struct group *group = &groups->groups[groups->values[from].group];

		for (to = from; to < groups->n_values &&
				groups->values[to].group == groups->values[from].group;)
			to++;
		group->p50 = quantile(groups->values + from, to - from, 0.5);
		group->p99 = quantile(groups->values + from, to - from, 0.99);
	}
}
