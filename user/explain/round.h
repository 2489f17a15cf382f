/* SPDX-License-Identifier: GPL-2.0-only */
/* One round: what explains most of the bad rows that no finding has explained yet. */
#ifndef SLIPROBE_EXPLAIN_ROUND_H
#define SLIPROBE_EXPLAIN_ROUND_H

#include "explain/candidates.h"
#include "explain/explain.h"
#include "explain/rows.h"
#include "explain/shares.h"

struct explain_round {
	struct explain_rows rows;
	struct explain_candidates candidates;
	size_t winner; /* a candidate; SIZE_MAX: there is none */
	size_t also[EXPLAIN_ALSO_MAX]; /* singles on the same rows */
	size_t n_also;
};

/* `exact` as in explain_shares_of_singles(). Returns 0, or -ENOMEM. Clear it after use. */
int explain_round_run(const struct explain_samples *samples, const bool *gone,
		      const struct explain_counted *exact, struct explain_random *random,
		      struct explain_round *ret);
void explain_round_clear(struct explain_round *round);

#endif
