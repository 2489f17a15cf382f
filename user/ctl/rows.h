/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables from JSON: a row for each object of a list, a cell for each field of a row. A field that
 * is absent, null or of another type is shown as "-".
 */
#ifndef SLIPROBE_CTL_ROWS_H
#define SLIPROBE_CTL_ROWS_H

#include <jansson.h>

#include "ctl/table.h"

/* How a member is shown. */
struct ctl_as {
	/*
	 * Adds one cell to the table, for the member `key` of `object`. A cell that depends on more
	 * than its member may look at the rest of the object, which is the row unless the field's
	 * key has a dot.
	 */
	void (*add)(struct ctl_table *table, const json_t *object, const char *key);
	bool right; /* aligned to the right, as numbers are */
};

extern const struct ctl_as ctl_as_text; /* a string */
extern const struct ctl_as ctl_as_count; /* an integer, to the last digit */
/* as base/format has them: */
extern const struct ctl_as ctl_as_time;
extern const struct ctl_as ctl_as_burn;
extern const struct ctl_as ctl_as_latency;
extern const struct ctl_as ctl_as_objective;
extern const struct ctl_as ctl_as_percent; /* with one decimal */
extern const struct ctl_as ctl_as_rate;
extern const struct ctl_as ctl_as_span;

struct ctl_field {
	const char *header;
	const char *key; /* "budget.remaining_ratio": a member of the member "budget" */
	const struct ctl_as *as;
};

struct ctl_rows {
	const json_t *list;
	size_t max; /* rows that are shown; 0: all */
	const struct ctl_field *fields; /* up to CTL_TABLE_MAX_COLUMNS */
	size_t n_fields;
	const char *optional; /* the key of a field that is left out if no row has a number there */
	/* keys of fields that are left out on a narrow terminal, the first first; NULL ends them */
	const char *const *spare;
	int indent; /* spaces before each line */
};

/* .fields and .n_fields of struct ctl_rows */
#define CTL_FIELDS(array) .fields = (array), .n_fields = sizeof(array) / sizeof((array)[0])

/* Writes the table. Returns 0, or -ENOMEM with nothing written. */
int ctl_rows_print(const struct ctl_rows *rows, bool colour, FILE *out);

#endif
