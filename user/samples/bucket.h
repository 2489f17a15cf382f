/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ranges that numbers without end are grouped by: durations 1us, 2us, 5us, 10us ... 500s, sizes by factors of 4 from 256
 * bytes on, times by a step. Pure.
 */
#ifndef SLIPROBE_SAMPLES_BUCKET_H
#define SLIPROBE_SAMPLES_BUCKET_H

#include <stdbool.h>

#include "samples/fields.h"

enum {
	BUCKET_BOUND_BYTES = 32,
	BUCKET_TEXT_BYTES = 2 * BUCKET_BOUND_BYTES + 4,
	BUCKET_TIMES_MAX = 60, /* of a span */
};

/* Bounds as a filter takes them; "": there is none. */
struct bucket {
	double low; /* -INFINITY: there is none */
	char from[BUCKET_BOUND_BYTES];
	char to[BUCKET_BOUND_BYTES]; /* not of it any more */
};

bool bucket_is_for(enum field_type type);

/* The bucket of a number that is known; time_step in seconds. */
struct bucket bucket_of(enum field_type type, double number, double time_step);

/* "100ms..200ms", "<1us", ">=500s"; of a time its begin. Returns `ret`. */
const char *bucket_text(const struct bucket *bucket, enum field_type type,
			char ret[static BUCKET_TEXT_BYTES]);

/* The step, of 1 s to a day, that parts the span into BUCKET_TIMES_MAX at most, if a day does. */
double bucket_time_step(double span_seconds);

#endif
