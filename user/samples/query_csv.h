/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers of samples/query as CSV. */
#ifndef SLIPROBE_SAMPLES_QUERY_CSV_H
#define SLIPROBE_SAMPLES_QUERY_CSV_H

#include <jansson.h>
#include <stdio.h>

#include "samples/query.h"

/* The row of names, as in JSON; without `fields` all but header.NAME. */
void query_csv_names(const struct query *query, FILE *out);

/* An event's row with its end. malloc()ed, or NULL. */
char *query_csv_event(const struct query *query, const struct event *event);

/* Names and rows of what groups_json() has made; the rest is "_other". Returns 0 or -ENOMEM. */
int query_csv_groups(const struct group_by *by, const json_t *groups, FILE *out);

#endif
