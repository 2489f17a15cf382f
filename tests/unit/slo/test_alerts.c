/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Alerts by the clauses of slo/alerts. Detection times are computed by the workbook's formula,
 * and every transition by plain sums over a table of all steps.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "slo/alerts.h"

enum { STEP = 10, MINUTE = 60, HOUR = 3600, DAY = 86400 };

enum { BURN_1H, BURN_6H, BURN_1D, BURN_3D, EXHAUST_4H, EXHAUST_3D, BUDGET_50, BUDGET_80 };
enum { BUDGET_100 = BUDGET_80 + 1, NO_DATA, COVERAGE, DEFAULTS };

/* One SLO being judged. */
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
	bool month; /* the window: the month that `now` is in, all of 30 d */
};

static void bench_init(struct bench *bench, double objective, uint64_t window)
{
	memset(bench, 0, sizeof(*bench));
	bench->n = alert_rules_default(bench->rules);
	bench->objective = objective;
	bench->window = (double)window;
	assert_int_equal(slo_history_new(window, &bench->history), 0);
}

static void bench_clear(struct bench *bench)
{
	slo_history_free(bench->history);
}

/* A step that ends with a month belongs to it. */
static struct slo_window month_of(double t)
{
	double month = 30.0 * DAY, from = (ceil(t / month) - 1) * month;

	return (struct slo_window){from, month, true, from + month};
}

static struct alert_subject subject(const struct bench *bench)
{
	return (struct alert_subject){
		.budgeted = bench->history,
		.events = bench->history,
		.objective = bench->objective,
		.window = bench->month ? month_of(bench->now)
				       : slo_window_rolling(bench->now, bench->window),
		.coverage = bench->coverage,
		.since_seconds = bench->since,
	};
}

static void evaluate(struct bench *bench, double t)
{
	struct alert_subject at;

	bench->now = t;
	at = subject(bench);
	bench->n_changes = alerts_evaluate(bench->rules, bench->n, &at, t, bench->states,
					   bench->changes, NULL);
}

static void step(struct bench *bench, double t, uint64_t good, uint64_t bad)
{
	assert_int_equal(slo_history_add(bench->history, t, (struct slo_events){good, bad}), 0);
	evaluate(bench, t);
}

/* Steps of `seconds` until `until`. */
static void run(struct bench *bench, double until, double seconds, uint64_t good, uint64_t bad)
{
	while (bench->now + seconds <= until)
		step(bench, bench->now + seconds, good, bad);
}

/* Days without errors: the last four in steps of 10 s, which windows begin in, before them hours. */
static void run_healthy(struct bench *bench, int days, uint64_t per_step)
{
	run(bench, (days - 4) * DAY, HOUR, per_step * (HOUR / STEP), 0);
	run(bench, days * DAY, STEP, per_step, 0);
}

/* Steps of 10 s until the rule has that status, at most until `until`. Returns the time. */
static double run_until(struct bench *bench, size_t rule, enum alert_status status, double until,
			uint64_t good, uint64_t bad)
{
	while (bench->now < until && bench->states[rule].status != status)
		step(bench, bench->now + STEP, good, bad);
	assert_int_equal(bench->states[rule].status, status);
	return bench->now;
}

static enum alert_status status(const struct bench *bench, size_t rule)
{
	return bench->states[rule].status;
}

/* ---- detection times ---- */

static const struct {
	uint64_t percent, seconds, short_seconds;
} burn_rules[] = {
	{2, HOUR, 5 * MINUTE},
	{5, 6 * HOUR, 30 * MINUTE},
	{10, DAY, 2 * HOUR},
	{10, 3 * DAY, 6 * HOUR},
};

/* A plain table of steps, and what is expected of it. */
struct table {
	uint64_t window;
	uint64_t budget_one_in; /* 1000: an objective of 99.9 % */
	uint64_t *bad; /* until the end of step i */
	uint64_t per_step;
};

/* In the coarser tiers a window begins where a minute or an hour does. */
static size_t table_begin(size_t i, uint64_t span)
{
	uint64_t width = span <= 6 * HOUR ? STEP : span <= 8 * DAY ? MINUTE : HOUR;

	return i * STEP < span ? 0 : (i * STEP - span) / width * width / STEP;
}

static int table_compare(const struct table *table, size_t i, uint64_t span, size_t rule)
{
	size_t from = table_begin(i, span);
	unsigned __int128 bad = table->bad[i] - table->bad[from];
	unsigned __int128 eligible = (i - from) * table->per_step;
	/* bad / eligible > percent / 100 * window / long / budget_one_in */
	unsigned __int128 is = bad * 100 * burn_rules[rule].seconds * table->budget_one_in;
	unsigned __int128 at = eligible * burn_rules[rule].percent * table->window;

	return (is > at) - (is < at);
}

static bool table_fires(const struct table *table, size_t i, size_t rule)
{
	return table_compare(table, i, burn_rules[rule].seconds, rule) > 0 &&
	       table_compare(table, i, burn_rules[rule].short_seconds, rule) > 0;
}

/* Seconds from the beginning of the errors to detection: factor * budget / rate * long window. */
static double workbook_seconds(const struct table *table, size_t rule, double rate)
{
	double factor = (double)burn_rules[rule].percent / 100 * (double)table->window /
			(double)burn_rules[rule].seconds;

	return factor / (double)table->budget_one_in / rate * (double)burn_rules[rule].seconds;
}

static void check_detection(struct table *table, double rate, double duration)
{
	enum { HEALTHY = 32 * DAY };
	size_t n = (size_t)(HEALTHY + duration + 3.5 * DAY) / STEP;
	size_t begin = HEALTHY / STEP, end = begin + (size_t)duration / STEP;
	double fired[4] = {};
	struct bench bench;

	bench_init(&bench, 1 - 1.0 / (double)table->budget_one_in, table->window);
	bench.objective = table->budget_one_in == 1000 ? 0.999 : 0.9999;
	table->bad = calloc(n + 1, sizeof(*table->bad));
	assert_non_null(table->bad);
	run_healthy(&bench, HEALTHY / DAY, table->per_step);
	for (size_t i = begin + 1; i <= n; i++) {
		double part = i > begin ? (double)((i < end ? i : end) - begin) : 0;
		uint64_t bad;

		table->bad[i] = (uint64_t)ceil(part * rate * (double)table->per_step - 1e-6);
		bad = table->bad[i] - table->bad[i - 1];
		step(&bench, (double)i * STEP, table->per_step - bad, bad);
		for (size_t rule = 0; rule < 4; rule++) {
			bool fires = table_fires(table, i, rule);

			if (fires != (status(&bench, rule) == ALERT_FIRING))
				fail_msg("rule %zu, rate %g, %zu s after the beginning: %d", rule,
					 rate, (i - begin) * STEP, fires);
			if (fires && fired[rule] == 0)
				fired[rule] = (double)(i - begin) * STEP;
		}
	}
	for (size_t rule = 0; rule < 4; rule++) {
		/* to the end of a step: the agent looks no earlier */
		double seconds = ceil(workbook_seconds(table, rule, rate) / STEP) * STEP;
		/* one step, or what it takes for one bad event if that is longer */
		double tolerance = STEP * fmax(1, 1 / (rate * (double)table->per_step));

		if (seconds >= (double)burn_rules[rule].seconds || seconds > duration) {
			assert_true(fired[rule] == 0);
			continue;
		}
		if (fabs(fired[rule] - seconds) > tolerance)
			fail_msg("rule %zu, rate %g: %g s, not %g", rule, rate, fired[rule],
				 seconds);
		assert_int_equal(status(&bench, rule), ALERT_INACTIVE);
	}
	free(table->bad);
	bench_clear(&bench);
}

TEST(burns_are_detected_and_resolved_when_the_workbook_says)
{
	static const double rates[] = {1, 0.1, 0.02, 0.01, 0.002};
	static const double durations[] = {600, 1800, 3 * HOUR, 6 * HOUR, 40 * HOUR};

	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++)
		for (uint64_t days = 28; days <= 30; days += 2)
			for (uint64_t one_in = 1000; one_in <= 10000; one_in *= 10)
				for (uint64_t per = 100; per <= 10000; per *= 100)
					check_detection(&(struct table){days * DAY, one_in, NULL,
									per},
							rates[r], durations[r]);
}

/* The numbers it is judged by: after 52 s, 8 min 38 s, 43 min 12 s, 3 h 36 min, 36 h. */
TEST(detection_by_hand)
{
	static const struct {
		uint64_t good, bad;
		size_t rule;
		double expected;
	} rows[] = {
		{0, 10000, BURN_1H, 60},
		{9000, 1000, BURN_1H, 520},
		{9800, 200, BURN_1H, 2600},
		{9900, 100, BURN_6H, 3.6 * HOUR + STEP},
		{9980, 20, BURN_3D, 36 * HOUR + STEP},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench bench;
		double t;

		bench_init(&bench, 0.999, 30 * DAY);
		run_healthy(&bench, 30, 10000);
		t = run_until(&bench, rows[i].rule, ALERT_FIRING, 40 * DAY, rows[i].good,
			      rows[i].bad);
		assert_true(t - 30 * DAY == rows[i].expected);
		bench_clear(&bench);
	}
}

/* 0.2 % burns at 2: the budget of 30 d lasts 15, and only its last 4 h may page. */
TEST(a_slow_burn_pages_only_when_the_budget_is_nearly_gone)
{
	struct bench bench;
	double t, left;

	bench_init(&bench, 0.999, 30 * DAY);
	run(&bench, 30 * DAY, MINUTE, 1000, 0);
	while (bench.now < 46 * DAY && status(&bench, EXHAUST_4H) == ALERT_INACTIVE) {
		step(&bench, bench.now + MINUTE, 998, 2);
		assert_int_equal(status(&bench, BURN_1H), ALERT_INACTIVE);
		assert_int_equal(status(&bench, BURN_6H), ALERT_INACTIVE);
	}
	t = bench.now - 30 * DAY;
	/* (1 - 2 t / 30 d) * 30 d / 2 <= 4 h: 15 d - t <= 4 h */
	left = 15 * DAY - 4 * HOUR;
	assert_true(t >= left - MINUTE && t <= left + MINUTE);
	/* past the end it burns on: a state of its own */
	run(&bench, 30 * DAY + 15 * DAY + HOUR, MINUTE, 998, 2);
	assert_int_equal(status(&bench, EXHAUST_4H), ALERT_EXHAUSTED);
	assert_int_equal(status(&bench, EXHAUST_3D), ALERT_EXHAUSTED);
	bench_clear(&bench);
}

/* ---- burn ---- */

TEST(a_burn_of_exactly_the_factor_does_not_fire)
{
	static const struct {
		uint64_t window, good, bad;
		double objective;
	} rows[] = {
		{30 * DAY, 9856, 144, 0.999},	  {30 * DAY, 999856, 144 * 10, 0.9999},
		{28 * DAY, 98656, 1344, 0.999},	  {30 * DAY, 856, 144, 0.99},
		{30 * DAY, 999856, 144, 0.99999},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t good = i == 1 ? 1000000 - 1440 : rows[i].good;
		struct bench bench;

		bench_init(&bench, rows[i].objective, rows[i].window);
		bench.n = 1;
		run(&bench, 3 * HOUR, STEP, good, rows[i].bad);
		assert_int_equal(status(&bench, BURN_1H), ALERT_INACTIVE);
		step(&bench, bench.now + STEP, good - 1, rows[i].bad + 1);
		assert_int_equal(status(&bench, BURN_1H), ALERT_FIRING);
		/* at it again when the one more has left the short window */
		run(&bench, bench.now + 29 * STEP, STEP, good, rows[i].bad);
		assert_int_equal(status(&bench, BURN_1H), ALERT_FIRING);
		run(&bench, bench.now + STEP, STEP, good, rows[i].bad);
		assert_int_equal(status(&bench, BURN_1H), ALERT_INACTIVE);
		bench_clear(&bench);
	}
}

TEST(silence_in_the_short_window_is_no_recovery)
{
	struct bench bench;

	bench_init(&bench, 0.999, 30 * DAY);
	bench.n = 1;
	run(&bench, DAY, STEP, 100, 0);
	run(&bench, DAY + 10 * MINUTE, STEP, 0, 100);
	assert_int_equal(status(&bench, BURN_1H), ALERT_FIRING);
	run(&bench, DAY + 40 * MINUTE, STEP, 0, 0);
	assert_int_equal(status(&bench, BURN_1H), ALERT_FIRING);
	assert_true(bench.states[0].started_seconds == bench.states[0].since_seconds);
	/* one good event, after more than 5 min: recovery */
	step(&bench, bench.now + STEP, 1, 0);
	assert_int_equal(bench.n_changes, 1);
	assert_int_equal(bench.changes[0].from, ALERT_FIRING);
	assert_int_equal(bench.changes[0].to, ALERT_INACTIVE);
	assert_true(bench.changes[0].t_seconds == DAY + 40 * MINUTE + STEP);
	bench_clear(&bench);

	/* silence until the long window has nothing either */
	bench_init(&bench, 0.999, 30 * DAY);
	bench.n = 1;
	run(&bench, 10 * MINUTE, STEP, 0, 100);
	run(&bench, 10 * MINUTE + HOUR - STEP, STEP, 0, 0);
	assert_int_equal(status(&bench, BURN_1H), ALERT_FIRING);
	run(&bench, 10 * MINUTE + HOUR, STEP, 0, 0);
	assert_int_equal(status(&bench, BURN_1H), ALERT_INACTIVE);
	bench_clear(&bench);
}

/* Ten requests an hour: one failure wakes nobody, a total outage does at its fifth. */
TEST(low_traffic_pages_at_the_fifth_failure)
{
	struct bench bench;

	bench_init(&bench, 0.999, 30 * DAY);
	bench.since = -30 * DAY;
	run(&bench, 10 * DAY, 360, 1, 0);
	for (int i = 0; i < 20; i++) {
		step(&bench, bench.now + 360, 0, 1);
		for (size_t rule = 0; rule < bench.n; rule++) {
			if (i < 4 || bench.rules[rule].severity == SEVERITY_PAGE)
				assert_int_equal(status(&bench, rule) != ALERT_INACTIVE,
						 i >= 4 && rule <= EXHAUST_4H &&
							 rule != EXHAUST_4H);
		}
	}
	bench_clear(&bench);

	bench_init(&bench, 0.999, 30 * DAY);
	bench.rules[BURN_1H].min_events = 12;
	run(&bench, 10 * DAY, 360, 1, 0);
	run(&bench, 11 * DAY, 330, 0, 1);
	assert_int_equal(status(&bench, BURN_1H), ALERT_INACTIVE); /* eleven in an hour */
	run(&bench, 12 * DAY, 300, 0, 1);
	assert_int_equal(status(&bench, BURN_1H), ALERT_FIRING); /* twelve */
	bench_clear(&bench);
}

/* ---- exhaust, budget ---- */

TEST(exhaustion_needs_the_burn_of_a_quarter_of_the_horizon)
{
	struct bench bench;
	double t;

	bench_init(&bench, 0.999, 30 * DAY);
	run_healthy(&bench, 30, 100);
	/*
	 * 100 %: after n steps the burn over 1 h is 1000 n / 360, and 1000 n / 259200 is spent:
	 * (1 - n / 259.2) * 720 h / (n / 0.36) <= 4 h from n = 52 (0.799 * 720 / 144.4 = 3.985) on
	 */
	t = run_until(&bench, EXHAUST_4H, ALERT_FIRING, 31 * DAY, 0, 100);
	assert_true(t == 30 * DAY + 520);
	/* all of it is spent after 43 min 12 s */
	t = run_until(&bench, EXHAUST_4H, ALERT_EXHAUSTED, 31 * DAY, 0, 100);
	assert_true(t == 30 * DAY + 2600);
	assert_true(bench.states[EXHAUST_4H].started_seconds == 30 * DAY + 520);
	assert_true(bench.states[EXHAUST_4H].since_seconds == t);
	/* until it no longer burns: 1 h later */
	t = run_until(&bench, EXHAUST_4H, ALERT_INACTIVE, 31 * DAY, 100, 0) - t;
	assert_true(t == HOUR);
	/* the page is not raised for what has been spent; the ticket says it */
	assert_int_equal(status(&bench, EXHAUST_3D), ALERT_EXHAUSTED);
	run(&bench, bench.now + HOUR, STEP, 50, 50);
	assert_int_equal(status(&bench, EXHAUST_4H), ALERT_INACTIVE);
	run(&bench, bench.now + 20 * HOUR, STEP, 100, 0);
	assert_int_equal(status(&bench, EXHAUST_3D), ALERT_INACTIVE);
	run(&bench, bench.now + HOUR, STEP, 50, 50);
	assert_int_equal(status(&bench, EXHAUST_3D), ALERT_EXHAUSTED);
	bench_clear(&bench);
}

/* Of 33 allowed 30 are spent, at a burn of 30 / 33: 3 / 33 * 30 d / (30 / 33) is 3 d exactly. */
TEST(exhaustion_fires_at_exactly_the_horizon)
{
	struct bench bench;

	for (uint64_t more = 0; more <= 1; more++) {
		bench_init(&bench, 0.99, 30 * DAY);
		bench.since = -30 * DAY;
		step(&bench, 10, 3270 + more, 30);
		assert_int_equal(status(&bench, EXHAUST_3D), more ? ALERT_INACTIVE : ALERT_FIRING);
		bench_clear(&bench);
	}
}

/* ---- exhaust, of a window that is not yet whole ---- */

/*
 * 0.2 % for `days` after `healthy` ones. Of the 30 days' budget that is a small part: no page, and
 * the tickets of burn-3d alone, after 36 h.
 */
static void check_young_slow_burn(double from, double healthy, double days, bool month)
{
	struct bench bench;
	double fired = 0, begin = from + healthy;

	bench_init(&bench, 0.999, 30 * DAY);
	bench.month = month;
	bench.since = month ? from - 10 * DAY : from;
	bench.now = bench.since;
	run(&bench, begin, MINUTE, 6000, 0);
	while (bench.now < begin + days) {
		step(&bench, bench.now + STEP, 998, 2);
		for (size_t rule = 0; rule < bench.n; rule++) {
			bool burn_3d = rule == BURN_3D && bench.now > begin + 36 * HOUR;

			if (bench.rules[rule].severity != SEVERITY_NOTICE)
				assert_int_equal(status(&bench, rule) != ALERT_INACTIVE, burn_3d);
			if (burn_3d && fired == 0)
				fired = bench.now;
		}
	}
	assert_true(fired == begin + 36 * HOUR + STEP);
	/* of what was eligible so far it is a large part, and so it is told */
	assert_int_equal(status(&bench, BUDGET_50), ALERT_FIRING);
	bench_clear(&bench);
}

TEST(a_slow_burn_does_not_page_in_the_first_days)
{
	check_young_slow_burn(12 * DAY, 2 * DAY, 3 * DAY, false);
	check_young_slow_burn(12 * DAY, 3 * DAY, 3 * DAY, false);
	check_young_slow_burn(0, 3 * DAY, 3 * DAY, false);
	/* the early days of a month, after one that was long ago */
	check_young_slow_burn(30 * DAY, 2 * DAY, 3 * DAY, true);
	check_young_slow_burn(60 * DAY, 3 * DAY, 3 * DAY, true);
}

/* The budget of 30 d of that traffic, whatever there is of it: as when all of it has been lived. */
TEST(an_outage_in_the_first_days_pages_as_it_does_later)
{
	static const double ages[] = {2 * DAY, 5 * DAY, 30 * DAY};

	for (size_t i = 0; i < 2 * sizeof(ages) / sizeof(ages[0]); i++) {
		double begin = 60 * DAY + ages[i / 2], t;
		struct bench bench;

		bench_init(&bench, 0.999, 30 * DAY);
		bench.month = i % 2;
		bench.since = bench.now = bench.month ? 50 * DAY : 60 * DAY;
		run(&bench, begin - 8 * DAY, HOUR, 36000, 0);
		run(&bench, begin, STEP, 100, 0);
		assert_true(run_until(&bench, BURN_1H, ALERT_FIRING, 99 * DAY, 0, 100) ==
			    begin + 60);
		/* by hand in exhaustion_needs_the_burn_of_a_quarter_of_the_horizon() */
		t = run_until(&bench, EXHAUST_4H, ALERT_FIRING, 99 * DAY, 0, 100);
		assert_true(t == begin + 520);
		t = run_until(&bench, EXHAUST_4H, ALERT_EXHAUSTED, 99 * DAY, 0, 100);
		/* while it is young, the outage itself is traffic, too */
		assert_true(t == begin + 2600);
		bench_clear(&bench);
	}
}

/*
 * 2 d of 30 d, and 30 bad ones of 2000: of 300 allowed 30 are spent, 0.9 remains. It burns at 1.5
 * for `exhaust` of 8 d: 0.9 * 30 d / 1.5 is 18 d.
 */
TEST(eligible_is_extrapolated_to_the_window)
{
	static const struct {
		double age;
		double seconds; /* until it is gone */
		enum alert_status exhaust_18d;
	} rows[] = {
		{2 * DAY, 18 * DAY, ALERT_FIRING},
		{45 * HOUR, 20 * DAY - 45 * HOUR, ALERT_INACTIVE},
		{3 * DAY, 17 * DAY, ALERT_FIRING},
		{15 * DAY, 5 * DAY, ALERT_FIRING},
		/* 20 d: 30 of 30 allowed; whole: 30 of 20 */
		{20 * DAY, 0, ALERT_EXHAUSTED},
		{30 * DAY, 0, ALERT_EXHAUSTED},
		{60 * DAY, 0, ALERT_EXHAUSTED},
		/* at least 1 s */
		{0, 20 * DAY - 1, ALERT_INACTIVE},
		{-1e6, 20 * DAY - 1, ALERT_INACTIVE},
	};
	static const bool months[] = {false, true};

	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		double age = rows[i / 2].age, end = 65 * DAY;
		struct alert_reading reading;
		struct alert_subject at;
		struct bench bench;

		bench_init(&bench, 0.99, 30 * DAY);
		bench.n = 1;
		bench.rules[0] = bench.rules[EXHAUST_4H];
		bench.rules[0].severity = SEVERITY_TICKET;
		bench.rules[0].seconds = 18 * DAY;
		assert_int_equal(slo_history_add(bench.history, end, (struct slo_events){1970, 30}),
				 0);
		at = subject(&bench);
		at.window = slo_window_rolling(end, 30 * DAY);
		at.since_seconds = end - age;
		if (months[i % 2] && age > 0 && age < 30 * DAY) {
			at.window = (struct slo_window){end - age, 30 * DAY, true,
							end - age + 30 * DAY};
			at.since_seconds = 0;
		}
		alerts_evaluate(bench.rules, 1, &at, end, bench.states, bench.changes, &reading);
		assert_int_equal(status(&bench, 0), rows[i / 2].exhaust_18d);
		assert_true(reading.exhausted_in_seconds.known);
		if (fabs(reading.exhausted_in_seconds.value - rows[i / 2].seconds) > 1e-3)
			fail_msg("%g d: %.9g d", age / DAY,
				 reading.exhausted_in_seconds.value / DAY);
		bench_clear(&bench);
	}
}

/* With all of the window lived it matters no more since when, to the last bit. */
TEST(a_whole_window_is_judged_by_what_is_in_it)
{
	struct alert_reading young[ALERT_RULES_MAX], old[ALERT_RULES_MAX];
	struct bench bench, older;

	bench_init(&bench, 0.999, 7 * DAY);
	bench.since = bench.now = 1e9 + 0.3;
	older = bench;
	older.since = -INFINITY;
	for (int i = 1; i < 8 * 24 * 6; i++) {
		double t = bench.since + i * 600.0;
		struct alert_subject a, b;
		bool whole = i >= 7 * 24 * 6, same;

		slo_history_add(bench.history, t, (struct slo_events){9997, i % 5});
		bench.now = older.now = t;
		a = subject(&bench);
		b = subject(&older);
		alerts_evaluate(bench.rules, bench.n, &a, t, bench.states, bench.changes, young);
		alerts_evaluate(older.rules, bench.n, &b, t, older.states, older.changes, old);
		same = young[EXHAUST_3D].exhausted_in_seconds.value ==
		       old[EXHAUST_3D].exhausted_in_seconds.value;
		assert_int_equal(same, whole);
		if (whole)
			assert_int_equal(status(&bench, EXHAUST_3D), status(&older, EXHAUST_3D));
	}
	bench_clear(&bench);
}

TEST(budget_thresholds_fire_at_the_threshold)
{
	struct bench bench;

	bench_init(&bench, 0.999, 30 * DAY);
	step(&bench, 10, 9995, 0);
	step(&bench, 20, 0, 4);
	assert_int_equal(status(&bench, BUDGET_50), ALERT_INACTIVE);
	step(&bench, 30, 0, 1); /* 5 of 10 allowed */
	assert_int_equal(status(&bench, BUDGET_50), ALERT_FIRING);
	assert_int_equal(status(&bench, BUDGET_80), ALERT_INACTIVE);
	step(&bench, 40, 10000 - 3, 3); /* 8 of 20 */
	assert_int_equal(status(&bench, BUDGET_50), ALERT_INACTIVE);
	step(&bench, 50, 0, 8);
	assert_int_equal(status(&bench, BUDGET_50), ALERT_FIRING);
	assert_int_equal(status(&bench, BUDGET_80), ALERT_INACTIVE); /* 16 of 20.008 */
	step(&bench, 60, 0, 5);
	assert_int_equal(status(&bench, BUDGET_80), ALERT_FIRING);
	assert_int_equal(status(&bench, BUDGET_100), ALERT_FIRING);
	step(&bench, 70, 1000000, 0);
	for (size_t rule = BUDGET_50; rule <= BUDGET_100; rule++)
		assert_int_equal(status(&bench, rule), ALERT_INACTIVE);
	bench_clear(&bench);

	/* four of four are more than the budget, but too few */
	bench_init(&bench, 0.999, 30 * DAY);
	step(&bench, 10, 0, 4);
	assert_int_equal(bench.n_changes, 0);
	bench_clear(&bench);
}

/* ---- no data, coverage ---- */

static int restore_bucket(void *context, enum slo_tier tier, int64_t end_seconds,
			  struct slo_events events)
{
	return slo_history_restore(context, tier, end_seconds, events);
}

/* As a restart does. */
static void restart(struct bench *bench)
{
	struct slo_history *to;

	assert_int_equal(slo_history_new((uint64_t)bench->window, &to), 0);
	for (enum slo_tier tier = 0; tier < SLO_TIERS; tier++)
		assert_int_equal(
			slo_history_each(bench->history, tier, INT64_MIN, restore_bucket, to), 0);
	assert_int_equal(slo_history_restored(to, bench->now), 0);
	slo_history_free(bench->history);
	bench->history = to;
}

/* The last event is then only known to 10 s. */
TEST(a_silence_that_is_told_does_not_end_with_a_restart)
{
	struct bench bench;

	bench_init(&bench, 0.999, 30 * DAY);
	step(&bench, 1, 5, 0);
	run(&bench, 2 * DAY, STEP, 5, 0);
	run_until(&bench, NO_DATA, ALERT_FIRING, 3 * DAY, 0, 0);
	restart(&bench);
	for (int i = 0; i < 20; i++) {
		step(&bench, bench.now + 1, 0, 0);
		assert_int_equal(status(&bench, NO_DATA), ALERT_FIRING);
	}
	step(&bench, bench.now + 1, 1, 0);
	assert_int_equal(status(&bench, NO_DATA), ALERT_INACTIVE);
	bench_clear(&bench);
}

TEST(silence_of_a_busy_service_is_told_after_30_min_and_for_7_days)
{
	struct bench bench;
	double t;

	bench_init(&bench, 0.999, 30 * DAY);
	run(&bench, 2 * DAY, STEP, 5, 0);
	t = run_until(&bench, NO_DATA, ALERT_FIRING, 3 * DAY, 0, 0);
	assert_true(t == 2 * DAY + 1800);
	step(&bench, t + STEP, 1, 0);
	assert_int_equal(status(&bench, NO_DATA), ALERT_INACTIVE);
	t = run_until(&bench, NO_DATA, ALERT_FIRING, 3 * DAY, 0, 0);
	assert_true(t == 2 * DAY + 1800 + STEP + 1800);
	t = run_until(&bench, NO_DATA, ALERT_INACTIVE, 12 * DAY, 0, 0);
	assert_true(t == 9 * DAY + 1800 + STEP);
	run(&bench, 12 * DAY, STEP, 0, 0);
	assert_int_equal(status(&bench, NO_DATA), ALERT_INACTIVE);
	bench_clear(&bench);
}

/* Events in the first `hours` of each day's 24. */
static bool told_with_busy_hours(int hours)
{
	struct bench bench;
	bool told = false;

	bench_init(&bench, 0.999, 30 * DAY);
	for (int hour = 1; hour <= 96; hour++)
		step(&bench, hour * HOUR - 1800, hour % 24 < hours, 0);
	for (int i = 0; i < 200; i++) {
		step(&bench, bench.now + 300, 0, 0);
		told |= status(&bench, NO_DATA) == ALERT_FIRING;
	}
	bench_clear(&bench);
	return told;
}

TEST(silence_is_told_of_what_was_busy_in_half_of_the_hours)
{
	struct bench bench;

	assert_true(told_with_busy_hours(24));
	assert_true(told_with_busy_hours(13));
	assert_false(told_with_busy_hours(8));

	/* one request is no traffic to be missed */
	bench_init(&bench, 0.999, 30 * DAY);
	step(&bench, 10, 1, 0);
	run(&bench, 2 * HOUR, STEP, 0, 0);
	assert_int_equal(status(&bench, NO_DATA), ALERT_INACTIVE);
	bench_clear(&bench);
}

TEST(time_without_coverage_is_no_silence)
{
	struct coverage_span spans[2] = {{0, DAY}};
	struct coverage coverage = {spans, 1, 2};
	struct bench bench;

	bench_init(&bench, 0.999, 30 * DAY);
	bench.coverage = &coverage;
	run(&bench, DAY, STEP, 5, 0);
	spans[1] = (struct coverage_span){2 * DAY, 2 * DAY + 10};
	coverage.n = 2;
	for (int i = 1; i < 180; i++) {
		spans[1].to_seconds = 2 * DAY + STEP * i;
		step(&bench, spans[1].to_seconds, 0, 0);
		assert_int_equal(status(&bench, NO_DATA), ALERT_INACTIVE);
	}
	spans[1].to_seconds = 2 * DAY + 1800;
	step(&bench, spans[1].to_seconds, 0, 0);
	assert_int_equal(status(&bench, NO_DATA), ALERT_FIRING);
	bench_clear(&bench);
}

TEST(coverage_lost_is_told_below_nine_tenths_of_an_hour)
{
	struct coverage_span spans[2] = {{0, DAY}};
	struct coverage coverage = {spans, 1, 2};
	struct bench bench;

	bench_init(&bench, 0.999, 30 * DAY);
	bench.coverage = &coverage;
	run(&bench, DAY, STEP, 5, 0);
	run(&bench, DAY + 360, STEP, 5, 0);
	assert_int_equal(status(&bench, COVERAGE), ALERT_INACTIVE); /* 90 % exactly */
	run(&bench, DAY + 370, STEP, 5, 0);
	assert_int_equal(status(&bench, COVERAGE), ALERT_FIRING);
	coverage.n = 2;
	for (double t = DAY + 380; t <= DAY + HOUR; t += STEP) {
		spans[1] = (struct coverage_span){DAY + 370, t};
		step(&bench, t, 5, 0);
		assert_int_equal(status(&bench, COVERAGE), ALERT_FIRING);
	}
	/* the last of it leaves the hour */
	spans[1].to_seconds = DAY + HOUR + STEP;
	step(&bench, DAY + HOUR + STEP, 5, 0);
	assert_int_equal(status(&bench, COVERAGE), ALERT_INACTIVE);
	bench_clear(&bench);

	/* time before the SLO was first counted is not missed */
	bench_init(&bench, 0.999, 30 * DAY);
	spans[0] = (struct coverage_span){0, 50};
	coverage = (struct coverage){spans, 1, 1};
	bench.coverage = &coverage;
	run(&bench, 50, STEP, 5, 0);
	assert_int_equal(status(&bench, COVERAGE), ALERT_INACTIVE);
	run(&bench, 60, STEP, 5, 0); /* 50 of 60 s */
	assert_int_equal(status(&bench, COVERAGE), ALERT_FIRING);
	bench_clear(&bench);
}

/* ---- properties ---- */

static uint64_t rng_state;

static uint64_t rng(uint64_t below)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state % below;
}

/* Traffic with quiet times, outages and slow burns: a mood that changes now and then. */
struct mood {
	uint64_t per_step;
	uint64_t bad_per_million;
	uint64_t seconds;
};

static struct slo_events moody(struct mood *mood)
{
	static const uint64_t volumes[] = {0, 0, 1, 10, 1000, 1000000};
	static const uint64_t shares[] = {0, 0, 100, 500, 1000, 2000, 14400, 100000, 1000000};
	uint64_t bad, exact;

	if (!rng(300)) {
		mood->per_step = volumes[rng(6)];
		mood->bad_per_million = shares[rng(9)];
	}
	if (!rng(2000))
		mood->seconds = rng(3) ? STEP : rng(400) + 1;
	exact = mood->per_step * mood->bad_per_million;
	bad = exact / 1000000 + (rng(1000000) < exact % 1000000);
	return (struct slo_events){mood->per_step - bad, bad};
}

static void assert_same_states(const struct bench *a, const struct bench *b)
{
	assert_int_equal(a->n_changes, b->n_changes);
	for (size_t i = 0; i < a->n; i++) {
		assert_int_equal(a->states[i].status, b->states[i].status);
		assert_true(a->states[i].since_seconds == b->states[i].since_seconds);
		assert_true(a->states[i].started_seconds == b->states[i].started_seconds);
	}
}

static void assert_finite(struct maybe ratio)
{
	assert_true(isfinite(ratio.value));
	assert_true(ratio.known || ratio.value == 0);
}

/* With readings every rule is looked at at every step; without, most of them are calm. */
TEST(rests_change_nothing)
{
	size_t changes = 0;

	for (uint64_t seed = 1; seed <= 36; seed++) {
		/* young; whole soon; whole at once */
		static const double ages[] = {0, -27.5 * DAY, -INFINITY};
		static const double objectives[] = {0.999, 0.99, 0.9999, 0.5, 0.999999, 1};
		static const uint64_t windows[] = {30 * DAY, 7 * DAY, HOUR, 90 * DAY};
		struct alert_reading readings[ALERT_RULES_MAX];
		struct coverage_span span = {0, 0};
		struct coverage coverage = {&span, 1, 1};
		struct mood mood = {100, 100, STEP};
		struct bench rested, all;
		double t = 0;

		rng_state = seed * 0x9e3779b97f4a7c15;
		bench_init(&rested, objectives[rng(6)], windows[rng(4)]);
		rested.month = seed % 4 == 0;
		rested.since = ages[seed / 4 % 3];
		all = rested;
		for (int i = 0; i < 30000; i++) {
			struct slo_events events = moody(&mood);
			struct alert_subject at;

			t += (double)mood.seconds;
			assert_int_equal(slo_history_add(rested.history, t, events), 0);
			rested.now = all.now = t;
			at = subject(&rested);
			if (seed % 3) {
				at.coverage = &coverage;
				if (t - span.to_seconds > 1000 && !rng(100))
					span.from_seconds = t;
				if (span.from_seconds == t || i % 5000 > 500)
					span.to_seconds = t;
			}
			rested.n_changes = alerts_evaluate(rested.rules, rested.n, &at, t,
							   rested.states, rested.changes, NULL);
			all.n_changes = alerts_evaluate(all.rules, all.n, &at, t, all.states,
							all.changes, readings);
			assert_same_states(&rested, &all);
			changes += all.n_changes;
			for (size_t k = 0; k < all.n; k++) {
				assert_finite(readings[k].burn_long);
				assert_finite(readings[k].burn_short);
				assert_finite(readings[k].exhausted_in_seconds);
			}
		}
		bench_clear(&rested);
	}
	print_message("%zu changes\n", changes);
	assert_true(changes > 1000); /* or nothing has been tried */
}

TEST(order_of_rules_changes_nothing)
{
	struct bench bench, turned;
	struct mood mood = {100, 100, STEP};

	rng_state = 7;
	bench_init(&bench, 0.999, 30 * DAY);
	turned = bench;
	for (size_t i = 0; i < bench.n; i++)
		turned.rules[i] = bench.rules[bench.n - 1 - i];
	for (int i = 1; i < 100000; i++) {
		struct slo_events events = moody(&mood);

		step(&bench, i * STEP, events.good, events.bad);
		evaluate(&turned, i * STEP);
		assert_int_equal(bench.n_changes, turned.n_changes);
		for (size_t k = 0; k < bench.n; k++)
			assert_memory_equal(&bench.states[k], &turned.states[bench.n - 1 - k],
					    offsetof(struct alert_state, calm));
	}
	bench_clear(&bench);
}

static int put_back(void *context, enum slo_tier tier, int64_t end, struct slo_events events)
{
	return slo_history_restore(context, tier, end, events);
}

TEST(a_restart_changes_nothing)
{
	struct bench bench, restarted = {};
	struct mood mood = {100, 100, STEP};
	size_t changes = 0;

	rng_state = 11;
	bench_init(&bench, 0.999, 30 * DAY);
	for (int i = 1; i < 200000; i++) {
		struct slo_events events = moody(&mood);

		if (i % 30011 == 0) {
			slo_history_free(restarted.history);
			restarted = bench;
			for (size_t k = 0; k < bench.n; k++)
				restarted.states[k].calm = (struct alert_calm){};
			assert_int_equal(slo_history_new(30 * DAY, &restarted.history), 0);
			for (enum slo_tier tier = 0; tier < SLO_TIERS; tier++)
				assert_int_equal(slo_history_each(bench.history, tier, INT64_MIN,
								  put_back, restarted.history),
						 0);
			assert_int_equal(slo_history_restored(restarted.history, bench.now), 0);
		}
		step(&bench, i * STEP, events.good, events.bad);
		if (!restarted.history)
			continue;
		step(&restarted, i * STEP, events.good, events.bad);
		assert_same_states(&bench, &restarted);
		changes += bench.n_changes;
	}
	assert_true(changes > 100);
	slo_history_free(restarted.history);
	bench_clear(&bench);
}

TEST(never_nan_nor_anything_on_odd_input)
{
	static const double odd[] = {0, 1, 1 - 1e-15, -1, 2, NAN, INFINITY, 1e-300};

	for (size_t o = 0; o < sizeof(odd) / sizeof(odd[0]); o++) {
		struct alert_reading readings[ALERT_RULES_MAX];
		struct alert_subject at;
		struct bench bench;

		bench_init(&bench, odd[o], 30 * DAY);
		for (int i = 0; i < 100; i++) {
			step(&bench, bench.now + STEP, UINT64_MAX / 400, UINT64_MAX / 400);
			at = subject(&bench);
			at.window.length_seconds = odd[i % 8];
			alerts_evaluate(bench.rules, bench.n, &at, bench.now, bench.states,
					bench.changes, readings);
			for (size_t k = 0; k < bench.n; k++) {
				assert_finite(readings[k].burn_long);
				assert_finite(readings[k].burn_short);
				assert_finite(readings[k].exhausted_in_seconds);
			}
		}
		bench_clear(&bench);
	}
}

TEST(names)
{
	struct alert_rule rules[ALERT_RULES_MAX];

	assert_int_equal(alert_rules_default(rules), DEFAULTS);
	assert_string_equal(rules[BURN_1H].name, "burn-1h");
	assert_string_equal(rules[EXHAUST_3D].name, "exhaust-3d");
	assert_string_equal(rules[BUDGET_100].name, "budget-100");
	assert_string_equal(rules[NO_DATA].name, "no-data");
	assert_string_equal(rules[COVERAGE].name, "coverage");
	assert_string_equal(alert_severity_name(SEVERITY_TICKET), "ticket");
	assert_string_equal(alert_kind_name(ALERT_NO_DATA), "no-data");
	assert_string_equal(alert_status_name(ALERT_EXHAUSTED), "exhausted");
	for (size_t i = 0; i < DEFAULTS; i++) {
		assert_int_equal(rules[i].min_bad, ALERT_MIN_BAD);
		assert_int_equal(rules[i].min_events, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burns_are_detected_and_resolved_when_the_workbook_says),
		cmocka_unit_test(detection_by_hand),
		cmocka_unit_test(a_slow_burn_pages_only_when_the_budget_is_nearly_gone),
		cmocka_unit_test(a_burn_of_exactly_the_factor_does_not_fire),
		cmocka_unit_test(silence_in_the_short_window_is_no_recovery),
		cmocka_unit_test(low_traffic_pages_at_the_fifth_failure),
		cmocka_unit_test(exhaustion_needs_the_burn_of_a_quarter_of_the_horizon),
		cmocka_unit_test(exhaustion_fires_at_exactly_the_horizon),
		cmocka_unit_test(a_slow_burn_does_not_page_in_the_first_days),
		cmocka_unit_test(an_outage_in_the_first_days_pages_as_it_does_later),
		cmocka_unit_test(eligible_is_extrapolated_to_the_window),
		cmocka_unit_test(a_whole_window_is_judged_by_what_is_in_it),
		cmocka_unit_test(budget_thresholds_fire_at_the_threshold),
		cmocka_unit_test(a_silence_that_is_told_does_not_end_with_a_restart),
		cmocka_unit_test(silence_of_a_busy_service_is_told_after_30_min_and_for_7_days),
		cmocka_unit_test(silence_is_told_of_what_was_busy_in_half_of_the_hours),
		cmocka_unit_test(time_without_coverage_is_no_silence),
		cmocka_unit_test(coverage_lost_is_told_below_nine_tenths_of_an_hour),
		cmocka_unit_test(rests_change_nothing),
		cmocka_unit_test(order_of_rules_changes_nothing),
		cmocka_unit_test(a_restart_changes_nothing),
		cmocka_unit_test(never_nan_nor_anything_on_odd_input),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
