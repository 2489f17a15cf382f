/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tolerant reading of JSON objects: a member that is absent, null or of another type is unknown.
 */
#ifndef SLIPROBE_CTL_JSON_H
#define SLIPROBE_CTL_JSON_H

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "base/format.h"

static inline double ctl_number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static inline const char *ctl_string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* A count, to the last digit. */
static inline struct format_text ctl_count(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	struct format_text ret = {"-"};

	if (json_is_integer(value))
		snprintf(ret.text, sizeof(ret.text), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
	return ret;
}

/* A count; 0 if it is unknown. It decides whether there is something to show. */
static inline json_int_t ctl_count_or_zero(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

#endif
