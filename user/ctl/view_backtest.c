/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/json.h"
#include "ctl/rows.h"
#include "ctl/views.h"

static struct format_text seconds_text(double seconds)
{
	struct format_text ret = {"-"};

	if (!isnan(seconds))
		snprintf(ret.text, sizeof(ret.text), "%.15g", seconds);
	return ret;
}

/* Times from here on, in 1985, are Unix time; before, they are seconds of the replay. */
#define UNIX_FROM_SECONDS 5e8

static bool is_unix(const json_t *json)
{
	return ctl_string(json, "calendar") || ctl_number(json, "from") >= UNIX_FROM_SECONDS;
}

static void add_date(struct ctl_table *table, const json_t *object, const char *key)
{
	ctl_table_add(table, format_unix(ctl_number(object, key)).text, CTL_PLAIN);
}

static const struct ctl_as as_date = {add_date, false};

static void add_seconds(struct ctl_table *table, const json_t *object, const char *key)
{
	ctl_table_add(table, seconds_text(ctl_number(object, key)).text, CTL_PLAIN);
}

static const struct ctl_as as_seconds = {add_seconds, true};

static void add_state(struct ctl_table *table, const json_t *object, const char *key)
{
	const char *state = ctl_string(object, key);
	bool resolved = state && !strcmp(state, "resolved");

	ctl_table_add(table, state, resolved ? CTL_GOOD : CTL_BAD);
}

static const struct ctl_as as_state = {add_state, false};

static void add_spent(struct ctl_table *table, const json_t *object, const char *key)
{
	double spent = ctl_number(object, key);

	ctl_table_add(table, format_percent(spent, 1).text, spent >= 1 ? CTL_BAD : CTL_PLAIN);
}

static const struct ctl_as as_spent = {add_spent, true};

/* `object` is the rule's summary: one that never fired was never active. */
static void add_active(struct ctl_table *table, const json_t *object, const char *key)
{
	bool fired = ctl_count_or_zero(object, "fired") > 0;

	ctl_table_add(table, format_span(fired ? ctl_number(object, key) : NAN).text, CTL_PLAIN);
}

static const struct ctl_as as_active = {add_active, true};

/* Copies of the transitions, with "after": seconds since `from`. NULL when out of memory. */
static json_t *with_after(const json_t *transitions, double from)
{
	json_t *list = json_array(), *item;
	size_t i;

	json_array_foreach(transitions, i, item) {
		json_t *copy = json_copy(item);

		/* json_real() gives NULL for an unknown number, and so the member is absent */
		json_object_set_new(copy, "after", json_real(ctl_number(item, "t") - from));
		if (json_array_append_new(list, copy) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static int print_transitions(const json_t *json, bool colour, FILE *out)
{
	const bool dates = is_unix(json);
	const struct ctl_field fields[] = {
		{dates ? "TIME (UTC)" : "T_SECONDS", "t", dates ? &as_date : &as_seconds},
		{"AFTER", "after", &ctl_as_span},
		{"ALERT", "alert", &ctl_as_text},
		{"SEVERITY", "severity", &ctl_as_text},
		{"STATE", "state", &as_state},
		{"SPENT", "budget_spent_ratio", &as_spent},
		{"BURNING", "burning_seconds", &ctl_as_span},
	};
	_cleanup_json_ json_t *list =
		with_after(json_object_get(json, "transitions"), ctl_number(json, "from"));

	if (!list)
		return -ENOMEM;
	if (!json_array_size(list)) {
		fprintf(out, "no alert fires\n");
		return 0;
	}
	return ctl_rows_print(&(struct ctl_rows){.list = list, CTL_FIELDS(fields)}, colour, out);
}

static int print_summary(const json_t *json, bool colour, FILE *out)
{
	const bool dates = is_unix(json);
	const struct ctl_field fields[] = {
		{"ALERT", "alert", &ctl_as_text},
		{"SEVERITY", "severity", &ctl_as_text},
		{"FIRED", "fired", &ctl_as_count},
		{"ACTIVE", "firing_seconds", &as_active},
		{dates ? "FIRST (UTC)" : "FIRST", "t", dates ? &as_date : &as_seconds},
		{"DETECTED", "detected_after_seconds", &ctl_as_span},
		{"SPENT", "budget_spent_ratio", &as_spent},
	};

	return ctl_rows_print(&(struct ctl_rows){.list = json_object_get(json, "summary"),
						 CTL_FIELDS(fields)},
			      colour, out);
}

static void print_final(const json_t *json, FILE *out)
{
	const json_t *final = json_object_get(json, "final");
	const json_t *budget = json_object_get(final, "budget");
	const json_t *burn = json_object_get(final, "burn_rate");
	bool slices = json_is_integer(json_object_get(json, "slice_seconds"));
	double exhausted = ctl_number(budget, "exhausted_in_seconds");

	fprintf(out, "at the end, %s%s:\n  ",
		is_unix(json) ? format_unix(ctl_number(final, "t")).text :
				seconds_text(ctl_number(final, "t")).text,
		is_unix(json) ? " UTC" : "");
	fprintf(out, "%s of %s %s good, ", ctl_count(final, "good").text,
		ctl_count(final, "eligible").text, slices ? "slices" : "events");
	fprintf(out, "availability %s", format_percent(ctl_number(final, "availability"), 4).text);
	fprintf(out, " (objective %s)\n", format_objective(ctl_number(json, "objective")).text);
	fprintf(out, "  budget left %s",
		format_percent(ctl_number(budget, "remaining_ratio"), 1).text);
	if (json_is_true(json_object_get(budget, "projected")))
		fprintf(out, " (%s of about %s)", format_about(ctl_number(final, "bad")).text,
			format_about(ctl_number(budget, "allowed")).text);
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
	r = print_transitions(json, colour, out);
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
