/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Puts a stored history back: slo_history_restore() for each bucket, slo_history_restored() once.
 */
#include <errno.h>

#include "slo/history_private.h"

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

/* Finds the first and the last event, as near as the restored buckets tell. */
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
				tier->closed.n_blocks ?
					tier->closed.blocks[0]->bucket * tier->closed.width_us :
					history->last_event_us;
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

		slo_totals_rebase(&tier->closed, slo_events_minus(total, tier->restored));
		/* the last step ended before its bucket began: the bucket is right */
		if (tier->open_end_us != INT64_MIN &&
		    history->last_us <= tier->open_end_us - tier->closed.width_us)
			history->last_us = tier->open_end_us - tier->closed.width_us + 1;
	}
	history->any = true;
	history->total = total;
	restored_events(history);
	return 0;
}
