/* SPDX-License-Identifier: GPL-2.0-only */
/* The list of SLOs of slictl top. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/format.h"
#include "ctl/json.h"
#include "ctl/top.h"
#include "ctl/top_screen.h"

enum {
	SPARK_SECONDS = 30, /* it is asked for again after so long */
	SPARK_LEVELS = 8,
	NARROW = 100, /* columns: with fewer, some are left out */
	NAME_COLUMNS_MIN = 12,
	NAME_COLUMNS_MAX = 56,
	OBJECTIVE_COLUMNS = 9,
	AVAILABILITY_COLUMNS = 10,
	BUDGET_COLUMNS = 8,
	BAR_COLUMNS = 10,
	BURN_COLUMNS = 8,
	ALERT_COLUMNS = 18,
};

/* ---- order ---- */

static double budget_left(const json_t *slo)
{
	const double left = ctl_number(json_object_get(slo, "budget"), "remaining_ratio");

	return isnan(left) ? INFINITY : left;
}

static double burn_of(const json_t *slo)
{
	const double burn = ctl_number(json_object_get(slo, "burn_rate"), "1h");

	return isnan(burn) ? -1 : burn;
}

/* 0: a page fires that is heard; 1: a ticket; 2: none. */
static int severity_of(const json_t *slo)
{
	int worst = 2;
	json_t *alert;
	size_t i;

	json_array_foreach(json_object_get(slo, "alerts"), i, alert) {
		const char *state = ctl_string(alert, "state"), *is = ctl_string(alert, "severity");

		if (!state || !is || strcmp(state, "firing") != 0 ||
		    json_is_true(json_object_get(alert, "silenced")))
			continue;
		if (!strcmp(is, "page"))
			worst = 0;
		else if (!strcmp(is, "ticket") && worst > 1)
			worst = 1;
	}
	return worst;
}

static int by_number(double a, double b)
{
	return (a > b) - (a < b);
}

static int by_name(const json_t *a, const json_t *b)
{
	return strcmp(ctl_string(a, "name") ?: "", ctl_string(b, "name") ?: "");
}

static int by_budget(const json_t *a, const json_t *b)
{
	return by_number(budget_left(a), budget_left(b)) ?: by_name(a, b);
}

static int compare(const void *a, const void *b, void *context)
{
	const json_t *one = *(const json_t *const *)a, *other = *(const json_t *const *)b;

	switch (*(const enum top_sort *)context) {
	case TOP_SORT_BURN:
		return by_number(burn_of(other), burn_of(one)) ?: by_name(one, other);
	case TOP_SORT_NAME:
		return by_name(one, other);
	case TOP_SORT_WORST:
		return severity_of(one) - severity_of(other) ?: by_budget(one, other);
	default:
		return by_budget(one, other);
	}
}

static bool passes(const json_t *slo, const char *filter)
{
	const char *name = ctl_string(slo, "name"), *service = ctl_string(slo, "service");

	return name && (strcasestr(name, filter) || (service && strcasestr(service, filter)));
}

static void keep_chosen(struct top *top)
{
	for (size_t i = 0; top->chosen && i < top->n_slos; i++) {
		if (!strcmp(ctl_string(top->slos[i], "name"), top->chosen)) {
			top->row = i;
			return;
		}
	}
	top->row = top->row < top->n_slos ? top->row : top->n_slos ? top->n_slos - 1 : 0;
	free(top->chosen);
	top->chosen = top->n_slos ? strdup(ctl_string(top->slos[top->row], "name")) : NULL;
}

void top_slos_update(struct top *top)
{
	const json_t *slos = json_object_get(top->answers[TOP_STATUS], "slos");
	json_t *slo;
	size_t i;

	free(top->slos);
	top->n_slos = 0;
	top->slos = calloc(json_array_size(slos) + 1, sizeof(*top->slos));
	if (!top->slos)
		return;
	json_array_foreach(slos, i, slo) {
		if (passes(slo, top->filter))
			top->slos[top->n_slos++] = slo;
	}
	qsort_r(top->slos, top->n_slos, sizeof(*top->slos), compare, &top->sort);
	keep_chosen(top);
	top_slos_move(top, 0);
}

const json_t *top_slo(const struct top *top)
{
	return top->row < top->n_slos ? top->slos[top->row] : NULL;
}

/* Rows on the screen, below the line of names. */
static size_t rows_shown(void)
{
	const int rows = top_lines() - 1;

	return rows > 0 ? (size_t)rows : 0;
}

void top_slos_move(struct top *top, long rows)
{
	const size_t shown = rows_shown();
	long row = (long)top->row + rows;

	if (!top->n_slos)
		return;
	row = row < 0 ? 0 : row >= (long)top->n_slos ? (long)top->n_slos - 1 : row;
	top->row = (size_t)row;
	free(top->chosen);
	top->chosen = strdup(ctl_string(top_slo(top), "name"));
	if (top->row < top->first || !shown)
		top->first = top->row;
	else if (top->row >= top->first + shown)
		top->first = top->row + 1 - shown;
}

/* ---- the last minutes ---- */

static struct top_spark *spark_find(const struct top *top, const char *slo)
{
	for (size_t i = 0; i < TOP_SPARKS; i++) {
		if (top->sparks[i].slo && !strcmp(top->sparks[i].slo, slo))
			return (struct top_spark *)&top->sparks[i];
	}
	return NULL;
}

const char *top_spark_due(const struct top *top, double now)
{
	const char *due = NULL;
	double oldest = now - SPARK_SECONDS;

	for (size_t i = top->first; i < top->n_slos && i < top->first + rows_shown(); i++) {
		const char *name = ctl_string(top->slos[i], "name");
		const struct top_spark *spark = spark_find(top, name);

		if (!spark)
			return name;
		if (spark->at < oldest) {
			oldest = spark->at;
			due = name;
		}
	}
	return due;
}

/* The one of that SLO, or in the place of the one that was not asked for for the longest. */
static struct top_spark *spark_for(struct top *top, const char *slo)
{
	struct top_spark *spark = spark_find(top, slo), *oldest = &top->sparks[0];

	if (spark)
		return spark;
	for (size_t i = 1; i < TOP_SPARKS; i++) {
		if (top->sparks[i].at < oldest->at)
			oldest = &top->sparks[i];
	}
	free(oldest->slo);
	oldest->slo = strdup(slo);
	return oldest;
}

void top_spark_take(struct top *top, const json_t *history, double now)
{
	const char *name = ctl_string(history, "name");
	const double until = ctl_number(history, "now_seconds");
	double good[TOP_SPARK_MINUTES] = {}, bad[TOP_SPARK_MINUTES] = {};
	struct top_spark *spark = name ? spark_for(top, name) : NULL;
	json_t *step;
	size_t i;

	if (!spark)
		return;
	json_array_foreach(json_object_get(history, "steps"), i, step) {
		const double end = json_number_value(json_array_get(step, 0));
		const double minutes = floor((until - end) / 60);

		if (!(minutes >= 0 && minutes < TOP_SPARK_MINUTES))
			continue;
		good[(size_t)minutes] += json_number_value(json_array_get(step, 2));
		bad[(size_t)minutes] += json_number_value(json_array_get(step, 3));
	}
	for (size_t m = 0; m < TOP_SPARK_MINUTES; m++)
		spark->bad[TOP_SPARK_MINUTES - 1 - m] =
			good[m] + bad[m] > 0 ? bad[m] / (good[m] + bad[m]) : NAN;
	spark->at = now;
}

/* ---- drawing ---- */

struct places {
	int name, name_columns, objective, availability, budget, bar, burn, spark, spark_columns,
		alerts;
};

static struct places places_for(int width)
{
	const bool narrow = width < NARROW;
	struct places at = {.spark_columns = narrow ? 10 : TOP_SPARK_MINUTES};
	const int rest = OBJECTIVE_COLUMNS + AVAILABILITY_COLUMNS + BUDGET_COLUMNS +
			 (narrow ? 0 : BAR_COLUMNS + 1) + BURN_COLUMNS + 1 + at.spark_columns + 1 +
			 (narrow ? 12 : ALERT_COLUMNS);

	at.name_columns = width - rest;
	at.name_columns = at.name_columns < NAME_COLUMNS_MIN ? NAME_COLUMNS_MIN : at.name_columns;
	at.name_columns = at.name_columns > NAME_COLUMNS_MAX ? NAME_COLUMNS_MAX : at.name_columns;
	at.objective = at.name_columns;
	at.availability = at.objective + OBJECTIVE_COLUMNS;
	at.budget = at.availability + AVAILABILITY_COLUMNS;
	at.bar = narrow ? -1 : at.budget + BUDGET_COLUMNS + 1;
	at.burn = narrow ? at.budget + BUDGET_COLUMNS : at.bar + BAR_COLUMNS;
	at.spark = at.burn + BURN_COLUMNS + 1;
	at.alerts = at.spark + at.spark_columns + 1;
	return at;
}

static enum screen_look budget_look(double left)
{
	enum screen_look look = SCREEN_GOOD;

	if (isinf(left))
		look = SCREEN_DIM;
	else if (left <= 0)
		look = SCREEN_BAD;
	else if (left < 0.25)
		look = SCREEN_WARN;
	return look;
}

static void draw_spark(int y, const struct places *at, const struct top_spark *spark)
{
	for (int i = 0; spark && i < at->spark_columns; i++) {
		const double bad = spark->bad[TOP_SPARK_MINUTES - at->spark_columns + i];
		/* by logarithms: 0.01 % is seen beside 10 % */
		const int level = bad > 0 ? (int)ceil(SPARK_LEVELS + 2 * log10(bad)) : 0;

		if (!isnan(bad))
			screen_level(y, at->spark + i, bad > 0 && level < 1 ? 1 : level,
				     bad > 0 ? SCREEN_BAD : SCREEN_DIM);
	}
}

static void draw_alerts(int y, int x, const json_t *slo)
{
	static const enum screen_look looks[] = {SCREEN_BAD, SCREEN_WARN, SCREEN_DIM};
	char text[128] = "";
	json_t *alert;
	size_t i;

	json_array_foreach(json_object_get(slo, "alerts"), i, alert) {
		const char *name = ctl_string(alert, "name"), *state = ctl_string(alert, "state");
		const size_t len = strlen(text);

		snprintf(text + len, sizeof(text) - len, "%s%s%s", len ? ", " : "", name ?: "?",
			 json_is_true(json_object_get(alert, "silenced")) ? " silenced" :
			 state && strcmp(state, "firing") != 0		  ? " pending" :
									    "");
	}
	screen_text(y, x, screen_width() - x, looks[severity_of(slo)], text);
}

static void draw_slo(const struct top *top, size_t i, int y, const struct places *at)
{
	const json_t *slo = top->slos[i];
	const double left = budget_left(slo), burn = burn_of(slo),
		     good = ctl_number(slo, "availability");
	const bool chosen = i == top->row;
	char name[512];

	snprintf(name, sizeof(name), "%s%s", chosen ? "> " : "  ", ctl_string(slo, "name"));
	screen_text(y, at->name, at->name_columns, chosen ? SCREEN_CHOSEN : SCREEN_PLAIN, name);
	screen_right(y, at->objective, OBJECTIVE_COLUMNS, SCREEN_DIM,
		     format_objective(ctl_number(slo, "objective")).text);
	screen_right(y, at->availability, AVAILABILITY_COLUMNS, SCREEN_PLAIN,
		     format_percent(good, 3).text);
	screen_right(y, at->budget, BUDGET_COLUMNS, budget_look(left),
		     format_percent(isinf(left) ? NAN : left, 1).text);
	if (at->bar >= 0 && !isinf(left))
		screen_bar(y, at->bar, BAR_COLUMNS, left, budget_look(left));
	screen_right(y, at->burn, BURN_COLUMNS, burn > 1 ? SCREEN_BAD : SCREEN_PLAIN,
		     format_burn(burn < 0 ? NAN : burn).text);
	draw_spark(y, at, spark_find(top, ctl_string(slo, "name")));
	draw_alerts(y, at->alerts, slo);
}

static void draw_names(const struct top *top, const struct places *at)
{
	static const char *const sorts[] = {
		[TOP_SORT_WORST] = "SLO, worst first",
		[TOP_SORT_BUDGET] = "SLO, least budget first",
		[TOP_SORT_BURN] = "SLO, fastest first",
		[TOP_SORT_NAME] = "SLO, by name",
	};

	screen_text(1, 0, at->name_columns, SCREEN_ACCENT, sorts[top->sort]);
	screen_right(1, at->objective, OBJECTIVE_COLUMNS, SCREEN_ACCENT, "goal");
	screen_right(1, at->availability, AVAILABILITY_COLUMNS, SCREEN_ACCENT, "good");
	screen_right(1, at->budget, BUDGET_COLUMNS, SCREEN_ACCENT, "budget");
	screen_right(1, at->burn, BURN_COLUMNS, SCREEN_ACCENT, "burn 1h");
	screen_text(1, at->spark, at->spark_columns, SCREEN_ACCENT,
		    at->spark_columns < TOP_SPARK_MINUTES ? "bad 10m" : "bad, 30 min");
	screen_text(1, at->alerts, screen_width() - at->alerts, SCREEN_ACCENT, "alerts");
}

void top_slos_draw(const struct top *top)
{
	const struct places at = places_for(screen_width());
	const size_t shown = rows_shown();

	draw_names(top, &at);
	for (size_t i = 0; i < shown && top->first + i < top->n_slos; i++)
		draw_slo(top, top->first + i, (int)i + 2, &at);
	if (!top->n_slos)
		screen_text(3, 2, screen_width() - 2, SCREEN_DIM,
			    top->filter[0] ? "No SLO has that in its name." :
					     "No SLO: no service was found that answers HTTP.");
}
