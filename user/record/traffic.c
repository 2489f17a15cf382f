/* SPDX-License-Identifier: GPL-2.0-only */
#include "record/traffic.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "record/traffic_private.h"

enum { STEPS_BETWEEN_COUNTERS = 256 }; /* on disk: at the start, so many steps are added up */

#define TRAFFIC_NO_METHOD "_OTHER"
#define TRAFFIC_NO_ROUTE "_other"

int traffic_new(struct traffic **ret)
{
	struct traffic *traffic = calloc(1, sizeof(*traffic));

	if (!traffic)
		return -ENOMEM;
	record_tiers_init(&traffic->tiers);
	if (record_keys_init(&traffic->keys)) {
		traffic_free(traffic);
		return -ENOMEM;
	}
	traffic->stepped_seconds = traffic->first_to_seconds = -INFINITY;
	traffic->since_seconds = INFINITY;
	traffic->counters_due = true;
	return *ret = traffic, 0;
}

void traffic_free(struct traffic *traffic)
{
	if (!traffic)
		return;
	record_tiers_clear(&traffic->tiers);
	cells_clear(&traffic->counters);
	record_keys_clear(&traffic->keys);
	free(traffic);
}

int traffic_key(struct traffic *traffic, const struct store_traffic_key *key, uint32_t *ret)
{
	return record_keys_number(&traffic->keys, key, ret);
}

const struct store_traffic_key *traffic_keys(const struct traffic *traffic)
{
	return traffic->keys.list;
}

/* ---- a step ---- */

struct busy {
	uint32_t key;
	uint64_t requests;
};

static int busier(const void *a, const void *b)
{
	const struct busy *left = a, *right = b;

	if (left->requests != right->requests)
		return left->requests < right->requests ? 1 : -1;
	return (left->key > right->key) - (left->key < right->key);
}

static size_t count_keys(const struct cells *cells, struct busy *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < cells->n; i++) {
		const struct cell *cell = &cells->list[i];

		if (!n || ret[n - 1].key != cell->key)
			ret[n++] = (struct busy){cell->key, 0};
		if (cell_is_count(cell->code))
			ret[n - 1].requests += cell->n;
	}
	return n;
}

static int others_of(struct traffic *traffic, uint32_t key, uint32_t *ret)
{
	const struct store_traffic_key *known = &traffic->keys.list[key];

	return traffic_key(traffic,
			   &(struct store_traffic_key){known->service, TRAFFIC_NO_ROUTE,
						       TRAFFIC_NO_METHOD, known->role},
			   ret);
}

/* Gives the keys that are not among the busiest to the other requests of their service. */
static int fold(struct traffic *traffic, struct cells *cells)
{
	_cleanup_free_ struct busy *keys = calloc(cells->n ?: 1, sizeof(*keys));
	_cleanup_free_ uint32_t *becomes = NULL;
	size_t n;
	int r = 0;

	if (!keys)
		return -ENOMEM;
	n = count_keys(cells, keys);
	if (n <= TRAFFIC_KEYS_A_STEP)
		return 0;
	becomes = calloc(RECORD_KEYS_MAX, sizeof(*becomes));
	if (!becomes)
		return -ENOMEM;
	/* the steps on disk no longer add up to the counters */
	traffic->counters_due = true;
	qsort(keys, n, sizeof(*keys), busier);
	for (size_t i = 0; i < n && !r; i++) {
		becomes[keys[i].key] = keys[i].key;
		if (i >= TRAFFIC_KEYS_A_STEP)
			r = others_of(traffic, keys[i].key, &becomes[keys[i].key]);
	}
	for (size_t i = 0; i < cells->n && !r; i++)
		cells->list[i].key = becomes[cells->list[i].key];
	if (!r)
		cells_settle(cells);
	return r;
}

static double bucket_end(double t_seconds, double width)
{
	/* by whole microseconds, as in slo/history */
	return ceil(round(t_seconds * 1e6) / (width * 1e6)) * width;
}

/* One span of the spans [first, end) of the finer tier. */
static int roll_spans(struct traffic *traffic, enum store_traffic finer, size_t first, size_t end)
{
	const struct record_packed *list = traffic->tiers.list[finer].list;
	struct store_traffic_span span = {
		.from_seconds = list[first].from_seconds,
		.to_seconds = list[end - 1].to_seconds,
	};
	int r = 0;

	for (size_t i = first; !r && i < end; i++)
		r = record_unpack(&list[i], &span.cells);
	if (!r) {
		cells_settle(&span.cells);
		r = fold(traffic, &span.cells);
	}
	r = r ?: record_tiers_add(&traffic->tiers, finer + 1, &span, false);
	cells_clear(&span.cells);
	return r;
}

/* Makes the minutes, or hours, that have ended. */
static int roll(struct traffic *traffic, enum store_traffic finer, double now_seconds)
{
	const struct record_tier *tier = &traffic->tiers.list[finer];
	double width = record_tier_width_seconds[finer + 1];
	size_t first = record_tier_after(tier, traffic->tiers.list[finer + 1].rolled);
	int r = 0;

	while (!r && first < tier->n) {
		double end_seconds = bucket_end(tier->list[first].to_seconds, width);
		size_t end = record_tier_after(tier, end_seconds);

		if (end_seconds > now_seconds)
			break;
		r = roll_spans(traffic, finer, first, end);
		first = end;
	}
	return r;
}

static int add_step(struct traffic *traffic, double from_seconds, double to_seconds,
		    const struct cells *counters)
{
	struct store_traffic_span span = {from_seconds, to_seconds, {}};
	int r = cells_growth(&traffic->counters, counters, &span.cells);

	r = r ?: fold(traffic, &span.cells);
	if (!r && span.cells.n) {
		r = record_tiers_add(&traffic->tiers, STORE_TRAFFIC_STEP, &span, false);
		if (!r && ++traffic->n_steps > STEPS_BETWEEN_COUNTERS)
			traffic->counters_due = true;
	}
	cells_clear(&span.cells);
	return r;
}

int traffic_pass(struct traffic *traffic, double to_seconds)
{
	int r = roll(traffic, STORE_TRAFFIC_STEP, to_seconds);

	r = r ?: roll(traffic, STORE_TRAFFIC_1MIN, to_seconds);
	traffic->stepped_seconds = fmax(traffic->stepped_seconds, to_seconds);
	/* the steps on disk no longer add up to the counters */
	if (record_tiers_trim(&traffic->tiers, to_seconds))
		traffic->counters_due = true;
	return r;
}

int traffic_step(struct traffic *traffic, const char *instance, double from_seconds,
		 double to_seconds, struct cells *counters)
{
	int r;

	if (strcmp(traffic->instance, instance) != 0) {
		cells_clear(&traffic->counters);
		traffic->counters_due = true;
	}
	/* times must go up: a span's key on disk is its end */
	to_seconds = fmax(to_seconds, traffic->tiers.list[STORE_TRAFFIC_STEP].rolled + 1e-6);
	if (!(from_seconds <= to_seconds))
		from_seconds = to_seconds;
	if (cells_fell(&traffic->counters, counters))
		traffic->counters_due = true;
	r = add_step(traffic, from_seconds, to_seconds, counters);
	if (r)
		return r;
	snprintf(traffic->instance, sizeof(traffic->instance), "%s", instance);
	cells_clear(&traffic->counters);
	traffic->counters = *counters;
	*counters = (struct cells){};
	if (isinf(traffic->first_to_seconds))
		traffic->first_to_seconds = to_seconds;
	traffic->since_seconds = fmin(traffic->since_seconds, from_seconds);
	return traffic_pass(traffic, to_seconds);
}

void traffic_end(struct traffic *traffic, const char *service)
{
	struct cells *counters = &traffic->counters;
	size_t n = 0;

	for (size_t i = 0; i < counters->n; i++) {
		if (strcmp(traffic_keys(traffic)[counters->list[i].key].service, service) != 0)
			counters->list[n++] = counters->list[i];
	}
	/* the steps on disk no longer add up to the counters */
	traffic->counters_due = traffic->counters_due || n < counters->n;
	counters->n = n;
}

int traffic_since_step(const struct traffic *traffic, const struct cells *counters,
		       struct cells *ret)
{
	return cells_growth(&traffic->counters, counters, ret);
}
