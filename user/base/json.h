/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makers of JSON. What has many parts, or parts of its own, is put together by put() and push() and
 * looked at once, by checked(); json_pack() is for a few fixed keys with texts and numbers.
 */
#ifndef SLIPROBE_BASE_JSON_H
#define SLIPROBE_BASE_JSON_H

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/calendar.h"
#include "base/maybe.h"
#include "base/utf8.h"

/*
 * Every json_*() constructor gives NULL when out of memory, and put() and push() take a NULL as
 * that failure: functions here add up the results of their puts and look once, at their end.
 */
static inline int put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value);
}

static inline int push(json_t *array, json_t *value)
{
	return json_array_append_new(array, value);
}

/* `value` if nothing failed, else NULL with it freed. */
static inline json_t *checked(json_t *value, int failed)
{
	if (!failed)
		return value;
	json_decref(value);
	return NULL;
}

static inline json_t *text_or_null(const char *bytes)
{
	json_t *value;
	char *clean;

	if (!bytes)
		return json_null();
	clean = utf8_clean(bytes);
	if (!clean)
		return NULL;
	value = json_string(clean);
	free(clean);
	return value;
}

static inline json_t *nonempty_or_null(const char *bytes)
{
	return text_or_null(bytes && *bytes ? bytes : NULL);
}

static inline json_t *count(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static inline json_t *ratio_or_null(struct maybe ratio)
{
	return ratio.known ? json_real(ratio.value) : json_null();
}

static inline json_t *time_or_null(double unix_seconds)
{
	char text[32] = "";

	if (isfinite(unix_seconds))
		calendar_rfc3339(unix_seconds, text);
	return text[0] ? json_string(text) : json_null();
}

#endif
