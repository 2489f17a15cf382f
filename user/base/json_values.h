/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making JSON. An object or array with many parts is put together by json_put() and json_push(),
 * and looked at once, by json_checked(). json_pack() is for a few fixed keys with texts and
 * numbers.
 */
#ifndef SLIPROBE_BASE_JSON_VALUES_H
#define SLIPROBE_BASE_JSON_VALUES_H

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/cleanup.h"
#include "base/maybe.h"
#include "base/utf8.h"

#define _cleanup_json_ _cleanup_(json_decrefp)

/*
 * Every maker of JSON returns NULL when out of memory, and json_put() and json_push() take a NULL
 * for that failure: a function adds up their results in `failed`, and looks once, at its end.
 */
static inline int json_put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value);
}

static inline int json_push(json_t *array, json_t *value)
{
	return json_array_append_new(array, value);
}

/* Returns `value`, or frees it and returns NULL if something failed. */
static inline json_t *json_checked(json_t *value, int failed)
{
	if (!failed)
		return value;
	json_decref(value);
	return NULL;
}

static inline json_t *json_text_or_null(const char *bytes)
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

static inline json_t *json_nonempty_or_null(const char *bytes)
{
	return json_text_or_null(bytes && *bytes ? bytes : NULL);
}

static inline json_t *json_texts(char *const *items, size_t n)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < n; i++)
		failed |= json_push(array, json_text_or_null(items[i]));
	return json_checked(array, failed);
}

static inline json_t *json_count(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static inline json_t *json_maybe(struct maybe ratio)
{
	return ratio.known ? json_real(ratio.value) : json_null();
}

static inline json_t *json_time_or_null(double unix_seconds)
{
	char text[32] = "";

	if (isfinite(unix_seconds))
		calendar_rfc3339(unix_seconds, text);
	return text[0] ? json_string(text) : json_null();
}

/*
 * Writes the value as json_dumpf() does, but with characters that could deceive a terminal as \uHHHH:
 * names in it are others'. Returns 0 or -1.
 */
static inline int json_write(const json_t *value, size_t flags, FILE *out)
{
	char *text = value ? json_dumps(value, flags) : NULL;

	if (!text)
		return -1;
	utf8_write_json(text, strlen(text), out);
	free(text);
	return ferror(out) ? -1 : 0;
}

#endif
