/* SPDX-License-Identifier: GPL-2.0-only */
#include "record/traffic_disk.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "record/traffic_private.h"

enum { PUTS_BETWEEN_DROPS = 360 }; /* of keys: to find those in use takes 100 ms at most */

/* ---- where the disk's agent left off ---- */

struct loading {
	struct traffic *traffic;
	enum store_traffic tier;
	struct cells *counters; /* gets the cells of all spans, unless NULL */
	double counted_from; /* of spans that end after it */
	bool keep; /* the spans in memory */
	struct store_traffic_span *ret; /* grows by the spans' times, unless NULL */
};

static int load_span(void *context, const struct store_traffic_span *span)
{
	struct loading *loading = context;
	int r = 0;

	if (loading->counters && span->to_seconds > loading->counted_from) {
		for (size_t i = 0; !r && i < span->cells.n; i++)
			r = cells_add(loading->counters, span->cells.list[i].key,
				      span->cells.list[i].code, span->cells.list[i].n);
	}
	if (!r && loading->keep)
		r = record_tiers_add(&loading->traffic->tiers, loading->tier, span, true);
	if (loading->ret) {
		loading->ret->from_seconds = fmin(loading->ret->from_seconds, span->from_seconds);
		loading->ret->to_seconds = fmax(loading->ret->to_seconds, span->to_seconds);
	}
	return r;
}

static int load_counters_span(void *context, const struct store_traffic_span *span)
{
	struct loading *loading = context;

	int r = load_span(loading, span);

	loading->counted_from = span->to_seconds;
	return r;
}

static int load(struct traffic *traffic, struct store *store, struct loading *loading,
		enum store_traffic tier, double from_seconds,
		int (*fn)(void *context, const struct store_traffic_span *span))
{
	loading->tier = tier;
	return traffic_each_on_disk(traffic, store, tier, from_seconds, INFINITY, fn, loading);
}

/* The counters on disk: those that were put, and the steps since. Keeps these steps in memory. */
static int load_counters(struct traffic *traffic, struct store *store, bool keep,
			 struct cells *counters)
{
	struct loading loading = {
		.traffic = traffic,
		.counters = counters,
		.counted_from = -INFINITY,
	};
	double from;
	int r = load(traffic, store, &loading, STORE_TRAFFIC_COUNTERS, -INFINITY,
		     load_counters_span);

	loading.keep = keep;
	from = keep ? fmin(loading.counted_from, traffic->tiers.list[STORE_TRAFFIC_1MIN].rolled) :
		      loading.counted_from;
	r = r ?: load(traffic, store, &loading, STORE_TRAFFIC_STEP, from, load_span);
	if (!r)
		cells_settle(counters);
	if (!r && keep)
		traffic->tiers.list[STORE_TRAFFIC_STEP].known_from = from;
	return r;
}

/*
 * The agent had begun without the disk, and so with all that its kernel instance had counted. What
 * of this the disk has already leaves the spans that have the first step.
 */
static int subtract(struct traffic *traffic, const struct cells *known)
{
	int r = 0;

	for (size_t t = 0; t < STORE_TRAFFIC_TIERS && !r; t++) {
		struct record_tier *tier = &traffic->tiers.list[t];
		size_t at = record_tier_after(tier, traffic->first_to_seconds - 1e-6);
		_cleanup_(cells_clear) struct cells cells = {}, growth = {};

		if (at == tier->n || tier->list[at].from_seconds > traffic->first_to_seconds)
			continue;
		r = record_unpack(&tier->list[at], &cells);
		r = r ?: cells_growth(known, &cells, &growth);
		r = r ?: record_tiers_replace(&traffic->tiers, &tier->list[at], &growth);
	}
	return r;
}

#define SINCE "traffic_since"

static int load_since(struct traffic *traffic, struct store *store)
{
	_cleanup_free_ char *text = NULL;
	int r = store_get_value(store, SINCE, &text);

	if (!r)
		traffic->since_seconds = fmin(traffic->since_seconds, strtod(text, NULL));
	return r == -ENOENT ? 0 : r;
}

static int put_since(const struct traffic *traffic, struct store *store)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6f", traffic->since_seconds);
	return store_put_value(store, SINCE, text);
}

/* Where the disk's agent left off. */
static int load_first(struct traffic *traffic, struct store *store, const char *instance)
{
	struct cells counters = {};
	struct loading loading = {.traffic = traffic, .keep = true};
	struct record_tier *minutes = &traffic->tiers.list[STORE_TRAFFIC_1MIN];
	struct record_tier *hours = &traffic->tiers.list[STORE_TRAFFIC_1H];
	int r = store_last_traffic(store, STORE_TRAFFIC_1MIN, &minutes->rolled);

	r = r ?: store_last_traffic(store, STORE_TRAFFIC_1H, &hours->rolled);
	hours->known_from = hours->rolled;
	r = r ?: load_counters(traffic, store, true, &counters);
	r = r ?: load(traffic, store, &loading, STORE_TRAFFIC_1MIN, hours->rolled, load_span);
	if (r) {
		cells_clear(&counters);
		return r;
	}
	minutes->known_from = hours->rolled;
	cells_clear(&traffic->counters);
	traffic->counters = counters;
	snprintf(traffic->instance, sizeof(traffic->instance), "%s", instance);
	return 0;
}

/*
 * The disk's agent has not made the minute, or hour, of its last spans: they become one, before those
 * in memory. span: gets their cells, beside those that it has.
 */
static int finish_last(struct traffic *traffic, struct store *store, enum store_traffic finer,
		       struct store_traffic_span *span)
{
	struct record_tier *tier = &traffic->tiers.list[finer + 1];
	struct loading loading = {
		.traffic = traffic,
		.counters = &span->cells,
		.counted_from = -INFINITY,
		.ret = span,
	};
	double last;
	int r = store_last_traffic(store, finer + 1, &last);

	r = r ?: load(traffic, store, &loading, finer, last, load_span);
	cells_settle(&span->cells);
	if (r || !span->cells.n || !(span->to_seconds < traffic->first_to_seconds))
		return r;
	r = record_tiers_add(&traffic->tiers, finer + 1, span, false);
	if (!r && tier->n > 1) {
		struct record_packed added = tier->list[tier->n - 1];

		memmove(tier->list + 1, tier->list, (tier->n - 1) * sizeof(*tier->list));
		tier->list[0] = added;
	}
	return r;
}

static int finish_lasts(struct traffic *traffic, struct store *store)
{
	struct store_traffic_span span = {INFINITY, -INFINITY, {}};
	int r = finish_last(traffic, store, STORE_TRAFFIC_STEP, &span);

	r = r ?: finish_last(traffic, store, STORE_TRAFFIC_1MIN, &span);
	cells_clear(&span.cells);
	return r;
}

/* The disk could not be read before the first step. */
static int load_late(struct traffic *traffic, struct store *store, const char *instance)
{
	_cleanup_(cells_clear) struct cells counters = {};
	int r = strcmp(instance, traffic->instance) ?
			0 :
			load_counters(traffic, store, false, &counters);

	r = r ?: subtract(traffic, &counters);
	r = r ?: finish_lasts(traffic, store);
	for (size_t i = 0; i < STORE_TRAFFIC_TIERS; i++) {
		struct record_tier *tier = &traffic->tiers.list[i];

		tier->known_from = fmax(
			tier->known_from,
			(tier->n ? tier->list[0].to_seconds : traffic->first_to_seconds) - 1e-6);
	}
	traffic->counters_due = true;
	return r;
}

int traffic_load(struct traffic *traffic, struct store *store, const char *instance)
{
	int r = 0;

	if (traffic->loaded)
		return 0;
	traffic->loaded = true;
	store_forget_traffic_keys(store);
	r = isinf(traffic->first_to_seconds) ? load_first(traffic, store, instance) :
					       load_late(traffic, store, instance);
	r = r ?: load_since(traffic, store);
	traffic->counters_due = true;
	return r == -ENOENT ? 0 : r;
}

/* ---- writing ---- */

static void mark_in_use(const struct cells *cells, bool in_use[RECORD_KEYS_MAX])
{
	for (size_t i = 0; i < cells->n; i++)
		in_use[cells->list[i].key] = true;
}

/* Finds the keys that nothing in memory has, and drops them. Without memory the next step tries. */
static void drop_unused_keys(struct traffic *traffic)
{
	_cleanup_free_ bool *in_use = calloc(RECORD_KEYS_MAX, sizeof(*in_use));

	if (!in_use)
		return;
	mark_in_use(&traffic->counters, in_use);
	for (size_t t = 0; t < STORE_TRAFFIC_TIERS; t++) {
		for (size_t i = 0; i < traffic->tiers.list[t].n; i++) {
			_cleanup_(cells_clear) struct cells cells = {};

			if (record_unpack(&traffic->tiers.list[t].list[i], &cells))
				return;
			mark_in_use(&cells, in_use);
		}
	}
	record_keys_drop(&traffic->keys, in_use);
}

static int put_tier(struct traffic *traffic, struct store *store, enum store_traffic which)
{
	const struct record_tier *tier = &traffic->tiers.list[which];
	size_t first = tier->n;
	int r = 0;

	while (first && !tier->list[first - 1].written)
		first--;
	for (size_t i = first; !r && i < tier->n; i++) {
		struct store_traffic_span span = {
			tier->list[i].from_seconds, tier->list[i].to_seconds, {}};

		r = record_unpack(&tier->list[i], &span.cells);
		r = r ?: store_put_traffic(store, which, &span, traffic->keys.list);
		cells_clear(&span.cells);
	}
	return r;
}

int traffic_put(struct traffic *traffic, struct store *store)
{
	int r = 0;

	if (++traffic->n_puts > PUTS_BETWEEN_DROPS && record_keys_crowded(&traffic->keys)) {
		traffic->n_puts = 0;
		drop_unused_keys(traffic);
		store_forget_traffic_keys(store);
	}
	for (size_t i = 0; !r && i < STORE_TRAFFIC_TIERS; i++)
		r = put_tier(traffic, store, i);
	if (!r && traffic->counters_due && !isinf(traffic->stepped_seconds)) {
		const struct store_traffic_span span = {
			traffic->stepped_seconds, traffic->stepped_seconds, traffic->counters};

		r = put_since(traffic, store);
		r = r ?: store_put_traffic_counters(store, &span, traffic->keys.list);
	}
	return r;
}

void traffic_written(struct traffic *traffic)
{
	record_tiers_written(&traffic->tiers);
	if (traffic->counters_due)
		traffic->n_steps = 0;
	traffic->counters_due = false;
}

void traffic_forget(struct traffic *traffic)
{
	record_tiers_forget(&traffic->tiers);
	traffic->counters_due = true;
}
