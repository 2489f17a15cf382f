/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "slo.h"
#include "slo_totals.h"

#define US_PER_SECOND 1000000LL
#define TIME_LIMIT_SECONDS 1e12 /* either side of 0; microseconds of it fit 64 bits */
#define WINDOW_MIN_SECONDS 3600ULL
#define WINDOW_MAX_SECONDS (92ULL * 86400)
#define EXTRA_SECONDS (31ULL * 86400)
#define SPREAD_US (20 * US_PER_SECOND)

/* 2^52: from here on a double has no fraction. */
#define WHOLE_NUMBERS 4503599627370496.0

enum { CURSORS = 32 };

const int64_t slo_tier_width_seconds[SLO_TIERS] = {10, 60, 3600};

/*
 * All tiers see every step. The newest bucket with events is open: its running total is the
 * history's, so that a step that falls into it writes nothing here.
 */
struct tier {
	struct slo_totals closed;
	int64_t finer_keep_us; /* what is older than this, */
	int64_t keep_us; /* and not than this, is looked up here */
	int64_t open_end_us; /* INT64_MIN: there is none */
	int64_t open_bucket;
	struct slo_events restored;
};

/*
 * Where the window of each span begins: the next look-up is a little later. These are hints:
 * nothing but the time it takes depends on them.
 */
struct cursor {
	double span_seconds;
	const struct tier *tier; /* NULL: there is no stay yet */
	struct slo_stay stay;
};

struct cursors {
	struct cursor list[CURSORS];
	size_t n;
	size_t next; /* spans are asked for in the same order at each step: the one expected */
	size_t oldest; /* to be given up for a new one */
	double now_seconds; /* as last asked for */
	int64_t now_us;
};

struct slo_history {
	struct tier tiers[SLO_TIERS]; /* finest first */
	bool any;
	bool any_event;
	int64_t first_us; /* of the first step ever */
	int64_t last_us; /* of the last step */
	int64_t first_event_us; /* the end of the step */
	int64_t last_event_us;
	struct slo_events total;
	struct cursors *cursors; /* changed by look-ups in a const history, too */
};

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t ceil_div(int64_t a, int64_t b)
{
	return a / b + (a % b > 0);
}

static int64_t clamped_to_us(double seconds)
{
	if (seconds > TIME_LIMIT_SECONDS)
		seconds = TIME_LIMIT_SECONDS;
	if (!(seconds > -TIME_LIMIT_SECONDS))
		seconds = -TIME_LIMIT_SECONDS;
	return (int64_t)(seconds * (double)US_PER_SECOND);
}

/*
 * Whole microseconds, so that 10 s steps computed in floating point fall on 10 s boundaries. As
 * llround() of it, which is a call.
 */
static int64_t seconds_to_us(double seconds)
{
	double us = seconds * (double)US_PER_SECOND;

	if (fabs(us) < WHOLE_NUMBERS)
		return (int64_t)(us + copysign(0.5, us));
	return clamped_to_us(seconds);
}

static double us_to_seconds(int64_t us)
{
	return (double)us / (double)US_PER_SECOND;
}

static bool time_valid(double seconds)
{
	return fabs(seconds) <= TIME_LIMIT_SECONDS; /* false for NaN */
}

/* Counts end at 2^64 - 1: sums stay sums, and no part of one is negative. */
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
		[SLO_TIER_1H] = window_seconds + EXTRA_SECONDS,
	};
	struct slo_history *history;

	if (window_seconds < WINDOW_MIN_SECONDS || window_seconds > WINDOW_MAX_SECONDS)
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
		struct tier *tier = &history->tiers[i];

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

static void tier_open(struct tier *tier, int64_t bucket)
{
	tier->open_bucket = bucket;
	tier->open_end_us = bucket * tier->closed.width_us;
}

/* A step that ends at t_us, after the open bucket; `total` is everything before that step. */
static void tier_advance(struct tier *tier, int64_t t_us, struct slo_events total)
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
			struct tier *tier = &history->tiers[i];

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

/* A step of such a length is spread over pieces of this one. */
static int64_t piece_us(const struct slo_history *history, int64_t length_us)
{
	size_t i = 0;

	while (i + 1 < SLO_TIERS && length_us > history->tiers[i].keep_us)
		i++;
	return history->tiers[i].closed.width_us;
}

static int64_t share(int64_t total, int64_t k, int64_t n)
{
	return (int64_t)((__int128)total * k / n);
}

static uint64_t count_share(uint64_t total, int64_t k, int64_t n)
{
	return (uint64_t)((unsigned __int128)total * (uint64_t)k / (uint64_t)n);
}

/* What adding `n` pieces may need: full blocks, and those that end early by their counts. */
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
	const struct tier *hours = &history->tiers[SLO_TIER_1H];
	int64_t length_us = t_us - from_us;
	int64_t n = ceil_div(length_us, piece_us(history, length_us));
	int64_t kept = hours->keep_us / hours->closed.width_us + 1, k = 1;
	struct slo_events before = {0};
	int r;

	/* the oldest, which are not kept, are one piece */
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
 * Everything in the steps that ended at or before t_us, at the finest resolution that reaches back
 * to it. It depends on the moment alone, not on the span asked for: that is what makes sums over
 * adjacent spans add up. Nor does it depend on what old buckets happen to be still there: a history
 * that was stored and restored gives the same sums.
 */
static struct slo_events history_total(const struct slo_history *history, int64_t t_us,
				       struct cursor *cursor)
{
	const struct tier *tier = history->tiers;
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
		*cursor = (struct cursor){.span_seconds = cursor->span_seconds, .tier = tier};
	return slo_totals_find(&tier->closed, t_us, tier->open_end_us, &cursor->stay);
}

/* True if history_total() is what it was when the cursor was left. */
static bool cursor_holds(const struct cursor *cursor, const struct slo_history *history,
			 int64_t t_us)
{
	int64_t age_us = history->last_us - t_us;

	return t_us < cursor->stay.until_us && t_us >= cursor->stay.from_us &&
	       age_us > cursor->tier->finer_keep_us && age_us <= cursor->tier->keep_us;
}

/* The one expected is not it. */
static struct cursor *cursor_search(const struct slo_history *history, double span_seconds,
				    int64_t t_us)
{
	struct cursors *cursors = history->cursors;
	struct cursor *cursor;

	for (size_t i = 0; i < cursors->n; i++) {
		if (cursors->list[i].span_seconds == span_seconds)
			return &cursors->list[i];
	}
	/* a window with a fixed beginning has another span each time */
	for (size_t i = 0; i < cursors->n; i++) {
		if (cursor_holds(&cursors->list[i], history, t_us))
			return &cursors->list[i];
	}
	if (cursors->n < CURSORS) {
		cursor = &cursors->list[cursors->n++];
	} else {
		cursor = &cursors->list[cursors->oldest];
		cursors->oldest = (cursors->oldest + 1) % CURSORS;
	}
	*cursor = (struct cursor){.span_seconds = span_seconds};
	return cursor;
}

static struct slo_events history_total_hinted(const struct slo_history *history, int64_t t_us,
					      double span_seconds)
{
	struct cursors *cursors = history->cursors;
	struct cursor *cursor = &cursors->list[cursors->next];
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
	struct cursors *cursors = history->cursors;
	struct slo_events until = history->total, before;

	if (isnan(now_seconds) || !(span_seconds > 0))
		return (struct slo_events){0};
	if (now_seconds != cursors->now_seconds) {
		cursors->now_seconds = now_seconds;
		cursors->now_us = seconds_to_us(now_seconds);
	}
	if (cursors->now_us < history->last_us) {
		struct cursor cursor = {0};

		until = history_total(history, cursors->now_us, &cursor);
	}
	before = history_total_hinted(history, seconds_to_us(now_seconds - span_seconds),
				      span_seconds);
	/* restored tiers that contradict one another must not make for 2^64 events */
	return (struct slo_events){.good = not_negative(until.good, before.good),
				   .bad = not_negative(until.bad, before.bad)};
}

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
	const struct tier *at = &history->tiers[tier];
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
	struct tier *at = &history->tiers[tier];
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
		const struct tier *tier = &history->tiers[i];

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
		struct tier *tier = &history->tiers[i];
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
