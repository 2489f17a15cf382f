/* SPDX-License-Identifier: GPL-2.0-only */
/* Events, and groups of them, as tables: what /v1/events answers. */
#ifndef SLIPROBE_CTL_VIEW_EVENTS_H
#define SLIPROBE_CTL_VIEW_EVENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/format.h"
#include "ctl/table.h"

/* A table of events that may be printed in parts; {}: nothing yet. */
struct ctl_events_table {
	bool chosen; /* of fields, by whoever has asked: columns are the members of the first event */
	const char *keys[CTL_TABLE_MAX_COLUMNS]; /* of the columns, once there are events */
	char *names; /* that `keys` point to, of chosen ones */
	size_t n;
	size_t widths[CTL_TABLE_MAX_COLUMNS];
	bool with_date;
};

void ctl_events_table_clear(struct ctl_events_table *table);

/*
 * Prints events below those that it has printed before. Columns for which a terminal has no room are left out,
 * once and for all. Returns 0, -ENOMEM, or -EINVAL if it is no list.
 */
int ctl_events_table_print(struct ctl_events_table *table, const json_t *events, bool colour,
			   FILE *out);

/* The whole answer, and what it stands for below it. Return 0, -ENOMEM, or -EINVAL, with nothing written. */
int ctl_view_events(const json_t *answer, bool colour, FILE *out);
int ctl_view_events_chosen(const json_t *answer, bool colour, FILE *out); /* with fields=... */
int ctl_view_event_groups(const json_t *answer, bool colour, FILE *out);

/* A sum of weights: "12", "2.5", "25,910". */
struct format_text ctl_weighted(double requests);

/* A header of a column: "total_seconds" is "TOTAL". */
void ctl_events_header(const char *name, char ret[static CTL_TABLE_MAX_CELL]);

/* How many samples there are, for how many requests, and what is missing. */
void ctl_print_events_foot(const json_t *answer, size_t shown, FILE *out);

#endif
