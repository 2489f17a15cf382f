/* SPDX-License-Identifier: GPL-2.0-only */
#include "slo/history.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "slo/history_private.h"

#define SPREAD_US (20 * US_PER_SECOND)

const int64_t slo_tier_width_seconds[SLO_TIERS] = {10, 60, 3600};

/* Counts stop at 2^64 - 1, so that sums stay sums and no part of one is negative. */
static uint64_t saturated(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

static uint64_t not_negative(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

int slo_history_new(uint64_t window_seconds, struct slo_history **ret)
{
	const uint64_t keep_seconds[SLO_TIERS] = {
		[SLO_TIER_10S] = 6 * 3600,
		[SLO_TIER_1MIN] = 8 * 86400,
		[SLO_TIER_1H] = window_seconds + SLO_KEPT_BEYOND_SECONDS,
	};
	struct slo_history *history;

	if (window_seconds < SLO_WINDOW_MIN_SECONDS || window_seconds > SLO_WINDOW_MAX_SECONDS)
		return -EINVAL;
	history = calloc(1, sizeof(*history));
	if (!history)
		return -ENOMEM;
	history->cursors = calloc(1, sizeof(*history->cursors));
	if (!history->cursors) {
		free(history);
		return -ENOMEM;
	}
	for (size_t i = 0; i < SLO_TIERS; i++) {
		struct slo_tier_state *tier = &history->tiers[i];

		tier->closed.width_us = slo_tier_width_seconds[i] * US_PER_SECOND;
		tier->finer_keep_us = i ? tier[-1].keep_us : 0;
		tier->keep_us = (int64_t)keep_seconds[i] * US_PER_SECOND;
		tier->open_end_us = INT64_MIN;
	}
	*ret = history;
	return 0;
}

void slo_history_free(struct slo_history *history)
{
	if (!history)
		return;
	for (size_t i = 0; i < SLO_TIERS; i++)
		slo_totals_clear(&history->tiers[i].closed);
	free(history->cursors);
	free(history);
}

/* Opens the bucket of a step that ends at t_us, after the open one. `total`: before that step. */
static void tier_advance(struct slo_tier_state *tier, int64_t t_us, struct slo_events total)
{
	int64_t width_us = tier->closed.width_us;

	if (tier->open_end_us != INT64_MIN) {
		if (slo_totals_append(&tier->closed, tier->open_bucket, total))
			slo_totals_drop(&tier->closed, floor_div(t_us - tier->keep_us, width_us));
		if (t_us <= tier->open_end_us + width_us) {
			tier_open(tier, tier->open_bucket + 1);
			return;
		}
	}
	tier_open(tier, ceil_div(t_us, width_us));
}

static int history_add(struct slo_history *history, int64_t t_us, struct slo_events events)
{
	if (!history->any)
		history->first_us = t_us;
	else if (t_us < history->last_us)
		t_us = history->last_us;
	if (events.good || events.bad) {
		for (size_t i = 0; i < SLO_TIERS; i++) {
			struct slo_tier_state *tier = &history->tiers[i];

			if (t_us > tier->open_end_us && slo_totals_reserve(&tier->closed, 1))
				return -ENOMEM;
		}
		for (size_t i = 0; i < SLO_TIERS; i++) {
			if (t_us > history->tiers[i].open_end_us)
				tier_advance(&history->tiers[i], t_us, history->total);
		}
		history->total.good = saturated(history->total.good, events.good);
		history->total.bad = saturated(history->total.bad, events.bad);
		if (!history->any_event)
			history->first_event_us = t_us;
		history->any_event = true;
		history->last_event_us = t_us;
	}
	history->any = true;
	history->last_us = t_us;
	return 0;
}

int slo_history_add(struct slo_history *history, double t_seconds, struct slo_events events)
{
	if (!time_valid(t_seconds))
		return -EINVAL;
	return history_add(history, seconds_to_us(t_seconds), events);
}

/* The length of the pieces that a step of length_us is spread over. */
static int64_t piece_us(const struct slo_history *history, int64_t length_us)
{
	size_t i = 0;

	while (i + 1 < SLO_TIERS && length_us > history->tiers[i].keep_us)
		i++;
	return history->tiers[i].closed.width_us;
}

static int64_t share(int64_t total, int64_t k, int64_t n)
{
	int64_t product;

	/* a division of 128 bits is a call */
	if (!__builtin_mul_overflow(total, k, &product))
		return product / n;
	return (int64_t)((__int128)total * k / n);
}

static uint64_t count_share(uint64_t total, int64_t k, int64_t n)
{
	uint64_t product;

	if (!__builtin_mul_overflow(total, (uint64_t)k, &product))
		return product / (uint64_t)n;
	return (uint64_t)((unsigned __int128)total * (uint64_t)k / (uint64_t)n);
}

/* The most blocks that adding `n` pieces may need. Large counts end a block early. */
static size_t blocks_needed(int64_t n, struct slo_events events)
{
	uint64_t blocks =
		(uint64_t)n / SLO_BLOCK_BUCKETS + 4 + (events.good >> 32) + (events.bad >> 32);

	return blocks < (uint64_t)n + 1 ? blocks : (uint64_t)n + 1;
}

static int history_reserve(struct slo_history *history, size_t n)
{
	for (size_t i = 0; i < SLO_TIERS; i++) {
		if (slo_totals_reserve(&history->tiers[i].closed, n))
			return -ENOMEM;
	}
	return 0;
}

static int history_spread(struct slo_history *history, int64_t from_us, int64_t t_us,
			  struct slo_events events)
{
	const struct slo_tier_state *hours = &history->tiers[SLO_TIER_1H];
	int64_t length_us = t_us - from_us;
	int64_t n = ceil_div(length_us, piece_us(history, length_us));
	int64_t kept = hours->keep_us / hours->closed.width_us + 2, k = 1;
	struct slo_events before = {0};
	int r;

	/* the oldest pieces are not kept: they are added as one */
	if (n > kept && length_us > hours->keep_us)
		k = n - kept + 1;
	r = history_reserve(history, blocks_needed(n - k + 1, events));
	for (; !r && k <= n; k++) {
		struct slo_events until = {
			.good = count_share(events.good, k, n),
			.bad = count_share(events.bad, k, n),
		};

		r = history_add(history, from_us + share(length_us, k, n),
				slo_events_minus(until, before));
		before = until;
	}
	for (size_t i = 0; i < SLO_TIERS; i++)
		slo_totals_trim(&history->tiers[i].closed);
	return r;
}

int slo_history_add_span(struct slo_history *history, double from_seconds, double t_seconds,
			 struct slo_events events)
{
	int64_t from_us, t_us;

	if (!time_valid(from_seconds) || !time_valid(t_seconds))
		return -EINVAL;
	from_us = seconds_to_us(from_seconds);
	t_us = seconds_to_us(t_seconds);
	if (history->any && from_us < history->last_us)
		from_us = history->last_us;
	if (t_us - from_us <= SPREAD_US || (!events.good && !events.bad))
		return history_add(history, t_us, events);
	return history_spread(history, from_us, t_us, events);
}

/*
 * All events of the steps that ended at or before t_us, at the finest resolution that reaches back
 * to it. The result depends on that moment alone. It does not depend on the span that is asked for,
 * so sums over adjacent spans add up. It does not depend on which old buckets are still there, so a
 * history that was stored and restored gives the same sums.
 */
static struct slo_events history_total(const struct slo_history *history, int64_t t_us,
				       struct slo_cursor *cursor)
{
	const struct slo_tier_state *tier = history->tiers;
	int64_t age_us = history->last_us - t_us;

	if (!history->any || t_us < history->first_us)
		return (struct slo_events){0};
	if (age_us <= 0)
		return history->total;
	while (age_us > tier->keep_us) {
		if (tier == &history->tiers[SLO_TIERS - 1])
			age_us = tier->keep_us;
		else
			tier++;
	}
	t_us = history->last_us - age_us;
	if (t_us >= tier->open_end_us)
		return history->total;
	if (cursor->tier != tier)
		*cursor = (struct slo_cursor){.span_seconds = cursor->span_seconds, .tier = tier};
	return slo_totals_find(&tier->closed, t_us, tier->open_end_us, &cursor->stay);
}

/* Whether history_total() at t_us is the total that the cursor holds. */
static bool cursor_holds(const struct slo_cursor *cursor, const struct slo_history *history,
			 int64_t t_us)
{
	int64_t age_us = history->last_us - t_us;

	return t_us < cursor->stay.until_us && t_us >= cursor->stay.from_us &&
	       age_us > cursor->tier->finer_keep_us && age_us <= cursor->tier->keep_us;
}

/* Finds the span's cursor among all of them, or gives it one. */
static struct slo_cursor *cursor_search(const struct slo_history *history, double span_seconds,
					int64_t t_us)
{
	struct slo_cursors *cursors = history->cursors;
	struct slo_cursor *cursor;

	for (size_t i = 0; i < cursors->n; i++) {
		if (cursors->list[i].span_seconds == span_seconds)
			return &cursors->list[i];
	}
	/* a window with a fixed beginning has another span at each step, but the same place */
	for (size_t i = 0; i < cursors->n; i++) {
		if (cursor_holds(&cursors->list[i], history, t_us))
			return &cursors->list[i];
	}
	if (cursors->n < SLO_CURSORS) {
		cursor = &cursors->list[cursors->n++];
	} else {
		cursor = &cursors->list[cursors->oldest];
		cursors->oldest = (cursors->oldest + 1) % SLO_CURSORS;
	}
	*cursor = (struct slo_cursor){.span_seconds = span_seconds};
	return cursor;
}

static struct slo_events history_total_hinted(const struct slo_history *history, int64_t t_us,
					      double span_seconds)
{
	struct slo_cursors *cursors = history->cursors;
	struct slo_cursor *cursor = &cursors->list[cursors->next];
	bool holds = cursor_holds(cursor, history, t_us);

	if (cursor->span_seconds != span_seconds && !holds) {
		cursor = cursor_search(history, span_seconds, t_us);
		holds = cursor_holds(cursor, history, t_us);
	}
	cursors->next = (size_t)(cursor - cursors->list) + 1;
	if (cursors->next == cursors->n)
		cursors->next = 0;
	return holds ? cursor->stay.total : history_total(history, t_us, cursor);
}

struct slo_events slo_history_sum(const struct slo_history *history, double now_seconds,
				  double span_seconds)
{
	struct slo_cursors *cursors = history->cursors;
	struct slo_events until = history->total, before = {0};

	if (isnan(now_seconds) || !(span_seconds > 0))
		return (struct slo_events){0};
	if (now_seconds != cursors->now_seconds) {
		cursors->now_seconds = now_seconds;
		cursors->now_us = seconds_to_us(now_seconds);
	}
	if (cursors->now_us < history->last_us) {
		struct slo_cursor cursor = {0};

		until = history_total(history, cursors->now_us, &cursor);
	}
	if (span_seconds <= DBL_MAX)
		before = history_total_hinted(history, seconds_to_us(now_seconds - span_seconds),
					      span_seconds);
	/* restored tiers may contradict one another: that must not come to 2^64 events */
	return (struct slo_events){.good = not_negative(until.good, before.good),
				   .bad = not_negative(until.bad, before.bad)};
}
