/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/bucket.h"

#include <math.h>
#include <stdio.h>

#include "base/calendar.h"

enum {
	DIGITS = 9, /* bounds of a unit */
	DURATIONS = 3 * DIGITS,
	SIZES = 13,
	SIZE_LEAST = 256,
	SIZE_FACTOR = 4,
};

bool bucket_is_for(enum field_type type)
{
	return type == FIELD_DURATION || type == FIELD_BYTES || type == FIELD_TIME;
}

/* The bound of that index; a product of whole numbers, so that 200ms is the double that 0.2 is. */
static double duration_bound(int i, char ret[static BUCKET_BOUND_BYTES])
{
	static const int digits[DIGITS] = {1, 2, 5, 10, 20, 50, 100, 200, 500};
	static const struct {
		const char *name;
		double per_second;
	} units[] = {{"us", 1e6}, {"ms", 1e3}, {"s", 1}};

	snprintf(ret, BUCKET_BOUND_BYTES, "%d%s", digits[i % DIGITS], units[i / DIGITS].name);
	return digits[i % DIGITS] / units[i / DIGITS].per_second;
}

static double size_bound(int i, char ret[static BUCKET_BOUND_BYTES])
{
	static const char *const units[] = {"", "KiB", "MiB", "GiB", "TiB"};
	double bytes = SIZE_LEAST * pow(SIZE_FACTOR, i), shown = bytes;
	int unit = 0;

	for (; shown >= 1024 && unit < 3; unit++)
		shown /= 1024;
	snprintf(ret, BUCKET_BOUND_BYTES, "%.0f%s", shown, units[unit]);
	return bytes;
}

static struct bucket between(double number, int n,
			     double (*bound)(int i, char ret[static BUCKET_BOUND_BYTES]))
{
	struct bucket ret = {.low = -INFINITY};

	for (int i = 0; i < n; i++) {
		char text[BUCKET_BOUND_BYTES];
		const double at = bound(i, text);

		if (number < at) {
			snprintf(ret.to, sizeof(ret.to), "%s", text);
			return ret;
		}
		ret.low = at;
		snprintf(ret.from, sizeof(ret.from), "%s", text);
	}
	return ret;
}

struct bucket bucket_of(enum field_type type, double number, double time_step)
{
	struct bucket ret = {};

	if (type == FIELD_DURATION)
		return between(number, DURATIONS, duration_bound);
	if (type == FIELD_BYTES)
		return between(number, SIZES, size_bound);
	ret.low = floor(number / time_step) * time_step;
	calendar_rfc3339(ret.low, ret.from);
	calendar_rfc3339(ret.low + time_step, ret.to);
	return ret;
}

const char *bucket_text(const struct bucket *bucket, enum field_type type,
			char ret[static BUCKET_TEXT_BYTES])
{
	if (type == FIELD_TIME)
		snprintf(ret, BUCKET_TEXT_BYTES, "%s", bucket->from);
	else if (!bucket->from[0])
		snprintf(ret, BUCKET_TEXT_BYTES, "<%s", bucket->to);
	else if (!bucket->to[0])
		snprintf(ret, BUCKET_TEXT_BYTES, ">=%s", bucket->from);
	else
		snprintf(ret, BUCKET_TEXT_BYTES, "%s..%s", bucket->from, bucket->to);
	return ret;
}

double bucket_time_step(double span_seconds)
{
	static const double steps[] = {1, 10, 60, 300, 600, 1800, 3600, 21600};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (span_seconds <= steps[i] * BUCKET_TIMES_MAX)
			return steps[i];
	}
	return 86400;
}
