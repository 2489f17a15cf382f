/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/view_history.h"

#include <errno.h>
#include <string.h>

#include "ctl/json.h"
#include "ctl/table.h"
#include "ctl/times.h"

/* One step: t_seconds is its end. */
struct step {
	double t_seconds;
	double width_seconds;
	json_int_t good;
	json_int_t bad;
};

struct period {
	double from_seconds;
	double to_seconds;
	json_int_t good;
	json_int_t bad;
};

static bool read_step(const json_t *json, struct step *ret)
{
	const json_t *t = json_array_get(json, 0), *width = json_array_get(json, 1);
	const json_t *good = json_array_get(json, 2), *bad = json_array_get(json, 3);

	if (!json_is_number(t) || !json_is_number(width) || !json_is_integer(good) ||
	    !json_is_integer(bad))
		return false;
	*ret = (struct step){json_number_value(t), json_number_value(width),
			     json_integer_value(good), json_integer_value(bad)};
	return true;
}

static bool all_steps_are_valid(const json_t *steps)
{
	struct step step;
	size_t i;
	json_t *json;

	if (!json_is_array(steps))
		return false;
	json_array_foreach(steps, i, json) {
		if (!read_step(json, &step))
			return false;
	}
	return true;
}

static void write_step(const struct step *step, FILE *out)
{
	fprintf(out, "%.13g,%" JSON_INTEGER_FORMAT ",%" JSON_INTEGER_FORMAT ",%.13g\n",
		step->t_seconds, step->good, step->bad, step->width_seconds);
}

/*
 * The time that was counted before the first step: a replay judges a young SLO by its age. Cuts off
 * what the step has of the time before the SLO began.
 */
static void write_age(const json_t *coverage, double since, struct step *first, FILE *out)
{
	double begin = first->t_seconds - first->width_seconds;
	size_t i;
	json_t *span;

	if (isnan(since))
		return;
	if (since > begin && since < first->t_seconds)
		first->width_seconds = first->t_seconds - since;
	json_array_foreach(coverage, i, span) {
		double from = fmax(json_number_value(json_array_get(span, 0)), since);
		double to = fmin(json_number_value(json_array_get(span, 1)), begin);

		/* times are written in whole seconds, or rounded */
		if (to - from >= 1)
			write_step(&(struct step){.t_seconds = to, .width_seconds = to - from},
				   out);
	}
}

int ctl_view_history_csv(const json_t *history, bool colour, FILE *out)
{
	const json_t *steps = json_object_get(history, "steps");
	double since = format_parse_time(ctl_string(history, "since"));
	size_t i;
	json_t *json;

	(void)colour;
	if (!all_steps_are_valid(steps))
		return -EINVAL;
	fprintf(out, "t_seconds,good,bad,step_seconds\n");
	json_array_foreach(steps, i, json) {
		struct step step;

		if (!read_step(json, &step))
			return -EINVAL;
		if (i == 0)
			write_age(json_object_get(history, "coverage"), since, &step, out);
		write_step(&step, out);
	}
	return 0;
}

/* Seconds of [from, to] in the spans of a JSON list of [from, to]. */
static double covered_seconds(const json_t *coverage, double from, double to)
{
	double sum = 0;
	size_t i;
	json_t *span;

	json_array_foreach(coverage, i, span) {
		double begin = json_number_value(json_array_get(span, 0));
		double end = json_number_value(json_array_get(span, 1));
		double inside = fmin(end, to) - fmax(begin, from);

		if (inside > 0)
			sum += inside;
	}
	return sum;
}

static void add_period(struct ctl_table *table, const struct period *period, const json_t *coverage,
		       double objective)
{
	json_int_t eligible = period->good + period->bad;
	double availability = eligible ? (double)period->good / (double)eligible : NAN;
	double covered = covered_seconds(coverage, period->from_seconds, period->to_seconds) /
			 (period->to_seconds - period->from_seconds);
	struct format_text text;

	bool unknown = !eligible && !(covered > 0);

	if (covered > 1 - 1e-6) /* times of spans are rounded to microseconds */
		covered = 1;
	ctl_table_add(table, ctl_local_time(period->from_seconds).text, CTL_PLAIN);
	snprintf(text.text, sizeof(text.text), "%" JSON_INTEGER_FORMAT, eligible);
	ctl_table_add(table, unknown ? NULL : text.text, CTL_PLAIN);
	snprintf(text.text, sizeof(text.text), "%" JSON_INTEGER_FORMAT, period->bad);
	ctl_table_add(table, unknown ? NULL : text.text, CTL_PLAIN);
	ctl_table_add(table, format_percent(availability, 4).text,
		      availability < objective ? CTL_BAD : CTL_PLAIN);
	ctl_table_add(table, format_burn((1 - availability) / (1 - objective)).text, CTL_PLAIN);
	ctl_table_add(table, format_percent(covered, 1).text, covered < 1 ? CTL_WARN : CTL_PLAIN);
}

/* What of a history is shown. */
struct shown {
	double from_seconds;
	double to_seconds;
	double width_seconds; /* of a period */
	double base_seconds; /* where a period begins */
};

static int print_periods(const json_t *history, const struct shown *shown, bool colour, FILE *out)
{
	char from[48];
	const struct ctl_column columns[] = {
		{from, false},	     {"ELIGIBLE", true}, {"BAD", true},
		{"AVAILABLE", true}, {"BURN", true},	 {"COVERED", true},
	};
	const json_t *steps = json_object_get(history, "steps");
	double objective = ctl_number(history, "objective"), width = shown->width_seconds;
	double first = floor((shown->from_seconds - shown->base_seconds) / width);
	double begin = shown->base_seconds + first * width;
	struct ctl_table table;
	struct step step;
	size_t i = 0;
	int r;

	snprintf(from, sizeof(from), "FROM (%s)", ctl_local_zone(shown->to_seconds).text);
	ctl_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	/* a step is of the period that its middle is in */
	while (read_step(json_array_get(steps, i), &step) &&
	       step.t_seconds - step.width_seconds / 2 < begin)
		i++;
	while (begin < shown->to_seconds) {
		struct period period = {fmax(begin, shown->from_seconds),
					fmin(begin + width, shown->to_seconds), 0, 0};

		for (; read_step(json_array_get(steps, i), &step) &&
		       step.t_seconds - step.width_seconds / 2 < begin + width;
		     i++) {
			period.good += step.good;
			period.bad += step.bad;
		}
		add_period(&table, &period, json_object_get(history, "coverage"), objective);
		begin += width;
	}
	r = ctl_table_print(&table, 0, colour, out);
	ctl_table_clear(&table);
	return r;
}

static void print_gap(double from, double to, FILE *out)
{
	fprintf(out, "  %s to %s", ctl_local_time(from).text, ctl_local_time(to).text);
	fprintf(out, " (%s)\n", format_span(to - from).text);
}

/*
 * Prints all gaps but the first `skip`, unless `out` is NULL. Returns how many there are. `since`
 * is in whole seconds, so a shorter time is no gap.
 */
static size_t walk_gaps(const json_t *coverage, double since, double now, size_t skip, FILE *out)
{
	double end = since;
	size_t i, n = 0;
	json_t *span;

	json_array_foreach(coverage, i, span) {
		double begin = json_number_value(json_array_get(span, 0));

		if (begin - end >= 1 && n++ >= skip && out)
			print_gap(end, begin, out);
		end = fmax(end, json_number_value(json_array_get(span, 1)));
	}
	if (now - end >= 1 && n++ >= skip && out)
		print_gap(end, now, out);
	return n;
}

/* The last moment to show: the step that is still under way is not a gap. */
static double last_moment(const json_t *coverage, double since, double now)
{
	size_t n = json_array_size(coverage);
	double end = n ? json_number_value(json_array_get(json_array_get(coverage, n - 1), 1)) : 0;

	return end > since && end <= now && now - end <= CTL_HISTORY_STEP_MAX ? end : now;
}

/* All of the history, or the rows that came with it. */
static struct shown choose(const json_t *history, double since, double now)
{
	double from = format_parse_time(ctl_string(history, "from"));
	double to = format_parse_time(ctl_string(history, "to"));
	const char *by = ctl_string(history, "by");
	struct shown shown = {since, now, CTL_HISTORY_DAY, 0};

	if (by ? !strcmp(by, "hour") : now - since <= 2.0 * CTL_HISTORY_DAY)
		shown.width_seconds = CTL_HISTORY_HOUR;
	else if (by && !strcmp(by, "minute"))
		shown.width_seconds = CTL_HISTORY_MINUTE;
	if (isnan(from) || isnan(to))
		return shown;
	shown.base_seconds = from;
	shown.from_seconds = fmin(fmax(from, since), now);
	shown.to_seconds = fmin(to + 1, now); /* times are written in whole seconds */
	return shown;
}

static void print_head(const json_t *history, double since, FILE *out)
{
	const char *changed = ctl_string(history, "definition_changed_at");

	format_write_safe(ctl_string(history, "name"), out);
	fprintf(out, ", service ");
	format_write_safe(ctl_string(history, "service"), out);
	fprintf(out, ": %s, counted since %s %s\n",
		format_objective(ctl_number(history, "objective")).text, ctl_local_time(since).text,
		ctl_local_zone(since).text);
	if (ctl_string(history, "until")) {
		fprintf(out, "Under former definition %s of %s, counted until ",
			ctl_count(history, "former").text, ctl_count(history, "formers").text);
		format_write_safe(ctl_string(history, "until"), out);
		fprintf(out, "; judged by the objective of now\n");
	}
	if (changed) {
		fprintf(out, "What is good was defined anew at ");
		format_write_safe(changed, out);
		fprintf(out, ": this is what was counted since\n");
	}
}

int ctl_view_history(const json_t *history, bool colour, FILE *out)
{
	const json_t *coverage = json_object_get(history, "coverage");
	double now = ctl_number(history, "now_seconds");
	double since = format_parse_time(ctl_string(history, "since"));
	struct shown shown;
	size_t n_gaps;
	int r;

	if (!all_steps_are_valid(json_object_get(history, "steps")) || !(since <= now) ||
	    now - since > 1e8)
		return -EINVAL;
	shown = choose(history, since, last_moment(coverage, since, now));
	print_head(history, since, out);
	r = print_periods(history, &shown, colour, out);
	if (r < 0)
		return r;
	n_gaps = walk_gaps(coverage, shown.from_seconds, shown.to_seconds, 0, NULL);
	if (n_gaps) {
		size_t skip = n_gaps > CTL_HISTORY_GAPS_SHOWN ? n_gaps - CTL_HISTORY_GAPS_SHOWN : 0;

		fprintf(out, "\nNot counted%s (%s):\n", skip ? ", the last times" : "",
			ctl_local_zone(shown.to_seconds).text);
		walk_gaps(coverage, shown.from_seconds, shown.to_seconds, skip, out);
	}
	return 0;
}
