/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/suggest.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
	MAX_DISTANCE = 2,
	MIN_WORD_BYTES = 3, /* a shorter one is near to any other */
	MAX_WORD_BYTES = 64,
};

static size_t edit_distance(const char *known, const char *got)
{
	size_t row[MAX_WORD_BYTES + 1], len = strlen(got);

	if (len > MAX_WORD_BYTES)
		return SIZE_MAX;
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 0; known[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 1; j <= len; j++) {
			size_t best = diagonal + (tolower((unsigned char)known[i]) !=
						  tolower((unsigned char)got[j - 1]));

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[len];
}

void suggestion_try(struct suggestion *suggestion, const char *known)
{
	const size_t distance = edit_distance(known, suggestion->got);

	if (distance > MAX_DISTANCE || strlen(known) < MIN_WORD_BYTES ||
	    distance * 2 > strlen(known))
		return;
	if (suggestion->best && distance >= suggestion->distance)
		return;
	suggestion->best = known;
	suggestion->distance = distance;
}

const char *suggestion_text(const struct suggestion *suggestion, char ret[static SUGGESTION_BYTES])
{
	ret[0] = 0;
	if (suggestion->best)
		snprintf(ret, SUGGESTION_BYTES, "; did you mean \"%s\"?", suggestion->best);
	return ret;
}
