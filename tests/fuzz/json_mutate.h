/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A mutator of JSON: it puts other values in the places of a document's, so that what comes out is JSON
 * still, and reaches what reads it.
 */
#ifndef SLIPROBE_TESTS_JSON_MUTATE_H
#define SLIPROBE_TESTS_JSON_MUTATE_H

#include <float.h>
#include <jansson.h>
#include <limits.h>

#include "tests/fuzz/fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static inline json_t *json_odd_integer(void)
{
	static const json_int_t integers[] = {
		0,
		1,
		-1,
		2,
		65535,
		65536,
		INT_MAX,
		INT_MIN,
		UINT_MAX,
		LLONG_MAX,
		LLONG_MIN,
		1LL << 53,
		599,
		86400,
		1900000000,
		-62135596801LL,
		253402300800LL,
	};

	return json_integer(integers[random_below(sizeof(integers) / sizeof(integers[0]))]);
}

static inline json_t *json_odd_real(void)
{
	static const double reals[] = {0.0,  -0.0,    0.5,	1.0,   -1.0, 1e-320, DBL_MIN,
				       1e15, DBL_MAX, -DBL_MAX, 1e300, 1e18, 1e19,   -1e19};

	return json_real(reals[random_below(sizeof(reals) / sizeof(reals[0]))]);
}

static inline json_t *json_odd_text(void)
{
	static const char *const texts[] = {
		"",
		"a",
		"page",
		"%s%n%d",
		"\x1b[2J",
		"\xc2\x9b"
		"31m",
		"\xe2\x80\xae"
		"x",
		"\n\r\t\x7f",
		"2030-01-02T03:04:05Z",
		"9999-12-31T23:59:59Z",
		"0000-00-00T00:00:00Z",
		"2030-01-02T03:04:05.123456789Z",
		"-1",
		"nan",
		"\"quoted\", 'and', \\ more",
		"=1+1",
		"../../etc",
		"{service}",
	};
	const uint32_t i = random_below(sizeof(texts) / sizeof(texts[0]) + 1);
	char long_one[3000];

	if (i < sizeof(texts) / sizeof(texts[0]))
		return json_string(texts[i]);
	memset(long_one, 'x', sizeof(long_one) - 1);
	long_one[1 + random_below(sizeof(long_one) - 1)] = '\0';
	long_one[sizeof(long_one) - 1] = '\0';
	return json_string(long_one);
}

static inline json_t *json_odd(void)
{
	switch (random_below(8)) {
	case 0:
		return json_null();
	case 1:
		return json_boolean(random_below(2));
	case 2:
	case 3:
		return json_odd_integer();
	case 4:
		return json_odd_real();
	case 5:
		return json_array();
	case 6:
		return json_object();
	default:
		return json_odd_text();
	}
}

/* How many values there are in it, itself included. */
static inline size_t json_node_count(const json_t *json)
{
	const char *key;
	json_t *value;
	size_t n = 1, i;

	json_object_foreach((json_t *)json, key, value)
		n += json_node_count(value);
	json_array_foreach(json, i, value)
		n += json_node_count(value);
	return n;
}

/* The n-th of them, in the order of json_node_count(). Borrowed. */
static inline json_t *json_nth(json_t *json, size_t *n)
{
	const char *key;
	json_t *value, *found;
	size_t i;

	if (!(*n)--)
		return json;
	json_object_foreach(json, key, value) {
		if ((found = json_nth(value, n)))
			return found;
	}
	json_array_foreach(json, i, value) {
		if ((found = json_nth(value, n)))
			return found;
	}
	return NULL;
}

static inline json_t *json_any(json_t *json)
{
	size_t n = random_below((uint32_t)json_node_count(json));

	return json_nth(json, &n);
}

static inline void json_change_object(json_t *object, json_t *value)
{
	uint32_t skip = random_below((uint32_t)json_object_size(object));
	void *at = json_object_iter(object);

	while (skip--)
		at = json_object_iter_next(object, at);
	if (random_below(6) == 0) {
		json_object_del(object, json_object_iter_key(at));
		json_decref(value);
	} else {
		json_object_iter_set_new(object, at, value);
	}
}

static inline void json_change_array(json_t *array, json_t *value)
{
	const size_t i = random_below((uint32_t)json_array_size(array));

	switch (random_below(3)) {
	case 0:
		json_array_remove(array, i);
		json_decref(value);
		break;
	case 1:
		json_array_set_new(array, i, value);
		break;
	default:
		json_array_insert_new(array, i, value);
	}
}

/* Changes a value of the document in one place. */
static inline void json_change(json_t *json)
{
	json_t *at = json_any(json);
	json_t *value = random_below(3) ? json_odd() : json_deep_copy(json_any(json));

	if (json_object_size(at))
		json_change_object(at, value);
	else if (json_array_size(at))
		json_change_array(at, value);
	else if (json_is_array(at))
		json_array_append_new(at, value);
	else
		json_decref(value);
}

/*
 * Mutates a JSON text in place: mostly as JSON, else, and if it is none, as bytes. Returns its new
 * size, at most max_size.
 */
static inline size_t json_mutate(uint8_t *data, size_t size, size_t max_size)
{
	json_t *json = random_below(8) ? json_loadb((char *)data, size, 0, NULL) : NULL;
	size_t len;

	if (!json)
		return LLVMFuzzerMutate(data, size, max_size);
	for (uint32_t n = 1 + random_below(3); n; n--)
		json_change(json);
	len = json_dumpb(json, (char *)data, max_size, JSON_COMPACT | JSON_REAL_PRECISION(17));
	json_decref(json);
	/* it does not fit: what was there may be half overwritten */
	return len && len <= max_size ? len : LLVMFuzzerMutate(data, size, max_size);
}

#endif
