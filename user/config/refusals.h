/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is wrong with a file. Reading goes on after a refusal, so that one look tells all; the first one is
 * what a program says that only needs one.
 */
#ifndef SLIPROBE_CONFIG_REFUSALS_H
#define SLIPROBE_CONFIG_REFUSALS_H

#include <stddef.h>

#include "base/error.h"

enum {
	REFUSALS_MAX = 100, /* kept; `n` counts on */
};

struct refusals {
	struct error *first; /* the caller's: gets the first one */
	size_t n; /* how many there were */
	char **texts; /* those kept, in the order of reading: malloc()ed */
	size_t n_texts;
};

/*
 * Adds a sentence with file, line, key and expectation, once: a part that several refer to is read for each.
 * Returns `r`, or -ENOMEM.
 */
int refusals_add(struct refusals *refusals, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void refusals_clear(struct refusals *refusals);

#endif
