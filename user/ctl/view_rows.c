/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of a history: when what was asked, and when what began to fail. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_status.h"
#include "base/utf8.h"
#include "ctl/json.h"
#include "ctl/spark.h"
#include "ctl/table.h"
#include "ctl/times.h"
#include "ctl/view_history.h"

enum { FAILED_SHOWN = 20 };

/* ---- the table of a service ---- */

static bool is_known(const json_t *row)
{
	return json_is_integer(json_object_get(row, "requests"));
}

static void add_row(struct ctl_table *table, const json_t *row)
{
	const json_t *latency = json_object_get(row, "latency_seconds");
	double from = format_parse_time(ctl_string(row, "from"));
	double seconds = format_parse_time(ctl_string(row, "to")) - from;
	double covered = seconds > 0 ? ctl_number(row, "covered_seconds") / seconds : NAN;
	double ratio = ctl_number(row, "error_ratio");

	/* times are written in whole seconds */
	if (covered > 1 - 1 / fmax(seconds, 60))
		covered = 1;
	ctl_table_add(table, ctl_local_time(from).text, CTL_PLAIN);
	ctl_table_add(table, ctl_count(row, "requests").text, CTL_PLAIN);
	ctl_table_add(table, ctl_count(row, "errors").text,
		      ctl_count_or_zero(row, "errors") ? CTL_BAD : CTL_PLAIN);
	ctl_table_add(table, ratio == 0 ? "0%" : format_percent(ratio, 2).text,
		      ratio > 0 ? CTL_BAD : CTL_PLAIN);
	ctl_table_add(table, format_latency(ctl_number(latency, "p50")).text, CTL_PLAIN);
	ctl_table_add(table, format_latency(ctl_number(latency, "p99")).text, CTL_PLAIN);
	ctl_table_add(table, covered == 0 ? "not counted" : format_percent(covered, 1).text,
		      covered < 1 ? CTL_WARN : CTL_PLAIN);
}

static int print_service(const json_t *history, bool colour, FILE *out)
{
	char from[48];
	const struct ctl_column columns[] = {
		{from, false}, {"REQUESTS", true}, {"ERRORS", true},  {"RATIO", true},
		{"P50", true}, {"P99", true},	   {"COVERED", true},
	};
	struct ctl_table table;
	size_t i;
	json_t *row;
	int r;

	snprintf(from, sizeof(from), "FROM (%s)",
		 ctl_local_zone(format_parse_time(ctl_string(history, "to"))).text);
	fprintf(out, "service ");
	format_write_safe(ctl_string(history, "name"), out);
	fprintf(out, ", by the ");
	format_write_safe(ctl_string(history, "by"), out);
	fputc('\n', out);
	ctl_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(json_object_get(history, "rows"), i, row)
		add_row(&table, row);
	r = ctl_table_print(&table, 0, colour, out);
	ctl_table_clear(&table);
	return r;
}

/* ---- what failed ---- */

struct line {
	const json_t *series; /* the first of its kind: it has the names */
	json_int_t total;
	size_t first; /* rows */
	size_t last;
	double *counts; /* by row; NaN: not counted */
};

struct lines {
	struct line *list;
	size_t n;
	const json_t *rows;
	double since; /* when counting began, in the first row; NaN: not known */
};

static bool same(const json_t *a, const json_t *b)
{
	static const char *const keys[] = {"route", "method", "outcome", "status", "grpc_status"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!json_equal(json_object_get(a, keys[i]), json_object_get(b, keys[i])))
			return false;
	}
	return true;
}

static double *new_counts(const json_t *rows)
{
	double *counts = calloc(json_array_size(rows) ?: 1, sizeof(*counts));

	for (size_t i = 0; counts && i < json_array_size(rows); i++)
		counts[i] = is_known(json_array_get(rows, i)) ? 0 : NAN;
	return counts;
}

static struct line *find_line(struct lines *lines, const json_t *series, size_t row)
{
	struct line *grown;

	for (size_t i = 0; i < lines->n; i++) {
		if (same(lines->list[i].series, series))
			return &lines->list[i];
	}
	grown = reallocarray(lines->list, lines->n + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	lines->list = grown;
	grown += lines->n;
	*grown = (struct line){.series = series, .first = row, .counts = new_counts(lines->rows)};
	if (!grown->counts)
		return NULL;
	lines->n++;
	return grown;
}

/* all: also those that did not fail. */
static int collect(struct lines *lines, bool all)
{
	size_t i, k;
	json_t *row, *series;

	json_array_foreach(lines->rows, i, row) {
		json_array_foreach(json_object_get(row, "series"), k, series) {
			json_int_t n = ctl_count_or_zero(series, "requests");
			struct line *line;

			if (!all && !json_is_true(json_object_get(series, "error")))
				continue;
			line = find_line(lines, series, i);
			if (!line)
				return -ENOMEM;
			line->total += n;
			line->last = i;
			line->counts[i] = (double)n;
		}
	}
	return 0;
}

static int most_first(const void *a, const void *b)
{
	const struct line *left = a, *right = b;

	return (left->total < right->total) - (left->total > right->total);
}

static void lines_clear(struct lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		free(lines->list[i].counts);
	free(lines->list);
}

static void print_time(const struct lines *lines, size_t row, FILE *out)
{
	const char *from = ctl_string(json_array_get(lines->rows, row), "from");

	fputs(ctl_local_time(fmax(format_parse_time(from), lines->since)).text, out);
}

static int print_line(const struct lines *lines, const struct line *line, bool colour, FILE *out)
{
	char status[JSON_STATUS_BYTES];
	const char *what = json_status_text(line->series, status)      ?:
				   ctl_string(line->series, "outcome") ?:
									 "-";

	fprintf(out, "  ");
	ctl_write_coloured(
		what, json_is_true(json_object_get(line->series, "error")) ? CTL_BAD : CTL_PLAIN,
		colour, out);
	fputc(' ', out);
	format_write_safe(ctl_string(line->series, "method"), out);
	fputc(' ', out);
	format_write_safe(ctl_string(line->series, "route"), out);
	fprintf(out, ": %" JSON_INTEGER_FORMAT ", first ", line->total);
	print_time(lines, line->first, out);
	fprintf(out, ", last ");
	print_time(lines, line->last, out);
	fprintf(out, "\n    ");
	return ctl_spark(line->counts, json_array_size(lines->rows), out);
}

/* A line for each kind of request that failed, or that was asked for, the most first. */
static int print_lines(const json_t *history, bool colour, FILE *out)
{
	_cleanup_(lines_clear) struct lines lines = {
		.rows = json_object_get(history, "rows"),
		.since = format_parse_time(ctl_string(history, "since")),
	};
	int r = collect(&lines, false);
	bool failed = lines.n;

	if (!r && !failed)
		r = collect(&lines, true);
	if (lines.n)
		qsort(lines.list, lines.n, sizeof(*lines.list), most_first);
	if (!r && !failed)
		fprintf(out, "\nNo request failed by its status or outcome%s\n",
			lines.n ? "; what came:" : ".");
	else if (!r)
		fprintf(out, "\nWhat failed, from the first to the last row:\n");
	for (size_t i = 0; !r && i < lines.n && i < FAILED_SHOWN; i++)
		r = print_line(&lines, &lines.list[i], colour, out);
	if (lines.n > FAILED_SHOWN)
		fprintf(out, "  and %zu others: --csv has all\n", lines.n - FAILED_SHOWN);
	return r;
}

static bool rows_are_valid(const json_t *rows)
{
	size_t i;
	json_t *row;

	if (!json_is_array(rows))
		return false;
	json_array_foreach(rows, i, row) {
		if (isnan(format_parse_time(ctl_string(row, "from"))) ||
		    isnan(format_parse_time(ctl_string(row, "to"))))
			return false;
	}
	return true;
}

int ctl_view_rows(const json_t *history, bool colour, FILE *out)
{
	const json_t *rows = json_object_get(history, "rows");
	const char *kind = ctl_string(history, "kind");
	json_int_t left_out = ctl_count_or_zero(history, "rows_left_out");
	int r;

	if (!rows) /* of an agent that has none */
		return ctl_view_history(history, colour, out);
	if (!rows_are_valid(rows) || !kind)
		return -EINVAL;
	if (!strcmp(kind, "slo"))
		r = ctl_view_history(history, colour, out);
	else
		r = print_service(history, colour, out);
	if (r)
		return r;
	if (left_out)
		fprintf(out,
			"%" JSON_INTEGER_FORMAT
			" older rows are left out: ask for less with --since and --until\n",
			left_out);
	r = print_lines(history, colour, out);
	if (!r && json_is_true(json_object_get(history, "also_service")))
		fprintf(out, "\nThis is the SLO; --service shows the service of the same name.\n");
	return r;
}

/* ---- CSV: RFC 4180 ---- */

/* Without what could deceive a terminal or a table: base/utf8 writes it out. */
static void write_field(const char *text, FILE *out)
{
	_cleanup_free_ char *safe = text ? utf8_show(text, "\r\n\t") : NULL;

	if (!safe)
		return;
	if (!strpbrk(safe, "\",\r\n")) {
		fputs(safe, out);
		return;
	}
	fputc('"', out);
	for (const char *at = safe; *at; at++) {
		if (*at == '"')
			fputc('"', out);
		fputc(*at, out);
	}
	fputc('"', out);
}

static void write_csv(const json_t *row, const json_t *series, FILE *out)
{
	static const char *const names[] = {"route", "method", "outcome"};

	write_field(ctl_string(row, "from"), out);
	fputc(',', out);
	write_field(ctl_string(row, "to"), out);
	fprintf(out, ",%.6g", ctl_number(row, "covered_seconds"));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		fputc(',', out);
		write_field(ctl_string(series, names[i]), out);
	}
	fputc(',', out);
	if (json_is_integer(json_object_get(series, "status")))
		fputs(ctl_count(series, "status").text, out);
	fputc(',', out);
	if (series)
		fputs(ctl_count(series, "requests").text, out);
	else if (is_known(row))
		fputc('0', out);
	fputc(',', out);
	write_field(ctl_string(series, "grpc_status"), out);
	fputs("\r\n", out);
}

int ctl_view_rows_csv(const json_t *history, bool colour, FILE *out)
{
	const json_t *rows = json_object_get(history, "rows"), *list;
	size_t i, k;
	json_t *row, *series;

	(void)colour;
	if (!rows_are_valid(rows))
		return -EINVAL;
	fputs("from,to,covered_seconds,route,method,outcome,status,requests,grpc_status\r\n", out);
	json_array_foreach(rows, i, row) {
		list = json_object_get(row, "series");
		json_array_foreach(list, k, series)
			write_csv(row, series, out);
		if (!json_array_size(list))
			write_csv(row, NULL, out);
	}
	return 0;
}
