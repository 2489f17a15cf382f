/* SPDX-License-Identifier: GPL-2.0-only */
#include "slo/slices.h"

#include <errno.h>
#include <math.h>

#include "base/units.h"
#include "slo/time_limit.h"

enum {
	/* the longest that any history is kept */
	GAP_SECONDS = SLO_WINDOW_MAX_SECONDS + SLO_KEPT_BEYOND_SECONDS,
};

/* Times of coverage are rounded. */
#define ROUNDED_SECONDS 5e-3

/* The last end of a slice at or before the moment, which is rounded as histories round it. */
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
	uint64_t target = units_of(slices->target);
	bool good = (unsigned __int128)events.good * UNITS_IN_ONE >= target * eligible;

	return (struct slo_events){.good = good, .bad = !good};
}

static bool is_covered(const struct coverage *coverage, double from_seconds, double to_seconds)
{
	return coverage && coverage_seconds(coverage, from_seconds, to_seconds) >
				   to_seconds - from_seconds - ROUNDED_SECONDS;
}

int slices_close(struct slices *slices, const struct slo_history *events,
		 const struct coverage *coverage, double now_seconds,
		 struct slo_history *ret_slices)
{
	int64_t length = (int64_t)slices->seconds;
	int64_t last;

	if (!time_valid(now_seconds))
		return -EINVAL;
	last = slice_end(slices, now_seconds);
	if (last - slices->closed_seconds > GAP_SECONDS)
		slices->closed_seconds = slice_end(slices, (double)(last - GAP_SECONDS));
	for (int64_t end = slices->closed_seconds + length; end <= last; end += length) {
		struct slo_events sum = slo_history_sum(events, (double)end, (double)length);
		int r = 0;

		if (slo_events_any(sum) ||
		    is_covered(coverage, (double)(end - length), (double)end))
			r = slo_history_add(ret_slices, (double)end, judge_slice(slices, sum));

		if (r < 0)
			return r;
		slices->closed_seconds = end;
	}
	return 0;
}
