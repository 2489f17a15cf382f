/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/view_slo.h"

#include <errno.h>
#include <string.h>

#include "ctl/alert.h"
#include "ctl/json.h"
#include "ctl/rows.h"
#include "ctl/view_blind.h"
#include "ctl/view_counted.h"
#include "ctl/view_versions.h"
#include "ctl/views.h"

/* Below this share of its budget an SLO is shown in yellow; below 0, in red. */
static const double budget_low_ratio = 0.25;

enum ctl_colour ctl_budget_colour(double remaining_ratio)
{
	if (isnan(remaining_ratio))
		return CTL_PLAIN;
	if (remaining_ratio <= 0)
		return CTL_BAD;
	return remaining_ratio < budget_low_ratio ? CTL_WARN : CTL_GOOD;
}

struct format_text ctl_exhaustion(double seconds)
{
	enum { LONGEST_WINDOW_S = 92 * 86400 };
	static const struct format_text exhausted = {"exhausted"}, never = {">92d"};

	/* by then each window is another one */
	if (seconds > LONGEST_WINDOW_S)
		return never;
	return seconds <= 0 ? exhausted : format_span(seconds);
}

enum { LABEL_COLUMNS = 17 };

static void print_label(const char *label, FILE *out)
{
	fprintf(out, "  %-14s ", label);
}

static void print_field(const char *label, struct format_text value, FILE *out)
{
	print_label(label, out);
	fprintf(out, "%s\n", value.text);
}

static void print_window(const json_t *slo, FILE *out)
{
	const json_t *window = json_object_get(slo, "window");
	const char *zone = ctl_string(window, "time_zone");

	if (!window)
		return;
	print_label("window", out);
	format_write_safe(ctl_string(window, "kind"), out);
	if (zone) {
		fprintf(out, " (");
		format_write_safe(zone, out);
		fputc(')', out);
	}
	fprintf(out, ", from ");
	format_write_safe(ctl_string(window, "from"), out);
	fputc('\n', out);
	if (!ctl_string(window, "to"))
		return;
	print_label("", out);
	fprintf(out, "to ");
	format_write_safe(ctl_string(window, "to"), out);
	fputc('\n', out);
}

static void print_budgeting(const json_t *slo, bool colour, FILE *out)
{
	const json_t *slice = json_object_get(slo, "slice");
	const char *budgeting = ctl_string(slo, "budgeting");

	if (!budgeting)
		return;
	print_label("budgeting", out);
	format_write_safe(budgeting, out);
	if (json_is_object(slice)) {
		fprintf(out, " of %s, good at %s: %s good, ",
			format_span(ctl_number(slice, "seconds")).text,
			format_objective(ctl_number(slice, "target")).text,
			ctl_count(slice, "good").text);
		ctl_write_coloured(ctl_count(slice, "bad").text,
				   ctl_count_or_zero(slice, "bad") ? CTL_BAD : CTL_PLAIN, colour,
				   out);
		fprintf(out, " bad");
	}
	fputc('\n', out);
}

static void print_coverage(const json_t *slo, bool colour, FILE *out)
{
	const json_t *coverage = json_object_get(slo, "coverage");
	double ratio = ctl_number(coverage, "ratio");

	if (ctl_string(slo, "since")) {
		print_label("counted since", out);
		format_write_safe(ctl_string(slo, "since"), out);
		fputc('\n', out);
	}
	if (!coverage)
		return;
	print_label("covered", out);
	ctl_write_coloured(format_percent(ratio, 1).text, ratio < 1 ? CTL_WARN : CTL_PLAIN, colour,
			   out);
	fprintf(out, " (%s", format_span(ctl_number(coverage, "covered_seconds")).text);
	fprintf(out, " of %s)\n", format_span(ctl_number(coverage, "elapsed_seconds")).text);
	if (!ctl_is_partly_counted(coverage))
		return;
	print_label("not counted", out);
	ctl_print_cover(coverage, colour, out);
	fputc('\n', out);
}

/* The budget of a window that is not yet full, as of its traffic so far. */
static void print_projected(const json_t *slo, const char *unit, FILE *out)
{
	const json_t *budget = json_object_get(slo, "budget"),
		     *slice = json_object_get(slo, "slice");

	fprintf(out, " (%s of about ", ctl_count(json_is_object(slice) ? slice : slo, "bad").text);
	fprintf(out, "%s bad %s)\n", format_about(ctl_number(budget, "allowed")).text, unit);
	print_label("", out);
	fprintf(out, "by the first %s", format_span(ctl_number(budget, "counted_seconds")).text);
	fprintf(out, " of %s\n", format_span(ctl_number(slo, "window_seconds")).text);
}

/* The budget that is left: as a ratio, in events, and in minutes of full outage. */
static void print_budget(const json_t *slo, bool colour, FILE *out)
{
	const json_t *budget = json_object_get(slo, "budget");
	const char *unit = json_is_object(json_object_get(slo, "slice")) ? "slices" : "events";
	double remaining = ctl_number(budget, "remaining_ratio");
	double allowed = ctl_number(budget, "allowed");
	double minutes = ctl_number(budget, "remaining_minutes");

	print_label("budget left", out);
	ctl_write_coloured(format_percent(remaining, 1).text, ctl_budget_colour(remaining), colour,
			   out);
	if (allowed > 0 && json_is_true(json_object_get(budget, "projected")))
		print_projected(slo, unit, out);
	else if (!isnan(allowed))
		fprintf(out, " (%.1f bad %s allowed)\n", allowed, unit);
	else
		fputc('\n', out);
	if (isnan(minutes))
		return;
	print_label("", out);
	fprintf(out, "%.1f of %.1f minutes of full outage\n", minutes,
		ctl_number(budget, "allowed_minutes"));
}

static void print_exhaustion(double seconds, FILE *out)
{
	print_label("exhausted", out);
	if (seconds <= 0)
		fprintf(out, "yes\n");
	else if (isnan(seconds))
		fprintf(out, "-\n");
	else
		fprintf(out, "in %s\n", format_span(seconds).text);
}

static void print_burn(const json_t *burn, FILE *out)
{
	const char *window;
	json_t *rate;

	fprintf(out, "  %-14s", "burn rate");
	json_object_foreach((json_t *)burn, window, rate) {
		fputc(' ', out);
		format_write_safe(window, out);
		fprintf(out, " %s", format_burn(ctl_number(burn, window)).text);
	}
	fputc('\n', out);
}

static void print_no_alert(const json_t *slo, FILE *out)
{
	const char *why = ctl_string(slo, "no_alert");

	if (!why)
		return;
	print_label("no alert", out);
	ctl_write_wrapped(why, LABEL_COLUMNS, out);
}

/* `object` is the alert. */
static void add_state(struct ctl_table *table, const json_t *object, const char *key)
{
	bool silenced = ctl_alert_is_silenced(object);
	char text[CTL_TABLE_MAX_CELL];

	snprintf(text, sizeof(text), "%s%s", ctl_string(object, key) ?: "-",
		 silenced ? ", silenced" : "");
	ctl_table_add(table, text, silenced ? CTL_PLAIN : CTL_BAD);
}

static const struct ctl_as as_state = {add_state, false};

static int print_alerts(const json_t *alerts, bool colour, FILE *out)
{
	static const struct ctl_field fields[] = {
		{"ALERT", "name", &ctl_as_text},
		{"SEVERITY", "severity", &ctl_as_text},
		{"STATE", "state", &as_state},
		{"SINCE", "since", &ctl_as_text},
		{"BURN LONG", "burn_long", &ctl_as_burn},
		{"BURN SHORT", "burn_short", &ctl_as_burn},
	};

	if (json_array_size(alerts) == 0)
		return 0;
	fputc('\n', out);
	return ctl_rows_print(&(struct ctl_rows){.list = alerts, CTL_FIELDS(fields), .indent = 2},
			      colour, out);
}

/* "12 by maintenance, 3 by silences". An older agent does not tell them apart. */
static void print_excluded(const json_t *slo, FILE *out)
{
	const json_t *by = json_object_get(slo, "excluded_by");
	const bool windows = ctl_count_or_zero(by, "maintenance");
	const bool silences = ctl_count_or_zero(by, "silences");

	if (windows)
		fprintf(out, "%s by maintenance", ctl_count(by, "maintenance").text);
	if (silences)
		fprintf(out, "%s%s by silences", windows ? ", " : "",
			ctl_count(by, "silences").text);
	if (!windows && !silences)
		fprintf(out, "%s by maintenance or silences", ctl_count(slo, "excluded").text);
	fputc('\n', out);
}

/* What its owner says of it. */
static void print_description(const json_t *slo, FILE *out)
{
	const char *description = ctl_string(slo, "description"), *name, *before = "";
	json_t *value;

	if (description) {
		print_label("description", out);
		ctl_write_wrapped(description, LABEL_COLUMNS, out);
	}
	if (!json_object_size(json_object_get(slo, "labels")))
		return;
	print_label("labels", out);
	json_object_foreach(json_object_get(slo, "labels"), name, value) {
		fputs(before, out);
		format_write_safe(name, out);
		fputc('=', out);
		format_write_safe(json_string_value(value), out);
		before = ", ";
	}
	fputc('\n', out);
}

int ctl_view_slo(const json_t *slo, bool colour, FILE *out)
{
	const json_t *budget = json_object_get(slo, "budget");

	if (!json_is_object(budget) || !ctl_string(slo, "name"))
		return -EINVAL;
	format_write_safe(ctl_string(slo, "name"), out);
	fprintf(out, ", service ");
	format_write_safe(ctl_string(slo, "service"), out);
	fprintf(out, ": %s over %s\n", format_objective(ctl_number(slo, "objective")).text,
		format_span(ctl_number(slo, "window_seconds")).text);
	print_description(slo, out);
	print_window(slo, out);
	print_budgeting(slo, colour, out);
	print_coverage(slo, colour, out);
	ctl_print_counted(slo, print_label, LABEL_COLUMNS, colour, out);
	if (ctl_count_or_zero(slo, "excluded")) {
		print_label("excluded", out);
		print_excluded(slo, out);
	}
	print_field("available", format_percent(ctl_number(slo, "availability"), 4), out);
	print_budget(slo, colour, out);
	print_exhaustion(ctl_number(budget, "exhausted_in_seconds"), out);
	print_burn(json_object_get(slo, "burn_rate"), out);
	print_no_alert(slo, out);
	return print_alerts(json_object_get(slo, "alerts"), colour, out) ?:
		       ctl_print_slo_versions(slo, colour, out);
}
