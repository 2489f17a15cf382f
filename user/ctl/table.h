/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Aligned tables for the terminal.
 */
#ifndef SLIPROBE_CTL_TABLE_H
#define SLIPROBE_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
	CTL_TABLE_MAX_COLUMNS = 16,
	CTL_TABLE_MAX_CELL = 64, /* bytes of a cell on a terminal, after escaping */
};

enum ctl_colour {
	CTL_PLAIN,
	CTL_GOOD, /* green */
	CTL_WARN, /* yellow */
	CTL_BAD, /* red */
};

struct ctl_column {
	const char *header; /* printable ASCII */
	bool right; /* aligned to the right, as numbers are */
};

struct ctl_cell {
	char *text; /* printable ASCII, so its length is its width */
	enum ctl_colour colour;
};

struct ctl_table {
	const struct ctl_column *columns;
	size_t n_columns;
	struct ctl_cell *cells; /* row by row */
	size_t n_cells;
	size_t capacity;
	bool failed; /* out of memory: cells are missing */
};

/*
 * Says how wide the terminal is that the program's tables go to: they are cut to fit, and end in "..." where
 * they are. 0, as at the start: a pipe or a file, where nothing is cut.
 */
void ctl_table_set_width(size_t columns);
size_t ctl_table_width(void);

/* `columns` (1 .. CTL_TABLE_MAX_COLUMNS of them) must outlive the table. Clear it after use. */
void ctl_table_init(struct ctl_table *table, const struct ctl_column *columns, size_t n_columns);
void ctl_table_clear(struct ctl_table *table);

/*
 * Appends a cell, row by row, with a copy of `text` made safe for the terminal (NULL: "-"). If
 * there is no memory for it, ctl_table_print() fails.
 */
void ctl_table_add(struct ctl_table *table, const char *text, enum ctl_colour colour);

/* The width of the widest line, as if nothing was cut. */
size_t ctl_table_natural_width(const struct ctl_table *table, int indent);

/*
 * Writes header and rows, each line after `indent` spaces, without trailing spaces. Escape
 * sequences for colours are written only with `colour`.
 * Returns 0, or -ENOMEM, with nothing written, if a cell is missing.
 */
int ctl_table_print(const struct ctl_table *table, int indent, bool colour, FILE *out);

/*
 * Likewise for a table that is printed in parts: columns are at least as wide as `widths`, which become what was
 * printed. All 0 at first: then there is a header.
 */
int ctl_table_print_part(const struct ctl_table *table, size_t widths[static CTL_TABLE_MAX_COLUMNS],
			 bool colour, FILE *out);

/* Writes a word outside tables in a colour. `text` is made safe. */
void ctl_write_coloured(const char *text, enum ctl_colour how, bool colour, FILE *out);

#endif
