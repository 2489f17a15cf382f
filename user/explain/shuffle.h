/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What chance can do: the greatest deviance of all candidates when good and bad are shuffled within strata (Westfall and
 * Young's max-T). A candidate is significant if none of 999 shuffles has one as great: an exact test at 0.1 %, however
 * many candidates there are (B. Phipson and G. K. Smyth, Stat. Appl. Genet. Mol. Biol. 9, 2010), which ends at the first
 * shuffle that has (J. Besag and P. Clifford, Biometrika 78, 1991): where there is no fault it takes a few shuffles.
 */
#ifndef SLIPROBE_EXPLAIN_SHUFFLE_H
#define SLIPROBE_EXPLAIN_SHUFFLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "explain/candidates.h"
#include "explain/rows.h"

enum {
	EXPLAIN_SHUFFLES = 999,
};

struct explain_shuffle {
	const struct explain_rows *rows;
	const struct explain_candidates *candidates;
	struct explain_random *random;
	double *mean, *variance; /* by candidate, under shuffling */
	uint32_t *count; /* bad rows that have it */
	uint32_t *room; /* counts of a shuffle */
	uint32_t *place; /* of rows, shuffled */
	double greatest[EXPLAIN_SHUFFLES];
	size_t n; /* shuffles so far */
};

/* Returns 0, or -ENOMEM. Rows and candidates must outlive it. Clear it after use. */
int explain_shuffle_init(const struct explain_rows *rows,
			 const struct explain_candidates *candidates, struct explain_random *random,
			 struct explain_shuffle *ret);
void explain_shuffle_clear(struct explain_shuffle *shuffle);

/* How far a candidate is from chance, see explain_deviance(). */
double explain_shuffle_deviance(const struct explain_shuffle *shuffle, size_t candidate);

/* True if no shuffle has a deviance as great. */
bool explain_shuffle_beaten_by(struct explain_shuffle *shuffle, double deviance);

#endif
