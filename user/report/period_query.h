/* SPDX-License-Identifier: GPL-2.0-only */
/* Which span of time is asked for, over the socket and on the command line. */
#ifndef SLIPROBE_REPORT_PERIOD_QUERY_H
#define SLIPROBE_REPORT_PERIOD_QUERY_H

#include <math.h>

#include "base/error.h"

enum {
	PERIOD_DEFAULT_SECONDS = 300,
	PERIOD_BEFORE_SECONDS = 3600, /* a longer window has as much before it */
};

struct period_query {
	double since_unix; /* NaN: not asked for */
	double window_seconds; /* NaN: not asked for */
};

/*
 * Reads "5m", "90s", "2d" as a window; the same (so long ago), RFC 3339 or Unix seconds as since.
 * NULL: not asked for. Returns 0, or -EINVAL and what was expected.
 */
int period_query_parse(const char *since, const char *window, double now_unix,
		       struct period_query *ret, struct error *ret_error);

/* Reads a time as of `since`. Returns 0 or -EINVAL. */
int period_time_parse(const char *text, double now_unix, double *ret_unix);

/* The span: since to now, since for the window, or the window up to now. Never ends after now. */
static inline void period_query_span(const struct period_query *query, double now_unix,
				     double *ret_from, double *ret_to)
{
	double window =
		isnan(query->window_seconds) ? PERIOD_DEFAULT_SECONDS : query->window_seconds;

	*ret_to = now_unix;
	if (isnan(query->since_unix))
		*ret_from = now_unix - window;
	else
		*ret_from = fmin(query->since_unix, now_unix);
	if (!isnan(query->since_unix) && !isnan(query->window_seconds))
		*ret_to = fmin(*ret_from + window, now_unix);
}

#endif
