/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recorded steps as CSV, as slictl backtest replays them: each line is a step, none, or refused with a
 * reason; what is a step is in order, and the result adds up to what was read.
 *
 * Input: a byte that chooses the SLO, then the file.
 */
#include <math.h>

#include "decide/backtest.h"
#include "decide/backtest_csv.h"
#include "slo/alert_rule.h"
#include "tests/fuzz/fuzz.h"

enum { LINES_MAX = 512 };

static const struct alert_rule rules[] = {
	{.name = "burn",
	 .kind = ALERT_BURN,
	 .severity = SEVERITY_PAGE,
	 .ratio = 0.02,
	 .seconds = 3600,
	 .short_seconds = 300,
	 .min_bad = 5},
	{.name = "exhaust",
	 .kind = ALERT_EXHAUST,
	 .severity = SEVERITY_PAGE,
	 .seconds = 14400,
	 .min_bad = 5},
	{.name = "budget",
	 .kind = ALERT_BUDGET,
	 .severity = SEVERITY_NOTICE,
	 .ratio = 0.5,
	 .min_bad = 1},
	{.name = "no-data",
	 .kind = ALERT_NO_DATA,
	 .severity = SEVERITY_TICKET,
	 .seconds = 1800,
	 .min_bad = 1},
	{.name = "coverage",
	 .kind = ALERT_COVERAGE,
	 .severity = SEVERITY_TICKET,
	 .ratio = 0.9,
	 .seconds = 3600,
	 .min_bad = 1},
};

static const struct backtest_options slos[] = {
	{.objective = 0.999, .window_seconds = 2592000},
	{.objective = 0.5, .window_seconds = 86400},
	{.objective = 0.99, .window_seconds = 2678400, .time_zone = "Europe/Berlin"},
	{.objective = 0.9, .window_seconds = 604800, .slice_seconds = 60, .slice_target = 0.95},
};

static void check_refusal(const struct csv_error *error, size_t len)
{
	require(memchr(error->expected, '\0', sizeof(error->expected)), "the reason does not end");
	require(strstr(error->expected, "got \"") != NULL, "the reason does not say what it got");
	require(error->column >= 1 && error->column <= len + 1, "a column beyond the line");
}

static void check_step(const struct csv_step *step, double last_seconds)
{
	require(isfinite(step->from_seconds) && isfinite(step->t_seconds), "a time that is none");
	/* of a time that is large beside it, the step has no length */
	require(step->t_seconds >= step->from_seconds, "a step that ends before it begins");
	require(isnan(last_seconds) || step->t_seconds > last_seconds, "steps out of order");
}

static void check_result(struct backtest *backtest, const struct slo_events *total)
{
	const struct backtest_result *result = backtest_result(backtest);
	const struct slo_budget budget = backtest_budget(backtest);

	require(result->events.good <= total->good && result->events.bad <= total->bad,
		"the window has more than was read");
	require(isfinite(budget.allowed_events) && budget.allowed_events >= 0, "a budget below 0");
	require(!budget.spent_ratio.known || isfinite(budget.spent_ratio.value),
		"an infinite budget");
	for (size_t i = 0; i < result->n_transitions; i++) {
		const struct alert_change *change = &result->transitions[i].change;

		require(change->from != change->to, "a change of nothing");
		require(change->rule < sizeof(rules) / sizeof(rules[0]), "an unknown rule");
		require(!i || change->t_seconds >= result->transitions[i - 1].change.t_seconds,
			"changes out of order");
	}
}

/* Returns false once the backtest takes no more. */
static bool replay(struct backtest *backtest, const struct csv_step *step, struct slo_events *total)
{
	int r = backtest_step(backtest, step->from_seconds, step->t_seconds, step->events);

	require(!r || r == -EINVAL || r == -ERANGE, "another error of a step");
	if (r)
		return false;
	total->good += step->events.good;
	total->bad += step->events.bad;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct backtest_options options = slos[size ? data[0] & 3 : 0];
	struct slo_events total = {};
	struct csv csv = {};
	struct backtest *backtest;
	double last_seconds = NAN;
	char *text = fuzz_text(data + !!size, size - !!size), *rest = text, *line;

	options.rules = rules;
	options.n_rules = sizeof(rules) / sizeof(rules[0]);
	require(!backtest_new(&options, &backtest), "no backtest");
	for (int n = 0; n < LINES_MAX && (line = fuzz_line(&rest)); n++) {
		/* of its own size */
		const size_t len = strlen(line);
		char *copy = fuzz_text((const uint8_t *)line, len);
		struct csv_step step;
		struct csv_error error;
		int r = csv_line(&csv, copy, len, &step, &error);

		free(copy);
		if (r < 0) {
			require(r == -EINVAL, "another error of a line");
			check_refusal(&error, len);
			break;
		}
		if (!r)
			continue;
		check_step(&step, last_seconds);
		last_seconds = step.t_seconds;
		if (!replay(backtest, &step, &total))
			goto out;
	}
	check_result(backtest, &total);
out:
	backtest_free(backtest);
	free(text);
	return 0;
}
