/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steps as CSV: rows `t_seconds,good,bad[,step_seconds]`, the events of the step that ends at t.
 * Fields may be quoted (RFC 4180, section 2, but that no line break is quoted). Spaces around a
 * field, blank lines, lines that begin with "#" and, before the first row, one line with the columns'
 * names are allowed, and before all that a byte order mark of UTF-8. Pure.
 */
#ifndef SLIPROBE_DECIDE_BACKTEST_CSV_H
#define SLIPROBE_DECIDE_BACKTEST_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "slo/slo.h"

enum {
	CSV_LINE_BYTES = 1024, /* the longest line, with its end */
	CSV_STEP_SECONDS = 10, /* the first row's, if it does not say */
};

/* The reader's state between two lines. Zeroed before the first. */
struct csv {
	bool begun;
	bool header;
	bool any;
	double last_seconds; /* of the last row */
};

struct csv_step {
	double from_seconds;
	double t_seconds;
	struct slo_events events;
};

struct csv_error {
	size_t column; /* of the line, in bytes from 1 */
	char expected[160]; /* ..., got "..."; printable as far as the line is */
};

/*
 * Reads a line (`line[len]` is NUL; with or without its end). Returns 1 and the step, 0 for a line
 * without one, or -EINVAL and why.
 */
int csv_line(struct csv *csv, const char *line, size_t len, struct csv_step *ret_step,
	     struct csv_error *ret_error);

#endif
