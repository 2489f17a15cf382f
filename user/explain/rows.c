/* SPDX-License-Identifier: GPL-2.0-only */
#include "explain/rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"

/* Of the good or bad rows of a stratum. */
struct class
{
	size_t n;
	double sum, squares; /* of weights */
	size_t kept;
};

/* splitmix64: G. L. Steele, D. Lea and C. H. Flood, OOPSLA 2014 */
static uint64_t next(struct explain_random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint64_t explain_random_below(struct explain_random *random, uint64_t below)
{
	return ((next(random) >> 32) * below) >> 32;
}

static double unit(struct explain_random *random)
{
	return (double)(next(random) >> 11) * 0x1p-53;
}

/* How likely a row stays, by its weight: as a heavy one of its class is. */
static double stay(const struct class *class, double weight)
{
	double usual =
		class->squares / class->sum; /* of rows by weight, so that the heavy ones count */

	return fmin(1, weight / usual);
}

static void tally(const struct explain_samples *samples, const bool *gone,
		  struct class (*classes)[2])
{
	for (size_t i = 0; i < samples->n; i++) {
		struct class *class = &classes[samples->stratum[i]][samples->bad[i]];
		double weight = samples->weight[i];

		if (gone && gone[i])
			continue;
		class->n++;
		class->sum += weight;
		class->squares += weight * weight;
	}
}

/* The part of the rows of good or bad that there is room for. */
static void limits(const struct explain_samples *samples, const bool *gone,
		   struct class (*classes)[2], double ret[2])
{
	double expected[2] = {0, 0};

	for (size_t i = 0; i < samples->n; i++) {
		struct class *both = classes[samples->stratum[i]];

		if (!(gone && gone[i]) && both[0].n && both[1].n)
			expected[samples->bad[i]] +=
				stay(&both[samples->bad[i]], samples->weight[i]);
	}
	ret[0] = expected[0] > EXPLAIN_ROWS_GOOD ? EXPLAIN_ROWS_GOOD / expected[0] : 1;
	ret[1] = expected[1] > EXPLAIN_ROWS_BAD ? EXPLAIN_ROWS_BAD / expected[1] : 1;
}

static size_t choose(const struct explain_samples *samples, const bool *gone,
		     struct class (*classes)[2], struct explain_random *random, bool *kept)
{
	double limit[2];
	size_t n = 0;

	limits(samples, gone, classes, limit);
	for (size_t i = 0; i < samples->n; i++) {
		bool bad = samples->bad[i];
		struct class *both = classes[samples->stratum[i]];

		if ((gone && gone[i]) || !both[0].n || !both[1].n)
			continue;
		if (unit(random) < limit[bad] * stay(&both[bad], samples->weight[i])) {
			kept[i] = true;
			both[bad].kept++;
			n++;
		}
	}
	return n;
}

/* Puts the kept rows in order of their strata, and leaves out strata that have become of one kind. */
static void order(const struct explain_samples *samples, struct class (*classes)[2],
		  const bool *kept, uint32_t *at, struct explain_rows *rows)
{
	for (size_t s = 0; s < samples->n_strata; s++) {
		const struct class *both = classes[s];
		bool mixed = both[0].kept && both[1].kept;

		at[s] = mixed ? (uint32_t)rows->n : UINT32_MAX;
		if (!mixed)
			continue;
		rows->begin[rows->n_strata++] = (uint32_t)rows->n;
		rows->n += both[0].kept + both[1].kept;
		rows->n_bad += both[1].kept;
	}
	rows->begin[rows->n_strata] = (uint32_t)rows->n;
	for (size_t i = 0; i < samples->n; i++) {
		uint32_t *next_at = &at[samples->stratum[i]];

		if (!kept[i] || *next_at == UINT32_MAX)
			continue;
		rows->row[*next_at] = (uint32_t)i;
		rows->bad[(*next_at)++] = samples->bad[i];
	}
}

int explain_rows_take(const struct explain_samples *samples, const bool *gone,
		      struct explain_random *random, struct explain_rows *ret)
{
	_cleanup_free_ struct class(*classes)[2] = calloc(samples->n_strata + 1, sizeof(*classes));
	_cleanup_free_ bool *kept = calloc(samples->n + 1, sizeof(*kept));
	_cleanup_free_ uint32_t *at = calloc(samples->n_strata + 1, sizeof(*at));
	struct explain_rows rows = {0};
	size_t n;

	if (!classes || !kept || !at)
		return -ENOMEM;
	tally(samples, gone, classes);
	n = choose(samples, gone, classes, random, kept);
	rows.row = calloc(n + 1, sizeof(*rows.row));
	rows.bad = calloc(n + 1, sizeof(*rows.bad));
	rows.begin = calloc(samples->n_strata + 1, sizeof(*rows.begin));
	if (!rows.row || !rows.bad || !rows.begin) {
		explain_rows_clear(&rows);
		return -ENOMEM;
	}
	order(samples, classes, kept, at, &rows);
	*ret = rows;
	return 0;
}

void explain_rows_clear(struct explain_rows *rows)
{
	free(rows->row);
	free(rows->bad);
	free(rows->begin);
	*rows = (struct explain_rows){0};
}
