/* SPDX-License-Identifier: GPL-2.0-only */
#include "slo/slices.h"

#include <errno.h>
#include <math.h>

enum {
	DAY_SECONDS = 86400,
	GAP_SECONDS = (92 + 31) * DAY_SECONDS, /* the longest any history is kept */
};

#define TIME_LIMIT_SECONDS 1e12
#define UNITS 1e12L

/* The last multiple of the length at or before the moment, to the microsecond as histories are. */
static int64_t slice_end(const struct slices *slices, double t_seconds)
{
	int64_t seconds = (int64_t)floor(round(t_seconds * 1e6) / 1e6);
	int64_t length = (int64_t)slices->seconds;

	return (seconds / length - (seconds % length < 0)) * length;
}

void slices_init(struct slices *slices, uint64_t slice_seconds, double target, double from_seconds)
{
	*slices = (struct slices){.seconds = slice_seconds, .target = target};
	slices->closed_seconds = slice_end(slices, from_seconds);
}

static struct slo_events judge_slice(const struct slices *slices, struct slo_events events)
{
	unsigned __int128 eligible = (unsigned __int128)events.good + events.bad;
	uint64_t target = (uint64_t)llroundl((long double)slices->target * UNITS);
	bool good = (unsigned __int128)events.good * (uint64_t)UNITS >= target * eligible;

	return eligible ? (struct slo_events){.good = good, .bad = !good} : (struct slo_events){};
}

int slices_close(struct slices *slices, const struct slo_history *events, double now_seconds,
		 struct slo_history *ret_slices)
{
	int64_t length = (int64_t)slices->seconds;
	int64_t last;

	if (!isfinite(now_seconds) || fabs(now_seconds) > TIME_LIMIT_SECONDS)
		return -EINVAL;
	last = slice_end(slices, now_seconds);
	if (last - slices->closed_seconds > GAP_SECONDS)
		slices->closed_seconds = slice_end(slices, (double)(last - GAP_SECONDS));
	for (int64_t end = slices->closed_seconds + length; end <= last; end += length) {
		struct slo_events slice =
			judge_slice(slices, slo_history_sum(events, (double)end, (double)length));
		int r = slice.good || slice.bad ? slo_history_add(ret_slices, (double)end, slice)
						: 0;

		if (r < 0)
			return r;
		slices->closed_seconds = end;
	}
	return 0;
}
