/* SPDX-License-Identifier: GPL-2.0-only */
/* "Did you mean": the word nearest to one that is not known. Pure. */
#ifndef SLIPROBE_BASE_SUGGEST_H
#define SLIPROBE_BASE_SUGGEST_H

#include <stddef.h>

struct suggestion {
	const char *got; /* what is not known */
	const char *best; /* of the words tried; NULL: none is near */
	size_t distance; /* of the best */
};

static inline struct suggestion suggestion_for(const char *got)
{
	return (struct suggestion){.got = got};
}

/*
 * Tries a known word. It is near if at most two letters, and at most half of it, are inserted, left
 * out or replaced (Levenshtein's distance, without regard to case), and not if it has less than three letters. The first of the nearest stays the best; what `got` points to must last.
 */
void suggestion_try(struct suggestion *suggestion, const char *known);

enum {
	SUGGESTION_BYTES = 128,
};

/* Writes "; did you mean "X"?", or nothing if no word is near. Returns `ret`. */
const char *suggestion_text(const struct suggestion *suggestion, char ret[static SUGGESTION_BYTES]);

#endif
