/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "ctl/backtest.h"
#include "ctl/json.h"
#include "ctl/table.h"

static void add_text(struct ctl_table *table, struct format_text text)
{
	ctl_table_add(table, text.text, CTL_PLAIN);
}

static struct format_text seconds_text(double seconds)
{
	struct format_text ret = {"-"};

	if (!isnan(seconds))
		snprintf(ret.text, sizeof(ret.text), "%.15g", seconds);
	return ret;
}

static void add_spent(struct ctl_table *table, const json_t *object)
{
	double spent = ctl_number(object, "budget_spent_ratio");

	ctl_table_add(table, format_percent(spent, 1).text, spent >= 1 ? CTL_BAD : CTL_PLAIN);
}

static int print_transitions(const json_t *json, double from, bool colour, FILE *out)
{
	static const struct ctl_column columns[] = {{"T_SECONDS", true}, {"AFTER", true},
						    {"ALERT", false},	 {"SEVERITY", false},
						    {"STATE", false},	 {"SPENT", true},
						    {"BURNING", true}};
	const json_t *transitions = json_object_get(json, "transitions"), *item;
	struct ctl_table table;
	size_t i;
	int r;

	if (!json_array_size(transitions)) {
		fprintf(out, "no alert fires\n");
		return 0;
	}
	ctl_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(transitions, i, item) {
		const char *state = ctl_string(item, "state");
		bool resolved = state && !strcmp(state, "resolved");

		add_text(&table, seconds_text(ctl_number(item, "t")));
		add_text(&table, format_span(ctl_number(item, "t") - from));
		ctl_table_add(&table, ctl_string(item, "alert"), CTL_PLAIN);
		ctl_table_add(&table, ctl_string(item, "severity"), CTL_PLAIN);
		ctl_table_add(&table, state, resolved ? CTL_GOOD : CTL_BAD);
		add_spent(&table, item);
		add_text(&table, format_span(ctl_number(item, "burning_seconds")));
	}
	r = ctl_table_print(&table, 0, colour, out);
	ctl_table_clear(&table);
	return r;
}

static int print_summary(const json_t *json, bool colour, FILE *out)
{
	static const struct ctl_column columns[] = {
		{"ALERT", false},	{"SEVERITY", false}, {"FIRED", true},
		{"ACTIVE", true},	{"FIRST", true},     {"DETECTED AFTER", true},
		{"SPENT BY THEN", true}};
	const json_t *item;
	struct ctl_table table;
	size_t i;
	int r;

	ctl_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(json_object_get(json, "summary"), i, item) {
		bool fired = ctl_count_or_zero(item, "fired") > 0;

		ctl_table_add(&table, ctl_string(item, "alert"), CTL_PLAIN);
		ctl_table_add(&table, ctl_string(item, "severity"), CTL_PLAIN);
		add_text(&table, ctl_count(item, "fired"));
		add_text(&table, format_span(fired ? ctl_number(item, "firing_seconds") : NAN));
		add_text(&table, seconds_text(ctl_number(item, "t")));
		add_text(&table, format_span(ctl_number(item, "detected_after_seconds")));
		add_spent(&table, item);
	}
	r = ctl_table_print(&table, 0, colour, out);
	ctl_table_clear(&table);
	return r;
}

static void print_final(const json_t *json, FILE *out)
{
	const json_t *final = json_object_get(json, "final");
	const json_t *budget = json_object_get(final, "budget");
	const json_t *burn = json_object_get(final, "burn_rate");
	bool slices = json_is_integer(json_object_get(json, "slice_seconds"));
	double exhausted = ctl_number(budget, "exhausted_in_seconds");

	fprintf(out, "at the end, %s:\n  ", seconds_text(ctl_number(final, "t")).text);
	fprintf(out, "%s of %s %s good, ", ctl_count(final, "good").text,
		ctl_count(final, "eligible").text, slices ? "slices" : "events");
	fprintf(out, "availability %s", format_percent(ctl_number(final, "availability"), 4).text);
	fprintf(out, " (objective %s)\n", format_objective(ctl_number(json, "objective")).text);
	fprintf(out, "  budget left %s",
		format_percent(ctl_number(budget, "remaining_ratio"), 1).text);
	fprintf(out, ", burn 1h %s", format_burn(ctl_number(burn, "1h")).text);
	if (exhausted <= 0)
		fprintf(out, ", exhausted\n");
	else
		fprintf(out, ", exhausted in %s\n", format_span(exhausted).text);
}

int ctl_view_backtest(const json_t *json, bool colour, FILE *out)
{
	int r;

	if (!json_is_object(json))
		return -EINVAL;
	r = print_transitions(json, ctl_number(json, "from"), colour, out);
	if (r < 0)
		return r;
	fputc('\n', out);
	r = print_summary(json, colour, out);
	if (r < 0)
		return r;
	fputc('\n', out);
	print_final(json, out);
	return 0;
}
