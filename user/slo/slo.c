/* SPDX-License-Identifier: GPL-2.0-only */
#include "slo/slo.h"

#include <math.h>

#include "base/units.h"

enum { HOUR_SECONDS = 3600 };

/* Times on the axis are rounded: two that are less apart are the same moment. */
#define SAME_SECONDS 1e-3

/*
 * 1 - 0.999 is 0.0010000000000000009 in binary, so the budget is taken in base/units. Products of
 * counts are made before the one division, in long double, whose 64-bit mantissa holds them: 1000
 * eligible at 99.9 % allow 1.0. 0: there is no budget (an objective outside 0..1, or within 5e-13
 * of 1).
 */
static long double budget_units(double objective)
{
	if (!(objective > 0 && objective < 1))
		return 0;
	return units_budget(objective);
}

/* Unknown if the value is beyond what a double holds. */
static struct maybe ratio(long double value)
{
	if (!isfinite((double)value))
		return (struct maybe){0};
	return (struct maybe){.known = true, .value = (double)value};
}

static long double eligible(struct slo_events events)
{
	return (long double)events.good + (long double)events.bad;
}

struct maybe slo_availability(struct slo_events events)
{
	if (!events.good && !events.bad)
		return (struct maybe){0};
	return ratio((long double)events.good / eligible(events));
}

struct maybe slo_burn_rate(struct slo_events events, double objective)
{
	long double allowed_units = budget_units(objective) * eligible(events);

	if (allowed_units <= 0)
		return (struct maybe){0};
	return ratio((long double)events.bad * UNITS_IN_ONE / allowed_units);
}

double slo_lived(const struct slo_life *life, double from_seconds, double length_seconds,
		 double now_seconds)
{
	double slice_seconds = (double)life->slicing.seconds;
	double begin_seconds = fmax(from_seconds, life->since_seconds);
	double lived_seconds = fmax(now_seconds - begin_seconds, 1);

	if (!life->slicing.seconds || !(length_seconds - lived_seconds > SAME_SECONDS))
		return lived_seconds;
	begin_seconds = floor(begin_seconds / slice_seconds) * slice_seconds;
	return fmin(fmax(life->slicing.settled_seconds - begin_seconds, 1), length_seconds);
}

struct slo_events slo_events_whole(struct slo_events events, double lived_seconds,
				   double length_seconds)
{
	long double missing = (long double)length_seconds - lived_seconds, more;

	if (!(missing > SAME_SECONDS))
		return events;
	more = roundl(eligible(events) * missing / lived_seconds);
	if (!(more < 0x1p64L) || __builtin_add_overflow(events.good, (uint64_t)more, &events.good))
		events.good = UINT64_MAX;
	return events;
}

/* Minutes of full outage that the budget allows. */
static double allowed_minutes(double objective, double window_seconds)
{
	double minutes = (double)(budget_units(objective) / UNITS_IN_ONE * window_seconds / 60);

	return isfinite(minutes) && minutes > 0 ? minutes : 0;
}

struct slo_budget slo_budget(struct slo_events events, double objective, double window_seconds,
			     struct maybe burn_rate)
{
	long double allowed_units = budget_units(objective) * eligible(events);
	long double spent_units = (long double)events.bad * UNITS_IN_ONE;
	struct slo_budget budget = {
		.allowed_events = (double)(allowed_units / UNITS_IN_ONE),
		.allowed_minutes = allowed_minutes(objective, window_seconds),
	};

	if (allowed_units <= 0)
		return budget;
	budget.spent_ratio = ratio(spent_units / allowed_units);
	budget.remaining_ratio = ratio((allowed_units - spent_units) / allowed_units);
	budget.remaining_minutes =
		ratio((long double)budget.remaining_ratio.value * budget.allowed_minutes);
	if (allowed_units <= spent_units)
		budget.exhausted_in_seconds = ratio(0);
	else if (burn_rate.known && burn_rate.value > 0 && isfinite(burn_rate.value) &&
		 isfinite(window_seconds) && window_seconds > 0)
		budget.exhausted_in_seconds = ratio((long double)budget.remaining_ratio.value *
						    window_seconds / burn_rate.value);
	return budget;
}

struct slo_budget slo_budget_at(const struct slo_moment *moment, struct slo_events events,
				struct slo_events last_hour)
{
	const struct slo_window *window = &moment->window;
	double now = moment->now_seconds;
	double lived = slo_lived(&moment->life, window->from_seconds, window->length_seconds, now);
	double age = slo_lived(&moment->life, now - HOUR_SECONDS, HOUR_SECONDS, now);
	struct slo_budget budget = slo_budget(
		slo_events_whole(events, lived, window->length_seconds), moment->objective,
		window->length_seconds,
		slo_burn_rate(slo_events_whole(last_hour, age, HOUR_SECONDS), moment->objective));

	budget.counted_seconds = fmin(lived, window->length_seconds);
	budget.projected = window->length_seconds - lived > SAME_SECONDS;
	budget.exhausted_in_seconds =
		slo_window_exhausted_in(window, now, budget.exhausted_in_seconds);
	return budget;
}
