/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/view_events.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/json_status.h"
#include "base/text.h"
#include "ctl/json.h"
#include "ctl/times.h"

enum {
	WIDTH_UNLIMITED = 1000,
	DAY_SECONDS = 86400,
};

/* Unix seconds are exact to a quarter of a microsecond: .001 may be a little less. */
#define TIME_FUZZ_MS 1e-3

/* A column of the usual table. */
struct column {
	const char *header;
	const char *key;
	size_t enough; /* width that is enough of it to be worth its place */
};

/* As they stand; the ones with the greatest `spare` are left out first. */
static const struct {
	struct column column;
	int spare;
} usual[] = {
	{{"TIME", "time", WIDTH_UNLIMITED}, 0},
	{{"STATUS", "status", WIDTH_UNLIMITED}, 0},
	{{"TOTAL", "total_seconds", WIDTH_UNLIMITED}, 0},
	{{"METHOD", "method", 7}, 0},
	{{"PATH", "path", 16}, 0},
	{{"SERVICE", "service", 12}, 3},
	{{"CLIENT", "client", 15}, 2},
	{{"BAD FOR", "bad_for", 12}, 4},
	{{"VERSION", "version", 12}, 5},
	{{"WEIGHT", "weight", WIDTH_UNLIMITED}, 6},
	{{"USER_AGENT", "user_agent", 16}, 1},
};

enum { N_USUAL = sizeof(usual) / sizeof(usual[0]) };

/* ---- cells ---- */

static bool is_seconds(const char *key)
{
	return text_ends_in(key, strlen(key), "_seconds");
}

static bool is_number(const char *key)
{
	return is_seconds(key) || !strncmp(key, "bytes_", strlen("bytes_")) ||
	       !strcmp(key, "weight") || !strcmp(key, "retransmits") || !strcmp(key, "pid") ||
	       !strcmp(key, "tid") || !strcmp(key, "id") || !strcmp(key, "client_port");
}

struct format_text ctl_weighted(double requests)
{
	struct format_text ret = {"-"};

	if (!(requests >= 0 && requests < 1e15))
		return ret;
	if (requests >= 100)
		requests = round(requests);
	snprintf(ret.text, sizeof(ret.text), round(requests) == requests ? "%.0f" : "%.1f",
		 requests);
	for (size_t len = strlen(ret.text), i = len; requests >= 1000 && i > 3;) {
		i -= 3;
		memmove(ret.text + i + 1, ret.text + i, strlen(ret.text + i) + 1);
		ret.text[i] = ',';
	}
	return ret;
}

static struct format_text size_text(double bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	struct format_text ret = {"-"};
	size_t unit = 0;

	if (!(bytes >= 0 && bytes < 1e18))
		return ret;
	for (; bytes >= 1024 && unit < 4; unit++)
		bytes /= 1024;
	snprintf(ret.text, sizeof(ret.text), unit && bytes < 100 ? "%.1f%s" : "%.0f%s", bytes,
		 units[unit]);
	return ret;
}

/* The time of day to the millisecond, and the day if there are several; else as it came. */
static struct format_text time_of_day(const char *text, bool with_date)
{
	const double at = format_parse_time(text);
	struct format_text day, ret = {"-"};
	size_t len;

	if (isnan(at))
		return format_time(text);
	day = ctl_local_time(at);
	len = strlen(day.text);
	/* "2030-01-02 03:04:05" */
	if (len != strlen("2030-01-02 03:04:05"))
		return ret;
	snprintf(ret.text, sizeof(ret.text), "%s.%03d", day.text + (with_date ? 5 : 11),
		 (int)fmin((at - floor(at)) * 1000 + TIME_FUZZ_MS, 999));
	return ret;
}

/* A text with what is in a list; malloc()ed. */
static char *joined(const json_t *list)
{
	char *text = NULL;
	size_t len, i;
	json_t *item;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	json_array_foreach(list, i, item)
		fprintf(out, "%s%s", i ? "," : "", json_string_value(item) ?: "");
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static void add_list(struct ctl_table *table, const json_t *list)
{
	_cleanup_free_ char *text = json_array_size(list) ? joined(list) : NULL;

	ctl_table_add(table, text, CTL_PLAIN);
}

/* The status, or how it ended without one. */
static void add_status(struct ctl_table *table, const json_t *event)
{
	const enum ctl_colour colour =
		json_is_true(json_object_get(event, "bad")) ||
				json_array_size(json_object_get(event, "bad_for")) ?
			CTL_BAD :
			CTL_PLAIN;
	char status[JSON_STATUS_BYTES];

	ctl_table_add(table, json_status_text(event, status) ?: ctl_string(event, "outcome"),
		      colour);
}

static void add_path(struct ctl_table *table, const json_t *event)
{
	const char *path = ctl_string(event, "path"), *query = ctl_string(event, "query");
	_cleanup_free_ char *text = NULL;

	if (path && query && *query && asprintf(&text, "%s?%s", path, query) < 0)
		text = NULL;
	ctl_table_add(table, text ?: path, CTL_PLAIN);
}

static void add_number(struct ctl_table *table, const char *key, const json_t *value)
{
	const double number = json_number_value(value);
	struct format_text text = {"-"};

	if (is_seconds(key))
		text = format_latency(number);
	else if (!strncmp(key, "bytes_", strlen("bytes_")))
		text = size_text(number);
	else if (json_is_integer(value))
		snprintf(text.text, sizeof(text.text), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
	else
		text = ctl_weighted(number);
	ctl_table_add(table, text.text, CTL_PLAIN);
}

static void add_value(struct ctl_table *table, const char *key, const json_t *value, bool with_date)
{
	if (!strcmp(key, "time"))
		ctl_table_add(table, time_of_day(json_string_value(value), with_date).text,
			      CTL_PLAIN);
	else if (json_is_array(value))
		add_list(table, value);
	else if (json_is_number(value))
		add_number(table, key, value);
	else if (json_is_boolean(value))
		ctl_table_add(table, json_is_true(value) ? "true" : "false", CTL_PLAIN);
	else
		ctl_table_add(table, json_string_value(value), CTL_PLAIN);
}

static void add_cell(struct ctl_table *cells, const struct ctl_events_table *table, const char *key,
		     const json_t *event)
{
	if (!table->chosen && !strcmp(key, "status"))
		add_status(cells, event);
	else if (!table->chosen && !strcmp(key, "path"))
		add_path(cells, event);
	else if (!strcmp(key, "weight"))
		ctl_table_add(cells, ctl_weighted(ctl_number(event, key)).text, CTL_PLAIN);
	else
		add_value(cells, key, json_object_get(event, key), table->with_date);
}

/* ---- the table ---- */

void ctl_events_header(const char *name, char ret[static CTL_TABLE_MAX_CELL])
{
	size_t len;

	snprintf(ret, CTL_TABLE_MAX_CELL, "%s", name);
	len = strlen(ret);
	if (is_seconds(ret))
		ret[len - strlen("_seconds")] = '\0';
	for (char *c = ret; *c; c++)
		*c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') :
		     *c > ' ' && *c < 127   ? *c :
					      '?';
}

struct headers {
	char texts[CTL_TABLE_MAX_COLUMNS][CTL_TABLE_MAX_CELL];
	struct ctl_column columns[CTL_TABLE_MAX_COLUMNS];
};

static const char *usual_header(const char *key)
{
	for (size_t i = 0; i < N_USUAL; i++) {
		if (!strcmp(usual[i].column.key, key))
			return usual[i].column.header;
	}
	return key;
}

static int fill(const struct ctl_events_table *table, const json_t *events, struct headers *headers,
		struct ctl_table *ret)
{
	size_t i;
	json_t *event;

	for (size_t c = 0; c < table->n; c++) {
		if (table->chosen)
			ctl_events_header(table->keys[c], headers->texts[c]);
		else
			snprintf(headers->texts[c], CTL_TABLE_MAX_CELL, "%s",
				 usual_header(table->keys[c]));
		headers->columns[c] =
			(struct ctl_column){headers->texts[c], is_number(table->keys[c])};
	}
	ctl_table_init(ret, headers->columns, table->n);
	json_array_foreach(events, i, event) {
		for (size_t c = 0; c < table->n; c++)
			add_cell(ret, table, table->keys[c], event);
	}
	return ret->failed ? -ENOMEM : 0;
}

/* How wide the table must be, if of each column only so much is shown as is enough. */
static size_t enough_width(const struct ctl_events_table *table, const struct ctl_table *cells)
{
	size_t widths[CTL_TABLE_MAX_COLUMNS] = {}, sum = 0;

	for (size_t i = 0; i < cells->n_cells; i++) {
		const size_t len = strlen(cells->cells[i].text);
		size_t *width = &widths[i % table->n];

		*width = len > *width ? len : *width;
	}
	for (size_t c = 0; c < table->n; c++) {
		const size_t header = strlen(cells->columns[c].header);

		for (size_t i = 0; i < N_USUAL; i++) {
			if (!strcmp(usual[i].column.key, table->keys[c]) &&
			    widths[c] > usual[i].column.enough)
				widths[c] = usual[i].column.enough;
		}
		sum += (widths[c] > header ? widths[c] : header) + (c ? 2 : 0);
	}
	return sum;
}

/* Leaves out the column that is the least needed. Returns false if there is none. */
static bool leave_out(struct ctl_events_table *table)
{
	size_t least = table->n, kept = 0;
	int spare = 0;

	for (size_t c = 0; c < table->n; c++) {
		for (size_t i = 0; i < N_USUAL; i++) {
			if (strcmp(usual[i].column.key, table->keys[c]) != 0 ||
			    usual[i].spare <= spare)
				continue;
			spare = usual[i].spare;
			least = c;
		}
	}
	if (least == table->n)
		return false;
	for (size_t c = 0; c < table->n; c++) {
		if (c != least)
			table->keys[kept++] = table->keys[c];
	}
	table->n = kept;
	return true;
}

/* The columns are the members of an event, which are those that were asked for. */
static int choose_keys(struct ctl_events_table *table, const json_t *event)
{
	size_t len = 0;
	const char *key;
	char *at;
	json_t *value;

	json_object_foreach((json_t *)event, key, value)
		len += strlen(key) + 1;
	table->names = at = malloc(len + 1);
	if (!at)
		return -ENOMEM;
	json_object_foreach((json_t *)event, key, value) {
		if (table->n == CTL_TABLE_MAX_COLUMNS)
			break;
		table->keys[table->n++] = at;
		at = stpcpy(at, key) + 1;
	}
	return 0;
}

static int begin(struct ctl_events_table *table, const json_t *events)
{
	const json_t *first = json_array_get(events, 0);
	const double from = format_parse_time(ctl_string(first, "time"));

	table->with_date = fabs((double)time(NULL) - from) > DAY_SECONDS / 2.;
	if (table->chosen)
		return choose_keys(table, first);
	for (size_t i = 0; i < N_USUAL; i++)
		table->keys[table->n++] = usual[i].column.key;
	return 0;
}

void ctl_events_table_clear(struct ctl_events_table *table)
{
	free(table->names);
	*table = (struct ctl_events_table){.chosen = table->chosen};
}

int ctl_events_table_print(struct ctl_events_table *table, const json_t *events, bool colour,
			   FILE *out)
{
	const bool is_first = !table->n;
	struct headers headers;
	struct ctl_table cells;
	int r = json_is_array(events) ? 0 : -EINVAL;

	if (!r && is_first && json_array_size(events))
		r = begin(table, events);
	if (r < 0 || !table->n || !json_array_size(events))
		return r;
	for (;;) {
		r = fill(table, events, &headers, &cells);
		if (r < 0 || !is_first || table->chosen || !ctl_table_width() ||
		    enough_width(table, &cells) <= ctl_table_width() || !leave_out(table))
			break;
		ctl_table_clear(&cells);
	}
	if (!r)
		r = ctl_table_print_part(&cells, table->widths, colour, out);
	ctl_table_clear(&cells);
	return r;
}
