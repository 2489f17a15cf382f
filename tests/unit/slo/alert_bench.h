/* SPDX-License-Identifier: GPL-2.0-only */
/* One SLO with the default alerts, to be judged step by step. */
#ifndef SLIPROBE_TESTS_ALERT_BENCH_H
#define SLIPROBE_TESTS_ALERT_BENCH_H

#include <math.h>
#include <string.h>

#include "tests/unit/fixtures/history.h"
#include "slo/alerts.h"

enum { STEP = 10, MINUTE = 60, HOUR = 3600, DAY = 86400 };

enum { BURN_1H, BURN_6H, BURN_1D, BURN_3D, EXHAUST_4H, EXHAUST_3D, BUDGET_50, BUDGET_80 };
enum { BUDGET_100 = BUDGET_80 + 1, NO_DATA, COVERAGE, DEFAULTS };

struct bench {
	struct alert_rule rules[ALERT_RULES_MAX];
	size_t n;
	struct alert_state states[ALERT_RULES_MAX];
	struct alert_change changes[ALERT_RULES_MAX];
	size_t n_changes;
	struct slo_history *history;
	double objective;
	double window;
	struct coverage *coverage;
	double now;
	double since;
	bool month; /* the window is the month that `now` is in; all months have 30 d */
};

static inline void bench_init(struct bench *bench, double objective, uint64_t window)
{
	memset(bench, 0, sizeof(*bench));
	bench->n = alert_rules_default(bench->rules);
	bench->objective = objective;
	bench->window = (double)window;
	bench->history = history_new(window);
}

static inline void bench_clear(struct bench *bench)
{
	slo_history_free(bench->history);
}

/* A step that ends with a month belongs to it. */
static inline struct slo_window month_of(double t)
{
	double month = 30.0 * DAY, from = (ceil(t / month) - 1) * month;

	return (struct slo_window){from, month, true, from + month};
}

static inline struct alert_subject subject(const struct bench *bench)
{
	return (struct alert_subject){
		.budgeted = bench->history,
		.events = bench->history,
		.objective = bench->objective,
		.window = bench->month ? month_of(bench->now) :
					 slo_window_rolling(bench->now, bench->window),
		.coverage = bench->coverage,
		.since_seconds = bench->since,
	};
}

static inline void evaluate(struct bench *bench, double t)
{
	struct alert_subject at;

	bench->now = t;
	at = subject(bench);
	bench->n_changes = alerts_evaluate(bench->rules, bench->n, &at, t, bench->states,
					   bench->changes, NULL);
}

static inline void step(struct bench *bench, double t, uint64_t good, uint64_t bad)
{
	history_add(bench->history, t, good, bad);
	evaluate(bench, t);
}

/* Steps of `seconds` until `until`. */
static inline void run(struct bench *bench, double until, double seconds, uint64_t good,
		       uint64_t bad)
{
	while (bench->now + seconds <= until)
		step(bench, bench->now + seconds, good, bad);
}

/*
 * Days without errors. The last four, in which windows begin, are in steps of 10 s, others of 1 h.
 */
static inline void run_healthy(struct bench *bench, int days, uint64_t per_step)
{
	run(bench, (days - 4) * DAY, HOUR, per_step * (HOUR / STEP), 0);
	run(bench, days * DAY, STEP, per_step, 0);
}

/* Steps of 10 s until the rule has that status, at most until `until`. Returns the time. */
static inline double run_until(struct bench *bench, size_t rule, enum alert_status status,
			       double until, uint64_t good, uint64_t bad)
{
	while (bench->now < until && bench->states[rule].status != status)
		step(bench, bench->now + STEP, good, bad);
	assert_int_equal(bench->states[rule].status, status);
	return bench->now;
}

static inline enum alert_status status(const struct bench *bench, size_t rule)
{
	return bench->states[rule].status;
}

#endif
