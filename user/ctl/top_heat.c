/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/top_heat.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "hist.h"

static void add_buckets(struct top_heat *heat, size_t column, const json_t *buckets)
{
	json_t *bucket;
	size_t i;

	json_array_foreach(buckets, i, bucket) {
		const json_t *which = json_array_get(bucket, 0), *count = json_array_get(bucket, 1);
		const json_int_t k = json_is_integer(which) ? json_integer_value(which) : -1;
		const json_int_t n = json_integer_value(count);
		const int row = (int)(k / TOP_HEAT_FOLD);

		if (k < 0 || k >= HIST_BUCKETS || row >= TOP_HEAT_ROWS || n <= 0)
			continue;
		heat->cells[column][row] += (uint64_t)n;
		heat->low = row < heat->low ? row : heat->low;
		heat->high = row > heat->high ? row : heat->high;
		if (heat->cells[column][row] > heat->most)
			heat->most = heat->cells[column][row];
	}
}

static bool is_before_counting(const json_t *row)
{
	const json_t *covered = json_object_get(row, "covered_seconds");

	return json_is_number(covered) && !(json_number_value(covered) > 0);
}

void top_heat_read(struct top_heat *heat, const json_t *history)
{
	const json_t *rows = json_object_get(history, "rows");
	const size_t n = json_array_size(rows);
	size_t first = n > TOP_HEAT_COLUMNS ? n - TOP_HEAT_COLUMNS : 0;

	while (first < n && is_before_counting(json_array_get(rows, first)))
		first++;
	*heat = (struct top_heat){.n = n - first, .low = TOP_HEAT_ROWS, .high = -1};
	for (size_t i = first; i < n; i++)
		add_buckets(heat, i - first,
			    json_object_get(json_array_get(rows, i), "latency_buckets"));
}

int top_heat_level(const struct top_heat *heat, size_t column, int row, int levels)
{
	uint64_t n;

	if (column >= heat->n || row < 0 || row >= TOP_HEAT_ROWS)
		return 0;
	n = heat->cells[column][row];
	if (!n)
		return 0;
	return 1 + (int)(log1p((double)n) / log1p((double)heat->most) * (levels - 1));
}

double top_heat_end(int row)
{
	return exp2((row * TOP_HEAT_FOLD + TOP_HEAT_FOLD - 1 + HIST_OTEL_OFFSET) /
		    (double)HIST_PER_OCTAVE);
}
