/* SPDX-License-Identifier: GPL-2.0-only */
/* What slictl top knows and shows, for its files. */
#ifndef SLIPROBE_CTL_TOP_H
#define SLIPROBE_CTL_TOP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "ctl/top_feed.h"
#include "ctl/top_heat.h"

enum top_view {
	TOP_VIEW_SLOS,
	TOP_VIEW_SERVICE,
	TOP_VIEW_EXPLAIN,
	TOP_VIEW_HELP,
};

/* What a service's view shows: all of it in parts, or one alone. */
enum top_part {
	TOP_PART_ALL,
	TOP_PART_ROUTES,
	TOP_PART_HEAT,
	TOP_PART_VERSIONS,
	TOP_PART_REQUESTS,
	TOP_PARTS,
};

enum top_sort {
	TOP_SORT_WORST,
	TOP_SORT_BUDGET,
	TOP_SORT_BURN,
	TOP_SORT_NAME,
	TOP_SORTS,
};

enum {
	TOP_FILTER_BYTES = 48,
	TOP_SPARKS = 128, /* SLOs whose last minutes are known */
	TOP_SPARK_MINUTES = 30,
};

struct top_spark {
	char *slo; /* NULL: none */
	double at; /* CLOCK_MONOTONIC; 0: never */
	double bad
		[TOP_SPARK_MINUTES]; /* the share of each minute, the newest last; NAN: no event */
};

struct top {
	struct top_feed *feed;
	enum top_view view;
	enum top_view before; /* the view that help and explain go back to */
	/* answers; NULL: none yet. `why`: none */
	json_t *answers[TOP_SLOTS];
	char *why[TOP_SLOTS];
	char *silent; /* the agent does not answer, and why; or NULL */
	char as_of[16]; /* of the status: local time */
	const json_t **slos; /* of the status: those that the filter lets through, in order */
	size_t n_slos;
	char *chosen; /* the SLO that keys act on */
	size_t row, first; /* of it, and of the first one on the screen */
	char *service; /* of TOP_VIEW_SERVICE */
	enum top_part part;
	size_t scroll;
	enum top_sort sort;
	char filter[TOP_FILTER_BYTES];
	bool typing; /* the filter */
	bool paused;
	struct top_spark sparks[TOP_SPARKS];
	struct top_heat heat; /* of the answer */
};

/* ---- top_slos.c ---- */

/* Sorts and filters the status again, and keeps the chosen one. */
void top_slos_update(struct top *top);
void top_slos_draw(const struct top *top);
/* The chosen SLO; NULL: none. */
const json_t *top_slo(const struct top *top);
/* Goes so many rows down, or up. */
void top_slos_move(struct top *top, long rows);
/* The SLO on the screen whose last minutes are the oldest known; NULL: all are new enough. */
const char *top_spark_due(const struct top *top, double now);
void top_spark_take(struct top *top, const json_t *history, double now);

/* ---- top_service.c, top_explain.c ---- */

void top_service_draw(const struct top *top);
void top_explain_draw(const struct top *top);
void top_help_draw(const struct top *top);

/* ---- top_frame.c ---- */

/* The first line, and the last one with the keys. */
void top_frame_draw(const struct top *top);
/* Lines between them. */
int top_lines(void);
/* A line over a part of the screen. Returns the line below it. */
int top_title(int y, const char *title);

#endif
