/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks through a history: its buckets, and its first and last event. */
#include "slo/history_private.h"

bool slo_history_last_event(const struct slo_history *history, double *ret_t_seconds)
{
	if (!history->any_event)
		return false;
	*ret_t_seconds = us_to_seconds(history->last_event_us);
	return true;
}

bool slo_history_first_event(const struct slo_history *history, double *ret_t_seconds)
{
	if (!history->any_event)
		return false;
	*ret_t_seconds = us_to_seconds(history->first_event_us);
	return true;
}

struct visit {
	slo_bucket_fn fn;
	void *context;
	enum slo_tier tier;
};

static int visit_bucket(void *context, int64_t bucket, struct slo_events before,
			struct slo_events total)
{
	const struct visit *visit = context;

	return visit->fn(visit->context, visit->tier, bucket * slo_tier_width_seconds[visit->tier],
			 slo_events_minus(total, before));
}

int slo_history_each(const struct slo_history *history, enum slo_tier tier, int64_t from_seconds,
		     slo_bucket_fn fn, void *context)
{
	const struct slo_tier_state *at = &history->tiers[tier];
	struct visit visit = {fn, context, tier};
	int64_t from_us = seconds_to_us((double)from_seconds);
	struct slo_events before;
	int r = slo_totals_each(&at->closed, from_us, visit_bucket, &visit, &before);

	if (r || at->open_end_us == INT64_MIN || at->open_end_us < from_us)
		return r;
	return visit_bucket(&visit, at->open_bucket, before, history->total);
}

struct busy {
	int64_t to_seconds;
	size_t n; /* buckets */
};

static int count_busy(void *context, enum slo_tier tier, int64_t end_seconds,
		      struct slo_events events)
{
	struct busy *busy = context;

	(void)tier;
	(void)events;
	if (end_seconds > busy->to_seconds)
		return 1;
	busy->n++;
	return 0;
}

size_t slo_history_busy_hours(const struct slo_history *history, double from_seconds,
			      double to_seconds)
{
	struct busy busy = {0};

	if (isnan(from_seconds) || isnan(to_seconds))
		return 0;
	busy.to_seconds = floor_div(seconds_to_us(to_seconds), US_PER_SECOND);
	slo_history_each(history, SLO_TIER_1H,
			 floor_div(seconds_to_us(from_seconds), US_PER_SECOND) + 1, count_busy,
			 &busy);
	return busy.n;
}
