/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "ctl_json.h"
#include "ctl_table.h"
#include "ctl_view_slo.h"
#include "ctl_views.h"

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

struct ctl_text ctl_exhaustion(double seconds)
{
	static const struct ctl_text exhausted = {"exhausted"};

	return seconds <= 0 ? exhausted : ctl_format_span(seconds);
}

static void print_field(const char *label, struct ctl_text value, FILE *out)
{
	fprintf(out, "  %-14s %s\n", label, value.text);
}

static int print_alerts(const json_t *alerts, bool colour, FILE *out)
{
	static const struct ctl_column columns[] = {
		{"ALERT", false},
		{"SEVERITY", false},
		{"STATE", false},
		{"SINCE", false},
	};
	struct ctl_table table;
	size_t i;
	json_t *alert;
	int r;

	if (json_array_size(alerts) == 0)
		return 0;
	ctl_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(alerts, i, alert) {
		const char *state = ctl_string(alert, "state");

		ctl_table_add(&table, ctl_string(alert, "name"), CTL_PLAIN);
		ctl_table_add(&table, ctl_string(alert, "severity"), CTL_PLAIN);
		ctl_table_add(&table, state,
			      state && strcmp(state, "firing") == 0 ? CTL_BAD : CTL_PLAIN);
		ctl_table_add(&table, ctl_string(alert, "since"), CTL_PLAIN);
	}
	fputc('\n', out);
	r = ctl_table_print(&table, 2, colour, out);
	ctl_table_clear(&table);
	return r;
}

int ctl_view_slo(const json_t *slo, bool colour, FILE *out)
{
	const json_t *budget = json_object_get(slo, "budget");
	const json_t *burn = json_object_get(slo, "burn_rate");
	double remaining = ctl_number(budget, "remaining_ratio");
	struct ctl_text text;
	const char *window;
	json_t *rate;

	if (!json_is_object(budget) || !ctl_string(slo, "name"))
		return -EINVAL;
	ctl_write_safe(ctl_string(slo, "name"), out);
	fprintf(out, ", service ");
	ctl_write_safe(ctl_string(slo, "service"), out);
	fprintf(out, ": %s over %s\n", ctl_format_objective(ctl_number(slo, "objective")).text,
		ctl_format_span(ctl_number(slo, "window_seconds")).text);
	print_field("eligible", ctl_count(slo, "eligible"), out);
	print_field("good", ctl_count(slo, "good"), out);
	print_field("bad", ctl_count(slo, "bad"), out);
	print_field("available", ctl_format_percent(ctl_number(slo, "availability"), 4), out);
	text = ctl_format_percent(remaining, 1);
	fprintf(out, "  %-14s ", "budget left");
	ctl_write_coloured(text.text, ctl_budget_colour(remaining), colour, out);
	if (!isnan(ctl_number(budget, "allowed")))
		fprintf(out, " (%.1f bad events allowed)", ctl_number(budget, "allowed"));
	fputc('\n', out);
	print_field("exhausted in", ctl_exhaustion(ctl_number(budget, "exhausted_in_seconds")),
		    out);
	fprintf(out, "  %-14s", "burn rate");
	json_object_foreach((json_t *)burn, window, rate) {
		fputc(' ', out);
		ctl_write_safe(window, out);
		fprintf(out, " %s", ctl_format_burn(ctl_number(burn, window)).text);
	}
	fputc('\n', out);
	return print_alerts(json_object_get(slo, "alerts"), colour, out);
}
