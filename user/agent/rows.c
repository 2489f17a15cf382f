/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/counters.h"
#include "agent/periods.h"
#include "agent/snapshot.h"
#include "base/cleanup.h"
#include "base/term_names.h"

enum {
	HOUR = 3600,
	DAY = 24 * HOUR,
};

static const double widths[] = {
	[ROWS_BY_MINUTE] = 60,
	[ROWS_BY_HOUR] = HOUR,
	[ROWS_BY_DAY] = DAY,
};

struct rows {
	const struct agent *agent;
	const struct rows_query *query;
	const struct track *track; /* NULL: of a service */
	struct snapshot_rows *ret;
	double width;
	double offset; /* of the rows' edges from multiples of the width, on the axis */
	double from; /* the begin of the first row, on the axis */
	double until;
};

/* ---- which cells ---- */

static bool has_text(char *const *list, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(list[i], text))
			return true;
	}
	return false;
}

static bool has_method(uint32_t methods, const char *name)
{
	for (unsigned int i = 0; i < HTTP_METHOD_COUNT; i++) {
		if (methods >> i & 1 && !strcmp(method_name((enum http_method)i), name))
			return true;
	}
	return false;
}

/* Whether the SLO can have such requests, as far as routes and methods tell. */
static bool may_be_eligible(const struct config_slo *slo, const struct store_traffic_key *key)
{
	if (slo->eligible.n_routes &&
	    !has_text(slo->eligible.routes, slo->eligible.n_routes, key->route))
		return false;
	return !has_text(slo->eligible.exclude_paths, slo->eligible.n_exclude_paths, key->route) &&
	       has_method(slo->eligible.methods, key->method);
}

static bool is_wanted(const struct rows *rows, const struct store_traffic_key *key)
{
	if (strcmp(key->service, rows->ret->service) != 0)
		return false;
	if (rows->query->route && strcmp(key->route, rows->query->route) != 0)
		return false;
	return !rows->track || may_be_eligible(rows->track->slo, key);
}

static int add_cell(struct rows *rows, double t_seconds, const struct cell *cell)
{
	double row = floor((t_seconds - 1e-6 - rows->from) / rows->width);
	const char *status = rows->query->status;

	if (row < 0 || row >= (double)rows->ret->n_rows ||
	    (status && !snapshot_has_status(cell->code, status)))
		return 0;
	return cells_add(&rows->ret->rows[(size_t)row].period.cells, cell->key, cell->code,
			 cell->n);
}

static int add_cells(struct rows *rows, double t_seconds, const struct cells *cells)
{
	const struct store_traffic_key *keys = traffic_keys(record_traffic(rows->agent->record));
	bool wanted = false;
	int r = 0;

	for (size_t i = 0; !r && i < cells->n; i++) {
		const struct cell *cell = &cells->list[i];

		if (!i || cell->key != cells->list[i - 1].key)
			wanted = is_wanted(rows, &keys[cell->key]);
		if (wanted)
			r = add_cell(rows, t_seconds, cell);
	}
	return r;
}

static int take_span(void *context, const struct store_traffic_span *span)
{
	return add_cells(context, span->to_seconds, &span->cells);
}

/* Of the time before spans were kept there are counts alone. */
static int take_former(void *context, int64_t end_seconds, const struct store_series *series)
{
	struct rows *rows = context;
	const struct store_traffic_key key = {series->service, series->route, series->method,
					      series->role};
	struct cell cell = {.n = series->requests};
	unsigned int outcome = 0;
	int r;

	while (outcome < OUTCOME_COUNT &&
	       strcmp(outcome_name((enum outcome)outcome), series->outcome) != 0)
		outcome++;
	if (outcome == OUTCOME_COUNT || !is_wanted(rows, &key))
		return 0;
	cell.code = cell_of_outcome(outcome, series->status);
	r = traffic_key(record_traffic(rows->agent->record), &key, &cell.key);
	return r ?: add_cell(rows, (double)end_seconds, &cell);
}

static int read_all(struct rows *rows)
{
	return record_each_span(rows->agent->record, rows->ret->service,
				rows->width < HOUR ? STORE_TRAFFIC_1MIN : STORE_TRAFFIC_1H,
				rows->from, rows->until, take_span, take_former, rows);
}

/* ---- rows ---- */

static int finish_row(struct rows *rows, size_t i)
{
	const struct agent *agent = rows->agent;
	struct snapshot_row *row = &rows->ret->rows[i];
	double from = rows->from + (double)i * rows->width;
	double until = fmin(from + rows->width, rows->until);

	cells_settle(&row->period.cells);
	row->period.from_unix = axis_wall(&agent->axis, from);
	row->period.to_unix = axis_wall(&agent->axis, until);
	row->period.covered_seconds = periods_covered(agent, from, until);
	if (rows->track)
		row->events = slo_history_sum(rows->track->history, until, until - from);
	return snapshot_period_sort(&row->period, periods_name_key, record_traffic(agent->record));
}

static int take_live(struct rows *rows, const struct snapshot *snapshot)
{
	struct traffic *traffic = record_traffic(rows->agent->record);
	struct cells counters = {}, live = {};
	double now = axis_now(&rows->agent->axis);
	int r = counters_of_snapshot(snapshot, traffic, &counters);

	r = r ?: traffic_since_step(traffic, &counters, &live);
	if (!r && rows->until >= now - 1)
		r = add_cells(rows, fmin(now, rows->until), &live);
	cells_clear(&counters);
	cells_clear(&live);
	return r;
}

/* When the rows begin if nothing was asked for. */
static double beginning(const struct rows *rows, double until)
{
	double kept = record_requests_from(rows->agent->record);

	if (rows->query->by == ROWS_BY_MINUTE)
		return until - HOUR;
	return fmin(fmax(rows->track ? rows->track->since_seconds : kept, until - 123.0 * DAY),
		    until);
}

static void choose(struct rows *rows)
{
	const struct agent *agent = rows->agent;
	const struct rows_query *query = rows->query;
	double now = axis_now(&agent->axis), wall = axis_wall(&agent->axis, 0), from, n;
	enum rows_by by = query->by;

	rows->until = isnan(query->until_unix) ? now : fmin(query->until_unix - wall, now);
	from = isnan(query->since_unix) ? beginning(rows, rows->until) : query->since_unix - wall;
	from = fmin(from, rows->until);
	if (by == ROWS_BY_AUTO)
		by = rows->until - from <= 2.0 * DAY ? ROWS_BY_HOUR : ROWS_BY_DAY;
	rows->ret->by = by;
	rows->width = widths[by];
	/* minutes and hours are those of the history; days are the asker's, to the hour */
	rows->offset = by == ROWS_BY_DAY ? -round(query->utc_offset_seconds / HOUR) * HOUR : 0;
	rows->from = floor((from - rows->offset) / rows->width) * rows->width + rows->offset;
	n = ceil((rows->until - rows->from) / rows->width);
	if (n > SNAPSHOT_ROWS_MAX) {
		rows->ret->left_out = (size_t)n - SNAPSHOT_ROWS_MAX;
		rows->from += (n - SNAPSHOT_ROWS_MAX) * rows->width;
		n = SNAPSHOT_ROWS_MAX;
	}
	rows->ret->n_rows = (size_t)fmax(n, 0);
	rows->ret->from_unix = rows->from + wall;
	rows->ret->to_unix = rows->until + wall;
}

static int fill(struct rows *rows, const struct snapshot *snapshot)
{
	int r;

	choose(rows);
	rows->ret->rows = calloc(rows->ret->n_rows ?: 1, sizeof(*rows->ret->rows));
	if (!rows->ret->rows) {
		rows->ret->n_rows = 0;
		return -ENOMEM;
	}
	r = read_all(rows);
	r = r ?: take_live(rows, snapshot);
	for (size_t i = 0; !r && i < rows->ret->n_rows; i++)
		r = finish_row(rows, i);
	return r;
}

int rows_take(const struct agent *agent, const struct rows_query *query,
	      const struct snapshot *snapshot, struct snapshot_rows *ret)
{
	_cleanup_(snapshot_rows_clear) struct snapshot_rows taken = {
		.by_status = query->status != NULL,
	};
	const struct snapshot_service *service = snapshot_service_find(snapshot, query->name);
	struct rows rows = {.agent = agent, .query = query, .ret = &taken};
	int r;

	rows.track = query->service ? NULL : tracks_named(&agent->applied.tracks, query->name);
	if (!rows.track && !service)
		return -ENOENT;
	taken.slo = rows.track != NULL;
	taken.also_service = rows.track && service;
	taken.service = rows.track ? rows.track->service : service->name;
	r = rows.track ? snapshot_take_history(agent, query->name, &taken.history) : 0;
	r = r ?: fill(&rows, snapshot);
	if (r)
		return r;
	*ret = taken;
	taken = (struct snapshot_rows){};
	return 0;
}
