/* SPDX-License-Identifier: GPL-2.0-only */
#include "slo/alert_limit.h"

#include <math.h>

#include "base/units.h"

/* A smaller budget is too rough in binary to be compared with a margin. */
#define BUDGET_MIN 1e-9
#define MARGIN 1e-6

typedef unsigned __int128 u128;

/* The whole number that `value` stands for; 0 if it stands for none. */
static uint64_t whole_number(long double value)
{
	return value >= 1 ? units_round(value) : 0;
}

static void reduce(uint64_t *a, uint64_t *b)
{
	uint64_t x = *a, y = *b;

	while (y) {
		uint64_t rest = x % y;

		x = y;
		y = rest;
	}
	if (x > 1) {
		*a /= x;
		*b /= x;
	}
}

/* The product of `factors` and `more`. False if it does not fit. */
static bool product(const uint64_t *factors, size_t n, u128 more, u128 *ret)
{
	u128 all = more;

	for (size_t i = 0; i < n; i++) {
		if (__builtin_mul_overflow(all, (u128)factors[i], &all))
			return false;
	}
	*ret = all;
	return true;
}

static int sign(long double difference)
{
	return (difference > 0) - (difference < 0);
}

/* As alert_limit_compare(), of the products. False if they do not fit. */
static bool compare_products(const uint64_t above[3], const uint64_t below[3],
			     struct slo_events events, int *ret)
{
	u128 is, at;

	if (!product(below, 3, events.bad, &is) ||
	    !product(above, 3, (u128)events.good + events.bad, &at))
		return false;
	*ret = (is > at) - (is < at);
	return true;
}

static int compare_exactly(const struct alert_limit *limit, struct slo_events events)
{
	uint64_t above[] = {whole_number(limit->ratio * (long double)UNITS_IN_ONE),
			    units_budget(limit->objective), whole_number(limit->scale)};
	uint64_t below[] = {UNITS_IN_ONE, UNITS_IN_ONE, whole_number(limit->per)};
	int order;

	if (!above[1])
		return -1;
	if (compare_products(above, below, events, &order))
		return order;
	for (size_t a = 0; a < 3; a++) {
		for (size_t b = 0; b < 3; b++)
			reduce(&above[a], &below[b]);
	}
	if (compare_products(above, below, events, &order))
		return order;
	return sign((long double)events.bad * below[0] * below[1] * below[2] -
		    ((long double)events.good + events.bad) * above[0] * above[1] * above[2]);
}

int alert_limit_compare(const struct alert_limit *limit, struct slo_events events)
{
	double is = (double)events.bad * limit->per;
	double at = limit->ratio * limit->budget * limit->scale * slo_eligible(events);

	if (!(limit->objective > 0 && limit->objective < 1) || !slo_events_any(events))
		return -1;
	if (limit->budget >= BUDGET_MIN) {
		if (is < at * (1 - MARGIN))
			return -1;
		if (is > at * (1 + MARGIN))
			return 1;
	}
	return compare_exactly(limit, events);
}

/* (budget * whole - bad) * window * recent <= horizon * recent bad * whole */
static bool gone_exactly(double objective, struct slo_events whole, struct slo_events recent,
			 double window_seconds, double horizon_seconds)
{
	u128 all = (u128)whole.good + whole.bad;
	u128 all_recent = (u128)recent.good + recent.bad;
	uint64_t budget = units_budget(objective), unit = UNITS_IN_ONE;
	uint64_t window = whole_number(window_seconds), horizon = whole_number(horizon_seconds);
	u128 allowed, spent, left, right;

	reduce(&budget, &unit);
	reduce(&window, &horizon);
	if (product(&budget, 1, all, &allowed) && product(&unit, 1, whole.bad, &spent) &&
	    spent <= allowed && product(&window, 1, allowed - spent, &left) &&
	    !__builtin_mul_overflow(left, all_recent, &left) &&
	    product((uint64_t[]){unit, horizon, recent.bad}, 3, all, &right))
		return left <= right;
	return ((long double)budget * all - (long double)unit * whole.bad) * window * all_recent <=
	       (long double)unit * horizon * recent.bad * all;
}

bool alert_limit_gone_within(const struct alert_limit *limit, struct slo_events whole,
			     struct slo_events recent, double window_seconds,
			     double horizon_seconds)
{
	double allowed = limit->budget * slo_eligible(whole);
	double rest = (allowed - (double)whole.bad) * window_seconds * slo_eligible(recent);
	double burnt = horizon_seconds * (double)recent.bad * slo_eligible(whole);
	double margin = MARGIN * (allowed * window_seconds * slo_eligible(recent) + burnt);

	if (!(limit->objective > 0 && limit->objective < 1) || !recent.bad)
		return false;
	if (limit->budget >= BUDGET_MIN && fabs(rest - burnt) > margin)
		return rest < burnt;
	return gone_exactly(limit->objective, whole, recent, window_seconds, horizon_seconds);
}
