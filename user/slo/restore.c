/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>

#include "slo/history.h"

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
	size_t n;
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

int slo_history_restore(struct slo_history *history, enum slo_tier tier, int64_t end_seconds,
			struct slo_events events)
{
	struct slo_tier_state *at = &history->tiers[tier];
	int64_t width_seconds = slo_tier_width_seconds[tier], end_us;

	if (history->any || !time_valid((double)end_seconds) || end_seconds % width_seconds)
		return -EINVAL;
	end_us = end_seconds * US_PER_SECOND;
	if (end_us <= at->open_end_us || at->restored.good + events.good < events.good ||
	    at->restored.bad + events.bad < events.bad)
		return -EINVAL;
	if (slo_totals_reserve(&at->closed, 1))
		return -ENOMEM;
	if (at->open_end_us != INT64_MIN)
		slo_totals_append(&at->closed, at->open_bucket, at->restored);
	else if (tier == SLO_TIER_1H)
		history->first_us = end_us - at->closed.width_us;
	tier_open(at, end_seconds / width_seconds);
	at->restored.good += events.good;
	at->restored.bad += events.bad;
	return 0;
}

/* Of what was restored: as near as the buckets tell. */
static void restored_events(struct slo_history *history)
{
	for (size_t i = SLO_TIERS; i-- > 0;) {
		const struct slo_tier_state *tier = &history->tiers[i];

		if (tier->open_end_us == INT64_MIN)
			continue;
		history->any_event = true;
		history->last_event_us =
			tier->open_end_us < history->last_us ? tier->open_end_us : history->last_us;
		if (!tier->closed.dropped.good && !tier->closed.dropped.bad)
			history->first_event_us =
				tier->closed.n_blocks
					? tier->closed.blocks[0]->bucket * tier->closed.width_us
					: history->last_event_us;
	}
}

int slo_history_restored(struct slo_history *history, double last_step_seconds)
{
	struct slo_events total = history->tiers[SLO_TIER_1H].restored;

	if (history->any || !time_valid(last_step_seconds))
		return -EINVAL;
	for (size_t i = 0; i < SLO_TIERS; i++) {
		if (history->tiers[i].restored.good > total.good ||
		    history->tiers[i].restored.bad > total.bad)
			return -EINVAL;
	}
	history->last_us = seconds_to_us(last_step_seconds);
	if (history->tiers[SLO_TIER_1H].open_end_us == INT64_MIN)
		history->first_us = history->last_us;
	for (size_t i = 0; i < SLO_TIERS; i++) {
		struct slo_tier_state *tier = &history->tiers[i];
		int64_t open_us = tier->open_end_us - tier->closed.width_us;

		slo_totals_rebase(&tier->closed, slo_events_minus(total, tier->restored));
		/* a step that ended before its bucket began: what was stored goes before */
		if (tier->open_end_us != INT64_MIN && history->last_us <= open_us)
			history->last_us = open_us + 1;
	}
	history->any = true;
	history->total = total;
	restored_events(history);
	return 0;
}
