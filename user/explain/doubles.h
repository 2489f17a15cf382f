/* SPDX-License-Identifier: GPL-2.0-only */
/* For qsort(): numbers, none of them NAN, the least first. */
#ifndef SLIPROBE_EXPLAIN_DOUBLES_H
#define SLIPROBE_EXPLAIN_DOUBLES_H

static inline int doubles_compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

#endif
