/* SPDX-License-Identifier: GPL-2.0-only */
/* Latency over time as a grid: a column for each minute, a row for each half octave. Pure. */
#ifndef SLIPROBE_CTL_TOP_HEAT_H
#define SLIPROBE_CTL_TOP_HEAT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TOP_HEAT_COLUMNS = 240,
	TOP_HEAT_FOLD = 4, /* buckets of include/hist.h in a row */
	TOP_HEAT_ROWS = 55, /* that all buckets make */
};

struct top_heat {
	size_t n; /* columns, the newest last; none before counting began */
	int low, high; /* rows that hold something; low > high: none */
	uint64_t most; /* requests of a cell */
	uint64_t cells[TOP_HEAT_COLUMNS][TOP_HEAT_ROWS];
};

/* Of the rows of /v1/history with histograms: the newest of them. */
void top_heat_read(struct top_heat *heat, const json_t *history);

/* 0 .. `levels`: how much of `most`, by logarithms; above 0 for a request. */
int top_heat_level(const struct top_heat *heat, size_t column, int row, int levels);

/* The upper end of a row, in seconds. */
double top_heat_end(int row);

#endif
