/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"

enum {
	GAP = 2, /* spaces between columns */
};

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
	copy = format_escape(text, CTL_TABLE_MAX_CELL);
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

static void print_cell(const struct ctl_table *table, size_t column, struct ctl_cell cell,
		       size_t width, bool colour, FILE *out)
{
	const char *sequence = colour ? colour_sequence(cell.colour) : NULL;
	int pad = (int)(width - strlen(cell.text));
	bool last = column + 1 == table->n_columns;

	if (table->columns[column].right)
		fprintf(out, "%*s", pad, "");
	fprintf(out, "%s%s%s", sequence ? sequence : "", cell.text, sequence ? "\033[0m" : "");
	if (!last)
		fprintf(out, "%*s", GAP + (table->columns[column].right ? 0 : pad), "");
	else
		fputc('\n', out);
}

int ctl_table_print(const struct ctl_table *table, int indent, bool colour, FILE *out)
{
	size_t width[CTL_TABLE_MAX_COLUMNS];
	size_t n = table->n_columns;

	if (table->failed)
		return -ENOMEM;
	if (n == 0)
		return 0;
	for (size_t c = 0; c < n; c++)
		width[c] = strlen(table->columns[c].header);
	for (size_t i = 0; i < table->n_cells; i++) {
		size_t len = strlen(table->cells[i].text);

		if (len > width[i % n])
			width[i % n] = len;
	}

	fprintf(out, "%*s", indent, "");
	for (size_t c = 0; c < n; c++) {
		char header[CTL_TABLE_MAX_CELL + 1];

		snprintf(header, sizeof(header), "%s", table->columns[c].header);
		print_cell(table, c, (struct ctl_cell){header, CTL_PLAIN}, width[c], false, out);
	}
	for (size_t i = 0; i + n <= table->n_cells; i += n) {
		fprintf(out, "%*s", indent, "");
		for (size_t c = 0; c < n; c++)
			print_cell(table, c, table->cells[i + c], width[c], colour, out);
	}
	return 0;
}
