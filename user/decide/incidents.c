/* SPDX-License-Identifier: GPL-2.0-only */
#include "decide/incidents.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "slo/alert_rule.h"

enum {
	DEFAULT_WINDOW_SECONDS = 6 * 3600,
	FINE_STEP_SECONDS = 60,
};

/* 1 - 0.9 misses 0.1 by a few bits. A burn rate that is 1 on paper must not be above it. */
static const double tolerance = 1e-9;

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

/* When the first bad step before `fired` began, or NaN. */
static double find_beginning(const struct incident_history *history, double fired, double window)
{
	const struct incident_step *first = NULL;

	for (size_t i = history->n_steps; i-- > 0;) {
		const struct incident_step *step = &history->steps[i];
		double eligible = step->good + step->bad;

		if (step_begin(step) >= fired || eligible <= 0)
			continue;
		if (step->t_seconds <= fired - window)
			return NAN;
		if (step->bad <= (1 - history->objective) * eligible * (1 + tolerance))
			return first && first->width_seconds <= FINE_STEP_SECONDS ?
				       step_begin(first) :
				       NAN;
		first = step;
	}
	return NAN;
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
