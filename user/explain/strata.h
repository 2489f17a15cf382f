/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One value given another: what stays of an association within strata of a second value (N. Mantel and W. Haenszel,
 * J. Natl. Cancer Inst. 22, 1959). What vanishes was a proxy.
 */
#ifndef SLIPROBE_EXPLAIN_STRATA_H
#define SLIPROBE_EXPLAIN_STRATA_H

#include <stdbool.h>
#include <stddef.h>

#include "explain/rows.h"

/* A deviance below it, of a value that was significant: p = 0.0013 by itself. */
#define EXPLAIN_VANISHED 3.0

enum explain_given {
	EXPLAIN_GIVEN_BOTH, /* among rows that have the other value, and among those that do not */
	EXPLAIN_GIVEN_WITH, /* among those that have it alone */
};

/*
 * How far `value` is from chance, as explain_deviance() has it, within each stratum of the rows and of `other`. Both say
 * by row of `rows` what has the value.
 */
double explain_deviance_given(const struct explain_rows *rows, const bool *value, const bool *other,
			      enum explain_given given);

/* True if the two are nearly on the same rows: nine of ten of the bad ones, and of the good ones. */
bool explain_coincide(const struct explain_rows *rows, const bool *a, const bool *b);

#endif
