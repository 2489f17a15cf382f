/* SPDX-License-Identifier: GPL-2.0-only */
#include "slo/steps.h"

#include "slo/time_limit.h"

static int find_first(void *context, enum slo_tier tier, int64_t end_seconds,
		      struct slo_events events)
{
	(void)events;
	*(int64_t *)context = end_seconds - slo_tier_width_seconds[tier];
	return 1;
}

/* The sum of the buckets that end in (after, until]. */
struct part {
	int64_t after;
	int64_t until;
	struct slo_events events;
};

static int add_part(void *context, enum slo_tier tier, int64_t end_seconds,
		    struct slo_events events)
{
	struct part *part = context;

	(void)tier;
	if (end_seconds > part->until)
		return 1;
	if (end_seconds > part->after) {
		part->events.good += events.good;
		part->events.bad += events.bad;
	}
	return 0;
}

/*
 * The end of the last bucket of `tier` whose events the next finer tier does not all have. It is
 * the bucket that the finer tier's first one lies in, or the one before. INT64_MAX if the finer
 * tier is empty.
 */
static int64_t last_own(const struct slo_history *history, enum slo_tier tier)
{
	int64_t width = slo_tier_width_seconds[tier], begin = INT64_MAX;
	struct part coarse, fine;

	slo_history_each(history, tier - 1, TIME_BEFORE_ALL_SECONDS, find_first, &begin);
	if (begin == INT64_MAX)
		return begin;
	coarse.until = (begin + width - 1) / width * width;
	if (coarse.until == begin)
		return begin;
	coarse.after = coarse.until - width;
	coarse.events = (struct slo_events){0};
	fine = coarse;
	slo_history_each(history, tier, coarse.after, add_part, &coarse);
	slo_history_each(history, tier - 1, fine.after, add_part, &fine);
	return fine.events.good == coarse.events.good && fine.events.bad == coarse.events.bad ?
		       coarse.after :
		       coarse.until;
}

struct row {
	int (*fn)(void *context, const struct slo_step *step);
	void *context;
	int64_t after;
	int64_t until;
};

static int take(void *context, enum slo_tier tier, int64_t end_seconds, struct slo_events events)
{
	const struct row *row = context;
	const struct slo_step step = {end_seconds, slo_tier_width_seconds[tier], events};

	if (end_seconds <= row->after || end_seconds > row->until)
		return 0;
	return row->fn(row->context, &step);
}

int slo_history_steps(const struct slo_history *history,
		      int (*fn)(void *context, const struct slo_step *step), void *context)
{
	struct row row = {fn, context, TIME_BEFORE_ALL_SECONDS, INT64_MAX};

	for (int tier = SLO_TIERS - 1; tier >= 0; tier--) {
		int r;

		row.until = tier > 0 ? last_own(history, tier) : INT64_MAX;
		r = slo_history_each(history, tier, row.after, take, &row);
		if (r)
			return r;
		if (row.until == INT64_MAX)
			return 0;
		row.after = row.until;
	}
	return 0;
}
