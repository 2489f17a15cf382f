/* SPDX-License-Identifier: GPL-2.0-only */
/* Weighted shares of values among the bad and the good: of samples, or exact where exact counts are. */
#ifndef SLIPROBE_EXPLAIN_SHARES_H
#define SLIPROBE_EXPLAIN_SHARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "explain/candidates.h"
#include "explain/excess.h"
#include "explain/explain.h"

struct explain_counted {
	const struct explain_exact *list;
	size_t n;
};

struct explain_shares {
	struct explain_share bad, good;
	uint64_t n_bad; /* samples, or exact requests, that are bad and have it */
	bool exact;
};

/*
 * Of each single, over the rows that are not gone. `exact` counts go before samples where they have the value; NULL: only
 * samples. *ret: malloc()ed, one for each single. Returns 0, or -ENOMEM.
 */
int explain_shares_of_singles(const struct explain_samples *samples, const bool *gone,
			      const struct explain_candidates *candidates,
			      const struct explain_counted *exact, struct explain_shares **ret);

/* Of one candidate. */
struct explain_shares explain_shares_of(const struct explain_samples *samples, const bool *gone,
					const struct explain_candidates *candidates,
					size_t candidate, const struct explain_counted *exact);

/* Of one of the exact counts, among those of its dimension. */
struct explain_shares explain_shares_exact(const struct explain_counted *exact, size_t which);

/* True of a share that may be named, if it is significant, too. */
bool explain_shares_stand_out(const struct explain_shares *shares);

/* True if row i of the samples has the candidate. */
bool explain_row_has(const struct explain_samples *samples,
		     const struct explain_candidates *candidates, size_t candidate, size_t i);

#endif
