/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/period_query.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/calendar.h"
#include "base/duration.h"

static bool read_duration(const char *text, double *ret_seconds)
{
	uint64_t ns;

	if (duration_parse(text, &ns))
		return false;
	*ret_seconds = (double)ns / 1e9;
	return true;
}

static bool read_unix(const char *text, double *ret)
{
	char *end;
	double seconds = strtod(text, &end);

	if (*end || end == text || !(seconds > 1e8 && seconds < 1e11))
		return false;
	*ret = seconds;
	return true;
}

int period_time_parse(const char *text, double now_unix, double *ret_unix)
{
	double ago;
	int64_t seconds;

	if (read_duration(text, &ago))
		*ret_unix = now_unix - ago;
	else if (read_unix(text, ret_unix))
		return 0;
	else if (calendar_parse_rfc3339(text, &seconds))
		return -EINVAL;
	else
		*ret_unix = (double)seconds;
	return 0;
}

int period_query_parse(const char *since, const char *window, double now_unix,
		       struct period_query *ret, struct error *ret_error)
{
	struct period_query query = {NAN, NAN};

	if (window && (!read_duration(window, &query.window_seconds) || query.window_seconds <= 0))
		return error_set(ret_error, -EINVAL,
				 "window: expected a duration such as 5m, 1h or 2d, got \"%.60s\"",
				 window);
	if (since && period_time_parse(since, now_unix, &query.since_unix))
		return error_set(
			ret_error, -EINVAL,
			"since: expected a duration such as 2h (so long ago), or a time such "
			"as 2030-01-02T03:04:05Z, got \"%.60s\"",
			since);
	if (query.since_unix > now_unix)
		return error_set(ret_error, -EINVAL, "since: \"%.60s\" is in the future", since);
	*ret = query;
	return 0;
}
