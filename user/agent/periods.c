/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/periods.h"

#include <math.h>

#include "agent/counters.h"

void periods_name_key(void *context, uint32_t key, struct snapshot_asked *ret)
{
	const struct store_traffic_key *names = &traffic_keys(context)[key];

	ret->service = names->service;
	ret->route = names->route;
	ret->method = names->method;
}

double periods_covered(const struct agent *agent, double from, double until)
{
	double now = axis_now(&agent->axis);

	if (!(from < until))
		return 0;
	return fmax(axis_covered(&agent->axis, from, now) - axis_covered(&agent->axis, until, now),
		    0);
}

static int add_all(struct cells *cells, const struct cells *more)
{
	int r = 0;

	for (size_t i = 0; !r && i < more->n; i++)
		r = cells_add(cells, more->list[i].key, more->list[i].code, more->list[i].n);
	if (!r)
		cells_settle(cells);
	return r;
}

/* live: what came since the last step; NULL if the span ends before it. */
static int take(const struct agent *agent, double from, double until, const struct cells *live,
		struct snapshot_period *ret)
{
	double known_from = record_traffic_known_from(agent->record);
	struct traffic_sum sum = {.from_seconds = from, .until_seconds = until};
	int r = from < until ? record_traffic_sum(agent->record, from, until, &sum) : 0;

	*ret = (struct snapshot_period){.cells = sum.cells};
	if (!r && live)
		r = add_all(&ret->cells, live);
	r = r ?: snapshot_period_sort(ret, periods_name_key, record_traffic(agent->record));
	if (r)
		return r;
	until = sum.until_seconds;
	from = fmin(fmax(sum.from_seconds, known_from), until);
	ret->covered_seconds = periods_covered(agent, from, until);
	ret->from_unix = axis_wall(&agent->axis, from);
	ret->to_unix = axis_wall(&agent->axis, until);
	return 0;
}

int periods_take(const struct agent *agent, const struct period_query *query,
		 struct snapshot *snapshot)
{
	double now = axis_now(&agent->axis), offset = axis_wall(&agent->axis, 0);
	struct cells counters = {}, live = {};
	double from, until, before;
	int r = counters_of_snapshot(snapshot, record_traffic(agent->record), &counters);

	period_query_span(query, now + offset, &from, &until);
	from -= offset;
	until -= offset;
	before = fmax(until - from, PERIOD_BEFORE_SECONDS);
	r = r ?: traffic_since_step(record_traffic(agent->record), &counters, &live);
	r = r	  ?:
		    take(agent, from, until, until > agent->axis.stepped_seconds ? &live : NULL,
			 &snapshot->window);
	r = r ?: take(agent, from - before, from, NULL, &snapshot->before);
	snapshot->has_periods = !r;
	cells_clear(&counters);
	cells_clear(&live);
	return r;
}
