/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/view_explain.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "ctl/ctl.h"
#include "ctl/json.h"
#include "ctl/rows.h"
#include "ctl/times.h"
#include "ctl/view_counted.h"

enum {
	CHANGES_SHOWN = 8, /* the last ones */
	WHAT_BYTES = 200,
	COMMANDS_SHOWN = 3,
};

/* "user_agent curl/8", "bytes_in >= 12000", "route /checkout + method POST" */
static void describe(const json_t *where, char *text, size_t size)
{
	const char *name;
	json_t *value;
	size_t len = 0;

	text[0] = '\0';
	json_object_foreach((json_t *)where, name, value) {
		const char *shown = json_string_value(value);

		if (len < size)
			len += (size_t)snprintf(text + len, size - len, "%s%s %s", len ? " + " : "",
						name, shown ? shown : "-");
	}
}

static void add_what(struct ctl_table *table, const json_t *object, const char *key)
{
	char text[WHAT_BYTES];

	describe(json_object_get(object, key), text, sizeof(text));
	ctl_table_add(table, text, CTL_PLAIN);
}

/* Whole percents: what is named has tens of them. */
static void add_share(struct ctl_table *table, const json_t *object, const char *key)
{
	double share = ctl_number(object, key);
	char text[24];

	if (isnan(share))
		snprintf(text, sizeof(text), "-");
	else if (share > 0 && share < 0.01)
		snprintf(text, sizeof(text), "<1%%");
	else
		snprintf(text, sizeof(text), "%.0f%%",
			 share > 0.99 && share < 1 ? 99 : share * 100);
	ctl_table_add(table, text, CTL_PLAIN);
}

static void add_lift(struct ctl_table *table, const json_t *object, const char *key)
{
	double lift = ctl_number(object, key);
	char text[24];

	if (isnan(lift))
		snprintf(text, sizeof(text), "-");
	else if (lift >= 1000)
		snprintf(text, sizeof(text), ">999x");
	else
		snprintf(text, sizeof(text), lift < 10 ? "%.1fx" : "%.0fx", lift);
	ctl_table_add(table, text, CTL_PLAIN);
}

static void add_basis(struct ctl_table *table, const json_t *object, const char *key)
{
	ctl_table_add(table, json_is_true(json_object_get(object, key)) ? "counts" : "samples",
		      CTL_PLAIN);
}

static const struct ctl_as as_what = {add_what, false};
static const struct ctl_as as_share = {add_share, true};
static const struct ctl_as as_lift = {add_lift, true};
static const struct ctl_as as_basis = {add_basis, false};

static int print_findings(const json_t *list, bool colour, FILE *out)
{
	static const struct ctl_field fields[] = {
		{"OF BAD", "bad_share", &as_share}, {"OF GOOD", "good_share", &as_share},
		{"EXCESS", "excess", &as_share},    {"AT LEAST", "excess_low", &as_share},
		{"LIFT", "lift", &as_lift},	    {"BY", "exact", &as_basis},
		{"WHAT", "where", &as_what},
	};
	static const char *const spare[] = {"lift", "excess", NULL};

	if (!json_array_size(list))
		return 0;
	fputc('\n', out);
	return ctl_rows_print(
		&(struct ctl_rows){.list = list, CTL_FIELDS(fields), .spare = spare, .indent = 2},
		colour, out);
}

/* Values that are on the same requests: one cannot tell which of them it is. */
static void print_also(const json_t *list, FILE *out)
{
	const json_t *finding, *value;
	size_t i, k;

	json_array_foreach(list, i, finding) {
		const json_t *also = json_object_get(finding, "also");
		char text[WHAT_BYTES];

		json_array_foreach(also, k, value) {
			describe(value, text, sizeof(text));
			if (k == 0)
				fputs("  The same requests: ", out);
			else
				fputs(", ", out);
			format_write_safe(text, out);
		}
		if (json_array_size(also))
			fputc('\n', out);
	}
}

static void add_change(struct ctl_table *table, const json_t *object, const char *key)
{
	const char *from = ctl_string(object, "from"), *to = ctl_string(object, "to");
	const char *detail = ctl_string(object, key);
	char text[WHAT_BYTES];

	if (from && to)
		snprintf(text, sizeof(text), "%s -> %s", from, to);
	else
		snprintf(text, sizeof(text), "%s", to ? to : detail ? detail : from ? from : "");
	ctl_table_add(table, text, CTL_PLAIN);
}

static void add_local_time(struct ctl_table *table, const json_t *object, const char *key)
{
	double at = format_parse_time(ctl_string(object, key));

	ctl_table_add(table, isnan(at) ? "-" : ctl_local_time(at).text, CTL_PLAIN);
}

static const struct ctl_as as_change = {add_change, false};
static const struct ctl_as as_local_time = {add_local_time, false};

static int print_changes(const json_t *changes, bool colour, FILE *out)
{
	static const struct ctl_field fields[] = {
		{"AT", "at", &as_local_time},
		{"SERVICE", "service", &ctl_as_text},
		{"WHAT", "what", &ctl_as_text},
		{"DETAIL", "detail", &as_change},
	};
	size_t n = json_array_size(changes), from = n > CHANGES_SHOWN ? n - CHANGES_SHOWN : 0;
	_cleanup_json_ json_t *last = json_array();
	int r;

	if (!n)
		return 0;
	if (!last)
		return -ENOMEM;
	for (size_t i = from; i < n; i++) {
		if (json_array_append(last, json_array_get(changes, i)))
			return -ENOMEM;
	}
	fprintf(out, "\nChanges%s:\n", from ? ", the last ones" : "");
	r = ctl_rows_print(&(struct ctl_rows){.list = last, CTL_FIELDS(fields), .indent = 2},
			   colour, out);
	return r;
}

/* Between quotes for a shell. */
static void write_quoted(const char *text, FILE *out)
{
	fputc('\'', out);
	for (const char *at = text; *at;) {
		size_t len = strcspn(at, "'");

		utf8_write_json(at, len, out);
		at += len;
		if (*at) {
			fputs("'\\''", out);
			at++;
		}
	}
	fputc('\'', out);
}

static void write_command(const char *filter, const char *since, const char *until,
			  const char *rest, FILE *out)
{
	fputs("  slictl events ", out);
	write_quoted(filter, out);
	if (since) {
		fputs(" \\\n    --since ", out);
		format_write_safe(since, out);
	}
	if (until) {
		fputs(" --until ", out);
		format_write_safe(until, out);
	}
	fprintf(out, "%s\n", rest);
}

static void print_commands(const json_t *explain, const json_t *list, FILE *out)
{
	const char *since = ctl_string(explain, "onset") ?: ctl_string(explain, "since");
	const char *until = ctl_string(explain, "until"), *slo = ctl_string(explain, "slo");
	const json_t *finding;
	bool shown = false;
	char all[WHAT_BYTES];
	size_t i;

	fputs("\nTo see these requests:\n", out);
	json_array_foreach(list, i, finding) {
		const char *filter = ctl_string(finding, "filter");

		if (!filter || i >= COMMANDS_SHOWN)
			continue;
		write_command(filter, since, until, "", out);
		shown = true;
	}
	if (!shown && slo) {
		snprintf(all, sizeof(all), "bad_for=\"%s\"", slo);
		write_command(all, since, until, "", out);
		write_command(all, since, until, " --by path", out);
	}
}

static void print_basis(const json_t *explain, FILE *out)
{
	const json_t *samples = json_object_get(explain, "samples");
	double since =
		format_parse_time(ctl_string(explain, "onset") ?: ctl_string(explain, "since"));

	fputs("\n", out);
	format_write_safe(ctl_string(explain, "slo"), out);
	fputs(", service ", out);
	format_write_safe(ctl_string(explain, "service"), out);
	fputs(": ", out);
	format_write_safe(ctl_string(explain, "kind"), out);
	fprintf(out, "\nSince %s %s%s: ", ctl_local_time(since).text, ctl_local_zone(since).text,
		ctl_string(explain, "onset") ? "" : ", without an onset");
	fprintf(out, "%s bad and ", ctl_count(samples, "bad").text);
	fprintf(out, "%s good samples", ctl_count(samples, "good").text);
	if (json_is_false(json_object_get(samples, "enough")))
		fprintf(out, "; %s bad ones are needed", ctl_count(samples, "needed").text);
	fputc('\n', out);
}

int ctl_view_explain(const json_t *explain, bool colour, FILE *out)
{
	const json_t *list = json_object_get(explain, "findings");
	const char *sentence = ctl_string(explain, "sentence");
	int r;

	if (!json_is_array(list) || !ctl_string(explain, "slo"))
		return -EINVAL;
	ctl_write_wrapped(sentence ? sentence : "Nothing can be said", 0, out);
	r = print_findings(list, colour, out);
	if (r)
		return r;
	print_also(list, out);
	print_basis(explain, out);
	r = print_changes(json_object_get(explain, "changes"), colour, out);
	if (r)
		return r;
	if (strcmp(ctl_string(explain, "kind") ?: "", "none") != 0)
		print_commands(explain, list, out);
	return 0;
}
