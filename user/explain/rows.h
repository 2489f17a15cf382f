/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rows that a value's significance is tested on. Under the hypothesis that a value has nothing to do with being bad,
 * good and bad may be shuffled among rows of one stratum that stand for equally many requests. So rows of a stratum that
 * stand for fewer (bad for another SLO, and therefore sampled more often) are thinned by chance to match the others; and
 * there are no more of them than it takes.
 */
#ifndef SLIPROBE_EXPLAIN_ROWS_H
#define SLIPROBE_EXPLAIN_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "explain/explain.h"

enum {
	EXPLAIN_ROWS_BAD = 800, /* about so many at most */
	EXPLAIN_ROWS_GOOD = 3200,
};

struct explain_random {
	uint64_t state;
};

uint64_t explain_random_below(struct explain_random *random, uint64_t below); /* 1 .. 2^32 */

struct explain_rows {
	size_t n, n_bad;
	uint32_t *row; /* by stratum */
	bool *bad;
	/* those of a stratum: from begin[s] to begin[s + 1]; each has bad and good ones */
	uint32_t *begin; /* n_strata + 1 */
	size_t n_strata;
};

/* Takes rows that are not `gone` (by row; NULL: all are there). Returns 0, or -ENOMEM. Clear it after use. */
int explain_rows_take(const struct explain_samples *samples, const bool *gone,
		      struct explain_random *random, struct explain_rows *ret);
void explain_rows_clear(struct explain_rows *rows);

#endif
