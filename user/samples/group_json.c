/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/group_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_values.h"
#include "samples/bucket.h"
#include "samples/filter.h"

static bool is_ranged(const struct groups *groups)
{
	return groups->by.n_fields && bucket_is_for(groups->by.fields[0].field->type);
}

static int by_range(const void *a, const void *b)
{
	const double left = ((const struct group *)a)->numbers[0];
	const double right = ((const struct group *)b)->numbers[0];

	if (isnan(left) || isnan(right))
		return isnan(left) - isnan(right);
	return (left > right) - (left < right);
}

static int by_key(const struct group *a, const struct group *b)
{
	const size_t len = a->key_len < b->key_len ? a->key_len : b->key_len;
	const int r = memcmp(a->key, b->key, len);

	return r ?: (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

static int by_bad(const void *a, const void *b)
{
	const struct group *left = a, *right = b;

	if (left->sums.bad != right->sums.bad)
		return left->sums.bad > right->sums.bad ? -1 : 1;
	if (left->sums.requests != right->sums.requests)
		return left->sums.requests > right->sums.requests ? -1 : 1;
	return by_key(left, right);
}

/* Numbers of one range are not the same: with those of the range's begin, groups of it stay together. */
static int by_range_and_bad(const void *a, const void *b)
{
	return by_range(a, b) ?: by_bad(a, b);
}

static void begin_ranges(struct groups *groups)
{
	const enum field_type type = groups->by.fields[0].field->type;

	for (size_t i = 0; i < groups->n; i++) {
		double *number = &groups->groups[i].numbers[0];

		if (!isnan(*number))
			*number = bucket_of(type, *number, groups->by.time_step).low;
	}
}

static void sort(struct groups *groups)
{
	if (is_ranged(groups))
		begin_ranges(groups);
	if (groups->n)
		qsort(groups->groups, groups->n, sizeof(*groups->groups),
		      is_ranged(groups) ? by_range_and_bad : by_bad);
}

/* ---- a group ---- */

static json_t *part_json(const struct field *field, const char *text)
{
	double number;

	if (!text)
		return json_null();
	if (field->type == FIELD_BOOL)
		return json_boolean(!strcmp(text, "true"));
	if (field_is_text(field) || bucket_is_for(field->type))
		return json_text_or_null(text);
	number = strtod(text, NULL);
	return floor(number) == number && fabs(number) < 1e15 ? json_integer((json_int_t)number) :
								json_real(number);
}

static json_t *key_json(const struct groups *groups, const struct group *group)
{
	json_t *key = json_object();
	int failed = 0;

	for (size_t i = 0; i < groups->by.n_fields; i++) {
		const struct field_ref *ref = &groups->by.fields[i];
		char name[FIELD_TEXT_BYTES];

		failed |= json_put(key, field_ref_name(ref, name),
				   part_json(ref->field, group_part(group, i)));
	}
	return json_checked(key, failed);
}

/* Of a list: that each text of it is one of the event's. */
static void write_list(const char *name, const char *text, FILE *out)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = NULL;
	const char *between = "";

	for (char *word = copy ? strtok_r(copy, ",", &rest) : NULL; word;
	     word = strtok_r(NULL, ",", &rest)) {
		fprintf(out, "%s%s=", between, name);
		filter_write_value(word, out);
		between = " and ";
	}
}

static void write_range(const char *name, const struct bucket *bucket, FILE *out)
{
	if (bucket->from[0])
		fprintf(out, "%s>=%s", name, bucket->from);
	if (bucket->from[0] && bucket->to[0])
		fputs(" and ", out);
	if (bucket->to[0])
		fprintf(out, "%s<%s", name, bucket->to);
}

static void write_condition(const struct groups *groups, const struct group *group, size_t i,
			    FILE *out)
{
	const struct field_ref *ref = &groups->by.fields[i];
	const char *text = group_part(group, i);
	char name[FIELD_TEXT_BYTES];
	struct bucket bucket;

	field_ref_name(ref, name);
	if (!text) {
		fprintf(out, "not %s", name);
	} else if (bucket_is_for(ref->field->type)) {
		bucket = bucket_of(ref->field->type, group->numbers[i], groups->by.time_step);
		write_range(name, &bucket, out);
	} else if (ref->field->type == FIELD_LIST) {
		write_list(name, text, out);
	} else {
		fprintf(out, "%s=", name);
		filter_write_value(text, out);
	}
}

static json_t *filter_json(const struct groups *groups, const struct group *group)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	for (size_t i = 0; i < groups->by.n_fields; i++) {
		if (i)
			fputs(" and ", out);
		write_condition(groups, group, i, out);
	}
	return fclose(out) ? NULL : json_text_or_null(text);
}

static int put_sums(json_t *object, const struct group_sums *sums)
{
	return json_put(object, "samples", json_count(sums->samples)) |
	       json_put(object, "bad_samples", json_count(sums->bad_samples)) |
	       json_put(object, "requests", json_real(sums->requests)) |
	       json_put(object, "bad", json_real(sums->bad));
}

static json_t *share(double part, double whole)
{
	return whole > 0 ? json_real(part / whole) : json_null();
}

static json_t *seconds_json(double seconds)
{
	return isnan(seconds) ? json_null() : json_real(seconds);
}

static json_t *group_json(const struct groups *groups, const struct group *group)
{
	json_t *json = json_object();
	int failed = json_put(json, "key", key_json(groups, group));

	failed |= put_sums(json, &group->sums);
	failed |= json_put(json, "bad_share", share(group->sums.bad, group->sums.requests));
	failed |= json_put(json, "share_of_bad", share(group->sums.bad, groups->all.bad));
	failed |= json_put(json, "p50_seconds", seconds_json(group->p50));
	failed |= json_put(json, "p99_seconds", seconds_json(group->p99));
	failed |= json_put(json, "first", json_time_or_null(group->first));
	failed |= json_put(json, "last", json_time_or_null(group->last));
	failed |= json_put(json, "filter", filter_json(groups, group));
	return json_checked(json, failed);
}

/* ---- all ---- */

static json_t *rest_json(const struct groups *groups, size_t limit)
{
	struct group_sums sums = groups->beyond;
	const size_t n = groups->n > limit ? groups->n - limit : 0;
	json_t *json;
	int failed;

	if (!n && !groups->beyond.samples)
		return json_null();
	for (size_t i = limit; i < groups->n; i++) {
		const struct group_sums *other = &groups->groups[i].sums;

		sums.samples += other->samples;
		sums.bad_samples += other->bad_samples;
		sums.requests += other->requests;
		sums.bad += other->bad;
	}
	json = json_object();
	failed = json_put(json, "groups", json_count(n + !!groups->beyond.samples));
	failed |= json_put(json, "at_least", json_boolean(groups->beyond.samples > 0));
	failed |= put_sums(json, &sums);
	return json_checked(json, failed);
}

static json_t *names_json(const struct group_by *by)
{
	json_t *names = json_array();
	int failed = 0;

	for (size_t i = 0; i < by->n_fields; i++) {
		char name[FIELD_TEXT_BYTES];

		failed |= json_push(names, json_string(field_ref_name(&by->fields[i], name)));
	}
	return json_checked(names, failed);
}

json_t *groups_json(struct groups *groups, size_t limit)
{
	json_t *json = json_object(), *list = json_array();
	int failed = 0;

	groups_find_quantiles(groups);
	sort(groups);
	for (size_t i = 0; i < groups->n && i < limit; i++)
		failed |= json_push(list, group_json(groups, &groups->groups[i]));
	failed |= json_put(json, "by", names_json(&groups->by));
	failed |= json_put(json, "groups", list);
	failed |= json_put(json, "rest", rest_json(groups, limit));
	failed |= json_put(json, "quantiles_cut", json_boolean(groups->values_cut));
	return json_checked(json, failed);
}
