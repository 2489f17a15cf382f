/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/rows.h"

#include <string.h>

#include "ctl/json.h"

static void add(struct ctl_table *table, struct format_text text)
{
	ctl_table_add(table, text.text, CTL_PLAIN);
}

static void add_text(struct ctl_table *table, const json_t *object, const char *key)
{
	ctl_table_add(table, ctl_string(object, key), CTL_PLAIN);
}

static void add_count(struct ctl_table *table, const json_t *object, const char *key)
{
	add(table, ctl_count(object, key));
}

static void add_time(struct ctl_table *table, const json_t *object, const char *key)
{
	add(table, format_time(ctl_string(object, key)));
}

static void add_burn(struct ctl_table *table, const json_t *object, const char *key)
{
	add(table, format_burn(ctl_number(object, key)));
}

static void add_latency(struct ctl_table *table, const json_t *object, const char *key)
{
	add(table, format_latency(ctl_number(object, key)));
}

static void add_objective(struct ctl_table *table, const json_t *object, const char *key)
{
	add(table, format_objective(ctl_number(object, key)));
}

static void add_percent(struct ctl_table *table, const json_t *object, const char *key)
{
	add(table, format_percent(ctl_number(object, key), 1));
}

static void add_rate(struct ctl_table *table, const json_t *object, const char *key)
{
	add(table, format_rate(ctl_number(object, key)));
}

static void add_span(struct ctl_table *table, const json_t *object, const char *key)
{
	add(table, format_span(ctl_number(object, key)));
}

const struct ctl_as ctl_as_text = {add_text, false};
const struct ctl_as ctl_as_count = {add_count, true};
const struct ctl_as ctl_as_time = {add_time, false};
const struct ctl_as ctl_as_burn = {add_burn, true};
const struct ctl_as ctl_as_latency = {add_latency, true};
const struct ctl_as ctl_as_objective = {add_objective, true};
const struct ctl_as ctl_as_percent = {add_percent, true};
const struct ctl_as ctl_as_rate = {add_rate, true};
const struct ctl_as ctl_as_span = {add_span, true};

/* The object that has the member. *key becomes the member's key in it. */
static const json_t *find_object(const json_t *row, const char **key)
{
	const char *dot;

	while ((dot = strchr(*key, '.'))) {
		row = json_object_getn(row, *key, (size_t)(dot - *key));
		*key = dot + 1;
	}
	return row;
}

static bool any_number(const json_t *list, const char *key)
{
	size_t i;
	json_t *row;

	json_array_foreach(list, i, row) {
		const char *last = key;
		const json_t *object = find_object(row, &last);

		if (!isnan(ctl_number(object, last)))
			return true;
	}
	return false;
}

static size_t find_shown(const struct ctl_rows *rows,
			 const struct ctl_field *ret_shown[static CTL_TABLE_MAX_COLUMNS])
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n_fields && n < CTL_TABLE_MAX_COLUMNS; i++) {
		const struct ctl_field *field = &rows->fields[i];

		if (!rows->optional || strcmp(field->key, rows->optional) != 0 ||
		    any_number(rows->list, field->key))
			ret_shown[n++] = field;
	}
	return n;
}

static void fill(struct ctl_table *table, const struct ctl_rows *rows,
		 const struct ctl_field *const *shown, size_t n)
{
	size_t i;
	json_t *row;

	json_array_foreach(rows->list, i, row) {
		if (rows->max && i == rows->max)
			break;
		for (size_t c = 0; c < n; c++) {
			const char *key = shown[c]->key;
			const json_t *object = find_object(row, &key);

			shown[c]->as->add(table, object, key);
		}
	}
}

/* Takes the field out of those shown. Returns how many are left. */
static size_t leave_out(const struct ctl_field **shown, size_t n, const char *key)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(shown[i]->key, key) != 0)
			shown[left++] = shown[i];
	}
	return left;
}

static bool is_too_wide(const struct ctl_table *table, int indent)
{
	return ctl_table_width() && ctl_table_natural_width(table, indent) > ctl_table_width();
}

int ctl_rows_print(const struct ctl_rows *rows, bool colour, FILE *out)
{
	const struct ctl_field *shown[CTL_TABLE_MAX_COLUMNS];
	struct ctl_column columns[CTL_TABLE_MAX_COLUMNS];
	const char *const *spare = rows->spare;
	size_t n = find_shown(rows, shown);
	struct ctl_table table;
	int r;

	for (;; spare++) {
		for (size_t i = 0; i < n; i++)
			columns[i] = (struct ctl_column){shown[i]->header, shown[i]->as->right};
		ctl_table_init(&table, columns, n);
		fill(&table, rows, shown, n);
		if (!spare || !*spare || !is_too_wide(&table, rows->indent))
			break;
		n = leave_out(shown, n, *spare);
		ctl_table_clear(&table);
	}
	r = ctl_table_print(&table, rows->indent, colour, out);
	ctl_table_clear(&table);
	return r;
}
