/* SPDX-License-Identifier: GPL-2.0-only */
#include "decide/incidents.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "slo/alert_rule.h"
#include "slo/burning.h"

enum {
	DEFAULT_WINDOW_SECONDS = 6 * 3600,
	FINE_STEP_SECONDS = 60,
};

static int compare_spans(const void *a, const void *b)
{
	const struct incident_span *x = a, *y = b;

	if (x->from_seconds != y->from_seconds)
		return x->from_seconds < y->from_seconds ? -1 : 1;
	return strcmp(x->alert, y->alert);
}

size_t incidents_merge(struct incident_span *spans, size_t n, struct incident *ret)
{
	size_t n_incidents = 0;
	double end = -INFINITY;

	if (n)
		qsort(spans, n, sizeof(*spans), compare_spans);
	for (size_t i = 0; i < n; i++) {
		if (n_incidents == 0 || spans[i].from_seconds > end) {
			ret[n_incidents++] = (struct incident){
				.alert = spans[i].alert,
				.fired_seconds = spans[i].from_seconds,
				.detect_seconds = NAN,
				.spent_ratio = NAN,
			};
			end = spans[i].to_seconds;
		}
		end = fmax(end, spans[i].to_seconds);
		ret[n_incidents - 1].resolved_seconds = isinf(end) ? NAN : end;
	}
	return n_incidents;
}

static double long_window_seconds(const char *alert)
{
	const char *dash = strrchr(alert, '-');
	enum alert_kind kind = strncmp(alert, "exhaust-", 8) ? ALERT_BURN : ALERT_EXHAUST;
	uint64_t ns;

	if (!dash || duration_parse(dash + 1, &ns) < 0)
		return DEFAULT_WINDOW_SECONDS;
	return alert_lookback_seconds(kind, (double)ns / DURATION_S_NS);
}

static double step_begin(const struct incident_step *step)
{
	return step->t_seconds - step->width_seconds;
}

/*
 * When the burn began that the alert fired for, or NaN: it does not burn, the history or the lookback
 * does not reach back to a time without a burn, or the first step is too wide to tell.
 */
static double find_beginning(const struct incident_history *history, double fired, double window)
{
	struct slo_burning burning = {};
	bool known = false; /* that it did not burn before */
	double width = INFINITY;

	for (size_t i = 0; i < history->n_steps && step_begin(&history->steps[i]) < fired; i++) {
		const struct incident_step *step = &history->steps[i];
		bool before = burning.on;

		slo_burning_step(&burning, step_begin(step), step->t_seconds,
				 (struct slo_events){(uint64_t)step->good, (uint64_t)step->bad},
				 history->objective);
		known |= !burning.on && step->good > 0;
		if (burning.on && !before)
			width = step->width_seconds;
	}
	return burning.on && known && width <= FINE_STEP_SECONDS &&
			       burning.from_seconds > fired - window ?
		       burning.from_seconds :
		       NAN;
}

/* The sum of the steps whose middle is in [from, to]. */
static void sum(const struct incident_history *history, double from, double to, double *ret_good,
		double *ret_bad)
{
	*ret_good = *ret_bad = 0;
	for (size_t i = 0; i < history->n_steps; i++) {
		const struct incident_step *step = &history->steps[i];
		double middle = step->t_seconds - step->width_seconds / 2;

		if (middle < from || middle > to)
			continue;
		*ret_good += step->good;
		*ret_bad += step->bad;
	}
}

void incident_measure(struct incident *incident, const struct incident_history *history)
{
	double window = long_window_seconds(incident->alert);
	double begin = find_beginning(history, incident->fired_seconds, window);
	double end = isnan(incident->resolved_seconds) ? history->now_seconds :
							 incident->resolved_seconds;
	double good, bad, allowed, spent;

	incident->detect_seconds = incident->fired_seconds - begin;
	incident->spent_ratio = NAN;
	if (isnan(begin))
		begin = incident->fired_seconds - window;
	if (!history->n_steps || step_begin(&history->steps[0]) > incident->fired_seconds)
		return;
	sum(history, end - history->window_seconds, end, &good, &bad);
	allowed = (1 - history->objective) * (good + bad);
	sum(history, begin, end, &good, &spent);
	if (allowed > 0)
		incident->spent_ratio = spent / allowed;
}

/* A mean of the values that are known; NaN if none is. */
struct mean {
	double sum;
	size_t n;
};

static void mean_add(struct mean *mean, double value)
{
	if (isnan(value))
		return;
	mean->sum += value;
	mean->n++;
}

static double mean_of(const struct mean *mean)
{
	return mean->n ? mean->sum / (double)mean->n : NAN;
}

struct incidents_summary incidents_sum_up(const struct incident *incidents, size_t n)
{
	struct mean detect = {}, repair = {}, spent = {};
	struct incidents_summary ret = {.n = n};

	for (size_t i = 0; i < n; i++) {
		const struct incident *incident = &incidents[i];

		ret.n_open += isnan(incident->resolved_seconds);
		mean_add(&detect, incident->detect_seconds);
		mean_add(&repair, incident->resolved_seconds - incident->fired_seconds);
		mean_add(&spent, incident->spent_ratio);
	}
	ret.mean_detect_seconds = mean_of(&detect);
	ret.mean_repair_seconds = mean_of(&repair);
	ret.spent_ratio = spent.n ? spent.sum : NAN;
	return ret;
}
