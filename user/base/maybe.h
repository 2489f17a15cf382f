/* SPDX-License-Identifier: GPL-2.0-only */
/* A number that may be unknown. Shown as JSON's null or as "-", never as 0. */
#ifndef SLIPROBE_BASE_MAYBE_H
#define SLIPROBE_BASE_MAYBE_H

#include <stdbool.h>

/* `value` is finite if it is known, and 0 if not: no NaN leaves the module that made it. */
struct maybe {
	bool known;
	double value;
};

#endif
