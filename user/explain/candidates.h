/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The values and pairs of values that could be named, chosen without a look at who is bad: so that the maximum over them
 * under shuffling is that of the hypothesis. What too few rows have cannot have a tenth of the bad ones; what nearly all
 * have cannot be 1.5 times as frequent among the bad.
 */
#ifndef SLIPROBE_EXPLAIN_CANDIDATES_H
#define SLIPROBE_EXPLAIN_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "explain/explain.h"
#include "explain/rows.h"

enum {
	EXPLAIN_SINGLES_MAX = 4096, /* the most frequent ones */
	EXPLAIN_PARENTS_MAX = 256, /* of these pairs are made: again the most frequent */
	EXPLAIN_PAIRS_MAX = 8192,
	EXPLAIN_DIMENSIONS_MAX = 40, /* further ones are not looked at */
};

/* One value, or two that a row has both. */
struct explain_candidate {
	uint32_t dimension; /* of a single */
	uint32_t code; /* of its value; or its number among the bounds of a continuous dimension */
	bool at_least;
	double bound;
	bool pair;
	uint16_t parent[2]; /* of a pair: candidates */
	uint32_t n; /* rows that have it */
};

struct explain_candidates {
	struct explain_candidate *list; /* singles, in the order of their dimensions, then pairs */
	size_t n_singles, n;
	/* what a row has: member[start[k]] to member[start[k + 1]], k as in struct explain_rows */
	uint32_t *start;
	uint16_t *member;
};

/* Returns 0, or -ENOMEM. Clear it after use. */
int explain_candidates_find(const struct explain_samples *samples, const struct explain_rows *rows,
			    struct explain_candidates *ret);
void explain_candidates_clear(struct explain_candidates *candidates);

/* True if row i of the samples has the single's value. */
bool explain_candidate_has(const struct explain_samples *samples,
			   const struct explain_candidate *single, size_t i);

#endif
