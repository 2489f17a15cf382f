/* SPDX-License-Identifier: GPL-2.0-only */
#include "explain/candidates.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "explain/doubles.h"

enum {
	NONE = UINT16_MAX,
	BOUNDS = 9, /* deciles */
	MIDDLE = 4, /* the fifth: up to it "less than" is tried, from it on "or more" */
};

#define LEAST_OF_BAD 0.08 /* a bit below EXPLAIN_EXCESS: rows are a sample of the samples */
#define MOST_OF_GOOD 0.75 /* a bit above 1 / EXPLAIN_LIFT */
#define NEARLY_ALL 0.95 /* of a parent: a pair that says no more */

struct finder {
	const struct explain_samples *samples;
	const struct explain_rows *rows;
	size_t n_dimensions;
	double least, most; /* rows that a candidate has */
	struct explain_candidate *list;
	size_t n, room;
	uint16_t
		*slot; /* by row and dimension: the single that it has of a dimension with values */
};

static bool grow(struct finder *finder)
{
	struct explain_candidate *list;
	size_t room = finder->room ? 2 * finder->room : 256;

	if (finder->n < finder->room)
		return true;
	list = realloc(finder->list, room * sizeof(*list));
	if (!list)
		return false;
	finder->list = list;
	finder->room = room;
	return true;
}

static int add(struct finder *finder, struct explain_candidate candidate)
{
	if (candidate.n < finder->least || candidate.n > finder->most)
		return 0;
	if (!grow(finder))
		return -ENOMEM;
	finder->list[finder->n++] = candidate;
	return 0;
}

static int add_values(struct finder *finder, uint32_t d)
{
	const struct explain_dimension *dimension = &finder->samples->dimensions[d];
	_cleanup_free_ uint32_t *counts = calloc(dimension->n_values + 1, sizeof(*counts));
	int r = 0;

	if (!counts)
		return -ENOMEM;
	for (size_t k = 0; k < finder->rows->n; k++) {
		uint32_t code = dimension->value[finder->rows->row[k]];

		if (code < dimension->n_values)
			counts[code]++;
	}
	for (uint32_t code = 0; code < dimension->n_values && !r; code++) {
		if (counts[code])
			r = add(finder, (struct explain_candidate){
						.dimension = d, .code = code, .n = counts[code]});
	}
	return r;
}

bool explain_candidate_has(const struct explain_samples *samples,
			   const struct explain_candidate *single, size_t i)
{
	const struct explain_dimension *dimension = &samples->dimensions[single->dimension];

	if (!dimension->continuous)
		return dimension->value[i] == single->code;
	return single->at_least ? dimension->number[i] >= single->bound :
				  dimension->number[i] < single->bound;
}

static uint32_t count_rows(const struct finder *finder, const struct explain_candidate *single)
{
	uint32_t n = 0;

	for (size_t k = 0; k < finder->rows->n; k++)
		n += explain_candidate_has(finder->samples, single, finder->rows->row[k]);
	return n;
}

static int add_bound(struct finder *finder, uint32_t d, uint32_t code, double bound, bool at_least)
{
	struct explain_candidate single = {
		.dimension = d, .code = code, .at_least = at_least, .bound = bound};

	single.n = count_rows(finder, &single);
	return add(finder, single);
}

/* The least number above `bound`, so that what nearly no good row has can be told, too. INFINITY: there is none. */
static double next_number(const struct finder *finder, const double *number, double bound)
{
	double next = INFINITY;

	for (size_t k = 0; k < finder->rows->n; k++) {
		double at = number[finder->rows->row[k]];

		if (at > bound && at < next)
			next = at;
	}
	return next;
}

/* The deciles of the good: from the middle on "or more", up to it "less than". */
static int add_bounds(struct finder *finder, uint32_t d)
{
	const struct explain_dimension *dimension = &finder->samples->dimensions[d];
	const struct explain_rows *rows = finder->rows;
	_cleanup_free_ double *good = calloc(rows->n + 1, sizeof(*good));
	size_t n_good = 0;
	double last = -INFINITY;
	int r = 0;

	if (!good)
		return -ENOMEM;
	for (size_t k = 0; k < rows->n; k++) {
		double number = dimension->number[rows->row[k]];

		if (!rows->bad[k] && isfinite(number))
			good[n_good++] = number;
	}
	if (n_good < BOUNDS + 1)
		return 0;
	qsort(good, n_good, sizeof(*good), doubles_compare);
	for (uint32_t b = 0; b <= BOUNDS && !r; b++) {
		double bound = b < BOUNDS ? good[(b + 1) * n_good / (BOUNDS + 1)] :
					    next_number(finder, dimension->number, last);

		if (!(bound > last) || !isfinite(bound))
			continue;
		last = bound;
		if (b <= MIDDLE && !dimension->at_least_only)
			r = add_bound(finder, d, 2 * b, bound, false);
		if (b >= MIDDLE && !r)
			r = add_bound(finder, d, 2 * b + 1, bound, true);
	}
	return r;
}

static int by_n(const void *a, const void *b)
{
	const struct explain_candidate *x = a, *y = b;

	return (x->n < y->n) - (x->n > y->n);
}

static int by_place(const void *a, const void *b)
{
	const struct explain_candidate *x = a, *y = b;

	if (x->dimension != y->dimension)
		return x->dimension < y->dimension ? -1 : 1;
	return (x->code > y->code) - (x->code < y->code);
}

static int find_singles(struct finder *finder)
{
	int r = 0;

	for (uint32_t d = 0; d < finder->n_dimensions && !r; d++)
		r = finder->samples->dimensions[d].continuous ? add_bounds(finder, d) :
								add_values(finder, d);
	if (!r && finder->n > EXPLAIN_SINGLES_MAX) {
		qsort(finder->list, finder->n, sizeof(*finder->list), by_n);
		finder->n = EXPLAIN_SINGLES_MAX;
		qsort(finder->list, finder->n, sizeof(*finder->list), by_place);
	}
	return r;
}

static int fill_slots(struct finder *finder)
{
	size_t n_slots = finder->rows->n * finder->n_dimensions;

	finder->slot = malloc((n_slots + 1) * sizeof(*finder->slot));
	if (!finder->slot)
		return -ENOMEM;
	memset(finder->slot, 0xff, n_slots * sizeof(*finder->slot));
	for (size_t first = 0, end; first < finder->n; first = end) {
		uint32_t d = finder->list[first].dimension;
		const struct explain_dimension *dimension = &finder->samples->dimensions[d];
		_cleanup_free_ uint16_t *of = NULL;

		for (end = first; end < finder->n && finder->list[end].dimension == d;)
			end++;
		if (dimension->continuous)
			continue;
		of = malloc((dimension->n_values + 1) * sizeof(*of));
		if (!of)
			return -ENOMEM;
		memset(of, 0xff, dimension->n_values * sizeof(*of));
		for (size_t c = first; c < end; c++)
			of[finder->list[c].code] = (uint16_t)c;
		for (size_t k = 0; k < finder->rows->n; k++) {
			uint32_t code = dimension->value[finder->rows->row[k]];

			if (code < dimension->n_values)
				finder->slot[k * finder->n_dimensions + d] = of[code];
		}
	}
	return 0;
}

/* Singles that pairs are made of: by number, NONE of the others. */
static size_t choose_parents(const struct finder *finder, uint16_t *number, uint16_t *single)
{
	uint32_t least = 0;
	size_t n = finder->n + 1;

	/* the least frequency with which there is room for all */
	while (n > EXPLAIN_PARENTS_MAX) {
		least = least ? least + least / 4 + 1 : 1;
		n = 0;
		for (size_t c = 0; c < finder->n; c++)
			n += finder->list[c].n >= least &&
			     !finder->samples->dimensions[finder->list[c].dimension].continuous;
	}
	n = 0;
	for (size_t c = 0; c < finder->n; c++) {
		bool chosen = finder->list[c].n >= least && n < EXPLAIN_PARENTS_MAX &&
			      !finder->samples->dimensions[finder->list[c].dimension].continuous;

		number[c] = chosen ? (uint16_t)n : (uint16_t)NONE;
		if (chosen)
			single[n++] = (uint16_t)c;
	}
	return n;
}

/* The numbers of the parents that row k has. Returns how many. */
static size_t parents_of(const struct finder *finder, const uint16_t *number, size_t k,
			 uint16_t *ret)
{
	size_t n = 0;

	for (size_t d = 0; d < finder->n_dimensions; d++) {
		uint16_t c = finder->slot[k * finder->n_dimensions + d];

		if (c != NONE && number[c] != NONE)
			ret[n++] = number[c];
	}
	return n;
}

struct pairs {
	uint16_t number[EXPLAIN_SINGLES_MAX]; /* of a parent, by single */
	uint16_t single[EXPLAIN_PARENTS_MAX];
	uint32_t count[EXPLAIN_PARENTS_MAX]
		      [EXPLAIN_PARENTS_MAX]; /* [i][j], i < j; then the candidate */
};

static int find_pairs(struct finder *finder, struct pairs *pairs, size_t n_singles)
{
	size_t n_parents = choose_parents(finder, pairs->number, pairs->single);
	uint16_t has[EXPLAIN_DIMENSIONS_MAX];
	int r = 0;

	for (size_t k = 0; k < finder->rows->n; k++) {
		size_t n = parents_of(finder, pairs->number, k, has);

		for (size_t i = 0; i < n; i++) {
			for (size_t j = i + 1; j < n; j++)
				pairs->count[has[i]][has[j]]++;
		}
	}
	for (uint16_t i = 0; i < n_parents && !r; i++) {
		for (uint16_t j = i + 1; j < n_parents && !r; j++) {
			uint16_t a = pairs->single[i], b = pairs->single[j];
			uint32_t n = pairs->count[i][j];

			if (n <= NEARLY_ALL * finder->list[a].n &&
			    n <= NEARLY_ALL * finder->list[b].n)
				r = add(finder, (struct explain_candidate){
							.pair = true, .parent = {a, b}, .n = n});
		}
	}
	if (r)
		return r;
	if (finder->n - n_singles > EXPLAIN_PAIRS_MAX) {
		qsort(finder->list + n_singles, finder->n - n_singles, sizeof(*finder->list), by_n);
		finder->n = n_singles + EXPLAIN_PAIRS_MAX;
	}
	memset(pairs->count, 0xff, sizeof(pairs->count));
	for (size_t c = n_singles; c < finder->n; c++)
		pairs->count[pairs->number[finder->list[c].parent[0]]]
			    [pairs->number[finder->list[c].parent[1]]] = (uint32_t)c;
	return 0;
}

/* What row k has. Counts only, where `ret` is NULL. */
static size_t members_of(const struct finder *finder, const struct pairs *pairs, size_t n_singles,
			 size_t k, uint16_t *ret)
{
	uint16_t has[EXPLAIN_DIMENSIONS_MAX];
	size_t n = 0, n_parents = parents_of(finder, pairs->number, k, has);

	for (size_t d = 0; d < finder->n_dimensions; d++) {
		uint16_t c = finder->slot[k * finder->n_dimensions + d];

		if (c != NONE && ret)
			ret[n] = c;
		n += c != NONE;
	}
	for (size_t c = 0; c < n_singles; c++) {
		if (!finder->samples->dimensions[finder->list[c].dimension].continuous)
			continue;
		if (!explain_candidate_has(finder->samples, &finder->list[c], finder->rows->row[k]))
			continue;
		if (ret)
			ret[n] = (uint16_t)c;
		n++;
	}
	for (size_t i = 0; i < n_parents; i++) {
		for (size_t j = i + 1; j < n_parents; j++) {
			uint32_t c = pairs->count[has[i]][has[j]];

			if (c == UINT32_MAX)
				continue;
			if (ret)
				ret[n] = (uint16_t)c;
			n++;
		}
	}
	return n;
}

static int list_members(const struct finder *finder, const struct pairs *pairs, size_t n_singles,
			struct explain_candidates *ret)
{
	size_t n = 0;

	ret->start = calloc(finder->rows->n + 1, sizeof(*ret->start));
	if (!ret->start)
		return -ENOMEM;
	for (size_t k = 0; k < finder->rows->n; k++) {
		ret->start[k] = (uint32_t)n;
		n += members_of(finder, pairs, n_singles, k, NULL);
	}
	ret->start[finder->rows->n] = (uint32_t)n;
	ret->member = calloc(n + 1, sizeof(*ret->member));
	if (!ret->member)
		return -ENOMEM;
	for (size_t k = 0; k < finder->rows->n; k++)
		members_of(finder, pairs, n_singles, k, ret->member + ret->start[k]);
	return 0;
}

int explain_candidates_find(const struct explain_samples *samples, const struct explain_rows *rows,
			    struct explain_candidates *ret)
{
	_cleanup_free_ struct pairs *pairs = calloc(1, sizeof(*pairs));
	struct explain_candidates found = {0};
	double n_bad = (double)rows->n_bad, n_good = (double)(rows->n - rows->n_bad);
	struct finder finder = {
		.samples = samples,
		.rows = rows,
		.n_dimensions = samples->n_dimensions < EXPLAIN_DIMENSIONS_MAX ?
					samples->n_dimensions :
					EXPLAIN_DIMENSIONS_MAX,
		.least = fmax(EXPLAIN_NAMED_BAD, LEAST_OF_BAD * n_bad),
		.most = n_bad + MOST_OF_GOOD * n_good,
	};
	int r = pairs ? find_singles(&finder) : -ENOMEM;

	found.n_singles = finder.n;
	if (!r)
		r = fill_slots(&finder);
	if (!r)
		r = find_pairs(&finder, pairs, found.n_singles);
	if (!r)
		r = list_members(&finder, pairs, found.n_singles, &found);
	free(finder.slot);
	found.list = finder.list;
	found.n = finder.n;
	if (r)
		explain_candidates_clear(&found);
	else
		*ret = found;
	return r;
}

void explain_candidates_clear(struct explain_candidates *candidates)
{
	free(candidates->list);
	free(candidates->start);
	free(candidates->member);
	*candidates = (struct explain_candidates){0};
}
