/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"

enum {
	GAP = 2, /* spaces between columns */
	CUT_MIN = 8, /* what is left of a cell that is cut */
	ESCAPED_BYTES_MAX = 4, /* of one byte */
};

static size_t width_limit; /* 0: none */

void ctl_table_set_width(size_t columns)
{
	width_limit = columns;
}

size_t ctl_table_width(void)
{
	return width_limit;
}

static const char *colour_sequence(enum ctl_colour how)
{
	switch (how) {
	case CTL_GOOD:
		return "\033[32m";
	case CTL_WARN:
		return "\033[33m";
	case CTL_BAD:
		return "\033[31m";
	case CTL_PLAIN:
		break;
	}
	return NULL;
}

void ctl_table_init(struct ctl_table *table, const struct ctl_column *columns, size_t n_columns)
{
	*table = (struct ctl_table){.columns = columns, .n_columns = n_columns};
}

void ctl_table_clear(struct ctl_table *table)
{
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i].text);
	free(table->cells);
	*table = (struct ctl_table){.columns = table->columns, .n_columns = table->n_columns};
}

void ctl_table_add(struct ctl_table *table, const char *text, enum ctl_colour colour)
{
	char *copy = NULL;

	if (table->failed)
		return;
	if (table->n_cells == table->capacity) {
		size_t capacity = table->capacity ? table->capacity * 2 : 64;
		struct ctl_cell *cells = reallocarray(table->cells, capacity, sizeof(*cells));

		if (!cells) {
			table->failed = true;
			return;
		}
		table->cells = cells;
		table->capacity = capacity;
	}
	copy = format_escape(text, width_limit || !text ? CTL_TABLE_MAX_CELL :
							  strlen(text) * ESCAPED_BYTES_MAX);
	if (!copy) {
		table->failed = true;
		return;
	}
	table->cells[table->n_cells++] = (struct ctl_cell){copy, colour};
}

void ctl_write_coloured(const char *text, enum ctl_colour how, bool colour, FILE *out)
{
	const char *sequence = colour ? colour_sequence(how) : NULL;

	if (sequence)
		fputs(sequence, out);
	format_write_safe(text, out);
	if (sequence)
		fputs("\033[0m", out);
}

static void find_widths(const struct ctl_table *table, size_t ret[static CTL_TABLE_MAX_COLUMNS])
{
	for (size_t c = 0; c < table->n_columns; c++)
		ret[c] = strlen(table->columns[c].header);
	for (size_t i = 0; i < table->n_cells; i++) {
		size_t len = strlen(table->cells[i].text);

		if (len > ret[i % table->n_columns])
			ret[i % table->n_columns] = len;
	}
}

static size_t line_width(const size_t *widths, size_t n, int indent)
{
	size_t sum = (size_t)indent + (n ? (n - 1) * GAP : 0);

	for (size_t c = 0; c < n; c++)
		sum += widths[c];
	return sum;
}

size_t ctl_table_natural_width(const struct ctl_table *table, int indent)
{
	size_t widths[CTL_TABLE_MAX_COLUMNS];

	find_widths(table, widths);
	return line_width(widths, table->n_columns, indent);
}

/* Narrows columns of text until the line fits: the last one first, and the first one, the name, last. */
static void cut_widths(const struct ctl_table *table, int indent, size_t *widths)
{
	const size_t n = table->n_columns;

	for (size_t c = n; c-- > 0 && width_limit;) {
		const size_t line = line_width(widths, n, indent);
		size_t least = strlen(table->columns[c].header);

		least = least > CUT_MIN ? least : CUT_MIN;
		if (line <= width_limit)
			return;
		if (table->columns[c].right || widths[c] <= least)
			continue;
		widths[c] = widths[c] > least + (line - width_limit) ?
				    widths[c] - (line - width_limit) :
				    least;
	}
}

static void print_cell(const struct ctl_table *table, size_t column, struct ctl_cell cell,
		       size_t width, bool colour, FILE *out)
{
	const char *sequence = colour ? colour_sequence(cell.colour) : NULL;
	const size_t len = strlen(cell.text);
	const bool cut = len > width, last = column + 1 == table->n_columns;
	const int shown = (int)(cut ? width - strlen("...") : len);
	const int pad = cut ? 0 : (int)(width - len);

	if (table->columns[column].right)
		fprintf(out, "%*s", pad, "");
	fprintf(out, "%s%.*s%s%s", sequence ? sequence : "", shown, cell.text, cut ? "..." : "",
		sequence ? "\033[0m" : "");
	if (!last)
		fprintf(out, "%*s", GAP + (table->columns[column].right ? 0 : pad), "");
	else
		fputc('\n', out);
}

static void print_header(const struct ctl_table *table, const size_t *widths, int indent, FILE *out)
{
	fprintf(out, "%*s", indent, "");
	for (size_t c = 0; c < table->n_columns; c++) {
		char header[CTL_TABLE_MAX_CELL + 1];

		snprintf(header, sizeof(header), "%s", table->columns[c].header);
		print_cell(table, c, (struct ctl_cell){header, CTL_PLAIN}, widths[c], false, out);
	}
}

static void print_rows(const struct ctl_table *table, const size_t *widths, int indent, bool colour,
		       FILE *out)
{
	const size_t n = table->n_columns;

	for (size_t i = 0; i + n <= table->n_cells; i += n) {
		fprintf(out, "%*s", indent, "");
		for (size_t c = 0; c < n; c++)
			print_cell(table, c, table->cells[i + c], widths[c], colour, out);
	}
}

int ctl_table_print(const struct ctl_table *table, int indent, bool colour, FILE *out)
{
	size_t widths[CTL_TABLE_MAX_COLUMNS];

	if (table->failed)
		return -ENOMEM;
	if (table->n_columns == 0)
		return 0;
	find_widths(table, widths);
	cut_widths(table, indent, widths);
	print_header(table, widths, indent, out);
	print_rows(table, widths, indent, colour, out);
	return 0;
}

int ctl_table_print_part(const struct ctl_table *table, size_t widths[static CTL_TABLE_MAX_COLUMNS],
			 bool colour, FILE *out)
{
	const bool is_first = !widths[0];
	size_t needed[CTL_TABLE_MAX_COLUMNS];

	if (table->failed)
		return -ENOMEM;
	if (table->n_columns == 0)
		return 0;
	find_widths(table, needed);
	for (size_t c = 0; c < table->n_columns; c++)
		widths[c] = widths[c] > needed[c] ? widths[c] : needed[c];
	cut_widths(table, 0, widths);
	if (is_first)
		print_header(table, widths, 0, out);
	print_rows(table, widths, 0, colour, out);
	return 0;
}
